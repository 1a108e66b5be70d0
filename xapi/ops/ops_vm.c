/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_vm: which operation a VM may begin: in which power states, beside which
 * others, on templates and snapshots, on whom else. The rules of the table are
 * each a few lines of code below it, in the order in which they are checked. */
#include "xapi/ops/ops.h"

#include <ctype.h>
#include <string.h>

#include "xapi/vm/vm_settle.h"
#include "xapi/model/errors_gen.h"

/* ---- the table ----------------------------------------------------------- */

enum {
    H = 1 << VM_power_state_Halted,
    P = 1 << VM_power_state_Paused,
    R = 1 << VM_power_state_Running,
    S = 1 << VM_power_state_Suspended,
    ANY = H | P | R | S,
};

enum {
    HIDDEN = 1 << 0,       /* never advertised */
    TEMPLATE = 1 << 1,     /* templates may */
    OWN_TEMPLATE = 1 << 2, /* but for those that came with the product */
    SNAPSHOT = 1 << 3,     /* snapshots may */
    CONTROL = 1 << 4,      /* domains that drive hardware may */
    NOT_DOM0 = 1 << 5,
    LIVE_CONTROL = 1 << 6, /* control domains also while they run */
    CLONES = 1 << 7,       /* also what is suspended, if that can be cloned */
    SAVES = 1 << 8,        /* takes memory and devices to somewhere else */
    COPIES_DISKS = 1 << 9, /* of a moment */
};

/* Operations of one group run beside each other. */
enum group {
    ALONE,
    COPY,
    SNAP,
    READ,
};

struct op {
    unsigned states, flags;
    enum group group;
};

#define OP(name) [VM_operations_##name]
/* clang-format off */
static const struct op ops[] = {
    OP(snapshot)                    = {ANY,       COPIES_DISKS, SNAP},
    OP(clone)                       = {H,         TEMPLATE | SNAPSHOT | CLONES, COPY},
    OP(copy)                        = {H,         TEMPLATE | SNAPSHOT | CLONES, COPY},
    OP(create_template)             = {H | S,     HIDDEN, ALONE},
    OP(revert)                      = {ANY,       SNAPSHOT, ALONE},
    OP(checkpoint)                  = {P | R | S, SAVES | COPIES_DISKS, SNAP},
    OP(snapshot_with_quiesce)       = {R,         0, ALONE},
    OP(provision)                   = {H,         TEMPLATE, ALONE},
    OP(start)                       = {H,         CONTROL, ALONE},
    OP(start_on)                    = {H,         CONTROL, ALONE},
    OP(pause)                       = {R,         0, ALONE},
    OP(unpause)                     = {P,         0, ALONE},
    OP(clean_shutdown)              = {R,         0, ALONE},
    OP(clean_reboot)                = {R,         0, ALONE},
    OP(hard_shutdown)               = {P | R | S, SNAPSHOT, ALONE},
    OP(power_state_reset)           = {ANY,       HIDDEN, ALONE},
    OP(hard_reboot)                 = {P | R,     0, ALONE},
    OP(suspend)                     = {R,         SAVES | COPIES_DISKS, ALONE},
    OP(csvm)                        = {S,         HIDDEN, ALONE},
    OP(resume)                      = {S,         0, ALONE},
    OP(resume_on)                   = {S,         0, ALONE},
    OP(pool_migrate)                = {R,         SAVES, ALONE},
    OP(migrate_send)                = {H | R | S, OWN_TEMPLATE | SAVES, ALONE},
    OP(get_boot_record)             = {P | R | S, HIDDEN, READ},
    OP(send_sysrq)                  = {R,         HIDDEN, ALONE},
    OP(send_trigger)                = {R,         HIDDEN, ALONE},
    OP(query_services)              = {ANY,       HIDDEN, ALONE},
    OP(shutdown)                    = {P | R | S, HIDDEN, ALONE},
    OP(call_plugin)                 = {R,         HIDDEN, ALONE},
    OP(changing_memory_live)        = {R,         HIDDEN | CONTROL, ALONE},
    OP(awaiting_memory_live)        = {R,         HIDDEN | CONTROL, ALONE},
    OP(changing_dynamic_range)      = {H | R,     TEMPLATE | CONTROL, ALONE},
    OP(changing_static_range)       = {H,         TEMPLATE | CONTROL | LIVE_CONTROL, ALONE},
    OP(changing_memory_limits)      = {H,         HIDDEN | TEMPLATE | CONTROL | LIVE_CONTROL, ALONE},
    OP(changing_shadow_memory)      = {H,         TEMPLATE, ALONE},
    OP(changing_shadow_memory_live) = {R,         HIDDEN, ALONE},
    OP(changing_VCPUs)              = {H,         HIDDEN | TEMPLATE | CONTROL | NOT_DOM0 | LIVE_CONTROL, ALONE},
    OP(changing_VCPUs_live)         = {R,         0, ALONE},
    OP(changing_NVRAM)              = {H,         TEMPLATE, ALONE},
    OP(assert_operation_valid)      = {ANY,       HIDDEN, ALONE},
    OP(data_source_op)              = {R,         HIDDEN | CONTROL, ALONE},
    OP(update_allowed_operations)   = {ANY,       HIDDEN, ALONE},
    OP(make_into_template)          = {H,         0, ALONE},
    OP(import)                      = {ANY,       HIDDEN, ALONE},
    OP(export)                      = {H | S,     TEMPLATE | SNAPSHOT, COPY},
    OP(metadata_export)             = {ANY,       TEMPLATE | SNAPSHOT | CONTROL, ALONE},
    OP(reverting)                   = {ANY,       HIDDEN, ALONE},
    OP(destroy)                     = {H | S,     OWN_TEMPLATE | SNAPSHOT | CONTROL | NOT_DOM0, ALONE},
    OP(create_vtpm)                 = {H,         0, ALONE},
    OP(sysprep)                     = {R,         0, ALONE},
};

/* What may begin beside just one other that runs and is of another group. */
static const struct {
    enum VM_operations running, op;
} beside[] = {
    {VM_operations_migrate_send,          VM_operations_metadata_export},
    {VM_operations_migrate_send,          VM_operations_clean_shutdown},
    {VM_operations_migrate_send,          VM_operations_clean_reboot},
    {VM_operations_snapshot_with_quiesce, VM_operations_snapshot},
};

/* What ends others to begin. */
static const struct {
    enum VM_operations op, running;
} cancels[] = {
    {VM_operations_hard_shutdown, VM_operations_clean_shutdown},
    {VM_operations_hard_shutdown, VM_operations_clean_reboot},
    {VM_operations_hard_shutdown, VM_operations_hard_reboot},
    {VM_operations_hard_shutdown, VM_operations_pool_migrate},
    {VM_operations_hard_shutdown, VM_operations_call_plugin},
    {VM_operations_hard_shutdown, VM_operations_shutdown},
    {VM_operations_hard_shutdown, VM_operations_suspend},
    {VM_operations_hard_reboot,   VM_operations_clean_shutdown},
    {VM_operations_hard_reboot,   VM_operations_clean_reboot},
    {VM_operations_hard_reboot,   VM_operations_pool_migrate},
    {VM_operations_hard_reboot,   VM_operations_call_plugin},
    {VM_operations_hard_reboot,   VM_operations_suspend},
};
/* clang-format on */

/* An operation that is checked, and on what. */
struct check {
    const struct db *db;
    const struct object *vm;
    enum VM_operations op;
    const struct op *row;
    bool strict;
};

static bool has(const struct check *c, unsigned flag)
{
    return c->row->flags & flag;
}

/* ---- blocked, power state ------------------------------------------------ */

static struct err *check_blocked(const struct check *c)
{
    struct model_value map = get_VM_blocked_operations(c->vm);

    for (unsigned i = 0; i < map.n; i++)
        if (map.keys[i].i == (int64_t)c->op)
            return err_OPERATION_BLOCKED(object_ref(c->vm), map.values[i].s);
    return NULL;
}

static bool clones_suspended(const struct check *c)
{
    const struct object *pool = db_first(c->db, &model_classes[CLASS_pool]);

    return get_VM_is_a_snapshot(c->vm) ||
           (pool && text_eq(datum_map_get(get_pool_other_config(pool),
                                          "allow_clone_suspended_vm"),
                            "true"));
}

static unsigned states_of(const struct check *c)
{
    unsigned states = c->row->states;

    if (has(c, LIVE_CONTROL) && get_VM_is_control_domain(c->vm))
        states |= R;
    if (has(c, CLONES) && clones_suspended(c))
        states |= S;
    return states;
}

static void add_lower(struct str *s, const char *text)
{
    for (; *text; text++)
        str_addc(s, (char)tolower((unsigned char)*text));
}

struct err *ops_check_power_state(const struct object *vm, unsigned may)
{
    const struct model_enum *states = model_fields[VM_power_state].type->enum_;
    AUTO_STR struct str wanted = STR_INIT(256);
    AUTO_STR struct str is = STR_INIT(64);
    enum VM_power_state state = get_VM_power_state(vm);

    if (may & 1u << state)
        return NULL;
    for (unsigned i = 0; i < states->n_values; i++) {
        if (!(may & 1u << i))
            continue;
        str_add(&wanted, wanted.len ? ", " : "");
        add_lower(&wanted, states->values[i]);
    }
    add_lower(&is, states->values[state]);
    return err_VM_BAD_POWER_STATE(object_ref(vm), str_text(&wanted),
                                  str_text(&is));
}

static struct err *check_power_state(const struct check *c)
{
    return ops_check_power_state(c->vm, states_of(c));
}

/* ---- others that run ----------------------------------------------------- */

static bool cancels_it(unsigned op, unsigned running)
{
    for (size_t i = 0; i < ARRAY_LEN(cancels); i++)
        if (cancels[i].op == op && cancels[i].running == running)
            return true;
    return false;
}

static bool is_hard(unsigned op)
{
    return op == VM_operations_hard_shutdown || op == VM_operations_hard_reboot;
}

/* A checkpoint suspends the guest meanwhile. */
static bool waits_for(unsigned op, unsigned running)
{
    return is_hard(op) || is_hard(running) || op == VM_operations_checkpoint ||
           running == VM_operations_checkpoint;
}

/* A hard reboot gives way to a hard shutdown, and to nothing else. */
static bool is_harder(enum VM_operations op, enum VM_operations running)
{
    return is_hard(op) && running != VM_operations_hard_shutdown &&
           running != op;
}

static bool runs_beside(enum VM_operations op, struct model_value running)
{
    enum VM_operations first = (enum VM_operations)running.values[0].i;

    for (size_t i = 0; running.n == 1 && i < ARRAY_LEN(beside); i++)
        if (beside[i].running == first && beside[i].op == op)
            return true;
    for (unsigned i = 0; i < running.n; i++) {
        enum VM_operations other = (enum VM_operations)running.values[i].i;

        if (!is_harder(op, other) &&
            (ops[op].group == ALONE || ops[op].group != ops[other].group))
            return false;
    }
    return true;
}

static struct err *check_others(const struct check *c)
{
    struct model_value running = ops_current(c->vm);

    if (!running.n || runs_beside(c->op, running))
        return NULL;
    return ops_in_progress(c->vm);
}

/* ---- templates, snapshots ------------------------------------------------ */

static bool is_default_template(const struct object *vm)
{
    const char *said =
        datum_map_get(get_VM_other_config(vm), "default_template");

    return get_VM_is_default_template(vm) || text_eq(said, "true");
}

static struct err *check_template(const struct check *c)
{
    const char *words[] = {object_ref(c->vm), ops_name(c->vm, c->op)};

    if (!get_VM_is_a_template(c->vm) || get_VM_is_a_snapshot(c->vm) ||
        has(c, TEMPLATE) ||
        (has(c, OWN_TEMPLATE) && !is_default_template(c->vm)))
        return NULL;
    return err_VM_IS_TEMPLATE(words, ARRAY_LEN(words));
}

static struct err *check_snapshot(const struct check *c)
{
    const char *words[] = {object_ref(c->vm), ops_name(c->vm, c->op)};

    if (!get_VM_is_a_snapshot(c->vm) || has(c, SNAPSHOT))
        return NULL;
    return err_VM_IS_SNAPSHOT(words, ARRAY_LEN(words));
}

static struct err *check_kind(const struct check *c)
{
    if (c->op == VM_operations_provision && !get_VM_is_a_template(c->vm))
        return err_PROVISION_ONLY_ALLOWED_ON_TEMPLATE();
    if (c->op == VM_operations_revert && !get_VM_is_a_snapshot(c->vm))
        return err_REVERT_ONLY_ALLOWED_ON_SNAPSHOT(NULL, 0);
    return NULL;
}

/* ---- what it is, and what the guest can do ------------------------------- */

static struct err *check_mobility(const struct check *c)
{
    const struct object *metrics = get_VM_metrics(c->vm);
    bool nested = metrics && get_VM_metrics_nested_virt(metrics);

    if (!c->strict || !metrics)
        return NULL;
    if (has(c, SAVES) && (nested || get_VM_metrics_nomigrate(metrics)))
        return err_VM_IS_IMMOBILE(object_ref(c->vm));
    if (c->op == VM_operations_changing_dynamic_range && nested)
        return err_VM_IS_USING_NESTED_VIRT(object_ref(c->vm));
    return NULL;
}

/* (To the original Dom0 is a guest that may be shut down or suspended.) */
static struct err *check_control_domain(const struct check *c)
{
    bool is_dom0 = get_VM_domid(c->vm) == 0;

    if (!get_VM_is_control_domain(c->vm) ||
        (has(c, CONTROL) && !(is_dom0 && has(c, NOT_DOM0))))
        return NULL;
    return err_OPERATION_NOT_ALLOWED(
        "This operation is not allowed on a control domain");
}

/* Guests with drivers of their own, or without firmware, can all of it. */
static bool is_able(const struct object *vm)
{
    const struct object *metrics = get_VM_metrics(vm);
    const struct object *guest = get_VM_guest_metrics(vm);
    enum VM_power_state state = get_VM_power_state(vm);

    if (state != VM_power_state_Running && state != VM_power_state_Paused)
        return true;
    if (guest && get_VM_guest_metrics_PV_drivers_detected(guest))
        return true;
    if (!metrics)
        return false;
    switch (get_VM_metrics_current_domain_type(metrics)) {
    case VM_domain_type_pv:
    case VM_domain_type_pv_in_pvh:
    case VM_domain_type_pvh:
        return true;
    case VM_domain_type_hvm:
    case VM_domain_type_unspecified:
        return false;
    }
    return false;
}

static bool feature(struct model_value said, const char *name)
{
    return text_eq(datum_map_get(said, name), "1");
}

static struct err *check_features(const struct check *c)
{
    const struct object *guest = get_VM_guest_metrics(c->vm);
    struct model_value said =
        guest ? get_VM_guest_metrics_other(guest) : DATUM_EMPTY;
    const char *cannot = datum_map_get(said, "data-cant-suspend-reason");
    bool can = true;

    if (is_able(c->vm))
        return NULL;
    if (has(c, SAVES) && cannot)
        return err_VM_NON_SUSPENDABLE(object_ref(c->vm), cannot);
    if (has(c, SAVES))
        can = !c->strict || feature(said, "feature-suspend");
    else if (c->op == VM_operations_clean_shutdown)
        can = !c->strict || feature(said, "feature-shutdown") ||
              feature(said, "feature-poweroff");
    else if (c->op == VM_operations_clean_reboot)
        can = !c->strict || feature(said, "feature-shutdown") ||
              feature(said, "feature-reboot");
    else if (c->op == VM_operations_changing_VCPUs_live)
        can = feature(said, "feature-vcpu-hotplug");
    return can ? NULL : err_VM_LACKS_FEATURE(object_ref(c->vm));
}

/* ---- its devices, who else has a say ------------------------------------- */

/* A disk that forgets what was written cannot be gone back to. */
static bool has_forgetful_disk(const struct check *c)
{
    struct model_value vbds = get_VM_VBDs(c->vm);

    for (unsigned i = 0; i < vbds.n; i++) {
        const struct object *vbd =
            db_find(c->db, &model_classes[CLASS_VBD], vbds.keys[i].s);
        const struct object *vdi = get_VBD_VDI(vbd);

        if (vdi && get_VDI_on_boot(vdi) == VDI_on_boot_reset)
            return true;
    }
    return false;
}

static struct err *check_devices(const struct check *c)
{
    const char *ref = object_ref(c->vm);

    if (c->op == VM_operations_snapshot_with_quiesce)
        return err_VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED(
            ref, "no guest is asked to write out what it holds");
    if (has(c, COPIES_DISKS) && has_forgetful_disk(c))
        return err_VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION();
    if (has(c, SAVES) && get_VM_attached_PCIs(c->vm).n)
        return err_VM_HAS_PCI_ATTACHED(ref);
    if (has(c, SAVES) && get_VM_VGPUs(c->vm).n)
        return err_VM_HAS_VGPU(ref);
    if (has(c, SAVES | COPIES_DISKS) && get_VM_VUSBs(c->vm).n)
        return err_VM_HAS_VUSBS(ref);
    return NULL;
}

static struct err *check_membership(const struct check *c)
{
    const struct object *appliance = get_VM_appliance(c->vm);
    const struct object *policy = get_VM_protection_policy(c->vm);
    const struct object *schedule = get_VM_snapshot_schedule(c->vm);
    const char *ref = object_ref(c->vm);

    if (c->op != VM_operations_make_into_template)
        return NULL;
    if (appliance)
        return err_VM_IS_PART_OF_AN_APPLIANCE(ref, object_ref(appliance));
    if (policy)
        return err_VM_ASSIGNED_TO_PROTECTION_POLICY(ref, object_ref(policy));
    if (schedule)
        return err_VM_ASSIGNED_TO_SNAPSHOT_SCHEDULE(ref, object_ref(schedule));
    return NULL;
}

static struct err *check_rest(const struct check *c)
{
    if (c->op == VM_operations_query_services &&
        !text_eq(datum_map_get(get_VM_other_config(c->vm), "is_system_domain"),
                 "true"))
        return err_NOT_SYSTEM_DOMAIN(object_ref(c->vm));
    if (c->op == VM_operations_create_vtpm && get_VM_VTPMs(c->vm).n)
        return err_VTPM_MAX_AMOUNT_REACHED("1");
    return NULL;
}

/* ---- all of them --------------------------------------------------------- */

static struct err *check_vm(const struct db *db, const struct object *vm,
                            unsigned op, bool strict)
{
    static struct err *(*const rules[])(const struct check *) = {
        check_blocked,  check_power_state,    check_others,
        check_template, check_snapshot,       check_kind,
        check_mobility, check_control_domain, check_features,
        check_devices,  check_membership,     check_rest,
    };
    struct check c = {db, vm, (enum VM_operations)op, &ops[op], strict};

    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        TRY(rules[i](&c));
    return NULL;
}

static bool is_hidden(unsigned op)
{
    return ops[op].flags & HIDDEN;
}

/* Its devices, and what may be done to all of its appliance. */
static struct err *update_near(struct txn *txn, struct object *vm)
{
    struct model_value sets[] = {get_VM_VBDs(vm), get_VM_VIFs(vm)};

    for (size_t i = 0; i < ARRAY_LEN(sets); i++)
        for (unsigned k = 0; k < sets[i].n; k++)
            TRY(ops_update(txn, db_find(txn_db(txn), NULL, sets[i].keys[k].s)));
    return ops_update_alone(txn, get_VM_appliance(vm));
}

const struct ops_class ops_vm = {
    .class = CLASS_VM,
    .allowed = VM_allowed_operations,
    .current = VM_current_operations,
    .check = check_vm,
    .hidden = is_hidden,
    .cancels = cancels_it,
    .waits = waits_for,
    .update_near = update_near,
    .settle = vm_settle,
};
