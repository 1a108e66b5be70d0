/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* guest: from a config record to libxl's structs; see guest.h. */
#include "xl/domain/guest.h"

#define HAVE_YAJL_YAJL_VERSION_H 1 /* libxl_json.h: yajl 2 */
#include <libxl_json.h>
#include <string.h>

#include "lib/str.h"
#include "xl/domain/keys.h"

const struct guest_defaults guest_defaults_builtin = {
    .max_grant_frames = UINT32_MAX,
    .max_maptrack_frames = UINT32_MAX,
    .max_grant_version = LIBXL_MAX_GRANT_DEFAULT,
    .claim_mode = true,
    .run_hotplug_scripts = true,
};

void guest_init(struct guest *g, const struct guest_defaults *defaults)
{
    libxl_domain_config *c = &g->config;

    memset(g, 0, sizeof(*g));
    g->defaults = defaults ? defaults : &guest_defaults_builtin;
    g->raw.stdvga = -1;
    libxl_device_vfb_init(&g->raw.vfb);
    libxl_domain_config_init(c);
    c->on_reboot = LIBXL_ACTION_ON_SHUTDOWN_RESTART;
    c->on_soft_reset = LIBXL_ACTION_ON_SHUTDOWN_SOFT_RESET;
}

void guest_done(struct guest *g)
{
    libxl_device_vfb_dispose(&g->raw.vfb);
    libxl_domain_config_dispose(&g->config);
    memset(g, 0, sizeof(*g));
}

/* What xl.conf says goes in first, so that keys can say otherwise. */
static void take_defaults(struct guest *g)
{
    const struct guest_defaults *d = g->defaults;
    libxl_domain_build_info *b = &g->config.b_info;

    libxl_defbool_set(&g->config.c_info.run_hotplug_scripts,
                      d->run_hotplug_scripts);
    if (d->domid_policy == DOMID_RANDOM)
        g->config.c_info.domid = RANDOM_DOMID;
    libxl_defbool_set(&b->claim_mode, d->claim_mode);
    b->max_grant_frames = d->max_grant_frames;
    b->max_maptrack_frames = d->max_maptrack_frames;
    b->max_grant_version = d->max_grant_version;
    kind_replace(&b->blkdev_start, d->blkdev_start);
}

static unsigned where_of(libxl_domain_type type)
{
    switch (type) {
    case LIBXL_DOMAIN_TYPE_PV:
        return FOR_PV;
    case LIBXL_DOMAIN_TYPE_PVH:
        return FOR_PVH;
    case LIBXL_DOMAIN_TYPE_HVM:
        return FOR_HVM;
    default:
        return 0;
    }
}

static bool decides_type(const char *key)
{
    return !strcmp(key, "type") || !strcmp(key, "builder");
}

/* The members of RECORD that decide the type, or all others; when the type
 * is not known, those that are for some types only are left out too. */
static struct value *part_of(const struct value *record, bool type_part,
                             bool type_known, struct pool *p)
{
    struct value *part = value_struct(p), **end = &part->kids.first;

    value_each(member, record)
    {
        const struct slot *slot = slot_find(guest_keys.rows, member->name);
        struct value *copy;

        if (decides_type(member->name) != type_part ||
            (!type_part && !type_known && slot && slot->where))
            continue;
        copy = pool_copy(p, member, sizeof(*member));
        copy->next = NULL;
        *end = copy;
        end = &copy->next;
        part->kids.last = copy;
        part->kids.n++;
    }
    return part;
}

/* Decides the type, without which no other key has its place. */
static bool decide_type(struct guest *g, const struct value *record,
                        struct fill *f)
{
    size_t n_errors = f->diags->n_errors;
    libxl_domain_type type;

    slot_fill(&guest_keys, part_of(record, true, true, f->pool), 0, f);
    type = key_rule_type(g);
    if (type == LIBXL_DOMAIN_TYPE_INVALID) {
        diag_error(f->diags, value_get(record, "builder")->place,
                   "builder: contradicts type: want type alone");
        type = (libxl_domain_type)g->raw.type;
    }
    g->config.c_info.type = type;
    libxl_domain_build_info_init_type(&g->config.b_info, type);
    return f->diags->n_errors == n_errors;
}

void guest_parse(struct guest *g, const struct value *record, struct pool *p,
                 struct diags *diags)
{
    struct fill f = {.pool = p, .diags = diags, .base = g, .app = g};
    bool broken = diags->n_errors > 0;
    bool known = decide_type(g, record, &f);

    g->raw.broken = broken;
    take_defaults(g);
    slot_fill(&guest_keys, part_of(record, false, known, p),
              where_of(g->config.c_info.type), &f);
    for (const struct key_rule *rule = key_rules; known && rule->name; rule++)
        rule->apply(g, record, &f);
}

/* ---- JSON ---------------------------------------------------------------- */

static void print_string(void *ctx, const char *text, size_t len)
{
    str_addn(ctx, text, len);
}

static bool gen_config(yajl_gen gen, libxl_domain_config *config, long domid)
{
    if (domid < 0)
        return !libxl_domain_config_gen_json(gen, config);
    return !yajl_gen_map_open(gen) &&
           !yajl_gen_string(gen, (const unsigned char *)"domid", 5) &&
           !yajl_gen_integer(gen, domid) &&
           !yajl_gen_string(gen, (const unsigned char *)"config", 6) &&
           !libxl_domain_config_gen_json(gen, config) &&
           !yajl_gen_map_close(gen);
}

struct err *guest_json(const struct guest *g, long domid, struct str *out)
{
    yajl_gen gen = yajl_gen_alloc(NULL);
    /* libxl takes what it only reads as not const. */
    libxl_domain_config *config = (libxl_domain_config *)&g->config;
    bool ok;

    yajl_gen_config(gen, yajl_gen_beautify, 1);
    yajl_gen_config(gen, yajl_gen_indent_string, "    ");
    yajl_gen_config(gen, yajl_gen_print_callback, print_string, out);
    ok = gen_config(gen, config, domid);
    yajl_gen_free(gen);
    return ok ? NULL : ERR("libxl cannot print the domain's configuration");
}
