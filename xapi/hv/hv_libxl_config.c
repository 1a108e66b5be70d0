/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv_libxl_config: a plan as libxl wants it. It is said in the words of xl.cfg
 * (xl/domain/keys.c), so that a VM of the daemon and a guest of `xl create`
 * come to be by the same table and the same rules; devices are structs, as
 * they are when they are plugged later.
 */
#include <libxl_utils.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"

/* ---- VM.platform --------------------------------------------------------- */

/* Keys of VM.platform that mean the same as one of xl.cfg: of HVM guests, but
 * what is for all. */
static const struct {
    const char *name, *key;
    bool all;
} platform_rows[] = {
    {"acpi", "acpi"},
    {"acpi_s3", "acpi_s3"},
    {"acpi_s4", "acpi_s4"},
    {"apic", "apic"},
    {"hdtype", "hdtype"},
    {"hpet", "hpet"},
    {"nested-virt", "nestedhvm"},
    {"nx", "nx"},
    {"pae", "pae"},
    {"timeoffset", "rtc_timeoffset"},
    {"tsc_mode", "tsc_mode", true},
    {"usb", "usb"},
    {"videoram", "videoram"},
    {"viridian", "viridian"},
};

static const char *platform(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_platform; i++)
        if (!strcmp(plan->platform[i].name, name))
            return plan->platform[i].value;
    return NULL;
}

/* "true" and "false" are numbers in xl.cfg. */
static struct value *platform_value(struct pool *p, const char *text)
{
    if (!strcmp(text, "true"))
        return value_int(p, 1);
    if (!strcmp(text, "false"))
        return value_int(p, 0);
    return value_string(p, text);
}

static void add_platform(struct value *record, const struct plan *plan,
                         bool hvm, struct pool *p)
{
    for (size_t i = 0; i < ARRAY_LEN(platform_rows); i++) {
        const char *text = platform(plan, platform_rows[i].name);

        if (text && *text && (hvm || platform_rows[i].all))
            value_set(record, platform_rows[i].key, platform_value(p, text));
    }
}

/* ---- all of it but devices ----------------------------------------------- */

static void add_text(struct value *record, const char *key, const char *text,
                     struct pool *p)
{
    if (text && *text)
        value_set(record, key, value_string(p, text));
}

static void add_number(struct value *record, const char *key, int64_t number,
                       struct pool *p)
{
    if (number)
        value_set(record, key, value_int(p, number));
}

#define MB (1 << 20)

static int64_t mb(int64_t bytes)
{
    return bytes / MB;
}

static void add_sizes(struct value *record, const struct plan *plan,
                      struct pool *p)
{
    add_number(record, "memory", mb(plan->memory), p);
    add_number(record, "maxmem", mb(plan->memory_max), p);
    add_number(record, "shadow_memory", mb(plan->shadow + MB - 1), p);
    add_number(record, "vcpus", plan->vcpus, p);
    add_number(record, "maxvcpus", plan->vcpus_max, p);
    add_number(record, "cpu_weight", plan->weight, p);
    add_number(record, "cap", plan->cap, p);
    add_text(record, "cpus", plan->cpus, p);
}

/* The daemon decides what becomes of a domain that has ended. */
static void add_ends(struct value *record, struct pool *p)
{
    static const char *const keys[] = {"on_poweroff", "on_reboot", "on_crash",
                                       "on_watchdog", "on_soft_reset"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        value_set(record, keys[i], value_string(p, "preserve"));
}

static void add_boot(struct value *record, const struct plan *plan,
                     struct pool *p)
{
    add_text(record, "kernel", plan->kernel, p);
    add_text(record, "ramdisk", plan->ramdisk, p);
    add_text(record, "cmdline", plan->args, p);
    add_text(record, "bootloader", plan->bootloader, p);
    add_text(record, "bootloader_args", plan->bootloader_args, p);
}

static void add_screen(struct value *record, const struct plan *plan, bool hvm,
                       struct pool *p)
{
    bool wanted = hvm ? !text_eq(platform(plan, "vga"), "none")
                      : !strcmp(plan->type, "pv") &&
                            text_eq(platform(plan, "pvfb"), "true");

    value_set(record, "vnc", value_int(p, wanted));
    if (!wanted)
        return;
    add_text(record, "vnclisten", lx_screen(p, plan->uuid), p);
    value_set(record, "vncunused", value_int(p, 0));
}

static void add_firmware(struct value *record, const struct plan *plan,
                         struct pool *p)
{
    const char *vga = platform(plan, "vga");

    add_text(record, "boot", plan->boot, p);
    if (plan->firmware && !strcmp(plan->firmware, "uefi"))
        add_text(record, "bios", "ovmf", p);
    if (vga)
        add_text(record, "vga", !strcmp(vga, "std") ? "stdvga" : vga, p);
    add_text(record, "serial", "pty", p);
}

static struct value *record_of(const struct plan *plan, const char *name,
                               struct pool *p)
{
    struct value *record = value_struct(p);
    bool hvm = !strcmp(plan->type, "hvm");

    value_set(record, "name", value_string(p, name));
    add_text(record, "uuid", plan->uuid, p);
    add_text(record, "type",
             !strcmp(plan->type, "pv_in_pvh") ? "pvh" : plan->type, p);
    if (!strcmp(plan->type, "pv_in_pvh"))
        value_set(record, "pvshim", value_int(p, 1));
    add_sizes(record, plan, p);
    add_ends(record, p);
    add_platform(record, plan, hvm, p);
    add_screen(record, plan, hvm, p);
    if (hvm)
        add_firmware(record, plan, p);
    else
        add_boot(record, plan, p);
    return record;
}

/* ---- all of it ----------------------------------------------------------- */

static struct err *add_disks(const struct plan *plan, libxl_domain_config *c)
{
    c->disks = xcalloc(plan->n_disks + 1, sizeof(*c->disks));
    for (size_t i = 0; i < plan->n_disks; i++) {
        if (lx_is_no_disk(plan->type, &plan->disks[i]))
            continue;
        libxl_device_disk_init(&c->disks[c->num_disks]);
        TRY(lx_disk(&plan->disks[i], &c->disks[c->num_disks++]));
    }
    return NULL;
}

static struct err *add_nics(const struct plan *plan, libxl_domain_config *c)
{
    c->nics = xcalloc(plan->n_nics + 1, sizeof(*c->nics));
    for (size_t i = 0; i < plan->n_nics; i++) {
        libxl_device_nic_init(&c->nics[i]);
        c->num_nics++;
        TRY(lx_nic(&plan->nics[i], &c->nics[i]));
    }
    return NULL;
}

/* Firmware runs what is on an emulated card, so PV drivers alone start faster.
 */
static void choose_cards(const struct plan *plan, libxl_domain_config *c)
{
    const char *model = platform(plan, "nic_type");
    bool none = model && !strcmp(model, "pv");

    for (int i = 0; model && i < c->num_nics; i++) {
        c->nics[i].nictype =
            none ? LIBXL_NIC_TYPE_VIF : LIBXL_NIC_TYPE_VIF_IOEMU;
        c->nics[i].model = none ? NULL : xstrdup(model);
    }
}

/* libxl writes it below the domain's path in XenStore. */
static void add_xenstore(const struct plan *plan, libxl_domain_config *c)
{
    char **list = xcalloc(2 * plan->n_xenstore_data + 1, sizeof(*list));

    for (size_t i = 0; i < plan->n_xenstore_data; i++) {
        list[2 * i] = xstrdup(plan->xenstore_data[i].name);
        list[2 * i + 1] = xstrdup(plan->xenstore_data[i].value);
    }
    c->c_info.xsdata = list;
}

struct err *lx_config(const struct plan *plan, const char *name,
                      const struct guest_defaults *defaults, struct guest *g,
                      struct pool *p)
{
    struct diags diags = {.pool = p, .no_notes = true};

    guest_init(g, defaults);
    guest_parse(g, record_of(plan, name, p), p, &diags);
    for (size_t i = 0; diags.n_errors && i < diags.n; i++)
        if (diags.list[i].level == DIAG_ERROR)
            return ERR("%s", diags.list[i].text);
    add_xenstore(plan, &g->config);
    TRY(add_disks(plan, &g->config));
    TRY(add_nics(plan, &g->config));
    if (g->config.c_info.type != LIBXL_DOMAIN_TYPE_HVM)
        return NULL;
    choose_cards(plan, &g->config);
    memcpy(g->config.b_info.u.hvm.ms_vm_genid.bytes, plan->generation,
           sizeof(plan->generation));
    return NULL;
}
