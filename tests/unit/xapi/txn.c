/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* txn: all or nothing, own writes seen, what is refused, rows from workers. */
#include "tests/unit/xapi/db_rig.h"

#include <stdlib.h>

/* Everything the database holds, as text. */
static void picture(struct db *db, struct str *out)
{
    for (const struct model_class *c = model_classes; c->name; c++)
        for (struct object *o = db_first(db, c); o; o = object_next(o)) {
            str_addf(out, "%s %s %llu\n", c->name, object_ref(o),
                     (unsigned long long)object_changed(o));
            for (unsigned i = 0; i < c->n_fields; i++) {
                str_addf(out, " %s=", c->fields[i].name);
                datum_to_text(c->fields[i].type, object_get(o, &c->fields[i]),
                              out);
                str_addf(
                    out, " %llu\n",
                    (unsigned long long)object_field_changed(o, &c->fields[i]));
            }
        }
}

static void reads_see_own_writes(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "before"), *vbd;
    struct txn *txn = txn_begin(db);

    (void)state;
    assert_ptr_equal(txn_db(txn), db);
    set_text(txn, vm, VM_name_label, "within");
    assert_field(vm, VM_name_label, "within");
    assert_ptr_equal(db_by_name(db, C(VM), "within", NULL), vm);
    vbd = make(txn, C(VBD));
    set_ref(txn, vbd, VBD_VM, vm);
    assert_ref_set(vm, VM_VBDs, vbd);
    txn_destroy(txn, vbd);
    assert_no_refs(vm, VM_VBDs);
    assert_int_equal(db_count(db, C(VBD)), 0);
    txn_commit(txn);
    assert_field(vm, VM_name_label, "within");
}

static void one_commit_is_one_generation(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "a"), *other = add_vm(db, "b"), *vbd;
    uint64_t before = db_generation(db);
    struct txn *txn = txn_begin(db);

    (void)state;
    set_text(txn, vm, VM_name_label, "c");
    set_text(txn, vm, VM_name_description, "d");
    vbd = make(txn, C(VBD));
    set_ref(txn, vbd, VBD_VM, vm);
    assert_int_equal(txn_commit(txn), before + 1);
    assert_int_equal(object_changed(vm), before + 1);
    assert_int_equal(object_field_changed(vm, F(VM_VBDs)), before + 1);
    assert_true(object_field_changed(vm, F(VM_tags)) <= before);
    assert_int_equal(object_created(vbd), before + 1);
    assert_true(object_changed(other) <= before);

    txn = txn_begin(db);
    set_ref(txn, vbd, VBD_VM, other);
    txn_commit(txn);
    assert_int_equal(object_field_changed(vm, F(VM_VBDs)), before + 2);
    assert_int_equal(object_field_changed(other, F(VM_VBDs)), before + 2);
}

static void nothing_changed_is_no_generation(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "a");
    uint64_t before = db_generation(db);
    struct txn *txn = txn_begin(db);

    (void)state;
    set_text(txn, vm, VM_name_label, "a");
    ok(txn_remove(txn, vm, F(VM_tags), S("none")));
    assert_int_equal(txn_commit(txn), before);
    txn = txn_begin(db);
    assert_int_equal(txn_commit(txn), before);
    txn = txn_begin(db);
    txn_touch(txn, vm);
    assert_int_equal(txn_commit(txn), before + 1);
    assert_int_equal(object_changed(vm), before + 1);
}

static void refused(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "a"), *other = add_vm(db, "b");
    AUTO_STR struct str before = STR_INIT(STR_MAX), after = STR_INIT(STR_MAX);
    struct txn *txn;

    (void)state;
    picture(db, &before);
    txn = txn_begin(db);
    assert_fails(txn_set(txn, vm, F(VM_affinity), DATUM_REF("OpaqueRef:gone")),
                 "HANDLE_INVALID: host, OpaqueRef:gone");
    assert_fails(txn_set(txn, vm, F(VM_affinity), DATUM_REF(object_ref(other))),
                 "VM.affinity: HANDLE_INVALID");
    assert_fails(
        txn_set(txn, vm, F(VM_uuid), DATUM_STRING(text_at(other, VM_uuid))),
        "DB_UNIQUENESS_CONSTRAINT_VIOLATION: VM, uuid");
    assert_fails(txn_set(txn, vm, F(VM_power_state), DATUM_ENUM(4)),
                 "VM.power_state");
    assert_fails(txn_set(txn, vm, F(VM_power_state), DATUM_ENUM(-1)),
                 "VM.power_state");
    assert_fails(txn_set(txn, vm, F(VM_name_label), DATUM_EMPTY),
                 "one belongs");
    assert_fails(txn_add(txn, vm, F(VM_VBDs), S("OpaqueRef:gone"), S(NULL)),
                 "VM.VBDs is computed: write VBD.VM");
    assert_fails(txn_add(txn, vm, F(VM_groups), S("OpaqueRef:gone"), S(NULL)),
                 "HANDLE_INVALID: VM_group");
    assert_fails(txn_create(txn, C(VM), object_ref(vm), NULL, &other),
                 "already");
    assert_fails(txn_create(txn, C(VM), "none", NULL, &other),
                 "not a reference");
    assert_fails(txn_create(txn, C(VM), "OpaqueRef:NULL", NULL, &other),
                 "not a reference");
    assert_fails(txn_create(txn, C(event), NULL, NULL, &other),
                 "not in the database");
    assert_fails(txn_end(txn, ERR("by the caller")), "by the caller");
    picture(db, &after);
    assert_string_equal(str_text(&before), str_text(&after));
}

/* RFC 4122, random ones. */
static void new_names(void **state)
{
    AUTO_DB struct db *db = db_new();
    char last[40] = "";

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct txn *txn = txn_begin(db);
        const char *uuid;
        struct object *vm;

        ok(txn_create(txn, C(VM), NULL, NULL, &vm));
        txn_commit(txn);
        uuid = text_at(vm, VM_uuid);
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_string_not_equal(uuid, last);
        assert_null(strstr(object_ref(vm), uuid));
        strcpy(last, uuid);
    }
}

static void given_names_are_kept(void **state)
{
    static const char ref[] = "OpaqueRef:11111111-1111-1111-1111-111111111111";
    static const char uuid[] = "22222222-2222-2222-2222-222222222222";
    AUTO_DB struct db *db = db_new();
    struct txn *txn = txn_begin(db);
    struct object *vm;

    (void)state;
    ok(txn_create(txn, C(VM), ref, uuid, &vm));
    txn_commit(txn);
    assert_string_equal(object_ref(vm), ref);
    assert_field(vm, VM_uuid, uuid);
    assert_ptr_equal(db_by_uuid(db, C(VM), uuid), vm);
    destroy(db, vm);
    txn = txn_begin(db);
    ok(txn_create(txn, C(VM), ref, uuid, &vm));
    txn_commit(txn);
    assert_ptr_equal(db_find(db, C(VM), ref), vm);
}

/* What could not be read again is not taken. */
static void too_long_is_refused(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "a");
    AUTO_STR struct str text = STR_INIT(DATUM_MAX + 1);
    struct txn *txn = txn_begin(db);

    (void)state;
    str_repeat(&text, '\'', DATUM_MAX / 2);
    ok(txn_set(txn, vm, F(VM_name_description), DATUM_STRING(str_text(&text))));
    assert_fails(txn_add(txn, vm, F(VM_tags), S(str_text(&text)), S(NULL)),
                 "VM.tags: longer than");
    assert_fails(
        txn_add(txn, vm, F(VM_other_config), S("k"), S(str_text(&text))),
        "VM.other_config: longer than");
    str_repeat(&text, 'x', DATUM_MAX / 2);
    assert_fails(
        txn_set(txn, vm, F(VM_name_description), DATUM_STRING(str_text(&text))),
        "VM.name_description: longer than");
    txn_commit(txn);
}

/* ---- random steps, then back --------------------------------------------- */

static struct object *random_object(struct db *db,
                                    const struct model_class *class)
{
    struct object *o = db_first(db, class);

    for (unsigned n = db_count(db, class) ? rand() % db_count(db, class) : 0;
         n > 0; n--)
        o = object_next(o);
    return o;
}

static void random_ref(struct txn *txn, struct object *o, unsigned field,
                       const struct model_class *class)
{
    struct object *to = rand() % 4 ? random_object(txn_db(txn), class) : NULL;

    if (o)
        set_ref(txn, o, field, to);
}

static void random_step(struct txn *txn)
{
    static const char *const names[] = {"a", "b", "c"};
    struct db *db = txn_db(txn);
    struct object *vm = random_object(db, C(VM)),
                  *vbd = random_object(db, C(VBD)),
                  *group = random_object(db, C(VM_group));

    switch (rand() % 10) {
    case 0:
        make_vm(txn, names[rand() % 3]);
        break;
    case 1:
        make(txn, rand() % 2 ? C(VBD) : C(VM_group));
        break;
    case 2:
        if (vm)
            txn_destroy(txn, vm);
        break;
    case 3:
        if (group)
            txn_destroy(txn, group);
        break;
    case 4:
        if (vbd && rand() % 2)
            txn_destroy(txn, vbd);
        break;
    case 5:
        if (vm)
            set_text(txn, vm, VM_name_label, names[rand() % 3]);
        break;
    case 6:
        random_ref(txn, vm, VM_parent, C(VM));
        break;
    case 7:
        if (vm && group)
            ok(txn_add(txn, vm, F(VM_groups), S(object_ref(group)), S(NULL)));
        break;
    case 8:
        if (vm && group)
            ok(txn_remove(txn, group, F(VM_group_VMs), S(object_ref(vm))));
        break;
    default:
        random_ref(txn, vbd, VBD_VM, C(VM));
    }
}

/* The computed end is what the stored end says, for every object. */
static void assert_consistent(struct db *db)
{
    for (struct object *vm = db_first(db, C(VM)); vm; vm = object_next(vm)) {
        struct model_value vbds = object_get(vm, F(VM_VBDs));
        unsigned n = 0;

        for (struct object *o = db_first(db, C(VBD)); o; o = object_next(o))
            n += object_follow(o, F(VBD_VM)) == vm;
        assert_int_equal(vbds.n, n);
        for (unsigned i = 0; i < vbds.n; i++)
            assert_ptr_equal(
                object_follow(db_find(db, C(VBD), vbds.keys[i].s), F(VBD_VM)),
                vm);
        assert_ptr_equal(db_by_uuid(db, C(VM), text_at(vm, VM_uuid)), vm);
    }
}

/* The picture without the order of computed sets. */
static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sorted_words(struct db *db, struct str *out)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    AUTO_POOL struct pool *p = pool_new();
    char **lines, **words;
    size_t n, n_words;

    picture(db, &text);
    lines = text_split(p, str_text(&text), '\n', &n);
    for (size_t i = 0; i < n; i++) {
        for (char *c = lines[i]; *c; c++)
            if (*c == '(' || *c == ')')
                *c = ' ';
        words = text_split(p, lines[i], ' ', &n_words);
        qsort(words, n_words, sizeof(*words), compare_lines);
        for (size_t j = 0; j < n_words; j++)
            str_addf(out, "%s ", words[j]);
        str_addc(out, '\n');
    }
}

static void aborts_leave_no_trace(void **state)
{
    AUTO_DB struct db *db = db_new();
    unsigned most = 0;

    (void)state;
    srand(4);
    for (int round = 0; round < 300; round++) {
        AUTO_STR struct str before = STR_INIT(STR_MAX);
        AUTO_STR struct str after = STR_INIT(STR_MAX);
        bool abort = rand() % 2;
        struct txn *txn;

        sorted_words(db, &before);
        txn = txn_begin(db);
        for (int i = rand() % 40; i > 0; i--)
            random_step(txn);
        assert_consistent(db);
        if (db_count(db, C(VM)) > most)
            most = db_count(db, C(VM));
        if (!abort) {
            txn_commit(txn);
            continue;
        }
        txn_abort(txn);
        sorted_words(db, &after);
        assert_string_equal(str_text(&before), str_text(&after));
        assert_consistent(db);
    }
    assert_true(most > 10);
}

/* ---- from workers -------------------------------------------------------- */

/* What a worker would send: the writes of FILL to a copy with the same objects,
 * made by packing them there too. */
static void copy_objects(struct db *from, struct db *to)
{
    struct txn *txn = txn_begin(to);
    struct object *copy;

    for (struct object *o = db_first(from, C(VM)); o; o = object_next(o)) {
        ok(txn_create(txn, C(VM), object_ref(o), text_at(o, VM_uuid), &copy));
        set_text(txn, copy, VM_name_label, text_at(o, VM_name_label));
    }
    txn_commit(txn);
    db_detach(to);
}

static void a_workers_writes_come_home(void **state)
{
    AUTO_DB struct db *home = db_new(), *worker = db_new();
    struct object *vm = add_vm(home, "it's \\ a vm"), *gone = add_vm(home, "b"),
                  *copy, *vbd, *home_vbd;
    AUTO_STR struct str bytes = STR_INIT(TXN_PACK_MAX);
    struct txn *txn;

    (void)state;
    copy_objects(home, worker);
    copy = db_find(worker, NULL, object_ref(vm));
    txn = txn_begin(worker);
    vbd = make(txn, C(VBD));
    set_ref(txn, vbd, VBD_VM, copy);
    set_ref(txn, copy, VM_parent, db_find(worker, NULL, object_ref(gone)));
    ok(txn_add(txn, copy, F(VM_other_config), S("from"), S("it's a worker")));
    ok(txn_add(txn, copy, F(VM_tags), S("t1"), S(NULL)));
    ok(txn_remove(txn, copy, F(VM_other_config), S("old")));
    assert_fails(txn_add(txn, copy, F(VM_blobs), S("x"), S("OpaqueRef:none")),
                 "HANDLE_INVALID");
    txn_touch(txn, copy);
    txn_pack(txn, &bytes);
    txn_commit(txn);
    assert_ref_set(copy, VM_VBDs, vbd);

    /* Meanwhile at home. */
    txn = txn_begin(home);
    ok(txn_add(txn, vm, F(VM_other_config), S("old"), S("goes")));
    ok(txn_add(txn, vm, F(VM_other_config), S("mine"), S("stays")));
    txn_destroy(txn, gone);
    txn_commit(txn);
    ok(txn_apply(home, str_text(&bytes), bytes.len));
    home_vbd = db_find(home, C(VBD), object_ref(vbd));
    assert_non_null(home_vbd);
    assert_field(home_vbd, VBD_uuid, text_at(vbd, VBD_uuid));
    assert_ref_set(vm, VM_VBDs, home_vbd);
    assert_field(vm, VM_parent, "OpaqueRef:NULL");
    assert_field(vm, VM_other_config,
                 "(('mine' 'stays') ('from' 'it\\'s a worker'))");
    assert_field(vm, VM_tags, "('t1')");
}

static void nothing_of_a_txn_whose_object_is_gone(void **state)
{
    AUTO_DB struct db *home = db_new(), *worker = db_new();
    struct object *vm = add_vm(home, "a"), *gone = add_vm(home, "b");
    AUTO_STR struct str bytes = STR_INIT(TXN_PACK_MAX);
    uint64_t before;
    struct txn *txn;

    (void)state;
    copy_objects(home, worker);
    txn = txn_begin(worker);
    set_text(txn, db_find(worker, NULL, object_ref(vm)), VM_name_label, "c");
    set_text(txn, db_find(worker, NULL, object_ref(gone)), VM_name_label, "d");
    txn_pack(txn, &bytes);
    txn_commit(txn);
    destroy(home, gone);
    before = db_generation(home);
    assert_fails(txn_apply(home, str_text(&bytes), bytes.len),
                 "HANDLE_INVALID: VM");
    assert_field(vm, VM_name_label, "a");
    assert_int_equal(db_generation(home), before);
}

static void nothing_of_what_was_overtaken(void **state)
{
    AUTO_DB struct db *home = db_new(), *worker = db_new();
    struct object *vm = add_vm(home, "a"), *other = add_vm(home, "b");
    AUTO_STR struct str bytes = STR_INIT(TXN_PACK_MAX);
    uint64_t seen = db_generation(home);
    bool overtaken = true;
    struct txn *txn;

    (void)state;
    copy_objects(home, worker);
    txn = txn_begin(worker);
    set_text(txn, db_find(worker, NULL, object_ref(vm)), VM_name_label, "c");
    set_text(txn, db_find(worker, NULL, object_ref(vm)), VM_user_version, "2");
    txn_pack(txn, &bytes);
    txn_commit(txn);

    /* What it does not write to may change. */
    txn = txn_begin(home);
    set_text(txn, other, VM_name_label, "d");
    txn_commit(txn);
    ok(txn_apply_seen(home, seen, str_text(&bytes), bytes.len, &overtaken));
    assert_false(overtaken);
    assert_field(vm, VM_name_label, "c");

    txn = txn_begin(home);
    set_text(txn, vm, VM_name_label, "e");
    txn_commit(txn);
    ok(txn_apply_seen(home, seen, str_text(&bytes), bytes.len, &overtaken));
    assert_true(overtaken);
    assert_field(vm, VM_name_label, "e");

    destroy(home, vm);
    seen = db_generation(home);
    overtaken = false;
    ok(txn_apply_seen(home, seen, str_text(&bytes), bytes.len, &overtaken));
    assert_true(overtaken);
    assert_int_equal(db_generation(home), seen);
}

static void bad_bytes_are_errors(void **state)
{
    AUTO_DB struct db *home = db_new(), *worker = db_new();
    AUTO_STR struct str bytes = STR_INIT(TXN_PACK_MAX);
    struct txn *txn;

    (void)state;
    add_vm(home, "a");
    copy_objects(home, worker);
    txn = txn_begin(worker);
    make_vm(txn, "new");
    txn_destroy(txn, db_first(worker, C(VM)));
    txn_pack(txn, &bytes);
    txn_abort(txn);
    for (size_t len = 1; len < bytes.len; len++) {
        AUTO_FREE char *part = malloc(len);
        struct err *e;

        memcpy(part, bytes.text, len);
        e = txn_apply(home, part, len);
        if (e) { /* whole rows are not */
            assert_non_null(strstr(err_text(e), "is cut off"));
            assert_int_equal(db_count(home, C(VM)), 1);
        } else {
            destroy(home, object_next(db_first(home, C(VM))));
        }
        err_free(e);
    }
    assert_fails(txn_apply(home, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), "row");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_see_own_writes),
        cmocka_unit_test(one_commit_is_one_generation),
        cmocka_unit_test(nothing_changed_is_no_generation),
        cmocka_unit_test(refused),
        cmocka_unit_test(too_long_is_refused),
        cmocka_unit_test(new_names),
        cmocka_unit_test(given_names_are_kept),
        cmocka_unit_test(aborts_leave_no_trace),
        cmocka_unit_test(a_workers_writes_come_home),
        cmocka_unit_test(nothing_of_a_txn_whose_object_is_gone),
        cmocka_unit_test(nothing_of_what_was_overtaken),
        cmocka_unit_test(bad_bytes_are_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
