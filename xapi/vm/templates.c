/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* templates: see templates.h. Guests are made of them by VM.clone and
 * VM.provision, which makes the disks that other_config:disks says. */
#include "xapi/vm/templates.h"

#include <stdio.h>
#include <string.h>
#include <uuid/uuid.h>

#include "xapi/vm/vm.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define VBDS_MAX 255
#define VIFS_MAX 7

/* What a pool has had: the greatest "since" of its templates. */
#define HAD_KEY "default-templates"

struct template_row {
    /* Names it for ever: reference_label. */
    const char *label;
    /* 1, 2, ...: a new row has more than all older ones. */
    unsigned since;
    const char *name, *doc;
    enum VM_domain_type type;
    const char *firmware; /* of hvm; NULL: a bootloader finds a kernel */
    bool windows;
    unsigned least_mib, mib; /* memory: to work at all, to begin with */
    unsigned vcpus;
    unsigned disk_gib;      /* 0: none */
    const char *methods;    /* of installing it */
    const char *distro;     /* NULL: none is known */
    unsigned max_gib, cpus; /* the most memory and processors */
};

/* clang-format off */
static const struct template_row templates[] = {
    {"other-install-media", 1, "Other install media",
     "A machine with BIOS and no disks, which starts from a CD first. For any system that has an installation disc.",
     VM_domain_type_hvm, "bios", false, 128, 1024, 1, 0, "cdrom", NULL, 1024, 64},
    {"linux-uefi", 1, "Linux (UEFI)",
     "A machine with UEFI firmware and one disk, installed from a CD. For current Linux distributions.",
     VM_domain_type_hvm, "uefi", false, 512, 2048, 2, 20, "cdrom,http,ftp,nfs", "linux", 1024, 64},
    {"linux-bios", 1, "Linux (BIOS)",
     "A machine with BIOS and one disk, installed from a CD. For Linux distributions that know no UEFI.",
     VM_domain_type_hvm, "bios", false, 512, 2048, 2, 20, "cdrom,http,ftp,nfs", "linux", 1024, 64},
    {"linux-pvh", 1, "Linux (PVH)",
     "No firmware and no emulated devices: the kernel is found in the disk (PV_bootloader), or is a file of the host "
     "(PV_kernel, with PV_bootloader empty). The disk wants the image of an installed system.",
     VM_domain_type_pvh, NULL, false, 128, 1024, 2, 20, "", "linux", 1024, 64},
    {"linux-pv", 1, "Linux (PV)",
     "Paravirtualised, for processors without virtualisation and for old kernels. The kernel is found in the disk "
     "(PV_bootloader), or is a file of the host (PV_kernel, with PV_bootloader empty).",
     VM_domain_type_pv, NULL, false, 128, 1024, 2, 20, "", "linux", 512, 32},
    {"windows-uefi", 1, "Windows (UEFI)",
     "A machine with UEFI firmware, what Windows knows of hypervisors, and one disk, installed from a CD.",
     VM_domain_type_hvm, "uefi", true, 2048, 4096, 2, 64, "cdrom", "windows", 1024, 64},
    {"windows-bios", 1, "Windows (BIOS)",
     "A machine with BIOS, what Windows knows of hypervisors, and one disk, installed from a CD.",
     VM_domain_type_hvm, "bios", true, 1024, 2048, 2, 64, "cdrom", "windows", 1024, 64},
};
/* clang-format on */

/* The same on every host, so that pools do not have it twice. */
static void uuid_of(const struct template_row *t, char ret[UUID_STR_LEN])
{
    static const uuid_t space = {0x7e, 0x41, 0x0c, 0x3b, 0x95, 0x1f,
                                 0x4a, 0x62, 0x9d, 0x08, 0x64, 0x6f,
                                 0x6d, 0x30, 0x6b, 0x74};
    uuid_t uuid;

    uuid_generate_sha1(uuid, space, t->label, strlen(t->label));
    uuid_unparse_lower(uuid, ret);
}

/* ---- what it is made of -------------------------------------------------- */

static void add_limit(struct str *s, const char *kind, const char *name,
                      int64_t least, int64_t most)
{
    str_addf(s, "<restriction %s=\"%s\"", kind, name);
    if (least)
        str_addf(s, " min=\"%lld\"", (long long)least);
    str_addf(s, " max=\"%lld\"/>", (long long)most);
}

static struct err *recommend(struct txn *txn, struct object *vm,
                             const struct template_row *t)
{
    AUTO_STR struct str s = STR_INIT(4096);

    str_add(&s, "<restrictions>");
    add_limit(&s, "field", "memory-static-max", t->least_mib * MIB,
              t->max_gib * GIB);
    add_limit(&s, "field", "vcpus-max", 0, t->cpus);
    add_limit(&s, "property", "number-of-vbds", 0, VBDS_MAX);
    add_limit(&s, "property", "number-of-vifs", 0, VIFS_MAX);
    if (text_eq(t->firmware, "uefi"))
        str_add(&s, "<restriction field=\"supports-bios\" value=\"no\"/>"
                    "<restriction field=\"supports-uefi\" value=\"yes\"/>");
    str_add(&s, "</restrictions>");
    return set_VM_recommendations(txn, vm, str_text(&s));
}

static struct err *describe_install(struct txn *txn, struct object *vm,
                                    const struct template_row *t)
{
    char disks[256];

    TRY(add_to_VM_other_config(txn, vm, "default_template", "true"));
    TRY(add_to_VM_other_config(txn, vm, "base_template_name", t->name));
    TRY(add_to_VM_other_config(txn, vm, "install-methods", t->methods));
    if (t->distro)
        TRY(add_to_VM_other_config(txn, vm, "install-distro", t->distro));
    if (!t->disk_gib)
        return NULL;
    snprintf(disks, sizeof(disks),
             "<provision><disk device=\"0\" size=\"%lld\" sr=\"\" "
             "bootable=\"true\" type=\"system\"/></provision>",
             (long long)(t->disk_gib * GIB));
    return add_to_VM_other_config(txn, vm, "disks", disks);
}

static struct err *set_sizes(struct txn *txn, struct object *vm,
                             const struct template_row *t)
{
    TRY(set_VM_memory_static_max(txn, vm, t->mib * MIB));
    TRY(set_VM_memory_dynamic_max(txn, vm, t->mib * MIB));
    TRY(set_VM_memory_dynamic_min(txn, vm, t->mib * MIB));
    TRY(set_VM_memory_static_min(txn, vm, t->least_mib * MIB));
    TRY(set_VM_VCPUs_max(txn, vm, t->vcpus));
    return set_VM_VCPUs_at_startup(txn, vm, t->vcpus);
}

static struct err *set_boot(struct txn *txn, struct object *vm,
                            const struct template_row *t)
{
    static const char *const features[] = {"acpi", "apic", "nx", "pae"};

    TRY(set_VM_domain_type(txn, vm, t->type));
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        TRY(add_to_VM_platform(txn, vm, features[i], "true"));
    if (!t->firmware)
        return set_VM_PV_bootloader(txn, vm, "pygrub");
    TRY(add_to_VM_platform(txn, vm, "viridian", t->windows ? "true" : "false"));
    TRY(add_to_VM_HVM_boot_params(txn, vm, "firmware", t->firmware));
    return add_to_VM_HVM_boot_params(txn, vm, "order", "dc");
}

static struct err *set_ends(struct txn *txn, struct object *vm)
{
    TRY(set_VM_actions_after_shutdown(txn, vm, VM_on_normal_exit_destroy));
    TRY(set_VM_actions_after_reboot(txn, vm, VM_on_normal_exit_restart));
    return set_VM_actions_after_crash(txn, vm, VM_on_crash_behaviour_restart);
}

static struct err *make(struct txn *txn, const struct template_row *t,
                        const char *uuid)
{
    struct object *vm;

    TRY(txn_create(txn, &model_classes[CLASS_VM], NULL, uuid, &vm));
    TRY(set_VM_name_label(txn, vm, t->name));
    TRY(set_VM_name_description(txn, vm, t->doc));
    TRY(set_VM_reference_label(txn, vm, t->label));
    TRY(set_VM_user_version(txn, vm, 1));
    TRY(set_VM_is_a_template(txn, vm, true));
    TRY(set_VM_is_default_template(txn, vm, true));
    TRY(set_VM_has_vendor_device(txn, vm, false));
    TRY(set_sizes(txn, vm, t));
    TRY(set_boot(txn, vm, t));
    TRY(set_ends(txn, vm));
    TRY(describe_install(txn, vm, t));
    TRY(recommend(txn, vm, t));
    return vm_complete(txn, vm);
}

/* ---- which are new ------------------------------------------------------- */

struct err *templates_add(struct txn *txn, struct object *pool)
{
    const char *said = datum_map_get(get_pool_other_config(pool), HAD_KEY);
    char uuid[UUID_STR_LEN], number[16];
    int64_t had = 0, has;

    if (said)
        err_drop(text_to_int(said, 10, 0, INT32_MAX, &had),
                 "a user changed it: uuids still tell");
    has = had;
    for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
        const struct template_row *t = &templates[i];

        if (t->since <= had)
            continue;
        uuid_of(t, uuid);
        if (!db_by_uuid(txn_db(txn), &model_classes[CLASS_VM], uuid))
            TRY(make(txn, t, uuid));
        if (t->since > has)
            has = t->since;
    }
    if (has == had)
        return NULL;
    snprintf(number, sizeof(number), "%lld", (long long)has);
    return add_to_pool_other_config(txn, pool, HAD_KEY, number);
}
