/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_usage: the calls by which what a guest takes is asked (usage.h). */
#include "lib/str.h"
#include "xapi/model/calls_gen.h"
#include "xapi/db/datum.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/usage.h"

#define LOOK_SECONDS 0.25   /* between the two looks a share is made of */
#define TEXT_MAX (1u << 20) /* of all sources, in a text */

struct measured {
    struct reading *list;
    size_t n;
};

static struct err *look_once(struct job *j, const struct ops_work *w,
                             const struct object *vm, struct measured *m)
{
    return usage_of_vm(w->hv, job_pool(j), vm, &m->list, &m->n);
}

/* The values are told; what was not there before counts from nothing. */
static void tell(const struct measured *before, struct measured *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct reading *was = NULL;

        err_drop(reading_find(before->list, before->n, m->list[i].name, &was),
                 "it is new");
        m->list[i].value = reading_value(was, &m->list[i]);
    }
}

/* NAME, if it is one of these, or (NULL) all: only shares take time to see. */
static struct err *measure(struct job *j, const struct ops_work *w,
                           const char *name, struct measured *m)
{
    bool shares = !name || text_has_prefix(name, "cpu");
    struct measured before = {0};
    struct object *vm =
        db_find(job_db(j), &model_classes[CLASS_VM], vm_arg(w->call, 0).s);

    if (!vm)
        return db_no_object(&model_classes[CLASS_VM], vm_arg(w->call, 0).s);
    if (shares) {
        TRY(look_once(j, w, vm, &before));
        TRY(job_sleep(LOOK_SECONDS));
    }
    TRY(look_once(j, w, vm, m));
    tell(&before, m);
    return NULL;
}

/* ---- calls --------------------------------------------------------------- */

static struct err *tell_all(struct job *j, void *arg)
{
    AUTO_STR struct str text = STR_INIT(TEXT_MAX);
    struct measured m = {0};

    TRY(measure(j, arg, NULL, &m));
    reading_to_text(m.list, m.n, &text);
    job_say(j, str_text(&text));
    return NULL;
}

static struct err *tell_one(struct job *j, void *arg)
{
    AUTO_STR struct str text = STR_INIT(TEXT_MAX);
    const struct ops_work *w = arg;
    const char *name = vm_arg(w->call, 1).s;
    const struct reading *one = NULL;
    struct measured m = {0};

    TRY(measure(j, w, name, &m));
    TRY(reading_find(m.list, m.n, name, &one));
    datum_to_text(w->call->row->result, DATUM_FLOAT(one->value), &text);
    job_say(j, str_text(&text));
    return NULL;
}

/* It changes nothing, and so is no operation that others wait for. */
static struct err *look(struct call *c, const struct ops_body *body)
{
    struct object *vm = NULL;

    TRY(call_object(c, 0, &vm));
    if (vm_is_up(vm))
        return ops_run_on(c, NULL, 0, body);
    return err_VM_BAD_POWER_STATE(
        object_ref(vm), "running",
        get_VM_power_state(vm) == VM_power_state_Suspended ? "suspended"
                                                           : "halted");
}

struct err *VM_get_data_sources(struct call *c,
                                const struct VM_get_data_sources_args *a)
{
    (void)a;
    return look(c, &(const struct ops_body){.work = tell_all,
                                            .answer = reading_return_text});
}

struct err *VM_query_data_source(struct call *c,
                                 const struct VM_query_data_source_args *a)
{
    (void)a;
    return look(c, &(const struct ops_body){.work = tell_one});
}
