/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl: the command line. Reads the global options, finds the command's row and
 * runs it; prints what went wrong, once, and turns it into the exit status.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "xl/domain/journal.h"
#include "xl/domain/keeper.h"
#include "xl/xl.h"

/* A handler, not SIG_IGN, so that programs libxl starts begin with SIG_DFL;
 * the failing write then says that nobody reads. */
static void on_sigpipe(int sig)
{
    (void)sig;
}

/* Bad global options are exit status 1 as in stock xl, unlike a command's. */
static struct err *parse_global(struct xl *xl, int argc, char *argv[],
                                struct opt_parse *parse)
{
    AUTO_ERR struct err *e =
        opt_parse(xl_global_opts, argc, argv, xl, xl->pool, parse);

    if (!e)
        return NULL;
    return ERR(
        "%s\nusage: xl [-vfNtT] COMMAND [ARGUMENTS]; 'xl help' lists commands",
        err_text(e));
}

/* With a bad setting nothing is changed: a guest would get another bridge, or
 * Dom0 other memory, than the file means. Looking goes on. */
static struct err *load_conf(struct xl *xl, const struct cmd *cmd)
{
    struct diags diags = {.pool = xl->pool};
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    conf_load(&xl->conf, CONF_PATH, xl->pool, &diags);
    xl->conf.guest.host_cpus = xl_host_cpus;
    xl->conf.guest.host_cpus_arg = xl;
    diags_format(&diags, &text);
    fputs(str_text(&text), stderr);
    return diags.n_errors && cmd->flags & CMD_MODIFIES
               ? ERR("%s: not while '%s' has errors", cmd->name, CONF_PATH)
               : NULL;
}

static void warn(struct err *e)
{
    if (e)
        fprintf(stderr, "xl: warning: %s\n", err_text(e));
    err_free(e);
}

/* What calls that were killed have left: half-made domains, and domains
 * without the keeper they want. */
static void tidy(struct xl *xl)
{
    struct host *h;

    if (journal_has_debris()) {
        struct err *e = xl_host(xl, &h);

        warn(e ? e : journal_recover(h));
    }
    warn(keeper_ensure());
}

static struct err *run(struct xl *xl, int argc, char *argv[])
{
    struct opt_parse parse = {.stop_at_argument = true};
    const struct cmd *cmd;

    TRY(parse_global(xl, argc, argv, &parse));
    if (parse.help)
        return xl_show_help();
    argc -= parse.n_used;
    argv += parse.n_used;
    if (!argc) {
        TRY(xl_show_help());
        return err_silent(1);
    }
    cmd = cmd_find(xl_families, argv[0]);
    if (!cmd)
        return xl_unknown_command(argv[0]);
    if (xl->dry_run && !(cmd->flags & CMD_DRY_RUN))
        return ERR("%s: there is no dry run (-N) of this command", cmd->name);
    TRY(load_conf(xl, cmd));
    if (cmd->flags & CMD_MODIFIES && !xl->dry_run)
        tidy(xl);
    return cmd_run(cmd, "xl", xl, argc, argv, xl->pool);
}

/* What stdio still holds has to reach its reader before this is success. */
static struct err *flush_output(struct err *e)
{
    struct str nothing = STR_INIT(1);
    struct err *flush = xl_print(&nothing);

    if (!flush || (e && !err_is(e, &err_kind_reported))) {
        err_drop(flush, "an earlier error says more");
        return e;
    }
    err_free(e);
    return flush;
}

int main(int argc, char *argv[])
{
    struct xl xl = {.pool = pool_new()};
    struct err *e;
    int status;

    signal(SIGPIPE, on_sigpipe);
    e = flush_output(run(&xl, argc, argv));
    xl_done(&xl);
    if (e && !err_is(e, &err_kind_reported))
        fprintf(stderr, "xl: %s\n", err_text(e));
    status = err_exit_status(e);
    err_free(e);
    pool_free(xl.pool);
    return status;
}
