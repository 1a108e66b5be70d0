/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd_config: `xl config-update`, the configuration that a domain is built
 * from when it is next restarted.
 */
#include <libxl_utils.h>
#include <stdio.h>

#include "lib/file.h"
#include "xl/cmds.h"
#include "xl/config.h"
#include "xl/domain/cfg.h"
#include "xl/domain/guest.h"
#include "xl/xl.h"

struct update_args {
    const char *domain, *file;
    bool debug;
    struct slot_words words;
};

/* clang-format off */
static const struct slot update_opts[] = {
    OPT_CONFIG_FILE(struct update_args),
    OPT_CONFIG_DEBUG(struct update_args),
    ARG("domain", SLOT_WORD(struct update_args, domain),
        .doc = "Name, id or uuid."),
    ARGS_CONFIG(struct update_args),
    OPT_END,
};
/* clang-format on */

/* The file's text with the settings as lines behind it. */
static struct err *gather(const struct update_args *a, struct pool *p,
                          struct str *text, const char **ret_file)
{
    struct slot_words settings = {0};
    size_t len;
    char *read;

    TRY(config_sort(a->file, &a->words, p, ret_file, &settings));
    if (!*ret_file)
        return ERR_AS(usage, "which configuration file?");
    TRY(file_read(p, *ret_file, CFG_SIZE_MAX, &read, &len));
    str_addn(text, read, len);
    for (size_t i = 0; i < settings.n; i++)
        str_addf(text, "\n%s\n", settings.list[i]);
    return str_full(text)
               ? ERR("'%s' and the settings are too large together", *ret_file)
               : NULL;
}

static struct err *parse(struct guest *g, const struct source *source,
                         struct pool *p)
{
    struct diags diags = {.pool = p};
    struct value *record = value_struct(p);
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    cfg_parse(p, source, record, &diags);
    if (!diags.n_errors)
        guest_parse(g, record, p, &diags);
    diags_format(&diags, &text);
    fputs(str_text(&text), stderr);
    return diags.n_errors ? err_silent(1) : NULL;
}

static struct err *run_update(void *app, const void *args, struct pool *p)
{
    const struct update_args *a = args;
    struct xl *xl = app;
    AUTO_STR struct str text = STR_INIT(CFG_SIZE_MAX);
    struct source source = {0};
    struct guest g AUTO(guest_done);
    struct host *h;
    uint32_t domid;
    int rc;

    guest_init(&g, &xl->conf.guest);
    TRY(find_domain(xl, a->domain, &domid));
    TRY(gather(a, p, &text, &source.name));
    source.text = str_text(&text);
    source.len = text.len;
    TRY(parse(&g, &source, p));
    if (xl->dry_run)
        return config_print(xl, &g, domid, stdout);
    if (a->debug)
        TRY(config_print(xl, &g, domid, stderr));
    TRY(xl_host(xl, &h));
    host_mark(h);
    fprintf(stderr, "setting dom%u configuration\n", domid);
    rc = libxl_userdata_store(h->ctx, domid, "xl", (const uint8_t *)source.text,
                              (int)source.len);
    return rc ? host_err(h, rc, "domain '%s': cannot keep the configuration",
                         a->domain)
              : NULL;
}

/* clang-format off */
const struct cmd cmds_config[] = {
    {"config-update", NULL, run_update, update_opts, sizeof(struct update_args),
     CMD_MODIFIES | CMD_DRY_RUN,
     "Set the configuration a domain is built from at its next restart."},
    {.name = NULL},
};
/* clang-format on */
