/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/task: the calls of class task, by which clients make tasks of their own
 * and look after those of others. */
#include <string.h>
#include <time.h>

#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/generic.h"
#include "xapi/model/model_gen.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"
#include "xapi/call/task.h"
#include "xapi/db/txn.h"
#include "xapi/storage/transfer.h"

#define ANY "task.destroy/any"

/* The task of argument 0, if it is the caller's own or he may do so to any. */
static struct err *own_task(struct call *c, struct object **ret)
{
    const struct session *s = session_find(c->server->sessions, c->session);
    struct object *o;

    TRY(call_object(c, 0, &o));
    if (!session_may(s, model_permission_find(ANY)->roles) &&
        strcmp(get_task_user(o), session_user(s)))
        return err_RBAC_PERMISSION_DENIED(ANY,
                                          "the task belongs to another user");
    *ret = o;
    return NULL;
}

struct err *task_create(struct call *c, const struct task_create_args *a)
{
    struct txn *txn = txn_begin(c->db);
    struct object *o;
    struct err *e = task_make(txn, c, a->label, a->description, &o);

    return call_end_new(c, txn, o, e);
}

/* What runs goes on. */
struct err *task_destroy(struct call *c, const struct task_destroy_args *a)
{
    struct object *o;
    struct txn *txn;

    (void)a;
    TRY(own_task(c, &o));
    txn = txn_begin(c->db);
    return txn_end(txn, task_drop(txn, o));
}

static bool can_cancel(const struct object *o)
{
    return datum_find(
               model_fields[task_allowed_operations].type,
               get_task_allowed_operations(o),
               (union model_atom){.i = task_allowed_operations_cancel}) >= 0;
}

/* A client's own task is for the client to end, or for what goes on as it. */
struct err *task_cancel(struct call *c, const struct task_cancel_args *a)
{
    struct object *o;
    struct call *running;
    struct txn *txn;

    (void)a;
    TRY(own_task(c, &o));
    if (!can_cancel(o))
        return err_OPERATION_NOT_ALLOWED("the task cannot be cancelled");
    running = task_call(c->server, object_ref(o));
    if (running) {
        call_cancel(running, err_TASK_CANCELLED(object_ref(o)));
        return NULL;
    }
    transfer_cancel(c->server->transfers, object_ref(o));
    txn = txn_begin(c->db);
    return txn_end(txn, task_cancelling(txn, o));
}

/* ---- what its maker says of it ------------------------------------------- */

static struct err *set(struct call *c, unsigned field, struct model_value d)
{
    struct object *o;
    struct txn *txn;

    TRY(own_task(c, &o));
    txn = txn_begin(c->db);
    return txn_end(txn, txn_set(txn, o, &model_fields[field], d));
}

static struct err *set_status(struct txn *txn, struct object *o,
                              enum task_status status)
{
    bool goes_on =
        status == task_status_pending || status == task_status_cancelling;

    return goes_on ? set_task_status(txn, o, status) : task_end(txn, o, status);
}

struct err *task_set_status(struct call *c,
                            const struct task_set_status_args *a)
{
    struct object *o;
    struct txn *txn;

    TRY(own_task(c, &o));
    txn = txn_begin(c->db);
    return txn_end(txn, set_status(txn, o, a->value));
}

struct err *task_set_progress(struct call *c,
                              const struct task_set_progress_args *a)
{
    return set(c, task_progress, DATUM_FLOAT(a->value));
}

struct err *task_set_result(struct call *c,
                            const struct task_set_result_args *a)
{
    return set(c, task_result, DATUM_STRING(a->value));
}

struct err *task_set_error_info(struct call *c,
                                const struct task_set_error_info_args *a)
{
    return set(c, task_error_info, a->value);
}

struct err *task_set_other_config(struct call *c,
                                  const struct task_set_other_config_args *a)
{
    return set(c, task_other_config, a->value);
}

struct err *task_add_to_other_config(
    struct call *c, const struct task_add_to_other_config_args *a)
{
    struct object *o;
    struct txn *txn;

    TRY(own_task(c, &o));
    if (datum_map_get(get_task_other_config(o), a->key))
        return err_MAP_DUPLICATE_KEY("task", "other_config", object_ref(o),
                                     a->key);
    txn = txn_begin(c->db);
    return txn_end(txn, add_to_task_other_config(txn, o, a->key, a->value));
}

struct err *task_remove_from_other_config(
    struct call *c, const struct task_remove_from_other_config_args *a)
{
    struct object *o;
    struct txn *txn;

    TRY(own_task(c, &o));
    txn = txn_begin(c->db);
    return txn_end(txn, remove_from_task_other_config(txn, o, a->key));
}
