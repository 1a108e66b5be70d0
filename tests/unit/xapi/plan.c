/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan: what records come to: places of disks, devices, settings. */
#include "tests/unit/xapi/db_rig.h"

#include "xapi/model/fields_gen.h"
#include "xapi/hv/plan.h"

struct rig {
    struct pool *pool;
    struct db *db;
    struct txn *txn;
    struct object *vm;
};

static struct rig rig_new(void)
{
    struct rig r = {.pool = pool_new(), .db = db_new()};

    r.txn = txn_begin(r.db);
    r.vm = make_vm(r.txn, "guest");
    return r;
}

static void rig_done(struct rig *r)
{
    txn_abort(r->txn);
    db_free(r->db);
    pool_free(r->pool);
}

static void places_are_numbers_and_names(void **state)
{
    static const struct {
        const char *name;
        int64_t place;
    } rows[] = {
        {"0", 0},
        {"254", 254},
        {"255", -1},
        {"-1", -1},
        {"", -1},
        {"1x", -1},
        {" 1", -1},
        {"xvda", 0},
        {"hdd", 3},
        {"sdz", 25},
        {"xvdaa", 26},
        {"xvdiu", 254},
        {"xvdiv", -1},
        {"xvd", -1},
        {"xvd1", -1},
        {"xvdA", -1},
        {"xvdzzzzzzzzzzzzzzzzzzz", -1},
        {"vda", -1},
        {"autodetect", -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (plan_disk_place(rows[i].name) != rows[i].place)
            fail_msg("%s is %lld", rows[i].name,
                     (long long)plan_disk_place(rows[i].name));
}

static struct object *make_vbd(struct rig *r, const char *userdevice,
                               enum VBD_type type, enum VBD_mode mode)
{
    struct object *vbd = make(r->txn, C(VBD));

    ok(set_VBD_VM(r->txn, vbd, r->vm));
    ok(set_VBD_userdevice(r->txn, vbd, userdevice));
    ok(set_VBD_type(r->txn, vbd, type));
    ok(set_VBD_mode(r->txn, vbd, mode));
    return vbd;
}

static void disks_have_the_names_of_their_machine(void **state)
{
    static const struct {
        enum VM_domain_type type;
        const char *userdevice, *device;
    } rows[] = {
        {VM_domain_type_pv, "0", "xvda"},
        {VM_domain_type_pvh, "3", "xvdd"},
        {VM_domain_type_hvm, "0", "hda"},
        {VM_domain_type_hvm, "3", "hdd"},
        {VM_domain_type_hvm, "4", "xvde"},
        {VM_domain_type_hvm, "26", "xvdaa"},
        {VM_domain_type_hvm, "xvdb", "xvdb"},
        {VM_domain_type_pv, "hda", "hda"},
    };
    struct rig r = rig_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct object *vbd =
            make_vbd(&r, rows[i].userdevice, VBD_type_Disk, VBD_mode_RW);
        struct plan_disk disk;

        ok(set_VM_domain_type(r.txn, r.vm, rows[i].type));
        plan_disk(r.pool, vbd, &disk);
        assert_string_equal(disk.device, rows[i].device);
        assert_string_equal(disk.vbd, get_VBD_uuid(vbd));
        assert_true(disk.writable && !disk.cdrom && !disk.path);
    }
    rig_done(&r);
}

static void drives_are_never_written_to(void **state)
{
    struct rig r = rig_new();
    struct plan_disk disk;

    (void)state;
    plan_disk(r.pool, make_vbd(&r, "0", VBD_type_CD, VBD_mode_RW), &disk);
    assert_true(disk.cdrom && !disk.writable);
    plan_disk(r.pool, make_vbd(&r, "1", VBD_type_Disk, VBD_mode_RO), &disk);
    assert_true(!disk.cdrom && !disk.writable);
    rig_done(&r);
}

static void disks_are_in_the_order_of_places(void **state)
{
    struct plan_disk disks[] = {
        {.device = "xvdaa"}, {.device = "hdc"}, {.device = "xvda"}};

    (void)state;
    plan_sort_disks(disks, ARRAY_LEN(disks));
    assert_string_equal(disks[0].device, "xvda");
    assert_string_equal(disks[1].device, "hdc");
    assert_string_equal(disks[2].device, "xvdaa");
}

static void a_rate_is_that_of_its_algorithm(void **state)
{
    static const struct {
        const char *type, *kbps;
        int64_t rate;
    } rows[] = {{"ratelimit", "100", 100},
                {"ratelimit", "many", 0},
                {"ratelimit", "-1", 0},
                {"", "100", 0}};
    struct rig r = rig_new();
    struct plan_nic nic;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct object *vif = make(r.txn, C(VIF));

        ok(set_VIF_VM(r.txn, vif, r.vm));
        ok(set_VIF_device(r.txn, vif, "2"));
        ok(set_VIF_MAC(r.txn, vif, "02:00:00:00:00:01"));
        ok(set_VIF_qos_algorithm_type(r.txn, vif, rows[i].type));
        ok(add_to_VIF_qos_algorithm_params(r.txn, vif, "kbps", rows[i].kbps));
        plan_nic(r.pool, vif, &nic);
        assert_int_equal(nic.rate, rows[i].rate);
        assert_int_equal(nic.devid, 2);
        assert_string_equal(nic.mac, "02:00:00:00:00:01");
    }
    rig_done(&r);
}

static void settings_have_defaults(void **state)
{
    struct rig r = rig_new();
    struct plan plan;

    (void)state;
    ok(plan_make(r.pool, r.vm, &plan));
    assert_string_equal(plan.name, "guest");
    assert_string_equal(plan.boot, "cd");
    assert_string_equal(plan.firmware, "bios");
    assert_string_equal(plan.cpus, "");
    assert_string_equal(plan.kernel, "");
    assert_int_equal(plan.weight, 0);
    ok(add_to_VM_HVM_boot_params(r.txn, r.vm, "order", ""));
    ok(add_to_VM_xenstore_data(r.txn, r.vm, "vm-data/a", "1"));
    ok(add_to_VM_xenstore_data(r.txn, r.vm, "control/shutdown", "reboot"));
    ok(add_to_VM_VCPUs_params(r.txn, r.vm, "weight", "65535"));
    ok(plan_make(r.pool, r.vm, &plan));
    assert_string_equal(plan.boot, "cd");
    assert_int_equal(plan.n_xenstore_data, 1);
    assert_string_equal(plan.xenstore_data[0].name, "vm-data/a");
    assert_int_equal(plan.weight, 65535);
    rig_done(&r);
}

static void firmware_is_told_what_it_says(void **state)
{
    struct rig r = rig_new();
    struct plan plan;

    (void)state;
    ok(set_VM_domain_type(r.txn, r.vm, VM_domain_type_hvm));
    ok(add_to_VM_xenstore_data(r.txn, r.vm, "vm-data/a", "1"));
    ok(add_to_VM_bios_strings(r.txn, r.vm, "bios-vendor", "Acme & Sons"));
    ok(add_to_VM_bios_strings(r.txn, r.vm, "bios-version", ""));
    ok(add_to_VM_bios_strings(r.txn, r.vm, "../control", "no"));
    ok(add_to_VM_bios_strings(r.txn, r.vm, "", "no"));
    ok(plan_make(r.pool, r.vm, &plan));
    assert_int_equal(plan.n_xenstore_data, 2);
    assert_string_equal(plan.xenstore_data[0].name, "vm-data/a");
    assert_string_equal(plan.xenstore_data[1].name, "bios-strings/bios-vendor");
    assert_string_equal(plan.xenstore_data[1].value, "Acme & Sons");
    ok(set_VM_domain_type(r.txn, r.vm, VM_domain_type_pv));
    ok(plan_make(r.pool, r.vm, &plan));
    assert_int_equal(plan.n_xenstore_data, 1);
    rig_done(&r);
}

static void a_generation_is_two_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t first, second;
    } rows[] = {
        {"7:9223372036854775807", 7, INT64_MAX},
        {"0:0", 0, 0},
        {"", 0, 0},
        {"7", 0, 0},
        {"7:8:9", 0, 0},
        {"x:y", 0, 0},
    };
    struct rig r = rig_new();
    struct plan plan;

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        bool hvm = i % 2;

        ok(set_VM_domain_type(r.txn, r.vm,
                              hvm ? VM_domain_type_hvm : VM_domain_type_pv));
        ok(set_VM_generation_id(r.txn, r.vm, rows[i / 2].text));
        ok(plan_make(r.pool, r.vm, &plan));
        assert_int_equal(plan.generation[0], hvm ? rows[i / 2].first : 0);
        assert_int_equal(plan.generation[1], hvm ? rows[i / 2].second : 0);
    }
    rig_done(&r);
}

static void settings_that_make_no_sense_are_errors(void **state)
{
    static const char *const rows[][2] = {
        {"weight", "65536"}, {"weight", "-1"}, {"weight", "1.5"}, {"cap", "x"},
        {"mask", "all"},     {"mask", "0;1"},  {"mask", ","},     {"mask", "-"},
    };
    struct rig r = rig_new();
    struct plan plan;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ok(set_VM_VCPUs_params(r.txn, r.vm, DATUM_EMPTY));
        ok(add_to_VM_VCPUs_params(r.txn, r.vm, rows[i][0], rows[i][1]));
        assert_fails(plan_make(r.pool, r.vm, &plan), rows[i][0]);
    }
    rig_done(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_numbers_and_names),
        cmocka_unit_test(disks_have_the_names_of_their_machine),
        cmocka_unit_test(drives_are_never_written_to),
        cmocka_unit_test(disks_are_in_the_order_of_places),
        cmocka_unit_test(a_rate_is_that_of_its_algorithm),
        cmocka_unit_test(settings_have_defaults),
        cmocka_unit_test(firmware_is_told_what_it_says),
        cmocka_unit_test(a_generation_is_two_numbers),
        cmocka_unit_test(settings_that_make_no_sense_are_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
