/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/data_source: the calls by which what VMs, hosts and repositories do is
 * asked (usage.h), and recorded (rrd.h). */
#include <math.h>

#include "lib/str.h"
#include "xapi/model/calls_gen.h"
#include "xapi/db/datum.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/rrd.h"
#include "xapi/vm/usage.h"

#define LOOK_SECONDS 0.25   /* between the two looks a rate is made of */
#define TEXT_MAX (4u << 20) /* of all sources, in a text */

struct measured {
    struct reading *list;
    size_t n;
};

/* ---- in a worker --------------------------------------------------------- */

static const char *source_of(const struct call *c)
{
    return c->args[1].keys[0].s;
}

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

static void look_up_recorded(const struct ops_work *w, const struct object *o,
                             struct measured *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->list[i].recorded =
            (m->list[i].standard && rrd_keeps_standard(w->call->server->rrd)) ||
            rrd_is_recorded(w->call->server->rrd, o, m->list[i].name);
}

static struct err *tell_all(struct job *j, void *arg)
{
    AUTO_STR struct str text = STR_INIT(TEXT_MAX);
    const struct ops_work *w = arg;
    struct object *o = NULL;
    struct measured m = {0};

    TRY(measure(j, w, NULL, &m));
    TRY(call_object(w->call, 0, &o));
    look_up_recorded(w, o, &m);
    reading_to_text(m.list, m.n, &text);
    job_say(j, str_text(&text));
    return NULL;
}

static struct err *tell_one(struct job *j, void *arg)
{
    AUTO_STR struct str text = STR_INIT(TEXT_MAX);
    const struct ops_work *w = arg;
    const char *name = source_of(w->call);
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

/* ---- what is recorded ---------------------------------------------------- */

/* There has to be such a source. */
static struct err *begin_recording(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    const struct reading *one = NULL;
    struct object *o = NULL;
    struct measured m = {0};

    TRY(look_once(j, w, &m));
    TRY(reading_find(m.list, m.n, source_of(w->call), &one));
    TRY(call_object(w->call, 0, &o));
    TRY(rrd_record_on_disk(w->call->server->rrd, o, one->name));
    job_say(j, ""); /* recording_began */
    return NULL;
}

static void recording_began(struct call *c, const char *said)
{
    struct object *o = NULL;
    struct err *e = call_object(c, 0, &o);

    (void)said;
    if (!e)
        rrd_record(c->server->rrd, o, source_of(c));
    err_drop(e, "it has gone meanwhile, and goes from the disk, too");
}

static struct err *record(struct call *c)
{
    return look(c, &(const struct ops_body){.work = begin_recording,
                                            .no_host = true,
                                            .answer = recording_began});
}

static struct err *end_recording(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct object *o = NULL;

    TRY(call_object(w->call, 0, &o));
    TRY(rrd_forget_on_disk(w->call->server->rrd, o, source_of(w->call)));
    job_say(j, ""); /* recording_ended */
    return NULL;
}

static void recording_ended(struct call *c, const char *said)
{
    struct object *o = NULL;
    struct err *e = call_object(c, 0, &o);

    (void)said;
    if (!e)
        rrd_forget(c->server->rrd, o, source_of(c));
    err_drop(e, "it has gone meanwhile");
}

/* Also of what cannot be measured now. */
static struct err *forget(struct call *c)
{
    struct object *o = NULL;

    TRY(call_object(c, 0, &o));
    if (!rrd_is_recorded(c->server->rrd, o, source_of(c)))
        return err_INVALID_VALUE("data_source", source_of(c));
    return ops_run_on(c, NULL, 0,
                      &(const struct ops_body){.work = end_recording,
                                               .no_host = true,
                                               .answer = recording_ended});
}

/* ---- all of them --------------------------------------------------------- */

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
CALL(VM_record_data_source, record)
CALL(host_record_data_source, record)
CALL(SR_record_data_source, record)
CALL(VM_forget_data_source_archives, forget)
CALL(host_forget_data_source_archives, forget)
CALL(SR_forget_data_source_archives, forget)
