/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The filter language, against objects of class VM; and the text form of sets
 * and maps that is compared in it: what reads is written as something that
 * reads as the same. A filter in parentheses means the same.
 */
#include "tests/fuzz/fuzz.h"
#include "xapi/db/filter.h"
#include "xapi/model/model_gen.h"
#include "xapi/db/txn.h"

static struct db *make_db(void)
{
    struct db *db = db_new();
    struct txn *txn = txn_begin(db);
    struct object *o;
    struct err *e = txn_create(txn, &model_classes[CLASS_VM], NULL, NULL, &o);

    fuzz_must(!txn_end(txn, e), "an object can be made");
    return db;
}

static void in_parentheses(struct pool *p, const struct object *vm,
                           const char *text, bool value)
{
    struct filter *f;
    struct err *e = filter_parse(p, &model_classes[CLASS_VM],
                                 pool_printf(p, "(%s)", text), &f);

    if (!e)
        fuzz_must(filter_match(f, vm) == value, "the same in parentheses");
    err_free(e);
}

static void datum(struct pool *p, const struct model_type *type,
                  const char *text)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct model_value d, again;
    struct err *e = datum_from_text(p, type, text, &d);

    if (!e) {
        datum_to_text(type, d, &out);
        fuzz_must(!datum_from_text(p, type, str_text(&out), &again),
                  "what is written reads");
        fuzz_must(datum_equal(type, d, again), "as the same");
    }
    err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = pool_strn(p, (const char *)data, size);
    static struct db *db;
    struct object *vm;
    struct filter *f;
    struct err *e;

    if (!db)
        db = make_db();
    vm = db_first(db, &model_classes[CLASS_VM]);
    e = filter_parse(p, &model_classes[CLASS_VM], text, &f);
    if (!e)
        in_parentheses(p, vm, text, filter_match(f, vm));
    err_free(e);
    datum(p, model_fields[VM_tags].type, text);
    datum(p, model_fields[VM_other_config].type, text);
    datum(p, model_fields[VM_snapshot_time].type, text);
    datum(p, model_fields[VM_HVM_shadow_multiplier].type, text);
    datum(p, model_fields[VM_metrics_VCPUs_flags].type, text);
    return 0;
}
