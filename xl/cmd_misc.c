/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_misc: names and ids of domains, help, version. */
#include <libxl_utils.h>

#include "xl/cmds.h"
#include "xl/xl.h"

struct name_args {
    const char *domain, *new_name;
};

struct help_args {
    const char *command;
    bool all;
};

/* clang-format off */
static const struct slot one_opts[] = {
    ARG("domain", SLOT_WORD(struct name_args, domain),
        .doc = "Name, id or uuid."),
    OPT_END,
};

static const struct slot rename_opts[] = {
    ARG("domain", SLOT_WORD(struct name_args, domain),
        .doc = "Name, id or uuid."),
    ARG("new-name", SLOT_WORD(struct name_args, new_name),
        .doc = "What it shall be called."),
    OPT_END,
};

static const struct slot help_opts[] = {
    OPT(0, "long", SLOT_FLAG(struct help_args, all),
        .doc = "All commands with their options."),
    ARG_OPTIONAL("command", SLOT_WORD(struct help_args, command),
                 .doc = "Show this command's options."),
    OPT_END,
};

static const struct slot no_opts[] = {OPT_END};
/* clang-format on */

static struct err *run_domid(void *app, const void *args, struct pool *p)
{
    const struct name_args *a = args;
    AUTO_STR struct str out = STR_INIT(100);
    uint32_t domid;

    (void)p;
    TRY(find_domain(app, a->domain, &domid));
    str_addf(&out, "%u\n", domid);
    return xl_print(&out);
}

static struct err *run_domname(void *app, const void *args, struct pool *p)
{
    const struct name_args *a = args;
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    AUTO_FREE char *name = NULL;
    struct host *h;
    uint32_t domid;

    (void)p;
    TRY(find_and_open(app, a->domain, &domid, &h));
    name = libxl_domid_to_name(h->ctx, domid);
    if (!name)
        return ERR_AS(not_found, "domain %u has no name", domid);
    str_addf(&out, "%s\n", name);
    return xl_print(&out);
}

static struct err *run_rename(void *app, const void *args, struct pool *p)
{
    const struct name_args *a = args;
    struct host *h;
    uint32_t domid;
    int rc;

    (void)p;
    if (!*a->new_name)
        return ERR_AS(input, "the new name is empty");
    TRY(find_and_open(app, a->domain, &domid, &h));
    rc = libxl_domain_rename(h->ctx, domid, NULL, a->new_name);
    return rc ? host_err(h, rc, "cannot rename domain '%s'", a->domain) : NULL;
}

/* ---- help ---------------------------------------------------------------- */

static void add_every(struct str *out)
{
    for (const struct cmd *const *f = xl_families; *f; f++) {
        for (const struct cmd *c = *f; c->name; c++) {
            if (c->flags & CMD_HIDDEN)
                continue;
            cmd_help(c, "xl", out);
            str_add(out, "\n");
        }
    }
}

/* Stock xl calls an unknown command success; here it is an error. */
static struct err *run_help(void *app, const void *args, struct pool *p)
{
    const struct help_args *a = args;
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    const struct cmd *cmd;

    (void)app;
    (void)p;
    if (!a->command && !a->all)
        return xl_show_help();
    if (a->command) {
        cmd = cmd_find(xl_families, a->command);
        if (!cmd)
            return xl_unknown_command(a->command);
        cmd_help(cmd, "xl", &out);
    } else {
        add_every(&out);
    }
    return xl_print(&out);
}

static struct err *run_version(void *app, const void *args, struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    const libxl_version_info *v;
    struct host *h;

    (void)args;
    (void)p;
    TRY(xl_host(app, &h));
    host_mark(h);
    v = libxl_get_version_info(h->ctx);
    if (!v)
        return host_err(h, ERROR_FAIL, "cannot ask Xen for its version");
    str_addf(&out, "dom0kit xl on Xen %d.%d%s\n", v->xen_version_major,
             v->xen_version_minor, v->xen_version_extra);
    return xl_print(&out);
}

/* clang-format off */
const struct cmd cmds_misc[] = {
    {"domid", NULL, run_domid, one_opts, sizeof(struct name_args), 0,
     "Print the id of a domain."},
    {"domname", NULL, run_domname, one_opts, sizeof(struct name_args), 0,
     "Print the name of a domain."},
    {"rename", NULL, run_rename, rename_opts, sizeof(struct name_args),
     CMD_MODIFIES, "Give a domain another name."},
    {"help", NULL, run_help, help_opts, sizeof(struct help_args), 0,
     "List the commands, or show one."},
    {"version", NULL, run_version, no_opts, sizeof(struct help_args), 0,
     "Print the version of the Xen this runs on."},
    {.name = NULL},
};
/* clang-format on */
