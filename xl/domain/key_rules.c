/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key_rules: what several keys decide together. Applied in the order of
 * key_rules[] once all keys are in, so the order of lines in a config never
 * matters.
 */
#include <ctype.h>
#include <string.h>

#include "lib/str.h"
#include "xl/domain/keys.h"

#ifndef XEN_BOOT_DIR
#define XEN_BOOT_DIR "/usr/lib/xen-4.17/boot"
#endif

struct place key_place(const struct value *record, const char *key)
{
    const struct value *v = value_get(record, key);

    return v ? v->place : (struct place){0};
}

/* The config as a whole, for complaints about what is missing. */
static struct place whole(const struct value *record)
{
    const struct source *source = record->place.source;

    if (!source && record->kids.first)
        source = record->kids.first->place.source;
    return (struct place){source, PLACE_WHOLE, PLACE_WHOLE};
}

libxl_domain_type key_rule_type(const struct guest *g)
{
    int type = g->raw.type, builder = g->raw.builder;

    if (type && builder && type != builder)
        return LIBXL_DOMAIN_TYPE_INVALID;
    if (type)
        return (libxl_domain_type)type;
    return builder ? (libxl_domain_type)builder : LIBXL_DOMAIN_TYPE_PV;
}

/* ---- identity ------------------------------------------------------------ */

static void need_name(struct guest *g, const struct value *record,
                      struct fill *f)
{
    const struct value *v = g->raw.name;
    const char *name;
    struct err *e;

    if (!v) {
        if (!value_get(record, "name") && !g->raw.broken)
            diag_error(f->diags, whole(record),
                       "the guest has no name: want name=\"...\"");
        return;
    }
    e = slot_text(v, f->pool, &name);
    if (!e && !*name)
        e = ERR_AS(input, "the guest's name is empty");
    if (e) {
        diag_err(f->diags, v->place, err_wrap(e, "name"));
        return;
    }
    if (!name[strspn(name, "0123456789")])
        diag_warning(f->diags, v->place,
                     "name: '%s' looks like a domain id: commands will take "
                     "it for one",
                     name);
    kind_replace(&g->config.c_info.name, name);
}

static void need_uuid(struct guest *g, const struct value *record,
                      struct fill *f)
{
    const struct value *v = g->raw.uuid;
    const char *text = "";
    struct err *e;

    (void)record;
    if (!v) {
        libxl_uuid_generate(&g->config.c_info.uuid);
        return;
    }
    e = slot_text(v, f->pool, &text);
    if (!e && libxl_uuid_from_string(&g->config.c_info.uuid, text))
        e = ERR_AS(input,
                   "'%s' is not a UUID, as "
                   "5a1d7a0e-0000-4000-8000-000000000001",
                   text);
    if (e)
        diag_err(f->diags, v->place, err_wrap(e, "uuid"));
}

/* While the guest is built it has init_seclabel, afterwards seclabel. */
static void place_seclabels(struct guest *g, const struct value *record,
                            struct fill *f)
{
    struct guest_raw *raw = &g->raw;

    (void)record;
    (void)f;
    if (raw->init_seclabel) {
        kind_replace(&g->config.c_info.ssid_label, raw->init_seclabel);
        if (raw->seclabel)
            kind_replace(&g->config.b_info.exec_ssid_label, raw->seclabel);
    } else if (raw->seclabel) {
        kind_replace(&g->config.c_info.ssid_label, raw->seclabel);
    }
}

/* ---- memory -------------------------------------------------------------- */

static void place_memory(struct guest *g, const struct value *record,
                         struct fill *f)
{
    libxl_domain_build_info *b = &g->config.b_info;

    if (b->target_memkb == LIBXL_MEMKB_DEFAULT) {
        if (!value_get(record, "memory") && !g->raw.broken)
            diag_warning(f->diags, whole(record),
                         "memory is not set: the guest gets %s",
                         value_get(record, "maxmem") ? "maxmem" : "32 MB");
        return;
    }
    if (b->max_memkb == LIBXL_MEMKB_DEFAULT)
        b->max_memkb = b->target_memkb;
    if (b->max_memkb < b->target_memkb)
        diag_warning(f->diags, key_place(record, "maxmem"),
                     "maxmem: less than memory (%llu MB)",
                     (unsigned long long)b->target_memkb >> 10);
}

/* ---- what boots ---------------------------------------------------------- */

static void place_cmdline(struct guest *g, const struct value *record,
                          struct fill *f)
{
    libxl_domain_build_info *b = &g->config.b_info;
    const char *root = g->raw.root, *extra = g->raw.extra;

    if (b->cmdline) {
        if (root)
            diag_warning(f->diags, key_place(record, "root"),
                         "root: has no effect, since cmdline is set");
        if (extra)
            diag_warning(f->diags, key_place(record, "extra"),
                         "extra: has no effect, since cmdline is set");
        return;
    }
    if (root)
        b->cmdline =
            xprintf("root=%s%s%s", root, extra ? " " : "", extra ? extra : "");
    else
        b->cmdline = xstrdup(extra);
}

/* HVM guests once named their firmware in kernel=. */
static void drop_hvmloader(struct guest *g, const struct value *record,
                           struct fill *f)
{
    char **kernel = &g->config.b_info.kernel;
    const char *slash;

    if (g->config.c_info.type != LIBXL_DOMAIN_TYPE_HVM || !*kernel)
        return;
    slash = strrchr(*kernel, '/');
    if (strcmp(slash ? slash + 1 : *kernel, "hvmloader"))
        return;
    diag_warning(f->diags, key_place(record, "kernel"),
                 "kernel: hvmloader is loaded anyway, so this is ignored: use "
                 "firmware for another firmware");
    kind_replace(kernel, NULL);
}

static void hvm_firmware(libxl_domain_build_info *b, const char *word)
{
    libxl_bios_type bios;

    if (!strcmp(word, "bios"))
        return;
    if (!strcmp(word, "uefi"))
        b->u.hvm.bios = LIBXL_BIOS_TYPE_OVMF;
    else if (!libxl_bios_type_from_string(word, &bios) &&
             bios != LIBXL_BIOS_TYPE_UNKNOWN)
        b->u.hvm.bios = bios;
    else
        kind_replace(&b->u.hvm.firmware, word);
}

static struct err *pv_firmware(libxl_domain_build_info *b, const char *word)
{
    if (strcmp(word, "pvgrub32") && strcmp(word, "pvgrub64"))
        return ERR_AS(input,
                      "'%s' is not one of pvgrub32 and pvgrub64, which is what "
                      "guests other than HVM know",
                      word);
    if (b->kernel)
        return ERR_AS(input, "kernel and firmware are both set: want one");
    b->kernel = xprintf(XEN_BOOT_DIR "/%s.bin", word);
    return NULL;
}

static void place_firmware(struct guest *g, const struct value *record,
                           struct fill *f)
{
    libxl_domain_build_info *b = &g->config.b_info;
    bool hvm = g->config.c_info.type == LIBXL_DOMAIN_TYPE_HVM;
    const struct value *v = g->raw.firmware;
    const char *word;
    struct err *e;

    if (hvm && b->u.hvm.system_firmware && !value_get(record, "bios"))
        diag_warning(f->diags, key_place(record, "bios_path_override"),
                     "bios_path_override: which firmware it is should be said "
                     "by bios");
    if (!v)
        return;
    e = slot_text(v, f->pool, &word);
    if (!e && hvm)
        hvm_firmware(b, word);
    else if (!e)
        e = pv_firmware(b, word);
    if (e)
        diag_err(f->diags, v->place, err_wrap(e, "firmware"));
}

static void need_kernel(struct guest *g, const struct value *record,
                        struct fill *f)
{
    const libxl_domain_build_info *b = &g->config.b_info;

    if (g->config.c_info.type == LIBXL_DOMAIN_TYPE_HVM || g->raw.broken ||
        b->kernel || b->bootloader || value_get(record, "kernel") ||
        value_get(record, "bootloader") || value_get(record, "firmware"))
        return;
    diag_error(f->diags, whole(record),
               "nothing to boot: %s guests want kernel or bootloader",
               g->config.c_info.type == LIBXL_DOMAIN_TYPE_PV ? "PV" : "PVH");
}

/* ---- devices ------------------------------------------------------------- */

static void place_vga(struct guest *g, const struct value *record,
                      struct fill *f)
{
    libxl_vga_interface_type *kind = &g->config.b_info.u.hvm.vga.kind;

    (void)record;
    (void)f;
    if (g->config.c_info.type != LIBXL_DOMAIN_TYPE_HVM || g->raw.stdvga < 0 ||
        *kind != LIBXL_VGA_INTERFACE_TYPE_UNKNOWN)
        return;
    *kind = g->raw.stdvga ? LIBXL_VGA_INTERFACE_TYPE_STD
                          : LIBXL_VGA_INTERFACE_TYPE_CIRRUS;
}

/* Each framebuffer has a keyboard of its own, before those of vkb. */
static void add_keyboards(libxl_domain_config *c)
{
    int n = c->num_vfbs + c->num_vkbs;
    libxl_device_vkb *vkbs;

    if (!c->num_vfbs)
        return;
    vkbs = xcalloc((size_t)n, sizeof(*vkbs));
    for (int i = 0; i < n; i++) {
        if (i < c->num_vfbs)
            libxl_device_vkb_init(&vkbs[i]);
        else
            vkbs[i] = c->vkbs[i - c->num_vfbs];
        vkbs[i].devid = i;
    }
    free(c->vkbs);
    c->vkbs = vkbs;
    c->num_vkbs = n;
}

static bool is_true(libxl_defbool b)
{
    return !libxl_defbool_is_default(b) && libxl_defbool_val(b);
}

/* vnc, sdl and keymap at top level are the emulated card's for an HVM guest,
 * and for a PV guest a framebuffer, unless vfb lists those. */
static void place_display(struct guest *g, const struct value *record,
                          struct fill *f)
{
    libxl_domain_config *c = &g->config;
    libxl_device_vfb *vfb = &g->raw.vfb;

    (void)record;
    (void)f;
    if (c->c_info.type == LIBXL_DOMAIN_TYPE_HVM) {
        c->b_info.u.hvm.vnc = vfb->vnc;
        c->b_info.u.hvm.sdl = vfb->sdl;
        c->b_info.u.hvm.keymap = vfb->keymap;
        libxl_device_vfb_init(vfb);
    } else if (c->c_info.type == LIBXL_DOMAIN_TYPE_PV && !c->num_vfbs &&
               is_true(vfb->vnc.enable)) {
        c->vfbs = xrealloc(c->vfbs, 1, sizeof(*c->vfbs));
        c->vfbs[0] = *vfb;
        c->vfbs[0].devid = 0;
        c->num_vfbs = 1;
        libxl_device_vfb_init(vfb);
    }
    add_keyboards(c);
}

static void add_pci(struct guest *g, const struct value *value, struct fill *f)
{
    libxl_domain_config *c = &g->config;
    libxl_device_pci *pci = &c->pcidevs[c->num_pcidevs];
    size_t n_errors = f->diags->n_errors;

    if (value->kind == VALUE_LIST) {
        diag_error(f->diags, value->place,
                   "pci: want a string, not a list in the list");
        return;
    }
    libxl_device_pci_init(pci);
    pci->msitranslate = g->raw.pci_msitranslate;
    pci->power_mgmt = g->raw.pci_power_mgmt;
    pci->permissive = g->raw.pci_permissive;
    pci->seize = g->raw.pci_seize;
    pci->rdm_policy = c->c_info.type == LIBXL_DOMAIN_TYPE_HVM
                          ? c->b_info.u.hvm.rdm.policy
                          : LIBXL_RDM_RESERVE_POLICY_STRICT;
    spec_pci_parse(value, pci, f->pool, f->diags);
    if (f->diags->n_errors > n_errors)
        libxl_device_pci_dispose(pci);
    else
        c->num_pcidevs++;
}

/* The devices take the defaults of pci_* and rdm, wherever those stand. */
static void place_pci(struct guest *g, const struct value *record,
                      struct fill *f)
{
    libxl_domain_config *c = &g->config;
    const struct value *v = g->raw.pci;

    (void)record;
    if (!v)
        return;
    if (v->kind != VALUE_LIST) {
        diag_error(f->diags, v->place,
                   "pci: want a list, as [\"01:00.0\", \"02:00.0\"]");
        return;
    }
    c->pcidevs = xcalloc(v->kids.n + 1, sizeof(*c->pcidevs));
    value_each(item, v)
    {
        add_pci(g, item, f);
    }
    if (c->num_pcidevs && c->c_info.type == LIBXL_DOMAIN_TYPE_PV)
        libxl_defbool_set(&c->b_info.u.pv.e820_host, true);
}

static void check_device_model(struct guest *g, const struct value *record,
                               struct fill *f)
{
    const libxl_domain_build_info *b = &g->config.b_info;

    if (b->device_model && !b->device_model_version)
        diag_warning(f->diags, key_place(record, "device_model_override"),
                     "device_model_override: which QEMU it is should be said "
                     "by device_model_version");
}

/* Spice needs a port, and a password or leave to go without. */
static void check_spice(struct guest *g, const struct value *record,
                        struct fill *f)
{
    const libxl_spice_info *s = &g->config.b_info.u.hvm.spice;

    if (g->config.c_info.type != LIBXL_DOMAIN_TYPE_HVM || !is_true(s->enable))
        return;
    if (!s->port && !s->tls_port)
        diag_warning(f->diags, key_place(record, "spice"),
                     "spice: neither spiceport nor spicetls_port is set");
    if (!is_true(s->disable_ticketing) && !s->passwd)
        diag_warning(f->diags, key_place(record, "spice"),
                     "spice: want spicepasswd or spicedisable_ticketing=1");
}

/* clang-format off */
const struct key_rule key_rules[] = {
    {"name",         need_name},
    {"uuid",         need_uuid},
    {"seclabels",    place_seclabels},
    {"vcpus",        key_rule_vcpus},
    {"vnuma",        key_rule_vnuma},
    {"memory",       place_memory},
    {"affinities",   key_rule_affinities},
    {"cpu masks",    key_rule_cpu_masks},
    {"cmdline",      place_cmdline},
    {"hvmloader",    drop_hvmloader},
    {"firmware",     place_firmware},
    {"kernel",       need_kernel},
    {"vga",          place_vga},
    {"display",      place_display},
    {"pci",          place_pci},
    {"device model", check_device_model},
    {"spice",        check_spice},
    {NULL},
};
/* clang-format on */
