/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/appliance: guests that start and stop together, by their VM.order. One
 * that fails does not keep the others from it. */
#include <stdlib.h>

#include "lib/log.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/ops/ops_appliance.h"
#include "xapi/vm/vm_domain.h"

/* ---- all its guests ------------------------------------------------------ */

/* An operation of an appliance, and what it is on each VM. */
struct action {
    enum VM_appliance_operations op;
    enum VM_operations vm_op;
    job_work_fn *work;
    bool starts; /* else the order is turned round */
};

/* clang-format off */
static const struct action actions[] = {
    {VM_appliance_operations_start,          VM_operations_start,          vm_do_start,          true},
    {VM_appliance_operations_clean_shutdown, VM_operations_clean_shutdown, vm_do_clean_shutdown, false},
    {VM_appliance_operations_hard_shutdown,  VM_operations_hard_shutdown,  vm_do_hard_shutdown,  false},
    {VM_appliance_operations_shutdown,       VM_operations_shutdown,       vm_do_shutdown,       false},
};
/* clang-format on */

static int by_order(const void *a, const void *b)
{
    int64_t x = get_VM_order(*(struct object *const *)a);
    int64_t y = get_VM_order(*(struct object *const *)b);

    return (x > y) - (x < y);
}

/* What ACTION concerns, the first first. */
static struct object **list_vms(struct pool *p, const struct db *db,
                                const struct object *appliance,
                                const struct action *action, size_t *ret_n)
{
    unsigned n_all = get_VM_appliance_VMs(appliance).n;
    struct object **list = pool_alloc(p, (n_all + 1) * sizeof(*list));
    size_t n = 0;

    for (unsigned i = 0; i < n_all; i++) {
        struct object *vm = appliance_vm(db, appliance, i);

        if (appliance_concerns(action->op, vm))
            list[n++] = vm;
    }
    qsort(list, n, sizeof(*list), by_order);
    for (size_t i = 0; !action->starts && i < n / 2; i++) {
        struct object *other = list[i];

        list[i] = list[n - 1 - i];
        list[n - 1 - i] = other;
    }
    *ret_n = n;
    return list;
}

static int64_t delay_of(const struct action *action, const struct object *vm)
{
    return action->starts ? get_VM_start_delay(vm) : get_VM_shutdown_delay(vm);
}

/* Between guests of one order and those of the next. */
static struct err *pause_behind(const struct action *action,
                                struct object **vms, size_t n, size_t i)
{
    int64_t order = get_VM_order(vms[i]), delay = 0;

    if (i + 1 == n || get_VM_order(vms[i + 1]) == order)
        return NULL;
    for (size_t k = 0; k <= i; k++)
        if (get_VM_order(vms[k]) == order && delay_of(action, vms[k]) > delay)
            delay = delay_of(action, vms[k]);
    return job_sleep((double)delay);
}

static struct err *do_one(struct job *j, const struct ops_work *w,
                          const struct action *action, struct object *vm,
                          bool *ret_failed)
{
    struct ops_work one = *w;
    struct err *e;

    one.self = vm;
    e = job_part(j, action->work, &one);
    if (!e || err_is(e, &err_kind_interrupted))
        return e;
    log_warning("appliance", "%s: %s", get_VM_uuid(vm), err_text(e));
    err_free(e);
    *ret_failed = true;
    return NULL;
}

static struct err *do_all(struct job *j, const struct ops_work *w,
                          const struct action *action)
{
    size_t n;
    struct object **vms = list_vms(job_pool(j), job_db(j), w->self, action, &n);
    bool failed = false;

    for (size_t i = 0; i < n; i++) {
        TRY(do_one(j, w, action, vms[i], &failed));
        job_progress(j, (double)(i + 1) / (double)n);
        TRY(pause_behind(action, vms, n, i));
    }
    return failed ? err_OPERATION_PARTIALLY_FAILED(w->call->row->name) : NULL;
}

/* ---- the calls ----------------------------------------------------------- */

static const struct action *action_of(const struct call *c)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (text_eq(c->row->message,
                    model_fields[VM_appliance_allowed_operations]
                        .type->item->enum_->values[actions[i].op]))
            return &actions[i];
    return NULL;
}

static struct err *work(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    return do_all(j, w, action_of(w->call));
}

static void hold(const struct call *c, const struct object *appliance,
                 struct ops_more *more)
{
    const struct action *action = action_of(c);
    size_t n;
    struct object **vms = list_vms(c->pool, c->db, appliance, action, &n);

    for (size_t i = 0; i < n; i++) {
        ops_hold(more, vms[i], action->vm_op);
        if (action->starts)
            vm_hold_devices(c, vms[i], more);
    }
}

/* clang-format off */
#define BODY(name_)                                                        \
    CALL_BODY(VM_appliance, name_,                                         \
              ops_run(c, VM_appliance_operations_##name_,                  \
                      &(const struct ops_body){.work = work, .also = hold}))

BODY(start)
BODY(clean_shutdown)
BODY(hard_shutdown)
BODY(shutdown)
/* clang-format on */

/* ---- made, joined, gone -------------------------------------------------- */

static struct err *create(struct call *c, struct txn *txn, struct object **ret)
{
    TRY(generic_create(c, txn, ret));
    return ops_update(txn, *ret);
}

struct err *VM_appliance_create(struct call *c,
                                const struct VM_appliance_create_args *a)
{
    (void)a;
    return generic_construct(c, create);
}

/* What is no longer part of one may become a template. */
static struct err *destroy(struct txn *txn, struct object *appliance)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct model_type *type = model_fields[VM_appliance_VMs].type;
    struct model_value vms =
        datum_copy(p, type, get_VM_appliance_VMs(appliance));

    txn_destroy(txn, appliance);
    for (unsigned i = 0; i < vms.n; i++)
        TRY(ops_update(txn, db_find(txn_db(txn), &model_classes[CLASS_VM],
                                    vms.keys[i].s)));
    return NULL;
}

struct err *VM_appliance_destroy(struct call *c,
                                 const struct VM_appliance_destroy_args *a)
{
    struct object *o = NULL;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &o));
    if (ops_current(o).n)
        return ops_in_progress(o);
    txn = txn_begin(c->db);
    return txn_end(txn, destroy(txn, o));
}

static struct err *join(struct call *c, struct txn *txn, struct object *vm)
{
    struct object *from = get_VM_appliance(vm);
    struct object *to =
        db_find(c->db, &model_classes[CLASS_VM_appliance], vm_arg(c, 1).s);

    TRY(set_VM_appliance(txn, vm, to));
    if (from)
        TRY(ops_update(txn, from));
    return to ? ops_update(txn, to) : NULL;
}

static struct err *check_guest(const struct object *vm)
{
    const char *words[] = {object_ref(vm), "set_appliance"};

    if (get_VM_is_control_domain(vm))
        return err_OPERATION_NOT_ALLOWED(
            "A control domain cannot be in an appliance");
    if (get_VM_is_a_snapshot(vm))
        return err_VM_IS_SNAPSHOT(words, ARRAY_LEN(words));
    return get_VM_is_a_template(vm)
               ? err_VM_IS_TEMPLATE(words, ARRAY_LEN(words))
               : NULL;
}

struct err *VM_set_appliance(struct call *c,
                             const struct VM_set_appliance_args *a)
{
    const struct model_class *class = &model_classes[CLASS_VM_appliance];
    struct object *vm = NULL;

    TRY(call_object(c, 0, &vm));
    if (a->value && !db_find(c->db, class, a->value))
        return db_no_object(class, a->value);
    if (a->value)
        TRY(check_guest(vm));
    return vm_write(c, join);
}
