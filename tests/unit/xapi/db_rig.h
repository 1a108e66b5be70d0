/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the database share: short names, objects in a line. */
#ifndef TESTS_XAPI_DB_RIG_H
#define TESTS_XAPI_DB_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "xapi/model/model_gen.h"
#include "xapi/db/txn.h"

#define F(id) (&model_fields[id])
#define C(id) (&model_classes[CLASS_##id])
#define S(text) ((union model_atom){.s = (text)})

static inline void auto_db_(struct db **db)
{
    db_free(*db);
}
#define AUTO_DB AUTO(auto_db_)

static inline void ok(struct err *e)
{
    if (e)
        fail_msg("%s", err_text(e));
}

static inline void assert_fails(struct err *e, const char *part)
{
    assert_non_null(e);
    if (!strstr(err_text(e), part))
        fail_msg("'%s' is not in '%s'", part, err_text(e));
    err_free(e);
}

static inline struct object *make(struct txn *txn,
                                  const struct model_class *class)
{
    struct object *o;

    ok(txn_create(txn, class, NULL, NULL, &o));
    return o;
}

static inline void set_text(struct txn *txn, struct object *o, unsigned field,
                            const char *text)
{
    ok(txn_set(txn, o, F(field), DATUM_STRING(text)));
}

static inline void set_ref(struct txn *txn, struct object *o, unsigned field,
                           const struct object *to)
{
    ok(txn_set(txn, o, F(field), DATUM_REF(to ? object_ref(to) : NULL)));
}

static inline struct object *make_vm(struct txn *txn, const char *name)
{
    struct object *vm = make(txn, C(VM));

    set_text(txn, vm, VM_name_label, name);
    return vm;
}

static inline struct object *add_vm(struct db *db, const char *name)
{
    struct txn *txn = txn_begin(db);
    struct object *vm = make_vm(txn, name);

    txn_commit(txn);
    return vm;
}

/* One field of one object, in a txn of its own. */
static inline void rename_to(struct db *db, struct object *o, const char *name)
{
    struct txn *txn = txn_begin(db);

    ok(txn_set(txn, o, object_class(o)->name_label, DATUM_STRING(name)));
    txn_commit(txn);
}

static inline void destroy(struct db *db, struct object *o)
{
    struct txn *txn = txn_begin(db);

    txn_destroy(txn, o);
    txn_commit(txn);
}

static inline const char *text_at(const struct object *o, unsigned field)
{
    return object_atom(o, F(field)).s;
}

/* The text form of a field is TEXT. */
static inline void assert_field(const struct object *o, unsigned field,
                                const char *text)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    datum_to_text(F(field)->type, object_get(o, F(field)), &out);
    assert_string_equal(str_text(&out), text);
}

/* A set of references is just those of LIST, in any order. */
static inline void assert_refs(const struct object *o, unsigned field,
                               const struct object *const *list, unsigned n)
{
    struct model_value d = object_get(o, F(field));

    assert_int_equal(d.n, n);
    for (unsigned i = 0; i < n; i++)
        assert_true(datum_find(F(field)->type, d, S(object_ref(list[i]))) >= 0);
}
#define assert_ref_set(o, field, ...)                                  \
    assert_refs(o, field, (const struct object *const[]){__VA_ARGS__}, \
                sizeof((const struct object *const[]){__VA_ARGS__}) /  \
                    sizeof(const struct object *))
#define assert_no_refs(o, field) assert_int_equal(object_get(o, F(field)).n, 0)

#endif
