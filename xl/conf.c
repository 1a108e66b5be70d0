/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conf: see conf.h. The settings are those of xl.conf(5) of Xen 4.17. */
#include "xl/conf.h"

#include <string.h>

#include "lib/file.h"
#include "xl/domain/cfg.h"

/* clang-format off */
static const struct slot_choice autoballoons[] = {
    {"off",  AUTOBALLOON_OFF,  "Never."},
    {"on",   AUTOBALLOON_ON,   "Whenever memory is short."},
    {"auto", AUTOBALLOON_AUTO, "Unless Xen was told dom0_mem."},
    {"0",    AUTOBALLOON_OFF,  "The same as off."},
    {"1",    AUTOBALLOON_ON,   "The same as on."},
    {NULL},
};

static const struct slot_choice outputs[] = {
    {"json", OUTPUT_JSON, "JSON."},
    {"sxp",  OUTPUT_SXP,  "S-expressions, as xm printed them."},
    {NULL},
};

static const struct slot_choice domid_policies[] = {
    {"xen",    DOMID_BY_XEN, "One after the other."},
    {"random", DOMID_RANDOM, "By chance."},
    {NULL},
};

#define GUEST(member) guest.member
#define SETTING(name_, ...) {.name = name_, __VA_ARGS__}
#define BOOL(member)          SLOT_BOOL(struct conf, member)
#define NUMBER(member)        SLOT_INT(struct conf, member), .max = INT32_MAX
#define STRING(member)        SLOT_WORD(struct conf, member)
#define CHOICE(member, words) SLOT_CHOICE(struct conf, member, words)

static const struct slot rows[] = {
    SETTING("autoballoon", CHOICE(autoballoon, autoballoons),
        .doc = "Whether Dom0 gives up memory that a new guest needs; auto: unless Xen was told dom0_mem."),
    SETTING("blkdev_start", STRING(GUEST(blkdev_start)), .unit = "NAME",
        .doc = "First block device to use when a disk is needed in Dom0 for a while."),
    SETTING("claim_mode", BOOL(GUEST(claim_mode)),
        .doc = "Reserve a guest's memory before building it, to fail at once when there is too little."),
    SETTING("colo.default.proxyscript", STRING(GUEST(colo_proxy_script)), .unit = "PATH",
        .doc = "Script that sets up COLO's proxy."),
    SETTING("defaultbridge", STRING(GUEST(vif_bridge)), .instead = "vif.default.bridge", .unit = "NAME",
        .doc = "Bridge for network interfaces that name none."),
    SETTING("disk.default.script", STRING(disk_script), .unit = "PATH",
        .doc = "Hotplug script for disks that the kernel serves and that name none; block: the stock one."),
    SETTING("domid_policy", CHOICE(GUEST(domid_policy), domid_policies),
        .doc = "How a new domain gets its id."),
    SETTING("lockfile", STRING(lockfile), .unit = "PATH",
        .doc = "File that is locked while a domain is being created."),
    SETTING("max_grant_frames", NUMBER(GUEST(max_grant_frames)), .unit = "N",
        .doc = "Most frames of a guest's grant table; Xen decides when it is not set."),
    SETTING("max_grant_version", NUMBER(GUEST(max_grant_version)), .unit = "N",
        .doc = "Highest version of the grant table a guest may use; Xen decides when it is not set."),
    SETTING("max_maptrack_frames", NUMBER(GUEST(max_maptrack_frames)), .unit = "N",
        .doc = "Most frames for what a guest maps of others; Xen decides when it is not set."),
    SETTING("output_format", CHOICE(output_format, outputs),
        .doc = "What listings for programs are printed as."),
    SETTING("remus.default.netbufscript", STRING(GUEST(remus_script)), .unit = "PATH",
        .doc = "Script that sets up Remus's network buffer."),
    SETTING("run_hotplug_scripts", BOOL(GUEST(run_hotplug_scripts)),
        .doc = "Run hotplug scripts from here; if not, udev has to."),
    SETTING("vif.default.backend", STRING(GUEST(vif_backend)), .unit = "DOMAIN",
        .doc = "Domain behind network interfaces that name none."),
    SETTING("vif.default.bridge", STRING(GUEST(vif_bridge)), .unit = "NAME",
        .doc = "Bridge for network interfaces that name none."),
    SETTING("vif.default.gatewaydev", STRING(GUEST(vif_gatewaydev)), .unit = "NAME",
        .doc = "Gateway device for network interfaces that name none, for vif-route."),
    SETTING("vif.default.script", STRING(GUEST(vif_script)), .unit = "PATH",
        .doc = "Hotplug script for network interfaces that name none."),
    SETTING("vifscript", STRING(GUEST(vif_script)), .instead = "vif.default.script", .unit = "PATH",
        .doc = "Hotplug script for network interfaces that name none."),
    SETTING("vm.cpumask", STRING(GUEST(vm_cpus)), .unit = "CPUS",
        .doc = "CPUs that guests may run on."),
    SETTING("vm.hvm.cpumask", STRING(GUEST(vm_hvm_cpus)), .unit = "CPUS",
        .doc = "CPUs that HVM and PVH guests may run on."),
    SETTING("vm.pv.cpumask", STRING(GUEST(vm_pv_cpus)), .unit = "CPUS",
        .doc = "CPUs that PV guests may run on."),
    {.name = NULL},
};
/* clang-format on */

const struct slot_table conf_settings = {
    .rows = rows,
    .noun = "setting",
};

/* Where a deprecated name and the new one are both set, the new one holds,
 * whichever comes later. */
static void drop_superseded(struct value *record, struct diags *diags)
{
    for (const struct slot *row = rows; row->name; row++) {
        struct value *old;

        if (!row->instead || !value_get(record, row->instead))
            continue;
        old = value_remove(record, row->name);
        if (old)
            diag_warning(diags, old->name_place,
                         "setting '%s' has no effect: '%s' is set", row->name,
                         row->instead);
    }
}

void conf_load(struct conf *c, const char *path, struct pool *p,
               struct diags *diags)
{
    struct value *record = value_struct(p);
    struct fill fill = {.pool = p, .diags = diags, .base = c};
    struct err *e;

    *c = (struct conf){
        .guest = guest_defaults_builtin,
        .autoballoon = AUTOBALLOON_AUTO,
        .lockfile = "/var/lock/xl",
    };
    if (!file_exists(path))
        return;
    e = cfg_parse_file(p, path, record, diags);
    if (e) {
        diag_err(diags, (struct place){.source = NULL}, e);
        return;
    }
    drop_superseded(record, diags);
    slot_fill(&conf_settings, record, 0, &fill);
}
