/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops: every operation in every power state; beside every other; templates,
 * snapshots, what is blocked; what is advertised. */
#include "tests/unit/xapi/db_rig.h"

#include "xapi/ops/ops.h"

#define N_OPS (VM_operations_sysprep + 1)

/*
 * The power states each operation is for, as XenAPI's documentation of life
 * cycles has them: H(alted), P(aused), R(unning), S(uspended).
 */
static const char *const states_of[N_OPS] = {
    [VM_operations_snapshot] = "HPRS",
    [VM_operations_clone] = "H",
    [VM_operations_copy] = "H",
    [VM_operations_create_template] = "HS",
    [VM_operations_revert] = "HPRS",
    [VM_operations_checkpoint] = "PRS",
    [VM_operations_snapshot_with_quiesce] = "R",
    [VM_operations_provision] = "H",
    [VM_operations_start] = "H",
    [VM_operations_start_on] = "H",
    [VM_operations_pause] = "R",
    [VM_operations_unpause] = "P",
    [VM_operations_clean_shutdown] = "R",
    [VM_operations_clean_reboot] = "R",
    [VM_operations_hard_shutdown] = "PRS",
    [VM_operations_power_state_reset] = "HPRS",
    [VM_operations_hard_reboot] = "PR",
    [VM_operations_suspend] = "R",
    [VM_operations_csvm] = "S",
    [VM_operations_resume] = "S",
    [VM_operations_resume_on] = "S",
    [VM_operations_pool_migrate] = "R",
    [VM_operations_migrate_send] = "HRS",
    [VM_operations_get_boot_record] = "PRS",
    [VM_operations_send_sysrq] = "R",
    [VM_operations_send_trigger] = "R",
    [VM_operations_query_services] = "HPRS",
    [VM_operations_shutdown] = "PRS",
    [VM_operations_call_plugin] = "R",
    [VM_operations_changing_memory_live] = "R",
    [VM_operations_awaiting_memory_live] = "R",
    [VM_operations_changing_dynamic_range] = "HR",
    [VM_operations_changing_static_range] = "H",
    [VM_operations_changing_memory_limits] = "H",
    [VM_operations_changing_shadow_memory] = "H",
    [VM_operations_changing_shadow_memory_live] = "R",
    [VM_operations_changing_VCPUs] = "H",
    [VM_operations_changing_VCPUs_live] = "R",
    [VM_operations_changing_NVRAM] = "H",
    [VM_operations_assert_operation_valid] = "HPRS",
    [VM_operations_data_source_op] = "R",
    [VM_operations_update_allowed_operations] = "HPRS",
    [VM_operations_make_into_template] = "H",
    [VM_operations_import] = "HPRS",
    [VM_operations_export] = "HS",
    [VM_operations_metadata_export] = "HPRS",
    [VM_operations_reverting] = "HPRS",
    [VM_operations_destroy] = "HS",
    [VM_operations_create_vtpm] = "H",
    [VM_operations_sysprep] = "R",
};
static const char letters[] = "HPRS";
static const char *const lower[] = {"halted", "paused", "running", "suspended"};

/* Answers of ops_check: the code and its arguments, "" for none. */
static void said(struct db *db, const struct object *vm, enum VM_operations op,
                 bool strict, char ret[512])
{
    AUTO_ERR struct err *e = ops_check(db, vm, op, strict);

    snprintf(ret, 512, "%s", e ? err_text(e) : "");
}

#define assert_said(db, vm, op, ...)                     \
    do {                                                 \
        char got_[512], wanted_[512];                    \
        said(db, vm, VM_operations_##op, false, got_);   \
        snprintf(wanted_, sizeof(wanted_), __VA_ARGS__); \
        assert_string_equal(got_, wanted_);              \
    } while (0)

struct rig {
    struct db *db;
    struct object *vm, *guest;
};

/* A guest with drivers: only power state and others are in the way. */
static struct rig rig_new(void)
{
    struct rig r = {.db = db_new()};
    struct txn *txn = txn_begin(r.db);

    r.vm = make_vm(txn, "vm");
    r.guest = make(txn, C(VM_guest_metrics));
    ok(set_VM_guest_metrics_PV_drivers_detected(txn, r.guest, true));
    ok(set_VM_guest_metrics(txn, r.vm, r.guest));
    txn_commit(txn);
    return r;
}

#define CHANGE(rig, call)                      \
    do {                                       \
        struct txn *txn = txn_begin((rig).db); \
        ok(call);                              \
        txn_commit(txn);                       \
    } while (0)

static void wanted_states(const char *states, char ret[64])
{
    *ret = '\0';
    for (unsigned i = 0; letters[i]; i++)
        if (strchr(states, letters[i]))
            snprintf(ret + strlen(ret), 64 - strlen(ret), "%s%s",
                     *ret ? ", " : "", lower[i]);
}

static void each_operation_in_each_power_state(void **state)
{
    struct rig r = rig_new();
    char got[512], wanted[512], states[64];

    (void)state;
    for (unsigned power = 0; power < 4; power++) {
        CHANGE(r, set_VM_power_state(txn, r.vm, (enum VM_power_state)power));
        for (unsigned op = 0; op < N_OPS; op++) {
            bool may = strchr(states_of[op], letters[power]);

            wanted_states(states_of[op], states);
            snprintf(wanted, sizeof(wanted), "VM_BAD_POWER_STATE: %s, %s, %s",
                     object_ref(r.vm), states, lower[power]);
            said(r.db, r.vm, (enum VM_operations)op, false, got);
            if (may && !strncmp(got, "VM_BAD_POWER_STATE", 18))
                fail_msg("%s: %s", ops_name(r.vm, op), got);
            if (!may)
                assert_string_equal(got, wanted);
        }
    }
    db_free(r.db);
}

static void power_states_of_some_are_wider(void **state)
{
    struct rig r = rig_new();
    struct object *pool;

    (void)state;
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Suspended));
    assert_said(r.db, r.vm, clone, "VM_BAD_POWER_STATE: %s, halted, suspended",
                object_ref(r.vm));
    CHANGE(r, txn_create(txn, C(pool), NULL, NULL, &pool));
    CHANGE(r, add_to_pool_other_config(txn, pool, "allow_clone_suspended_vm",
                                       "true"));
    assert_said(r.db, r.vm, clone, "%s", "");
    assert_said(r.db, r.vm, copy, "%s", "");
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Running));
    assert_said(r.db, r.vm, clone,
                "VM_BAD_POWER_STATE: %s, halted, suspended, running",
                object_ref(r.vm));
    assert_said(r.db, r.vm, changing_static_range,
                "VM_BAD_POWER_STATE: %s, halted, running", object_ref(r.vm));
    CHANGE(r, set_VM_is_control_domain(txn, r.vm, true));
    assert_said(r.db, r.vm, changing_static_range, "%s", "");
    db_free(r.db);
}

/* What runs beside what: rows of the notes on concurrency. */
static bool may_run_beside(enum VM_operations running, enum VM_operations op)
{
    static const enum VM_operations groups[][3] = {
        {VM_operations_clone, VM_operations_copy, VM_operations_export},
        {VM_operations_snapshot, VM_operations_checkpoint,
         VM_operations_checkpoint},
        {VM_operations_get_boot_record, VM_operations_get_boot_record,
         VM_operations_get_boot_record},
    };

    if (op == VM_operations_hard_shutdown)
        return running != VM_operations_hard_shutdown;
    if (op == VM_operations_hard_reboot)
        return running != VM_operations_hard_shutdown &&
               running != VM_operations_hard_reboot;
    if (running == VM_operations_migrate_send)
        return op == VM_operations_metadata_export ||
               op == VM_operations_clean_shutdown ||
               op == VM_operations_clean_reboot;
    if (running == VM_operations_snapshot_with_quiesce)
        return op == VM_operations_snapshot;
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        bool a = false, b = false;

        for (size_t j = 0; j < 3; j++) {
            a |= groups[i][j] == running;
            b |= groups[i][j] == op;
        }
        if (a && b)
            return true;
    }
    return false;
}

static void each_operation_beside_each_other(void **state)
{
    struct rig r = rig_new();
    char got[512], wanted[512];

    (void)state;
    for (unsigned running = 0; running < N_OPS; running++) {
        CHANGE(r, set_VM_current_operations(txn, r.vm, DATUM_EMPTY));
        CHANGE(r, add_to_VM_current_operations(txn, r.vm, "OpaqueRef:task",
                                               (enum VM_operations)running));
        for (unsigned op = 0; op < N_OPS; op++) {
            enum VM_power_state power = (enum VM_power_state)(
                strchr(letters, states_of[op][0]) - letters);

            CHANGE(r, set_VM_power_state(txn, r.vm, power));
            said(r.db, r.vm, (enum VM_operations)op, false, got);
            snprintf(wanted, sizeof(wanted),
                     "OTHER_OPERATION_IN_PROGRESS: VM, %s, %s, OpaqueRef:task",
                     object_ref(r.vm), ops_name(r.vm, (unsigned)running));
            if (may_run_beside((enum VM_operations)running,
                               (enum VM_operations)op))
                assert_null(strstr(got, "OTHER_OPERATION"));
            else
                assert_string_equal(got, wanted);
        }
    }
    db_free(r.db);
}

/* The names of what OP ends to begin. */
static void ends(const struct rig *r, unsigned op, struct str *ret)
{
    str_clear(ret);
    for (unsigned running = 0; running < N_OPS; running++)
        if (ops_of(r->vm)->cancels(op, running))
            str_addf(ret, "%s%s", ret->len ? " " : "",
                     ops_name(r->vm, running));
}

static void hard_ones_end_others(void **state)
{
    struct rig r = rig_new();
    AUTO_STR struct str list = STR_INIT(STR_MAX);

    (void)state;
    for (unsigned op = 0; op < N_OPS; op++) {
        ends(&r, op, &list);
        assert_string_equal(
            str_text(&list),
            op == VM_operations_hard_shutdown
                ? "clean_shutdown clean_reboot hard_reboot suspend "
                  "pool_migrate shutdown call_plugin"
            : op == VM_operations_hard_reboot
                ? "clean_shutdown clean_reboot suspend pool_migrate call_plugin"
                : "");
    }
    db_free(r.db);
}

static void several_that_run_are_all_named(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r,
           add_to_VM_current_operations(txn, r.vm, "a", VM_operations_clone));
    CHANGE(r,
           add_to_VM_current_operations(txn, r.vm, "b", VM_operations_export));
    assert_said(r.db, r.vm, copy, "%s", "");
    assert_said(r.db, r.vm, start,
                "OTHER_OPERATION_IN_PROGRESS: VM, %s, {clone,export}, {a,b}",
                object_ref(r.vm));
    assert_true(ops_vm.cancels(VM_operations_hard_shutdown,
                               VM_operations_clean_shutdown));
    assert_false(
        ops_vm.cancels(VM_operations_hard_reboot, VM_operations_shutdown));
    db_free(r.db);
}

static void blocked_comes_first(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, add_to_VM_blocked_operations(txn, r.vm, VM_operations_pause,
                                           "not now"));
    assert_said(r.db, r.vm, pause, "OPERATION_BLOCKED: %s, not now",
                object_ref(r.vm));
    assert_said(r.db, r.vm, unpause, "VM_BAD_POWER_STATE: %s, paused, halted",
                object_ref(r.vm));
    db_free(r.db);
}

/* Names of the VM's allowed operations, in their order. */
static void allowed(const struct rig *r, struct str *out)
{
    CHANGE(*r, ops_update(txn, r->vm));
    str_clear(out);
    datum_to_text(F(VM_allowed_operations)->type,
                  get_VM_allowed_operations(r->vm), out);
}

static void what_is_advertised(void **state)
{
    struct rig r = rig_new();
    AUTO_STR struct str list = STR_INIT(STR_MAX);

    (void)state;
    allowed(&r, &list);
    assert_string_equal(
        str_text(&list),
        "('snapshot' 'clone' 'copy' 'start' 'start_on' 'migrate_send' "
        "'changing_dynamic_range' 'changing_static_range' "
        "'changing_shadow_memory' 'changing_NVRAM' 'make_into_template' "
        "'export' 'metadata_export' 'destroy' 'create_vtpm')");
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Running));
    allowed(&r, &list);
    assert_string_equal(
        str_text(&list),
        "('snapshot' 'checkpoint' 'pause' 'clean_shutdown' 'clean_reboot' "
        "'hard_shutdown' 'hard_reboot' 'suspend' 'pool_migrate' "
        "'migrate_send' 'changing_dynamic_range' 'changing_VCPUs_live' "
        "'metadata_export' 'sysprep')");
    CHANGE(r, set_VM_guest_metrics_PV_drivers_detected(txn, r.guest, false));
    allowed(&r, &list);
    assert_string_equal(str_text(&list),
                        "('snapshot' 'pause' 'hard_shutdown' 'hard_reboot' "
                        "'changing_dynamic_range' 'metadata_export' "
                        "'sysprep')");
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Suspended));
    allowed(&r, &list);
    assert_string_equal(
        str_text(&list),
        "('snapshot' 'checkpoint' 'hard_shutdown' 'resume' 'resume_on' "
        "'migrate_send' 'export' 'metadata_export' 'destroy')");
    db_free(r.db);
}

static void templates_and_snapshots(void **state)
{
    struct rig r = rig_new();
    AUTO_STR struct str list = STR_INIT(STR_MAX);

    (void)state;
    CHANGE(r, set_VM_is_a_template(txn, r.vm, true));
    assert_said(r.db, r.vm, start, "VM_IS_TEMPLATE: %s, start",
                object_ref(r.vm));
    allowed(&r, &list);
    assert_string_equal(str_text(&list),
                        "('clone' 'copy' 'provision' 'migrate_send' "
                        "'changing_dynamic_range' 'changing_static_range' "
                        "'changing_shadow_memory' 'changing_NVRAM' 'export' "
                        "'metadata_export' 'destroy')");
    CHANGE(r, add_to_VM_other_config(txn, r.vm, "default_template", "true"));
    assert_said(r.db, r.vm, destroy, "VM_IS_TEMPLATE: %s, destroy",
                object_ref(r.vm));
    CHANGE(r, set_VM_is_a_snapshot(txn, r.vm, true));
    assert_said(r.db, r.vm, start, "VM_IS_SNAPSHOT: %s, start",
                object_ref(r.vm));
    allowed(&r, &list);
    assert_string_equal(
        str_text(&list),
        "('clone' 'copy' 'revert' 'export' 'metadata_export' 'destroy')");
    CHANGE(r, set_VM_is_a_snapshot(txn, r.vm, false));
    CHANGE(r, set_VM_is_a_template(txn, r.vm, false));
    assert_said(r.db, r.vm, provision, "PROVISION_ONLY_ALLOWED_ON_TEMPLATE");
    assert_said(r.db, r.vm, revert, "REVERT_ONLY_ALLOWED_ON_SNAPSHOT");
    db_free(r.db);
}

static void guests_that_cannot(void **state)
{
    struct rig r = rig_new();
    char got[512], wanted[512];

    (void)state;
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Running));
    CHANGE(r, set_VM_guest_metrics_PV_drivers_detected(txn, r.guest, false));
    assert_said(r.db, r.vm, clean_shutdown, "%s", "");
    said(r.db, r.vm, VM_operations_clean_shutdown, true, got);
    snprintf(wanted, sizeof(wanted), "VM_LACKS_FEATURE: %s", object_ref(r.vm));
    assert_string_equal(got, wanted);
    CHANGE(r, add_to_VM_guest_metrics_other(txn, r.guest, "feature-poweroff",
                                            "1"));
    said(r.db, r.vm, VM_operations_clean_shutdown, true, got);
    assert_string_equal(got, "");
    CHANGE(r, add_to_VM_guest_metrics_other(
                  txn, r.guest, "data-cant-suspend-reason", "a dongle"));
    assert_said(r.db, r.vm, suspend, "VM_NON_SUSPENDABLE: %s, a dongle",
                object_ref(r.vm));
    assert_said(r.db, r.vm, changing_VCPUs_live, "VM_LACKS_FEATURE: %s",
                object_ref(r.vm));
    db_free(r.db);
}

static bool is_refused(const struct rig *r, unsigned op, const char *code)
{
    bool found = false;

    for (unsigned state = 0; state < strlen(letters); state++) {
        char got[512];

        CHANGE(*r, set_VM_power_state(txn, r->vm, (enum VM_power_state)state));
        said(r->db, r->vm, (enum VM_operations)op, true, got);
        found |= !strncmp(got, code, strlen(code));
    }
    return found;
}

/* In one power state or another CODE is said of just these, or (BUT) of all but
 * these. */
static void refuses(const struct rig *r, const char *code, bool but,
                    const char *wanted)
{
    AUTO_STR struct str list = STR_INIT(STR_MAX);

    for (unsigned op = 0; op < N_OPS; op++)
        if (is_refused(r, op, code) != but)
            str_addf(&list, "%s%s", list.len ? " " : "", ops_name(r->vm, op));
    assert_string_equal(str_text(&list), wanted);
}

static void who_is_refused_what(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_VM_is_a_template(txn, r.vm, true));
    refuses(&r, "VM_IS_TEMPLATE", true,
            "clone copy provision migrate_send changing_dynamic_range "
            "changing_static_range changing_memory_limits "
            "changing_shadow_memory changing_VCPUs changing_NVRAM export "
            "metadata_export destroy");
    CHANGE(r, set_VM_is_default_template(txn, r.vm, true));
    refuses(&r, "VM_IS_TEMPLATE", true,
            "clone copy provision changing_dynamic_range "
            "changing_static_range changing_memory_limits "
            "changing_shadow_memory changing_VCPUs changing_NVRAM export "
            "metadata_export");
    CHANGE(r, set_VM_is_a_snapshot(txn, r.vm, true));
    refuses(&r, "VM_IS_SNAPSHOT", true,
            "clone copy revert hard_shutdown export metadata_export destroy");
    CHANGE(r, set_VM_is_a_snapshot(txn, r.vm, false));
    CHANGE(r, set_VM_is_a_template(txn, r.vm, false));
    CHANGE(r, set_VM_is_control_domain(txn, r.vm, true));
    refuses(&r, "OPERATION_NOT_ALLOWED", true,
            "revert provision start start_on changing_memory_live "
            "awaiting_memory_live changing_dynamic_range "
            "changing_static_range changing_memory_limits data_source_op "
            "metadata_export");
    CHANGE(r, set_VM_domid(txn, r.vm, 7));
    refuses(&r, "OPERATION_NOT_ALLOWED", true,
            "revert provision start start_on changing_memory_live "
            "awaiting_memory_live changing_dynamic_range "
            "changing_static_range changing_memory_limits changing_VCPUs "
            "data_source_op metadata_export destroy");
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Running));
    assert_said(r.db, r.vm, changing_static_range, "%s", "");
    assert_said(r.db, r.vm, changing_memory_limits, "%s", "");
    assert_said(r.db, r.vm, changing_VCPUs, "%s", "");
    db_free(r.db);
}

#define SAVE "checkpoint suspend pool_migrate migrate_send"

static void what_guests_are_tied_to(void **state)
{
    struct rig r = rig_new();
    struct txn *setup = txn_begin(r.db);
    struct object *metrics = make(setup, C(VM_metrics));
    struct object *pci = make(setup, C(PCI)), *vgpu, *vusb;

    (void)state;
    ok(set_VM_metrics(setup, r.vm, metrics));
    txn_commit(setup);
    CHANGE(r, set_VM_metrics_nomigrate(txn, metrics, true));
    refuses(&r, "VM_IS_IMMOBILE", false, SAVE);
    CHANGE(r, set_VM_metrics_nomigrate(txn, metrics, false));
    CHANGE(r, set_VM_metrics_nested_virt(txn, metrics, true));
    refuses(&r, "VM_IS_IMMOBILE", false, SAVE);
    refuses(&r, "VM_IS_USING_NESTED_VIRT", false, "changing_dynamic_range");
    CHANGE(r, set_VM_metrics_nested_virt(txn, metrics, false));
    CHANGE(r, add_PCI_attached_VMs(txn, pci, r.vm));
    refuses(&r, "VM_HAS_PCI_ATTACHED", false, SAVE);
    CHANGE(r, (txn_destroy(txn, pci), NULL));
    CHANGE(r, set_VGPU_VM(txn, vgpu = make(txn, C(VGPU)), r.vm));
    refuses(&r, "VM_HAS_VGPU", false, SAVE);
    CHANGE(r, (txn_destroy(txn, vgpu), NULL));
    CHANGE(r, set_VUSB_VM(txn, vusb = make(txn, C(VUSB)), r.vm));
    refuses(&r, "VM_HAS_VUSBS", false, "snapshot " SAVE);
    CHANGE(r, (txn_destroy(txn, vusb), NULL));
    db_free(r.db);
}

static void devices_that_hold_it(void **state)
{
    struct rig r = rig_new();
    struct object *vbd, *vdi;
    struct txn *setup = txn_begin(r.db);

    (void)state;
    vbd = make(setup, C(VBD));
    vdi = make(setup, C(VDI));
    ok(set_VBD_VM(setup, vbd, r.vm));
    ok(set_VBD_VDI(setup, vbd, vdi));
    ok(set_VDI_on_boot(setup, vdi, VDI_on_boot_reset));
    txn_commit(setup);
    refuses(&r, "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION", false,
            "snapshot checkpoint suspend");
    CHANGE(r, set_VDI_on_boot(txn, vdi, VDI_on_boot_persist));
    assert_said(r.db, r.vm, snapshot, "%s", "");
    db_free(r.db);
}

static void control_domains(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_VM_is_control_domain(txn, r.vm, true));
    assert_said(r.db, r.vm, destroy,
                "OPERATION_NOT_ALLOWED: This operation is not allowed on a "
                "control domain");
    CHANGE(r, set_VM_domid(txn, r.vm, 7));
    assert_said(r.db, r.vm, destroy, "%s", "");
    assert_said(r.db, r.vm, clone,
                "OPERATION_NOT_ALLOWED: This operation is not allowed on a "
                "control domain");
    db_free(r.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_in_each_power_state),
        cmocka_unit_test(power_states_of_some_are_wider),
        cmocka_unit_test(each_operation_beside_each_other),
        cmocka_unit_test(hard_ones_end_others),
        cmocka_unit_test(several_that_run_are_all_named),
        cmocka_unit_test(blocked_comes_first),
        cmocka_unit_test(what_is_advertised),
        cmocka_unit_test(templates_and_snapshots),
        cmocka_unit_test(guests_that_cannot),
        cmocka_unit_test(devices_that_hold_it),
        cmocka_unit_test(who_is_refused_what),
        cmocka_unit_test(what_guests_are_tied_to),
        cmocka_unit_test(control_domains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
