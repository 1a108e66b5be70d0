/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/secret: what of class secret is not derived. */
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"

struct err *secret_introduce(struct call *c,
                             const struct secret_introduce_args *a)
{
    const struct model_class *class = c->row->class;
    struct object *o = NULL;
    struct txn *txn;
    struct err *e;

    if (db_by_uuid(c->db, class, a->uuid))
        return err_UUID_INVALID(class->name, a->uuid);
    txn = txn_begin(c->db);
    e = txn_create(txn, class, NULL, a->uuid, &o);
    if (!e)
        e = set_secret_value(txn, o, a->value);
    if (!e)
        e = set_secret_other_config(txn, o, a->other_config);
    return call_end_new(c, txn, o, e);
}
