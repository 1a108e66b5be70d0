/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/data_source: the calls by which what VMs, hosts and repositories do is
 * asked (usage.h). */
#include <math.h>

#include "lib/str.h"
#include "xapi/model/calls_gen.h"
#include "xapi/db/datum.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/usage.h"

#define LOOK_SECONDS 0.25   /* between the two looks a rate is made of */
#define TEXT_MAX (4u << 20) /* of all sources, in a text */

struct measured {
    struct reading *list;
    size_t n;
};

/* ---- in a worker --------------------------------------------------------- */

static struct err *look_once(struct job *j, const struct ops_work *w,
                             struct measured *m)
{
    const struct usage *usage = NULL;
    struct object *o = NULL;

    TRY(call_object(w->call, 0, &o));
    TRY(usage_look(job_pool(j), job_db(j), w->hv, w->net, &usage));
    usage_of(usage, o, &m->list, &m->n);
    return NULL;
}

/* Values are told; what cannot be known after so short a time is 0. */
static void tell(const struct measured *before, struct measured *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct reading *was = NULL;
        double value;

        err_drop(reading_find(before->list, before->n, m->list[i].name, &was),
                 "it is new");
        value = reading_value(was, &m->list[i]);
        m->list[i].value = isnan(value) ? 0 : value;
    }
}

static bool takes_time(const struct measured *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->list[i].counts && (!name || text_eq(m->list[i].name, name)))
            return true;
    return false;
}

/* NAME, if it is one of these, or (NULL) all: only rates take time to see. */
static struct err *measure(struct job *j, const struct ops_work *w,
                           const char *name, struct measured *m)
{
    struct measured before = {0};

    TRY(look_once(j, w, m));
    if (takes_time(m, name)) {
        before = *m;
        TRY(job_sleep(LOOK_SECONDS));
        TRY(look_once(j, w, m));
    }
    tell(&before, m);
    return NULL;
}

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
    const char *name = w->call->args[1].keys[0].s;
    const struct reading *one = NULL;
    struct measured m = {0};

    TRY(measure(j, w, name, &m));
    TRY(reading_find(m.list, m.n, name, &one));
    datum_to_text(w->call->row->result, DATUM_FLOAT(one->value), &text);
    job_say(j, str_text(&text));
    return NULL;
}

/* ---- calls --------------------------------------------------------------- */

static struct err *check_vm(const struct object *vm)
{
    if (vm_is_up(vm))
        return NULL;
    return err_VM_BAD_POWER_STATE(
        object_ref(vm), "running",
        get_VM_power_state(vm) == VM_power_state_Suspended ? "suspended"
                                                           : "halted");
}

/* It can be measured here. */
static struct err *check(const struct call *c)
{
    struct object *o = NULL;

    TRY(call_object(c, 0, &o));
    if (object_class(o) == &model_classes[CLASS_VM])
        return check_vm(o);
    if (object_class(o) == &model_classes[CLASS_host] &&
        !text_eq(object_ref(o), c->server->host))
        return err_HOST_OFFLINE(object_ref(o));
    return NULL;
}

/* It changes nothing, and so is no operation that others wait for. */
static struct err *look(struct call *c, const struct ops_body *body)
{
    TRY(check(c));
    return ops_run_on(c, NULL, 0, body);
}

static struct err *look_at_all(struct call *c)
{
    return look(c, &(const struct ops_body){.work = tell_all,
                                            .no_host = true,
                                            .answer = reading_return_text});
}

static struct err *look_at_one(struct call *c)
{
    return look(c, &(const struct ops_body){.work = tell_one, .no_host = true});
}

#define CALL(name, body)                                               \
    struct err *name(struct call *c, const struct name##_args *unused) \
    {                                                                  \
        (void)unused;                                                  \
        return body(c);                                                \
    }
CALL(VM_get_data_sources, look_at_all)
CALL(host_get_data_sources, look_at_all)
CALL(SR_get_data_sources, look_at_all)
CALL(VM_query_data_source, look_at_one)
CALL(host_query_data_source, look_at_one)
CALL(SR_query_data_source, look_at_one)
