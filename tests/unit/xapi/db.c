/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* db: indices, relations and their computed ends, caches, memory. */
#include "tests/unit/xapi/db_rig.h"

static void begins_as_the_model_says(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "a");

    (void)state;
    assert_ptr_equal(object_class(vm), C(VM));
    assert_field(vm, VM_power_state, "Halted");
    assert_field(vm, VM_generation_id, "0:0");
    assert_field(vm, VM_HVM_shadow_multiplier, "1");
    assert_field(vm, VM_snapshot_time, "19700101T00:00:00Z");
    assert_field(vm, VM_affinity, "OpaqueRef:NULL");
    assert_field(vm, VM_other_config, "()");
    assert_field(vm, VM_has_vendor_device, "true");
    for (unsigned i = 0; i < C(VM)->n_fields; i++)
        assert_true(object_field_changed(vm, &C(VM)->fields[i]) > 0);
}

static void found_by_ref_uuid_and_name(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "same"), *b = add_vm(db, "same");
    struct object *found;

    (void)state;
    assert_ptr_equal(db_find(db, NULL, object_ref(a)), a);
    assert_ptr_equal(db_find(db, C(VM), object_ref(a)), a);
    assert_null(db_find(db, C(VBD), object_ref(a)));
    assert_null(db_find(db, NULL, NULL));
    assert_null(db_find(db, NULL, "OpaqueRef:NULL"));
    assert_null(db_find(db, NULL, "same"));
    assert_ptr_equal(db_by_uuid(db, C(VM), text_at(b, VM_uuid)), b);
    assert_null(db_by_uuid(db, C(host), text_at(b, VM_uuid)));
    assert_null(db_by_uuid(db, C(VM), "none"));

    found = db_by_name(db, C(VM), "same", NULL);
    assert_true(found == a || found == b);
    assert_ptr_equal(db_by_name(db, C(VM), "same", found), found == a ? b : a);
    assert_null(db_by_name(db, C(VM), "same", found == a ? b : a));
    assert_null(db_by_name(db, C(host), "same", NULL));
    rename_to(db, a, "other");
    assert_ptr_equal(db_by_name(db, C(VM), "same", NULL), b);
    assert_null(db_by_name(db, C(VM), "same", b));
    assert_ptr_equal(db_by_name(db, C(VM), "other", NULL), a);
    assert_null(db_by_name(db, C(VBD), "other", NULL));
}

static void counted_and_listed(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b"),
                  *c = add_vm(db, "c");

    (void)state;
    assert_int_equal(db_count(db, C(VM)), 3);
    assert_ptr_equal(db_first(db, C(VM)), a);
    destroy(db, b);
    assert_ptr_equal(object_next(a), c);
    assert_null(object_next(c));
    assert_int_equal(db_count(db, C(VM)), 2);
    assert_int_equal(db_count(db, C(VBD)), 0);
}

static void both_ends_of_a_relation(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b"), *vbd, *vbd2;
    struct txn *txn = txn_begin(db);

    (void)state;
    vbd = make(txn, C(VBD));
    vbd2 = make(txn, C(VBD));
    assert_no_refs(a, VM_VBDs);
    set_ref(txn, vbd, VBD_VM, a);
    assert_ref_set(a, VM_VBDs, vbd);
    set_ref(txn, vbd2, VBD_VM, a);
    assert_ref_set(a, VM_VBDs, vbd, vbd2);
    txn_commit(txn);

    txn = txn_begin(db);
    set_ref(txn, vbd, VBD_VM, b);
    txn_commit(txn);
    assert_ref_set(a, VM_VBDs, vbd2);
    assert_ref_set(b, VM_VBDs, vbd);
    assert_ptr_equal(object_follow(vbd, F(VBD_VM)), b);

    destroy(db, vbd);
    assert_no_refs(b, VM_VBDs);
    destroy(db, a);
    assert_field(vbd2, VBD_VM, "OpaqueRef:NULL");
    assert_null(object_follow(vbd2, F(VBD_VM)));
}

/* References in plain sets and maps, also those without another end. */
static void destroyed_targets_leave_sets_and_maps(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct txn *txn = txn_begin(db);
    struct object *net = make(txn, C(network)), *vif = make(txn, C(VIF)),
                  *vm = make_vm(txn, "a"), *blob = make(txn, C(blob)),
                  *blob2 = make(txn, C(blob));

    (void)state;
    ok(txn_add(txn, net, F(network_assigned_ips), S(object_ref(vif)),
               S("192.0.2.1")));
    ok(txn_add(txn, vm, F(VM_blobs), S("one"), S(object_ref(blob))));
    ok(txn_add(txn, vm, F(VM_blobs), S("two"), S(object_ref(blob2))));
    set_ref(txn, vm, VM_parent, vm);
    txn_commit(txn);
    assert_ref_set(vm, VM_children, vm);

    destroy(db, vif);
    assert_field(net, network_assigned_ips, "()");
    destroy(db, blob);
    assert_int_equal(object_get(vm, F(VM_blobs)).n, 2);
    assert_null(datum_map_get(object_get(vm, F(VM_blobs)), "one"));
    assert_string_equal(datum_map_get(object_get(vm, F(VM_blobs)), "two"),
                        object_ref(blob2));
    destroy(db, vm);
    assert_int_equal(db_count(db, C(VM)), 0);
}

/* Of two sets either end is written; both are right. */
static void many_to_many(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b"), *g, *h;
    struct txn *txn = txn_begin(db);

    (void)state;
    g = make(txn, C(VM_group));
    h = make(txn, C(VM_group));
    ok(txn_add(txn, a, F(VM_groups), S(object_ref(g)), S(NULL)));
    ok(txn_add(txn, g, F(VM_group_VMs), S(object_ref(b)), S(NULL)));
    ok(txn_add(txn, a, F(VM_groups), S(object_ref(g)), S(NULL)));
    assert_ref_set(g, VM_group_VMs, a, b);
    assert_ref_set(a, VM_groups, g);
    assert_ref_set(b, VM_groups, g);
    ok(txn_set(txn, h, F(VM_group_VMs), object_get(g, F(VM_group_VMs))));
    assert_ref_set(b, VM_groups, g, h);
    ok(txn_remove(txn, b, F(VM_groups), S(object_ref(g))));
    ok(txn_remove(txn, h, F(VM_group_VMs), S(object_ref(a))));
    txn_commit(txn);
    assert_ref_set(g, VM_group_VMs, a);
    assert_ref_set(h, VM_group_VMs, b);
    destroy(db, h);
    assert_no_refs(b, VM_groups);
}

static void put(struct object *o, enum object_slot slot, const char *text)
{
    cached_release(object_cache_put(o, slot, strdup(text), strlen(text)));
}

static bool keeps(struct object *o, enum object_slot slot, const char *text)
{
    const struct cached *c = object_cached(o, slot);
    bool same = c && c->len == strlen(text) && !strcmp(c->text, text);

    if (c)
        cached_release(c);
    return same;
}

static void caches_last_until_a_change(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b"), *vbd;
    struct txn *txn;

    (void)state;
    assert_null(object_cached(a, OBJECT_SLOT_XML));
    put(a, OBJECT_SLOT_XML, "<a/>");
    put(a, OBJECT_SLOT_JSON, "{}");
    put(b, OBJECT_SLOT_XML, "<b/>");
    assert_true(keeps(a, OBJECT_SLOT_XML, "<a/>"));
    rename_to(db, b, "c");
    assert_null(object_cached(b, OBJECT_SLOT_XML));
    assert_true(keeps(a, OBJECT_SLOT_JSON, "{}"));

    txn = txn_begin(db);
    vbd = make(txn, C(VBD));
    set_ref(txn, vbd, VBD_VM, a);
    assert_null(object_cached(a, OBJECT_SLOT_JSON));
    put(a, OBJECT_SLOT_JSON, "{with a VBD}");
    txn_abort(txn);
    assert_null(object_cached(a, OBJECT_SLOT_JSON));
}

static void caches_have_a_limit(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *a = add_vm(db, "a"), *b = add_vm(db, "b"),
                  *c = add_vm(db, "c");

    (void)state;
    db_cache_limit(db, 8);
    put(a, OBJECT_SLOT_XML, "1234");
    put(b, OBJECT_SLOT_XML, "1234");
    assert_true(keeps(a, OBJECT_SLOT_XML, "1234"));
    put(c, OBJECT_SLOT_XML, "1234");
    assert_null(object_cached(b, OBJECT_SLOT_XML));
    assert_true(keeps(a, OBJECT_SLOT_XML, "1234"));
    put(c, OBJECT_SLOT_XML, "longer than all");
    assert_true(keeps(c, OBJECT_SLOT_XML, "longer than all"));
    assert_null(object_cached(a, OBJECT_SLOT_XML));
    db_cache_limit(db, 0);
    assert_null(object_cached(c, OBJECT_SLOT_XML));
}

static void caches_are_lent(void **state)
{
    struct db *db = db_new();
    struct object *a = add_vm(db, "a");
    const struct cached *lent[3];

    (void)state;
    put(a, OBJECT_SLOT_XML, "old");
    lent[0] = object_cached(a, OBJECT_SLOT_XML);
    lent[1] = object_cached(a, OBJECT_SLOT_XML);
    rename_to(db, a, "b");
    put(a, OBJECT_SLOT_XML, "new");
    lent[2] = object_cached(a, OBJECT_SLOT_XML);
    cached_release(lent[0]);
    db_free(db);
    assert_string_equal(lent[1]->text, "old");
    assert_string_equal(lent[2]->text, "new");
    cached_release(lent[1]);
    cached_release(lent[2]);
}

/* With thousands of objects and all kinds of links, in any order of ending. */
static void a_large_database_ends_clean(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct txn *txn = txn_begin(db);
    struct object *host = make(txn, C(host)), *vm, *vbd;
    enum { N = 2000 };

    (void)state;
    for (int i = 0; i < N; i++) {
        vm = make_vm(txn, i % 2 ? "odd" : "even");
        set_ref(txn, vm, VM_resident_on, host);
        vbd = make(txn, C(VBD));
        set_ref(txn, vbd, VBD_VM, vm);
    }
    txn_commit(txn);
    assert_int_equal(object_get(host, F(host_resident_VMs)).n, N);
    txn = txn_begin(db);
    while ((vm = db_by_name(db, C(VM), "odd", NULL)))
        txn_destroy(txn, vm);
    txn_commit(txn);
    assert_int_equal(object_get(host, F(host_resident_VMs)).n, N / 2);
    assert_int_equal(db_count(db, C(VBD)), N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_as_the_model_says),
        cmocka_unit_test(found_by_ref_uuid_and_name),
        cmocka_unit_test(counted_and_listed),
        cmocka_unit_test(both_ends_of_a_relation),
        cmocka_unit_test(destroyed_targets_leave_sets_and_maps),
        cmocka_unit_test(many_to_many),
        cmocka_unit_test(caches_last_until_a_change),
        cmocka_unit_test(caches_have_a_limit),
        cmocka_unit_test(caches_are_lent),
        cmocka_unit_test(a_large_database_ends_clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
