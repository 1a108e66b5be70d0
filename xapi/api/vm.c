/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm: VMs are made, described and destroyed. What only writes to the
 * database is here; memory and processors are in api/vm_size.c. */
#include "xapi/vm/vm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <uuid/uuid.h>

#include "xapi/model/calls_gen.h"
#include "xapi/vm/device.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/db/record.h"
#include "xapi/ops/ops_queue.h"

#define BIOS_ORDER "BIOS order"

/* ---- a change ------------------------------------------------------------ */

static struct err *change(struct call *c, struct txn *txn, struct object *vm,
                          vm_change_fn *fn)
{
    TRY(fn(c, txn, vm));
    if (!db_find(c->db, object_class(vm), c->args[0].keys[0].s))
        return NULL; /* it was destroyed */
    return ops_update(txn, vm);
}

struct err *vm_write(struct call *c, vm_change_fn *fn)
{
    struct object *vm = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &vm));
    txn = txn_begin(c->db);
    return txn_end(txn, change(c, txn, vm, fn));
}

struct err *vm_change(struct call *c, enum VM_operations op, vm_change_fn *fn)
{
    return ops_run(c, op, &(const struct ops_body){.change = fn});
}

/* ---- made ---------------------------------------------------------------- */

static struct err *fit_domain_type(struct txn *txn, struct object *vm)
{
    bool firmware = *get_VM_HVM_boot_policy(vm);

    if (get_VM_domain_type(vm) == VM_domain_type_unspecified)
        return set_VM_domain_type(
            txn, vm, firmware ? VM_domain_type_hvm : VM_domain_type_pv);
    firmware = get_VM_domain_type(vm) == VM_domain_type_hvm;
    return set_VM_HVM_boot_policy(txn, vm, firmware ? BIOS_ORDER : "");
}

struct err *vm_seed_addresses(struct txn *txn, struct object *vm)
{
    char text[UUID_STR_LEN];
    uuid_t uuid;

    if (datum_map_get(get_VM_other_config(vm), "mac_seed"))
        return NULL;
    uuid_generate(uuid);
    uuid_unparse_lower(uuid, text);
    return add_to_VM_other_config(txn, vm, "mac_seed", text);
}

struct err *vm_new_generation(struct txn *txn, struct object *vm)
{
    char text[48];
    int64_t n[2];

    if (!*get_VM_generation_id(vm))
        return NULL;
    if (getrandom(n, sizeof(n), 0) != sizeof(n))
        return err_errno(errno, "getrandom");
    snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64, n[0] & INT64_MAX,
             n[1] & INT64_MAX);
    return set_VM_generation_id(txn, vm, text);
}

static struct err *add_metrics(struct txn *txn, struct object *vm)
{
    struct object *metrics;

    TRY(txn_create(txn, &model_classes[CLASS_VM_metrics], NULL, NULL,
                   &metrics));
    TRY(set_VM_metrics_VCPUs_number(txn, metrics, get_VM_VCPUs_at_startup(vm)));
    TRY(set_VM_metrics_memory_actual(txn, metrics,
                                     get_VM_memory_static_max(vm)));
    TRY(set_VM_metrics_install_time(txn, metrics, time(NULL)));
    TRY(set_VM_metrics_last_updated(txn, metrics, time(NULL)));
    return set_VM_metrics(txn, vm, metrics);
}

struct err *vm_complete(struct txn *txn, struct object *vm)
{
    TRY(fit_domain_type(txn, vm));
    TRY(vm_seed_addresses(txn, vm));
    if (!get_VM_metrics(vm))
        TRY(add_metrics(txn, vm));
    TRY(set_VM_domid(txn, vm, -1));
    TRY(set_VM_memory_overhead(txn, vm, vm_memory_overhead(vm)));
    return ops_update(txn, vm);
}

/* Sizes are looked at when it starts: half of a VM may be described before the
 * other half. */
static struct err *create(struct call *c, struct txn *txn, struct object **ret)
{
    const struct model_field *power = &model_fields[VM_power_state];
    enum VM_power_state state;

    TRY(generic_create(c, txn, ret));
    state = get_VM_power_state(*ret);
    if (state == VM_power_state_Running || state == VM_power_state_Paused)
        return err_INVALID_VALUE(power->name,
                                 power->type->enum_->values[state]);
    return vm_complete(txn, *ret);
}

struct err *VM_create(struct call *c, const struct VM_create_args *a)
{
    (void)a;
    return generic_construct(c, create);
}

/* ---- gone ---------------------------------------------------------------- */

/* Disks are others' then. */
static struct err *destroy_vbds(struct txn *txn, const struct object *vm)
{
    struct model_value refs;

    while ((refs = get_VM_VBDs(vm)).n) {
        struct object *vbd =
            db_find(txn_db(txn), &model_classes[CLASS_VBD], refs.keys[0].s);
        struct object *vdi = get_VBD_VDI(vbd);

        txn_destroy(txn, vbd);
        if (vdi)
            TRY(ops_update(txn, vdi));
    }
    return NULL;
}

static void destroy_all(struct txn *txn, const struct object *vm, unsigned id)
{
    const struct model_field *field = &model_fields[id];
    struct model_value refs;

    while ((refs = object_get(vm, field)).n)
        txn_destroy(txn, db_find(txn_db(txn), field->type->item->class,
                                 refs.keys[0].s));
}

/* Its snapshots descend from what it descends from. */
static struct err *leave_tree(struct txn *txn, const struct object *vm)
{
    struct object *parent = get_VM_parent(vm);
    struct model_value children;

    while ((children = get_VM_children(vm)).n)
        TRY(set_VM_parent(
            txn, db_find(txn_db(txn), object_class(vm), children.keys[0].s),
            parent));
    return NULL;
}

struct err *vm_destroy_devices(struct txn *txn, const struct object *vm)
{
    static const unsigned devices[] = {VM_VIFs, VM_VUSBs, VM_VGPUs};

    TRY(destroy_vbds(txn, vm));
    for (size_t i = 0; i < ARRAY_LEN(devices); i++)
        destroy_all(txn, vm, devices[i]);
    return NULL;
}

struct err *vm_remove(struct txn *txn, struct object *vm)
{
    struct object *appliance = get_VM_appliance(vm);

    TRY(leave_tree(txn, vm));
    TRY(vm_destroy_devices(txn, vm));
    destroy_all(txn, vm, VM_consoles);
    destroy_all(txn, vm, VM_VTPMs);
    if (get_VM_metrics(vm))
        txn_destroy(txn, get_VM_metrics(vm));
    if (get_VM_guest_metrics(vm))
        txn_destroy(txn, get_VM_guest_metrics(vm));
    txn_destroy(txn, vm);
    return appliance ? ops_update(txn, appliance) : NULL;
}

static struct err *destroy(struct call *c, struct txn *txn, struct object *vm)
{
    (void)c;
    return vm_remove(txn, vm);
}

struct err *VM_destroy(struct call *c, const struct VM_destroy_args *a)
{
    (void)a;
    return vm_change(c, VM_operations_destroy, destroy);
}

/* ---- what it may do ------------------------------------------------------ */

struct err *VM_assert_operation_valid(
    struct call *c, const struct VM_assert_operation_valid_args *a)
{
    struct object *vm = NULL;

    TRY(call_object(c, 0, &vm));
    return ops_check(c->db, vm, a->op, false);
}

/* Changes while it runs are in it, as clients expect since these are told. */
struct err *VM_get_boot_record(struct call *c,
                               const struct VM_get_boot_record_args *a)
{
    struct object *vm = NULL;

    (void)a;
    TRY(call_object(c, 0, &vm));
    TRY(ops_check(c->db, vm, VM_operations_get_boot_record, false));
    call_return_by(c, record_write_one, vm);
    return NULL;
}

static struct err *nothing(struct call *c, struct txn *txn, struct object *vm)
{
    (void)c, (void)txn, (void)vm;
    return NULL;
}

struct err *VM_update_allowed_operations(
    struct call *c, const struct VM_update_allowed_operations_args *a)
{
    (void)a;
    return vm_write(c, nothing);
}

/* ---- places of devices --------------------------------------------------- */

static int64_t number_of_vif(const struct object *vif)
{
    int64_t n = -1;

    err_drop(text_to_int(get_VIF_device(vif), 10, 0, VIF_DEVICES - 1, &n),
             "it is nowhere");
    return n;
}

static int64_t place_of_vbd(const struct object *vbd)
{
    return plan_disk_place(get_VBD_userdevice(vbd));
}

/* The numbers below N that no device of the set FIELD has. */
static struct err *free_places(struct call *c, unsigned field,
                               int64_t (*place_of)(const struct object *o),
                               unsigned n)
{
    union model_atom *list = pool_alloc(c->pool, n * sizeof(*list));
    bool *taken = pool_alloc(c->pool, n * sizeof(*taken));
    struct object *vm = NULL;
    struct model_value devices;
    unsigned n_free = 0;

    TRY(call_object(c, 0, &vm));
    devices = object_get(vm, &model_fields[field]);
    for (unsigned i = 0; i < devices.n; i++) {
        int64_t at = place_of(db_find(c->db, NULL, devices.keys[i].s));

        if (at >= 0)
            taken[at] = true;
    }
    for (unsigned i = 0; i < n; i++)
        if (!taken[i])
            list[n_free++].s = pool_printf(c->pool, "%u", i);
    call_return(c, (struct model_value){n_free, list, NULL});
    return NULL;
}

struct err *VM_get_allowed_VBD_devices(
    struct call *c, const struct VM_get_allowed_VBD_devices_args *a)
{
    (void)a;
    return free_places(c, VM_VBDs, place_of_vbd, PLAN_DISKS);
}

struct err *VM_get_allowed_VIF_devices(
    struct call *c, const struct VM_get_allowed_VIF_devices_args *a)
{
    (void)a;
    return free_places(c, VM_VIFs, number_of_vif, VIF_DEVICES);
}

/* ---- how it is described ------------------------------------------------- */

static struct err *set_template(struct call *c, struct txn *txn,
                                struct object *vm)
{
    bool template = vm_arg(c, 1).i;

    if (!template)
        TRY(set_VM_is_default_template(txn, vm, false));
    TRY(set_VM_ha_always_run(txn, vm, false));
    return set_VM_is_a_template(txn, vm, template);
}

struct err *VM_set_is_a_template(struct call *c,
                                 const struct VM_set_is_a_template_args *a)
{
    struct object *vm = NULL;

    TRY(call_object(c, 0, &vm));
    if (a->value && get_VM_is_a_template(vm))
        return NULL;
    return a->value
               ? vm_change(c, VM_operations_make_into_template, set_template)
               : vm_write(c, set_template);
}

static struct err *set_domain_type(struct call *c, struct txn *txn,
                                   struct object *vm)
{
    enum VM_domain_type type = (enum VM_domain_type)vm_arg(c, 1).i;

    if (type == VM_domain_type_unspecified)
        return err_INVALID_VALUE("domain_type", "unspecified");
    TRY(set_VM_domain_type(txn, vm, type));
    return fit_domain_type(txn, vm);
}

struct err *VM_set_domain_type(struct call *c,
                               const struct VM_set_domain_type_args *a)
{
    (void)a;
    return vm_write(c, set_domain_type);
}

static struct err *set_boot_policy(struct call *c, struct txn *txn,
                                   struct object *vm)
{
    const char *policy = vm_arg(c, 1).s;

    if (*policy && strcmp(policy, BIOS_ORDER))
        return err_INVALID_VALUE("HVM_boot_policy", policy);
    TRY(set_VM_HVM_boot_policy(txn, vm, policy));
    TRY(set_VM_domain_type(txn, vm, VM_domain_type_unspecified));
    return fit_domain_type(txn, vm);
}

struct err *VM_set_HVM_boot_policy(struct call *c,
                                   const struct VM_set_HVM_boot_policy_args *a)
{
    (void)a;
    return vm_write(c, set_boot_policy);
}

/* ---- fields with a call of their own ------------------------------------- */

/* The field that a call is about is in its name: set_F, add_to_F,
 * remove_from_F. */
static const struct model_field *field_of(const struct call *c)
{
    static const char *const verbs[] = {"set_", "add_to_", "remove_from_"};

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (text_has_prefix(c->row->message, verbs[i]))
            return model_field_find(c->row->class,
                                    c->row->message + strlen(verbs[i]));
    return NULL;
}

static struct err *set(struct call *c, struct txn *txn, struct object *vm)
{
    return txn_set(txn, vm, field_of(c), c->args[1]);
}

static struct err *add_to(struct call *c, struct txn *txn, struct object *vm)
{
    const struct model_field *field = field_of(c);
    union model_atom key = vm_arg(c, 1);
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);

    if (datum_find(field->type, object_get(vm, field), key) < 0)
        return txn_add(txn, vm, field, key, vm_arg(c, 2));
    datum_atom_to_text(field->type->key, key, &text);
    return err_MAP_DUPLICATE_KEY("VM", field->name, object_ref(vm),
                                 str_text(&text));
}

static struct err *remove_from(struct call *c, struct txn *txn,
                               struct object *vm)
{
    return txn_remove(txn, vm, field_of(c), vm_arg(c, 1));
}

static struct err *set_natural(struct call *c, struct txn *txn,
                               struct object *vm)
{
    char text[32];

    if (vm_arg(c, 1).i >= 0)
        return set(c, txn, vm);
    snprintf(text, sizeof(text), "%lld", (long long)vm_arg(c, 1).i);
    return err_INVALID_VALUE(field_of(c)->name, text);
}

static struct err *set_default(struct call *c, struct txn *txn,
                               struct object *vm)
{
    if (vm_arg(c, 1).i &&
        (!get_VM_is_a_template(vm) || get_VM_is_a_snapshot(vm)))
        return err_OPERATION_NOT_ALLOWED(
            "only a template can be a default one");
    return set(c, txn, vm);
}

static struct err *set_priority(struct call *c, struct txn *txn,
                                struct object *vm)
{
    const char *priority = vm_arg(c, 1).s;

    if (*priority && strcmp(priority, "restart") &&
        strcmp(priority, "best-effort"))
        return err_INVALID_VALUE("ha_restart_priority", priority);
    return set(c, txn, vm);
}

/* clang-format off */
#define BODY(name_, run) CALL_BODY(VM, name_, run)
#define WRITES(name_, fn) BODY(name_, vm_write(c, fn))
#define CHANGES(name_, op, fn) BODY(name_, vm_change(c, VM_operations_##op, fn))

WRITES(set_other_config, set)
WRITES(add_to_other_config, add_to)
WRITES(remove_from_other_config, remove_from)
WRITES(set_platform, set)
WRITES(add_to_platform, add_to)
WRITES(remove_from_platform, remove_from)
WRITES(set_blocked_operations, set)
WRITES(add_to_blocked_operations, add_to)
WRITES(remove_from_blocked_operations, remove_from)
WRITES(set_actions_after_crash, set)
WRITES(set_ha_restart_priority, set_priority)
WRITES(set_ha_always_run, set)
WRITES(set_is_default_template, set_default)
WRITES(set_start_delay, set_natural)
WRITES(set_shutdown_delay, set_natural)
WRITES(set_order, set_natural)
WRITES(set_has_vendor_device, set)
CHANGES(set_NVRAM, changing_NVRAM, set)
CHANGES(add_to_NVRAM, changing_NVRAM, add_to)
CHANGES(remove_from_NVRAM, changing_NVRAM, remove_from)
/* clang-format on */
