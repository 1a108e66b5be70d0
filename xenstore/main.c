/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xenstore: the tools of XenStore. The command is what follows "xenstore-" in
 * the program's name, or else the first word. What went wrong is printed once;
 * as with Debian's tools every failure is exit status 1 (diff: see there).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "xenstore/tools/tools.h"

#define PREFIX "xenstore-"

static struct err *show_help(void)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    str_add(&text, "Usage: xenstore COMMAND [ARGUMENTS]\n"
                   "       xenstore-COMMAND [ARGUMENTS]\n\n");
    cmd_list(tools_families, &text);
    str_add(&text, "\n`xenstore COMMAND -h` says more.\n");
    return tools_print(&text);
}

static struct err *unknown(const char *name)
{
    const char *nearest = cmd_nearest(tools_families, name);

    if (!nearest)
        return ERR("unknown command '%s': see 'xenstore help'", name);
    return ERR("unknown command '%s': did you mean '%s'?", name, nearest);
}

/* Finds the command's name, and leaves argv at it. */
static const char *command_name(const char *program, int *argc, char ***argv)
{
    if (text_has_prefix(program, PREFIX))
        return program + strlen(PREFIX);
    --*argc;
    ++*argv;
    return *argc ? **argv : NULL;
}

static struct err *run(struct tools *t, const char *program, int argc,
                       char *argv[])
{
    const char *name = command_name(program, &argc, &argv);
    const struct cmd *cmd;

    if (!name)
        return ERR_AS(usage, "no command: see 'xenstore help'");
    if (!strcmp(name, "help") || !strcmp(name, "-h") || !strcmp(name, "--help"))
        return show_help();
    cmd = cmd_find(tools_families, name);
    if (!cmd)
        return unknown(name);
    return cmd_run(cmd, "xenstore", t, argc, argv, t->pool);
}

static int exit_status(const struct err *e)
{
    int status = err_exit_status(e);

    return err_is(e, &err_kind_usage) ? 1 : status;
}

int main(int argc, char *argv[])
{
    const char *slash = argc ? strrchr(argv[0], '/') : NULL;
    const char *program = slash ? slash + 1 : argc ? argv[0] : "xenstore";
    struct tools t = {.pool = pool_new()};
    struct err *e;
    int status;

    signal(SIGPIPE, SIG_IGN);
    e = run(&t, program, argc, argv);
    if (e && !err_is(e, &err_kind_reported) && *err_text(e))
        fprintf(stderr, "%s: %s\n", program, err_text(e));
    status = exit_status(e);
    err_free(e);
    store_close(t.store);
    pool_free(t.pool);
    return status;
}
