/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xl: see xl.h. */
#include "xl/xl.h"

#include <errno.h>
#include <libxl_event.h>
#include <stdio.h>

#include "xl/cmds.h"

/* clang-format off */
const struct slot xl_global_opts[] = {
    OPT_SHORT('v', SLOT_COUNT(struct xl, verbose),
              .doc = "Show Xen's own messages; again for more."),
    OPT_SHORT('f', SLOT_FLAG(struct xl, force), .flags = SLOT_IGNORED,
              .doc = "Run even where another toolstack is in charge."),
    OPT_SHORT('N', SLOT_FLAG(struct xl, dry_run),
              .doc = "Dry run: show what would be done."),
    OPT_SHORT('t', SLOT_FLAG(struct xl, progress_cr),
              .doc = "Overwrite progress messages in place, terminal or not."),
    OPT_SHORT('T', SLOT_FLAG(struct xl, timestamps),
              .doc = "Put time and process before Xen's messages."),
    OPT_END,
};
/* clang-format on */

const struct cmd *const xl_families[] = {
    cmds_create, /* one a line */
    cmds_list,    cmds_power, cmds_mem,    cmds_vcpu, cmds_cd,  cmds_host,
    cmds_console, cmds_lint,  cmds_config, cmds_misc, cmds_doc, NULL,
};

/* Each -v shows one level more, from the one stock xl shows unasked. */
static xentoollog_level shown_level(const struct xl *xl)
{
    if (!xl->verbose)
        return HOST_QUIET;
    return xl->verbose < XTL_PROGRESS - XTL_DEBUG ? XTL_PROGRESS - xl->verbose
                                                  : XTL_DEBUG;
}

static unsigned log_flags(const struct xl *xl)
{
    unsigned flags = 0;

    if (xl->timestamps)
        flags |= XTL_STDIOSTREAM_SHOW_PID | XTL_STDIOSTREAM_SHOW_DATE;
    if (xl->progress_cr)
        flags |= XTL_STDIOSTREAM_PROGRESS_USE_CR;
    return flags;
}

struct err *xl_host(struct xl *xl, struct host **ret)
{
    TRY(host_open(&xl->host, shown_level(xl), log_flags(xl)));
    *ret = &xl->host;
    return NULL;
}

struct err *xl_host_quick(struct xl *xl, struct host **ret)
{
    TRY(host_open_quick(&xl->host, shown_level(xl), log_flags(xl)));
    *ret = &xl->host;
    return NULL;
}

struct err *xl_host_cpus(void *xl, struct pool *p, struct host_cpus *ret)
{
    struct host *h;

    TRY(xl_host(xl, &h));
    return host_cpus_read(h, p, ret);
}

void xl_forked(struct xl *xl)
{
    if (xl->host.ctx)
        libxl_postfork_child_noexec(xl->host.ctx);
    xl->host = (struct host){0};
}

void xl_done(struct xl *xl)
{
    host_close(&xl->host);
}

struct err *xl_show_help(void)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    str_add(&text, "Usage: xl [-vfNtT] COMMAND [ARGUMENTS]\n\nOptions:\n\n");
    opt_help(xl_global_opts, &text);
    str_add(&text, "\nCommands ('xl help COMMAND' explains one):\n\n");
    cmd_list(xl_families, &text);
    return xl_print(&text);
}

struct err *xl_unknown_command(const char *name)
{
    const char *nearest = cmd_nearest(xl_families, name);

    if (!nearest)
        return ERR("unknown command '%s': see 'xl help'", name);
    return ERR("unknown command '%s': did you mean '%s'?", name, nearest);
}

struct err *xl_print(const struct str *text)
{
    errno = 0;
    if (fwrite(str_text(text), 1, text->len, stdout) == text->len &&
        !fflush(stdout) && !ferror(stdout))
        return NULL;
    return err_errno(errno ? errno : EIO, "cannot write to standard output");
}
