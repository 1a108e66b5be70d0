/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/message: messages, and what of their calls is not derived. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/message.h"
#include "xapi/call/slices.h"

static const struct model_class *const class = &model_classes[CLASS_message];

/* ---- made ---------------------------------------------------------------- */

static void make_room(struct txn *txn)
{
    const struct db *db = txn_db(txn);

    while (db_count(db, class) >= MESSAGES_MAX)
        txn_destroy(txn, db_first(db, class));
}

struct err *message_add(struct txn *txn, const struct message *m,
                        struct object **ret)
{
    struct object *o;

    make_room(txn);
    TRY(txn_create(txn, class, NULL, NULL, &o));
    TRY(set_message_name(txn, o, m->name));
    TRY(set_message_priority(txn, o, m->priority));
    TRY(set_message_cls(txn, o, m->cls));
    TRY(set_message_obj_uuid(txn, o, m->obj_uuid));
    TRY(set_message_timestamp(txn, o, time(NULL)));
    TRY(set_message_body(txn, o, m->body));
    *ret = o;
    return NULL;
}

struct err *message_tell(struct txn *txn, const struct message *m)
{
    const struct model_alert *alert = model_alerts;
    struct message message = *m;
    struct object *o;

    while (strcmp(alert->name, m->name))
        alert++;
    message.priority = alert->priority;
    return message_add(txn, &message, &o);
}

/* A value of cls is the name of a class, but for letter case. */
static const struct model_class *class_of(const char *cls)
{
    const struct model_class *k = model_classes;

    while (k->name && strcasecmp(k->name, cls))
        k++;
    return k->name ? k : NULL;
}

struct err *message_create(struct call *c, const struct message_create_args *a)
{
    const struct message m = {a->name, a->priority, a->cls, a->obj_uuid,
                              a->body};
    const char *cls = c->row->params[2].type->enum_->values[a->cls];
    const struct model_class *about = class_of(cls);
    struct object *o;
    struct txn *txn;
    struct err *e;

    if (!about || !db_by_uuid(c->db, about, a->obj_uuid))
        return err_UUID_INVALID(cls, a->obj_uuid);
    txn = txn_begin(c->db);
    e = message_add(txn, &m, &o);
    return call_end_new(c, txn, o, e);
}

/* ---- gone ---------------------------------------------------------------- */

struct err *message_destroy(struct call *c,
                            const struct message_destroy_args *a)
{
    struct object *o;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &o));
    txn = txn_begin(c->db);
    txn_destroy(txn, o);
    return txn_end(txn, NULL);
}

struct err *message_destroy_many(struct call *c,
                                 const struct message_destroy_many_args *a)
{
    struct txn *txn = txn_begin(c->db);
    struct err *e = NULL;

    for (unsigned i = 0; !e && i < a->messages.n; i++) {
        const char *ref = a->messages.keys[i].s;
        struct object *o = db_find(c->db, class, ref);

        if (o)
            txn_destroy(txn, o);
        else
            e = err_HANDLE_INVALID(class->name, ref ? ref : DATUM_REF_NULL);
    }
    return txn_end(txn, e);
}

/* Which messages; the times are exclusive. */
struct range {
    int64_t after, before, least, most; /* priority: LEAST to MOST */
};
static const struct range any = {INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX};

static bool fits(const struct object *o, const struct range *r)
{
    int64_t at = get_message_timestamp(o), priority = get_message_priority(o);

    return at > r->after && at < r->before && priority >= r->least &&
           priority <= r->most;
}

static struct err *set_bound(struct pool *p, const char *name, const char *text,
                             struct range *r)
{
    const struct {
        const char *name;
        unsigned field;
        int64_t *bounds[2];
    } rows[] = {
        {"after", message_timestamp, {&r->after, &r->after}},
        {"before", message_timestamp, {&r->before, &r->before}},
        {"priority", message_priority, {&r->least, &r->most}},
    };
    struct model_value v;
    size_t i = 0;
    struct err *e;

    while (i < ARRAY_LEN(rows) && strcmp(rows[i].name, name))
        i++;
    if (i == ARRAY_LEN(rows))
        return err_INVALID_VALUE("filters", name);
    e = datum_from_text(p, model_fields[rows[i].field].type, text, &v);
    if (e) {
        err_drop(e, "the client has a code for it");
        return err_INVALID_VALUE(name, text);
    }
    *rows[i].bounds[0] = *rows[i].bounds[1] = v.keys[0].i;
    return NULL;
}

struct err *message_destroy_all(struct call *c,
                                const struct message_destroy_all_args *a)
{
    struct range range = any;
    struct object *next;
    struct txn *txn;

    for (unsigned i = 0; i < a->filters.n; i++)
        TRY(set_bound(c->pool, a->filters.keys[i].s, a->filters.values[i].s,
                      &range));
    txn = txn_begin(c->db);
    for (struct object *o = db_first(c->db, class); o; o = next) {
        next = object_next(o);
        if (fits(o, &range))
            txn_destroy(txn, o);
    }
    return txn_end(txn, NULL);
}

/* ---- read ---------------------------------------------------------------- */

/* Those newer than SINCE, about one object unless OBJ_UUID is NULL. */
struct wanted {
    int64_t since;
    const char *obj_uuid;
    enum message_cls cls;
};

static struct err *list(struct call *c, void *arg, struct slices_items *ret)
{
    const struct wanted *wanted = arg;
    const char *uuid = wanted->obj_uuid;

    *ret = (struct slices_items){NULL, 0};
    for (struct object *o = db_first(c->db, class); o; o = object_next(o))
        if (get_message_timestamp(o) > wanted->since &&
            (!uuid || (get_message_cls(o) == wanted->cls &&
                       !strcmp(get_message_obj_uuid(o), uuid))))
            slices_add(c->pool, ret, o);
    return NULL;
}

static struct err *return_since(struct call *c, int64_t since,
                                const char *obj_uuid, enum message_cls cls)
{
    static const struct slices_kind kind = {list, slices_map_open,
                                            slices_map_item, slices_map_close};
    struct wanted *wanted = pool_new_of(c->pool, struct wanted);
    struct slices_items found;

    *wanted = (struct wanted){since, obj_uuid, cls};
    TRY(list(c, wanted, &found));
    slices_answer(c, &kind, wanted, &found);
    return NULL;
}

struct err *message_get(struct call *c, const struct message_get_args *a)
{
    return return_since(c, a->since, a->obj_uuid, a->cls);
}

struct err *message_get_since(struct call *c,
                              const struct message_get_since_args *a)
{
    return return_since(c, a->since, NULL, 0);
}
