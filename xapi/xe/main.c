/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xe: the command of XenAPI. It knows no command itself: words go to the
 * server, which tells it what to print and which files to send or fetch.
 */
#include <signal.h>
#include <stdio.h>

#include "xapi/cli/wire.h"
#include "xapi/xe/talk.h"

static int show(const struct xe_options *o)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    if (o->version) {
        printf("ThinCLI protocol: %d.%d\n", CLI_MAJOR, CLI_MINOR);
        return 0;
    }
    xe_options_help(&text);
    fputs(str_text(&text), stderr);
    return 0;
}

static struct err *run(struct pool *p, int argc, char **argv, int *ret)
{
    struct xe_options o;
    struct xe_talk talk = {.pool = p,
                           .options = &o,
                           .link = {.fd = -1},
                           .debug = STR_INIT(XE_DEBUG_MAX)};

    TRY(xe_options_read(p, argc, argv, &o));
    if (o.help || o.version || !o.n_words) {
        *ret = show(&o);
        return NULL;
    }
    TRY(xe_talk_run(&talk, ret));
    return fflush(stdout) ? xe_talk_no_output() : NULL;
}

int main(int argc, char **argv)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_ERR struct err *e = NULL;
    int status = 1;

    signal(SIGPIPE, SIG_IGN);
    e = run(p, argc, argv, &status);
    if (e && !err_is(e, &err_kind_reported))
        fprintf(stderr, "%s%s\n",
                err_is(e, &err_kind_server) ? "" : "Error: ", err_text(e));
    return e ? 1 : status;
}
