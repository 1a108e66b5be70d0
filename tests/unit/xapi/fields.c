/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fields: the typed functions of each kind of field, on a database. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "xapi/model/fields_gen.h"

struct world {
    struct db *db;
    struct txn *txn;
    struct object *vm, *host;
};

static struct object *make(struct txn *txn, unsigned class)
{
    struct object *o;

    assert_null(txn_create(txn, &model_classes[class], NULL, NULL, &o));
    return o;
}

static int begin(void **state)
{
    static struct world w;

    w.db = db_new();
    w.txn = txn_begin(w.db);
    w.vm = make(w.txn, CLASS_VM);
    w.host = make(w.txn, CLASS_host);
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    txn_commit(w->txn);
    db_free(w->db);
    return 0;
}

static void scalars(void **state)
{
    struct world *w = *state;
    struct object *metrics = make(w->txn, CLASS_host_cpu);

    assert_int_equal(get_VM_power_state(w->vm), VM_power_state_Halted);
    assert_null(set_VM_power_state(w->txn, w->vm, VM_power_state_Suspended));
    assert_int_equal(get_VM_power_state(w->vm), VM_power_state_Suspended);
    assert_null(set_VM_name_label(w->txn, w->vm, "web"));
    assert_string_equal(get_VM_name_label(w->vm), "web");
    assert_true(get_VM_has_vendor_device(w->vm));
    assert_null(set_VM_has_vendor_device(w->txn, w->vm, false));
    assert_false(get_VM_has_vendor_device(w->vm));
    assert_null(set_VM_memory_static_max(w->txn, w->vm, INT64_C(1) << 40));
    assert_int_equal(get_VM_memory_static_max(w->vm), INT64_C(1) << 40);
    assert_null(set_VM_snapshot_time(w->txn, w->vm, 1700000000));
    assert_int_equal(get_VM_snapshot_time(w->vm), 1700000000);
    assert_null(set_host_cpu_utilisation(w->txn, metrics, 0.25));
    assert_true(get_host_cpu_utilisation(metrics) == 0.25);
}

static void references(void **state)
{
    struct world *w = *state;
    struct model_value residents;

    assert_null(get_VM_resident_on(w->vm));
    assert_null(set_VM_resident_on(w->txn, w->vm, w->host));
    assert_ptr_equal(get_VM_resident_on(w->vm), w->host);
    residents = get_host_resident_VMs(w->host);
    assert_int_equal(residents.n, 1);
    assert_string_equal(residents.keys[0].s, object_ref(w->vm));
    assert_null(set_VM_resident_on(w->txn, w->vm, NULL));
    assert_null(get_VM_resident_on(w->vm));
    assert_int_equal(get_host_resident_VMs(w->host).n, 0);
}

static void sets(void **state)
{
    struct world *w = *state;
    const union model_atom words[] = {{.s = "a"}, {.s = "b"}};

    assert_null(set_VM_tags(w->txn, w->vm,
                            (struct model_value){.n = 2, .keys = words}));
    assert_null(add_VM_tags(w->txn, w->vm, "c"));
    assert_null(remove_VM_tags(w->txn, w->vm, "a"));
    assert_int_equal(get_VM_tags(w->vm).n, 2);
    assert_string_equal(get_VM_tags(w->vm).keys[1].s, "c");
    assert_null(
        add_VM_allowed_operations(w->txn, w->vm, VM_operations_clean_shutdown));
    assert_int_equal(get_VM_allowed_operations(w->vm).keys[0].i,
                     VM_operations_clean_shutdown);
}

static void maps(void **state)
{
    struct world *w = *state;

    assert_null(add_to_VM_other_config(w->txn, w->vm, "k", "v"));
    assert_null(add_to_VM_other_config(w->txn, w->vm, "l", "w"));
    assert_string_equal(datum_map_get(get_VM_other_config(w->vm), "k"), "v");
    assert_null(remove_from_VM_other_config(w->txn, w->vm, "k"));
    assert_null(datum_map_get(get_VM_other_config(w->vm), "k"));
    assert_null(add_to_VM_current_operations(w->txn, w->vm, "OpaqueRef:t",
                                             VM_operations_start));
    assert_int_equal(get_VM_current_operations(w->vm).values[0].i,
                     VM_operations_start);
    assert_null(add_to_VM_blocked_operations(w->txn, w->vm,
                                             VM_operations_destroy, "because"));
    assert_int_equal(get_VM_blocked_operations(w->vm).keys[0].i,
                     VM_operations_destroy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars, begin, end),
        cmocka_unit_test_setup_teardown(references, begin, end),
        cmocka_unit_test_setup_teardown(sets, begin, end),
        cmocka_unit_test_setup_teardown(maps, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
