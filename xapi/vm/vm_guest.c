/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_guest: see vm_guest.h. */
#include "xapi/vm/vm_guest.h"

#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "xapi/model/fields_gen.h"
#include "xapi/ops/ops.h"

/* ---- the words ----------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *path;
    unsigned field; /* of VM_guest_metrics, a map */
    const char *key;
} words[] = {
    {"attr/PVAddons/MajorVersion", VM_guest_metrics_PV_drivers_version, "major"},
    {"attr/PVAddons/MinorVersion", VM_guest_metrics_PV_drivers_version, "minor"},
    {"attr/PVAddons/MicroVersion", VM_guest_metrics_PV_drivers_version, "micro"},
    {"attr/PVAddons/BuildVersion", VM_guest_metrics_PV_drivers_version, "build"},
    {"data/os_name",               VM_guest_metrics_os_version,         "name"},
    {"data/os_distro",             VM_guest_metrics_os_version,         "distro"},
    {"data/os_majorver",           VM_guest_metrics_os_version,         "major"},
    {"data/os_minorver",           VM_guest_metrics_os_version,         "minor"},
    {"data/os_uname",              VM_guest_metrics_os_version,         "uname"},
    {"data/cant_suspend_reason",   VM_guest_metrics_other, "data-cant-suspend-reason"},
};
/* clang-format on */

static const unsigned maps[] = {
    VM_guest_metrics_PV_drivers_version,
    VM_guest_metrics_os_version,
    VM_guest_metrics_networks,
    VM_guest_metrics_other,
};

/* All that a guest says, as its object has it. */
struct guest {
    struct pool *pool;
    struct model_value maps[ARRAY_LEN(maps)];
    bool drivers;
    enum VM_guest_metrics_tristate vbd, vif;
};

static void put(struct guest *g, unsigned field, const char *key,
                const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        if (maps[i] == field)
            g->maps[i] = datum_with(g->pool, model_fields[field].type,
                                    g->maps[i], (union model_atom){.s = key},
                                    (union model_atom){.s = value});
}

/* What stands behind PREFIX, or NULL. */
static const char *behind(const char *path, const char *prefix)
{
    return text_has_prefix(path, prefix) ? path + strlen(prefix) : NULL;
}

/* "attr/vif/0/ipv4/1" of new agents, "attr/eth0/ip" of old ones. */
static void hear_network(struct guest *g, const struct plan_pair *said)
{
    const char *vif = behind(said->name, "attr/vif/");
    const char *eth = behind(said->name, "attr/eth");
    size_t digits;

    if (eth) {
        digits = strspn(eth, "0123456789");
        if (digits && !strcmp(eth + digits, "/ip"))
            put(g, VM_guest_metrics_networks, eth, said->value);
        return;
    }
    digits = vif ? strspn(vif, "0123456789") : 0;
    if (!digits ||
        (!behind(vif + digits, "/ipv4/") && !behind(vif + digits, "/ipv6/")))
        return;
    put(g, VM_guest_metrics_networks, vif, said->value);
    if (!strcmp(vif + digits, "/ipv4/0"))
        put(g, VM_guest_metrics_networks,
            pool_printf(g->pool, "%.*s/ip", (int)digits, vif), said->value);
}

static enum VM_guest_metrics_tristate yes_or_no(const char *value)
{
    return strcmp(value, "1") ? VM_guest_metrics_tristate_no
                              : VM_guest_metrics_tristate_yes;
}

/* Kernels say what they can do by drivers for Xen. */
static void hear_features(struct guest *g, const struct plan_pair *said)
{
    bool can = !strcmp(said->value, "1");

    if (behind(said->name, "control/feature-")) {
        put(g, VM_guest_metrics_other, behind(said->name, "control/"),
            said->value);
        g->drivers |= can;
    }
    if (!strcmp(said->name, "feature/hotplug/vbd"))
        g->vbd = yes_or_no(said->value);
    if (!strcmp(said->name, "feature/hotplug/vif"))
        g->vif = yes_or_no(said->value);
    g->drivers |= !strcmp(said->name, "attr/PVAddons/MajorVersion");
}

static void hear(struct guest *g, const struct plan_pair *said)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (!strcmp(words[i].path, said->name))
            put(g, words[i].field, words[i].key, said->value);
    hear_network(g, said);
    hear_features(g, said);
}

/* ---- the object ---------------------------------------------------------- */

static bool says_something(const struct guest *g)
{
    bool any = g->drivers;

    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        any |= g->maps[i].n > 0;
    return any;
}

static bool is_news(const struct guest *g, const struct object *o)
{
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        if (!datum_equal(model_fields[maps[i]].type,
                         object_get(o, &model_fields[maps[i]]), g->maps[i]))
            return true;
    return !get_VM_guest_metrics_live(o) ||
           g->drivers != get_VM_guest_metrics_PV_drivers_detected(o) ||
           g->vbd != get_VM_guest_metrics_can_use_hotplug_vbd(o) ||
           g->vif != get_VM_guest_metrics_can_use_hotplug_vif(o);
}

static struct err *write_all(struct txn *txn, struct object *o,
                             const struct guest *g)
{
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        TRY(txn_set(txn, o, &model_fields[maps[i]], g->maps[i]));
    TRY(set_VM_guest_metrics_PV_drivers_detected(txn, o, g->drivers));
    TRY(set_VM_guest_metrics_PV_drivers_up_to_date(txn, o, g->drivers));
    TRY(set_VM_guest_metrics_can_use_hotplug_vbd(txn, o, g->vbd));
    TRY(set_VM_guest_metrics_can_use_hotplug_vif(txn, o, g->vif));
    TRY(set_VM_guest_metrics_live(txn, o, true));
    return set_VM_guest_metrics_last_updated(txn, o, time(NULL));
}

struct err *vm_guest_write(struct txn *txn, struct object *vm,
                           const struct plan_pair *said, size_t n)
{
    AUTO_POOL struct pool *p = pool_new();
    struct guest g = {.pool = p,
                      .vbd = VM_guest_metrics_tristate_unspecified,
                      .vif = VM_guest_metrics_tristate_unspecified};
    struct object *o = get_VM_guest_metrics(vm);

    for (size_t i = 0; i < n; i++)
        hear(&g, &said[i]);
    if (o ? !is_news(&g, o) : !says_something(&g))
        return NULL;
    if (!o) {
        TRY(txn_create(txn, &model_classes[CLASS_VM_guest_metrics], NULL, NULL,
                       &o));
        TRY(set_VM_guest_metrics(txn, vm, o));
    }
    TRY(write_all(txn, o, &g));
    return ops_update(txn, vm);
}
