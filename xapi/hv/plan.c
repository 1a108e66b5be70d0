/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan: see plan.h. */
#include "xapi/hv/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/hv/hv.h"

#define BOOT_ORDER "cd"
#define FIRMWARE "bios"
#define GUEST_DATA "vm-data" /* what XenStore data may be called */
#define BIOS_KEY "abcdefghijklmnopqrstuvwxyz0123456789-"
#define LETTERS 26

/* ---- places of disks ----------------------------------------------------- */

/* "" for 0 is what comes before the first name: names count a..z, aa..zz. */
static char *letters(struct pool *p, int64_t n)
{
    const char *before = n >= LETTERS ? letters(p, n / LETTERS - 1) : "";

    return pool_printf(p, "%s%c", before, (char)('a' + n % LETTERS));
}

static int64_t place_of_letters(const char *text)
{
    int64_t n = 0;

    for (; *text; text++) {
        if (*text < 'a' || *text > 'z' || n > PLAN_DISKS)
            return -1;
        n = n * LETTERS + (*text - 'a' + 1);
    }
    return n - 1;
}

int64_t plan_disk_place(const char *userdevice)
{
    static const char *const prefixes[] = {"xvd", "hd", "sd"};
    int64_t n = -1;
    struct err *e;

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (text_has_prefix(userdevice, prefixes[i]))
            n = place_of_letters(userdevice + strlen(prefixes[i]));
    if (n >= 0)
        return n < PLAN_DISKS ? n : -1;
    e = text_to_int(userdevice, 10, 0, PLAN_DISKS - 1, &n);
    if (e)
        err_drop(e, "there is no such place");
    return n;
}

/* Firmware finds but the first four, by their older names. */
static const char *device_of(struct pool *p, const struct object *vm,
                             const char *userdevice)
{
    bool firmware = get_VM_domain_type(vm) == VM_domain_type_hvm;
    int64_t place = plan_disk_place(userdevice);

    if (place < 0 || userdevice[0] > '9')
        return pool_str(p, userdevice);
    return pool_printf(p, "%s%s", firmware && place < 4 ? "hd" : "xvd",
                       letters(p, place));
}

static int by_place(const void *a, const void *b)
{
    const struct plan_disk *x = a, *y = b;
    int64_t places[] = {plan_disk_place(x->device), plan_disk_place(y->device)};

    return (places[0] > places[1]) - (places[0] < places[1]);
}

void plan_sort_disks(struct plan_disk *disks, size_t n)
{
    qsort(disks, n, sizeof(*disks), by_place);
}

/* ---- devices ------------------------------------------------------------- */

void plan_disk(struct pool *p, const struct object *vbd, struct plan_disk *ret)
{
    bool cdrom = get_VBD_type(vbd) == VBD_type_CD;

    *ret = (struct plan_disk){
        .vbd = pool_str(p, get_VBD_uuid(vbd)),
        .device = device_of(p, get_VBD_VM(vbd), get_VBD_userdevice(vbd)),
        .cdrom = cdrom,
        .writable = !cdrom && get_VBD_mode(vbd) == VBD_mode_RW,
        .bootable = get_VBD_bootable(vbd),
    };
}

/* Kilobytes a second; what is no number is no limit. */
static int64_t rate_of(const struct object *vif)
{
    const char *kbps = datum_map_get(get_VIF_qos_algorithm_params(vif), "kbps");
    int64_t rate = 0;

    if (kbps && !strcmp(get_VIF_qos_algorithm_type(vif), "ratelimit"))
        err_drop(text_to_int(kbps, 10, 0, INT32_MAX, &rate), "no limit");
    return rate;
}

static enum plan_lock lock_of(const struct object *vif,
                              const struct object *network)
{
    static const enum plan_lock locks[] = {
        [VIF_locking_mode_locked] = PLAN_LOCKED,
        [VIF_locking_mode_unlocked] = PLAN_UNLOCKED,
        [VIF_locking_mode_disabled] = PLAN_DISABLED,
    };

    if (get_VIF_locking_mode(vif) != VIF_locking_mode_network_default)
        return locks[get_VIF_locking_mode(vif)];
    return network && get_network_default_locking_mode(network) ==
                          network_default_locking_mode_disabled
               ? PLAN_DISABLED
               : PLAN_UNLOCKED;
}

void plan_lock(struct pool *p, const struct object *vif,
               const struct object *network, struct plan_nic *nic)
{
    const struct model_value lists[] = {get_VIF_ipv4_allowed(vif),
                                        get_VIF_ipv6_allowed(vif)};
    const char **allowed =
        pool_alloc(p, (lists[0].n + lists[1].n + 1) * sizeof(*allowed));
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        for (unsigned k = 0; k < lists[i].n; k++)
            allowed[n++] = pool_str(p, lists[i].keys[k].s);
    nic->lock = lock_of(vif, network);
    nic->allowed = allowed;
    nic->n_allowed = n;
}

void plan_nic(struct pool *p, const struct object *vif, struct plan_nic *ret)
{
    int64_t devid = 0;

    err_drop(text_to_int(get_VIF_device(vif), 10, 0, INT32_MAX, &devid),
             "it was a number when the VIF was made");
    *ret = (struct plan_nic){
        .vif = pool_str(p, get_VIF_uuid(vif)),
        .devid = devid,
        .mac = pool_str(p, get_VIF_MAC(vif)),
        .bridge = "",
        .mtu = get_VIF_MTU(vif),
        .rate = rate_of(vif),
    };
    plan_lock(p, vif, get_VIF_network(vif), ret);
}

/* ---- addresses ----------------------------------------------------------- */

static struct plan_ip ip_of(struct pool *p, bool is_static,
                            struct model_value addresses, const char *gateway)
{
    return is_static && addresses.n
               ? (struct plan_ip){pool_str(p, addresses.keys[0].s),
                                  *gateway ? pool_str(p, gateway) : NULL}
               : (struct plan_ip){NULL, NULL};
}

void plan_ips(struct pool *p, const struct object *vif,
              struct plan_ip ret[PLAN_IPS])
{
    ret[PLAN_IPV4] =
        ip_of(p,
              get_VIF_ipv4_configuration_mode(vif) ==
                  VIF_ipv4_configuration_mode_Static,
              get_VIF_ipv4_addresses(vif), get_VIF_ipv4_gateway(vif));
    ret[PLAN_IPV6] =
        ip_of(p,
              get_VIF_ipv6_configuration_mode(vif) ==
                  VIF_ipv6_configuration_mode_Static,
              get_VIF_ipv6_addresses(vif), get_VIF_ipv6_gateway(vif));
}

/* Names and values are the guest agents'. */
void plan_told(struct pool *p, const struct object *vif,
               const struct plan_ip ips[PLAN_IPS],
               struct plan_pair ret[PLAN_TOLD])
{
    const struct plan_pair all[PLAN_TOLD] = {
        {"mac", pool_str(p, get_VIF_MAC(vif))},
        {"error-code", "0"},
        {"error-msg", ""},
        {"address", ips[PLAN_IPV4].address},
        {"gateway", ips[PLAN_IPV4].gateway},
        {"enabled", ips[PLAN_IPV4].address ? "1" : "0"},
        {"address6", ips[PLAN_IPV6].address},
        {"gateway6", ips[PLAN_IPV6].gateway},
        {"enabled6", ips[PLAN_IPV6].address ? "1" : "0"},
    };

    for (size_t i = 0; i < PLAN_TOLD; i++)
        ret[i] = (struct plan_pair){
            pool_printf(p, HV_AGENT "device/vif/%s/static-ip-setting/%s",
                        get_VIF_device(vif), all[i].name),
            all[i].value};
}

/* ---- maps ---------------------------------------------------------------- */

struct pairs {
    struct plan_pair *list;
    size_t n;
};

/* Those of MAP whose names begin with PREFIX. */
static struct pairs pairs_of(struct pool *p, struct model_value map,
                             const char *prefix)
{
    struct pairs pairs = {0};

    for (unsigned i = 0; i < map.n; i++)
        if (text_has_prefix(map.keys[i].s, prefix))
            *pool_push(p, pairs.list, pairs.n) = (struct plan_pair){
                pool_str(p, map.keys[i].s), pool_str(p, map.values[i].s)};
    return pairs;
}

/* For hvmloader, which has words of its own for what is not there; an empty
 * text would cut its table short. Keys come from other hosts, too. */
static void add_bios_strings(struct pool *p, struct model_value map,
                             struct pairs *pairs)
{
    for (unsigned i = 0; i < map.n; i++) {
        const char *key = map.keys[i].s, *value = map.values[i].s;

        if (*key && !key[strspn(key, BIOS_KEY)] && *value)
            *pool_push(p, pairs->list, pairs->n) = (struct plan_pair){
                pool_printf(p, "bios-strings/%s", key), pool_str(p, value)};
    }
}

static const char *text_of(struct pool *p, struct model_value map,
                           const char *key, const char *otherwise)
{
    const char *text = datum_map_get(map, key);

    return pool_str(p, text && *text ? text : otherwise);
}

static struct err *number_of(const struct object *vm, const char *key,
                             int64_t max, int64_t *ret)
{
    const char *text = datum_map_get(get_VM_VCPUs_params(vm), key);
    struct err *e;

    *ret = 0;
    if (!text || !*text)
        return NULL;
    e = text_to_int(text, 10, 0, max, ret);
    if (!e)
        return NULL;
    err_drop(e, "the client has a code for it");
    return err_INVALID_VALUE("VCPUs_params", key);
}

static struct err *check_cpus(const char *cpus)
{
    return cpus[strspn(cpus, "0123456789,-")] ||
                   (*cpus && !strpbrk(cpus, "0123456789"))
               ? err_INVALID_VALUE("VCPUs_params", "mask")
               : NULL;
}

void plan_data(struct pool *p, struct model_value map, struct plan *plan)
{
    struct pairs data = pairs_of(p, map, GUEST_DATA);

    plan->xenstore_data = data.list;
    plan->n_xenstore_data = data.n;
}

/* ---- all of it ----------------------------------------------------------- */

#define SHADOW_VCPU (1 << 20) /* bytes, a processor */
#define SHADOW_SHARE 128      /* of the memory */

int64_t plan_shadow(const struct object *vm, double multiplier,
                    int64_t memory_max)
{
    double bytes;

    if (get_VM_domain_type(vm) == VM_domain_type_pv)
        return 0;
    bytes = multiplier * ((double)get_VM_VCPUs_max(vm) * SHADOW_VCPU +
                          (double)memory_max / SHADOW_SHARE);
    /* A record may say anything until its VM starts. */
    return bytes >= 0 && bytes < PLAN_MEMORY_MAX ? (int64_t)bytes
                                                 : PLAN_MEMORY_MAX;
}

/* 1 is what libxl does by itself. */
static int64_t shadow_of(const struct object *vm)
{
    double multiplier = get_VM_HVM_shadow_multiplier(vm);

    return multiplier > 1
               ? plan_shadow(vm, multiplier, get_VM_memory_static_max(vm))
               : 0;
}

/* Two numbers; other words, which others' files may have, are none. */
static void read_generation(const char *text, struct plan *plan)
{
    uint64_t n[2];
    char rest;

    if (sscanf(text, "%" SCNu64 ":%" SCNu64 "%c", &n[0], &n[1], &rest) == 2)
        memcpy(plan->generation, n, sizeof(n));
}

struct err *plan_make(struct pool *p, const struct object *vm, struct plan *ret)
{
    const struct model_enum *types = model_fields[VM_domain_type].type->enum_;
    struct pairs platform = pairs_of(p, get_VM_platform(vm), "");
    struct pairs data = pairs_of(p, get_VM_xenstore_data(vm), GUEST_DATA);
    struct plan plan = {
        .uuid = pool_str(p, get_VM_uuid(vm)),
        .name = pool_str(p, get_VM_name_label(vm)),
        .type = types->values[get_VM_domain_type(vm)],
        .memory = get_VM_memory_dynamic_max(vm),
        .memory_max = get_VM_memory_static_max(vm),
        .shadow = shadow_of(vm),
        .vcpus = get_VM_VCPUs_at_startup(vm),
        .vcpus_max = get_VM_VCPUs_max(vm),
        .cpus = text_of(p, get_VM_VCPUs_params(vm), "mask", ""),
        .kernel = pool_str(p, get_VM_PV_kernel(vm)),
        .ramdisk = pool_str(p, get_VM_PV_ramdisk(vm)),
        .args = pool_str(p, get_VM_PV_args(vm)),
        .bootloader = pool_str(p, get_VM_PV_bootloader(vm)),
        .bootloader_args = pool_str(p, get_VM_PV_bootloader_args(vm)),
        .boot = text_of(p, get_VM_HVM_boot_params(vm), "order", BOOT_ORDER),
        .firmware =
            text_of(p, get_VM_HVM_boot_params(vm), "firmware", FIRMWARE),
        .platform = platform.list,
        .n_platform = platform.n,
    };

    TRY(number_of(vm, "weight", PLAN_WEIGHT_MAX, &plan.weight));
    TRY(number_of(vm, "cap", PLAN_CAP_MAX, &plan.cap));
    TRY(check_cpus(plan.cpus));
    if (get_VM_domain_type(vm) == VM_domain_type_hvm)
        add_bios_strings(p, get_VM_bios_strings(vm), &data);
    if (get_VM_domain_type(vm) == VM_domain_type_hvm)
        read_generation(get_VM_generation_id(vm), &plan);
    plan.xenstore_data = data.list;
    plan.n_xenstore_data = data.n;
    *ret = plan;
    return NULL;
}
