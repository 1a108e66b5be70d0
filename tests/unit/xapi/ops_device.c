/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_vbd, ops_vif: each operation in each power state, attached or not; beside
 * operations on the device, its VM and its disk; what a guest can; who may have
 * a disk beside whom. */
#include "tests/unit/xapi/db_rig.h"

#include "xapi/ops/ops.h"

struct rig {
    struct db *db;
    struct object *vm, *metrics, *vdi, *disk, *drive, *nic;
};

static struct object *make_vbd(struct txn *txn, struct object *vm,
                               enum VBD_type type, struct object *vdi)
{
    struct object *vbd = make(txn, C(VBD));

    ok(set_VBD_VM(txn, vbd, vm));
    ok(set_VBD_type(txn, vbd, type));
    ok(set_VBD_mode(txn, vbd, type == VBD_type_CD ? VBD_mode_RO : VBD_mode_RW));
    ok(set_VBD_VDI(txn, vbd, vdi));
    return vbd;
}

static struct rig rig_new(void)
{
    struct rig r = {.db = db_new()};
    struct txn *txn = txn_begin(r.db);

    r.vm = make_vm(txn, "vm");
    r.metrics = make(txn, C(VM_metrics));
    ok(set_VM_metrics(txn, r.vm, r.metrics));
    ok(set_VM_metrics_current_domain_type(txn, r.metrics, VM_domain_type_pv));
    r.vdi = make(txn, C(VDI));
    ok(set_VDI_managed(txn, r.vdi, true));
    r.disk = make_vbd(txn, r.vm, VBD_type_Disk, r.vdi);
    r.drive = make_vbd(txn, r.vm, VBD_type_CD, NULL);
    r.nic = make(txn, C(VIF));
    ok(set_VIF_VM(txn, r.nic, r.vm));
    txn_commit(txn);
    return r;
}

/* The same disk, of another VM. */
static struct object *add_other(struct rig *r)
{
    struct txn *txn = txn_begin(r->db);
    struct object *other =
        make_vbd(txn, make_vm(txn, "b"), VBD_type_Disk, r->vdi);

    txn_commit(txn);
    return other;
}

static struct object *add_guest(struct rig *r)
{
    struct txn *txn = txn_begin(r->db);
    struct object *guest = make(txn, C(VM_guest_metrics));

    ok(set_VM_guest_metrics(txn, r->vm, guest));
    txn_commit(txn);
    return guest;
}

#define CHANGE(rig, call)                      \
    do {                                       \
        struct txn *txn = txn_begin((rig).db); \
        ok(call);                              \
        txn_commit(txn);                       \
    } while (0)

/* The code that OP fails of, "" for none. */
static const char *says(const struct rig *r, const struct object *o,
                        unsigned op, bool strict)
{
    static char text[64];
    AUTO_ERR struct err *e = ops_check(r->db, o, op, strict);
    size_t n;

    snprintf(text, sizeof(text), "%s", e ? err_words(e, &n)[0] : "");
    return text;
}

#define assert_says(r, o, op, code) \
    assert_string_equal(says(&(r), o, op, false), code)

static void set_attached(struct rig *r, bool attached)
{
    CHANGE(*r, set_VBD_currently_attached(txn, r->disk, attached));
    CHANGE(*r, set_VBD_currently_attached(txn, r->drive, attached));
    CHANGE(*r, set_VIF_currently_attached(txn, r->nic, attached));
}

static void only_running_guests_are_plugged(void **state)
{
    static const char *const wrong[] = {"DEVICE_ALREADY_DETACHED",
                                        "DEVICE_ALREADY_ATTACHED"};
    struct rig r = rig_new();

    (void)state;
    for (unsigned power = 0; power < 4; power++) {
        bool runs = power == VM_power_state_Running;

        CHANGE(r, set_VM_power_state(txn, r.vm, (enum VM_power_state)power));
        for (unsigned has = 0; has < 2; has++) {
            const char *bad = runs ? wrong[has] : "VM_BAD_POWER_STATE";
            const char *fine = runs ? "" : "VM_BAD_POWER_STATE";

            set_attached(&r, has);
            assert_says(r, r.disk, VBD_operations_plug, has ? bad : fine);
            assert_says(r, r.drive, VBD_operations_plug, has ? bad : fine);
            assert_says(r, r.nic, VIF_operations_plug, has ? bad : fine);
            assert_says(r, r.disk, VBD_operations_unplug, has ? fine : bad);
            assert_says(r, r.disk, VBD_operations_unplug_force,
                        has ? fine : bad);
            assert_says(r, r.nic, VIF_operations_unplug, has ? fine : bad);
            assert_says(r, r.disk, VBD_operations_attach, "");
            assert_says(r, r.nic, VIF_operations_attach, "");
        }
    }
    db_free(r.db);
}

static void media_are_for_drives(void **state)
{
    struct rig r = rig_new();

    (void)state;
    assert_says(r, r.disk, VBD_operations_eject, "VBD_NOT_REMOVABLE_MEDIA");
    assert_says(r, r.disk, VBD_operations_insert, "VBD_NOT_REMOVABLE_MEDIA");
    for (unsigned power = 0; power < 4; power++) {
        const char *fine =
            power == VM_power_state_Suspended ? "VM_BAD_POWER_STATE" : "";

        CHANGE(r, set_VM_power_state(txn, r.vm, (enum VM_power_state)power));
        CHANGE(r, set_VBD_VDI(txn, r.drive, NULL));
        assert_says(r, r.drive, VBD_operations_eject, "VBD_IS_EMPTY");
        assert_says(r, r.drive, VBD_operations_insert, fine);
        CHANGE(r, set_VBD_VDI(txn, r.drive, r.vdi));
        assert_says(r, r.drive, VBD_operations_eject, fine);
        assert_says(r, r.drive, VBD_operations_insert, "VBD_NOT_EMPTY");
    }
    db_free(r.db);
}

static void one_operation_at_a_time(void **state)
{
    struct rig r = rig_new();
    const struct object *const all[] = {r.disk, r.drive, r.nic};

    (void)state;
    CHANGE(r, add_to_VBD_current_operations(txn, r.disk, "t",
                                            VBD_operations_attach));
    CHANGE(r, add_to_VBD_current_operations(txn, r.drive, "t",
                                            VBD_operations_eject));
    CHANGE(r,
           add_to_VIF_current_operations(txn, r.nic, "t", VIF_operations_plug));
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        for (unsigned op = 0; op <= VIF_operations_unplug; op++)
            assert_says(r, all[i], op, "OTHER_OPERATION_IN_PROGRESS");
    db_free(r.db);
}

static void a_guest_that_ends_does_not_listen(void **state)
{
    static const enum VM_operations ending[] = {
        VM_operations_clean_shutdown, VM_operations_hard_shutdown,
        VM_operations_suspend,        VM_operations_pause,
        VM_operations_clean_reboot,   VM_operations_hard_reboot};
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Running));
    CHANGE(r, add_to_VM_current_operations(txn, r.vm, "t",
                                           VM_operations_snapshot));
    assert_says(r, r.disk, VBD_operations_plug, "");
    for (size_t i = 0; i < ARRAY_LEN(ending); i++) {
        CHANGE(r, add_to_VM_current_operations(txn, r.vm, "t", ending[i]));
        set_attached(&r, false);
        assert_says(r, r.disk, VBD_operations_plug, "OPERATION_NOT_ALLOWED");
        assert_says(r, r.nic, VIF_operations_plug, "OPERATION_NOT_ALLOWED");
        set_attached(&r, true);
        assert_says(r, r.disk, VBD_operations_unplug, "OPERATION_NOT_ALLOWED");
        assert_says(r, r.disk, VBD_operations_unplug_force, "");
        assert_says(r, r.nic, VIF_operations_unplug, "OPERATION_NOT_ALLOWED");
    }
    db_free(r.db);
}

static void some_stay(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Running));
    set_attached(&r, true);
    CHANGE(r, set_VBD_unpluggable(txn, r.disk, false));
    assert_says(r, r.disk, VBD_operations_unplug, "VBD_NOT_UNPLUGGABLE");
    assert_says(r, r.disk, VBD_operations_unplug_force, "VBD_NOT_UNPLUGGABLE");
    CHANGE(r, set_VM_is_control_domain(txn, r.vm, true));
    set_attached(&r, false);
    assert_says(r, r.nic, VIF_operations_plug, "OPERATION_NOT_ALLOWED");
    db_free(r.db);
}

static void firmware_wants_drivers(void **state)
{
    struct rig r = rig_new();
    struct object *guest;

    (void)state;
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Running));
    CHANGE(r, set_VM_metrics_current_domain_type(txn, r.metrics,
                                                 VM_domain_type_hvm));
    assert_says(r, r.drive, VBD_operations_plug, "OPERATION_NOT_ALLOWED");
    /* nothing is known */
    assert_says(r, r.disk, VBD_operations_plug, "");
    assert_says(r, r.nic, VIF_operations_plug, "");
    assert_string_equal(says(&r, r.disk, VBD_operations_plug, true),
                        "VM_MISSING_PV_DRIVERS");
    guest = add_guest(&r);
    assert_says(r, r.disk, VBD_operations_plug, "VM_MISSING_PV_DRIVERS");
    CHANGE(r, set_VM_guest_metrics_PV_drivers_detected(txn, guest, true));
    assert_string_equal(says(&r, r.disk, VBD_operations_plug, true), "");
    CHANGE(r, set_VM_guest_metrics_can_use_hotplug_vbd(
                  txn, guest, VM_guest_metrics_tristate_no));
    assert_says(r, r.disk, VBD_operations_plug, "VM_MISSING_PV_DRIVERS");
    assert_says(r, r.nic, VIF_operations_plug, "");
    CHANGE(r, set_VM_guest_metrics_can_use_hotplug_vbd(
                  txn, guest, VM_guest_metrics_tristate_yes));
    assert_says(r, r.disk, VBD_operations_plug, "");
    db_free(r.db);
}

static void a_disk_has_one_writer_or_readers(void **state)
{
    struct rig r = rig_new();
    struct object *other = add_other(&r);

    (void)state;
    for (unsigned bits = 0; bits < 32; bits++) {
        bool active = bits & 1, busy = bits & 2, sharable = bits & 16;
        enum VBD_mode mine = bits & 4 ? VBD_mode_RW : VBD_mode_RO;
        enum VBD_mode its = bits & 8 ? VBD_mode_RW : VBD_mode_RO;
        bool both_read = mine == VBD_mode_RO && its == VBD_mode_RO;

        CHANGE(r, set_VBD_currently_attached(txn, other, active));
        CHANGE(r, set_VBD_current_operations(txn, other, DATUM_EMPTY));
        if (busy)
            CHANGE(r, add_to_VBD_current_operations(txn, other, "t",
                                                    VBD_operations_attach));
        CHANGE(r, set_VBD_mode(txn, r.disk, mine));
        CHANGE(r, set_VBD_mode(txn, other, its));
        CHANGE(r, set_VDI_sharable(txn, r.vdi, sharable));
        assert_says(r, r.disk, VBD_operations_attach,
                    (active || busy) && !both_read && !sharable ? "VDI_IN_USE"
                                                                : "");
    }
    db_free(r.db);
}

static void a_disk_may_be_had(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_VDI_read_only(txn, r.vdi, true));
    assert_says(r, r.disk, VBD_operations_attach, "VDI_READONLY");
    CHANGE(r, set_VBD_mode(txn, r.disk, VBD_mode_RO));
    assert_says(r, r.disk, VBD_operations_attach, "");
    CHANGE(r, set_VDI_managed(txn, r.vdi, false));
    assert_says(r, r.disk, VBD_operations_attach, "VDI_NOT_MANAGED");
    CHANGE(r, set_VDI_managed(txn, r.vdi, true));
    CHANGE(r,
           add_to_VDI_current_operations(txn, r.vdi, "t", VDI_operations_copy));
    assert_says(r, r.disk, VBD_operations_attach, "");
    CHANGE(r, add_to_VDI_current_operations(txn, r.vdi, "t",
                                            VDI_operations_destroy));
    assert_says(r, r.disk, VBD_operations_attach,
                "OTHER_OPERATION_IN_PROGRESS");
    db_free(r.db);
}

static void what_changes_is_advertised_by_all_it_concerns(void **state)
{
    struct rig r = rig_new();
    struct object *other = add_other(&r);

    (void)state;
    ok(ops_update_all(r.db));
    assert_field(r.disk, VBD_allowed_operations, "('attach')");
    assert_field(other, VBD_allowed_operations, "('attach')");
    assert_field(r.nic, VIF_allowed_operations, "('attach')");
    CHANGE(r, set_VM_power_state(txn, r.vm, VM_power_state_Running));
    CHANGE(r, ops_update(txn, r.vm));
    assert_field(r.disk, VBD_allowed_operations, "('attach' 'plug')");
    assert_field(r.nic, VIF_allowed_operations, "('attach' 'plug')");
    CHANGE(r, set_VBD_currently_attached(txn, r.disk, true));
    CHANGE(r, ops_update(txn, r.disk));
    assert_field(r.disk, VBD_allowed_operations,
                 "('attach' 'unplug' 'unplug_force')");
    assert_field(other, VBD_allowed_operations, "()");
    db_free(r.db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_running_guests_are_plugged),
        cmocka_unit_test(media_are_for_drives),
        cmocka_unit_test(one_operation_at_a_time),
        cmocka_unit_test(a_guest_that_ends_does_not_listen),
        cmocka_unit_test(some_stay),
        cmocka_unit_test(firmware_wants_drivers),
        cmocka_unit_test(a_disk_has_one_writer_or_readers),
        cmocka_unit_test(a_disk_may_be_had),
        cmocka_unit_test(what_changes_is_advertised_by_all_it_concerns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
