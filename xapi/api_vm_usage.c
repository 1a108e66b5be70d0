/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_vm_usage: what can be measured of a guest (reading.h): what share of the
 * processors it takes, and its memory. */
#include <math.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/calls_gen.h"
#include "xapi/datum.h"
#include "xapi/errors_gen.h"
#include "xapi/generic.h"
#include "xapi/hv.h"
#include "xapi/ops_queue.h"
#include "xapi/plan.h"
#include "xapi/reading.h"

#define LOOK_SECONDS 0.25        /* between the two looks a share is made of */
#define TEXT_MAX (1u << 20)      /* of all sources, in a text */
#define FREE "data/meminfo_free" /* where a guest says it, in KiB */

struct measured {
    struct pool *pool;
    struct reading *list;
    size_t n;
};

static void add(struct measured *m, const char *name, const char *doc,
                const char *units, double max, double value)
{
    *pool_push(m->pool, m->list, m->n) =
        (struct reading){name, doc, units, max, value};
}

/* ---- processors ---------------------------------------------------------- */

/* Of VCPU I between two looks; one that is new had no time before. */
static double share_of(const struct hv_usage *before,
                       const struct hv_usage *after, size_t i)
{
    double ran = after->ran[i] - (i < before->n ? before->ran[i] : 0);
    double share = ran / (after->at - before->at);

    return share < 0 ? 0 : share > 1 ? 1 : share;
}

static void add_processors(struct measured *m, const struct hv_usage *before,
                           const struct hv_usage *after)
{
    double sum = 0, share;

    for (size_t i = 0; i < after->n; i++) {
        share = share_of(before, after, i);
        sum += share;
        add(m, pool_printf(m->pool, "cpu%zu", i),
            pool_printf(m->pool, "Share of a processor that VCPU %zu takes", i),
            "(fraction)", 1, share);
    }
    add(m, "cpu_usage", "The same, on average over its VCPUs", "(fraction)", 1,
        after->n ? sum / (double)after->n : 0);
}

/* ---- memory -------------------------------------------------------------- */

/* A guest without an agent says nothing; what makes no sense is not there. */
static struct err *add_free(struct measured *m, const struct hv *hv,
                            uint32_t domid)
{
    struct plan_pair *said = NULL;
    size_t n = 0;
    double kib;

    TRY(hv->said(hv, domid, m->pool, &said, &n));
    for (size_t i = 0; i < n; i++) {
        struct err *e;

        if (strcmp(said[i].name, FREE) != 0)
            continue;
        e = text_to_double(said[i].value, 0, (double)INT64_MAX, &kib);
        if (!e)
            add(m, "memory_internal_free", "Memory that the guest does not use",
                "KiB", INFINITY, kib);
        err_drop(e, "guests may write what they like");
    }
    return NULL;
}

/* NAME, if it is one of these, or (NULL) all: only shares take time to see. */
static struct err *measure(struct job *j, const struct ops_work *w,
                           const char *name, struct measured *m)
{
    bool shares = !name || text_has_prefix(name, "cpu");
    struct hv_usage before = {0}, after = {0};
    struct object *vm =
        db_find(job_db(j), &model_classes[CLASS_VM], vm_arg(w->call, 0).s);
    uint32_t domid;

    if (!vm)
        return db_no_object(&model_classes[CLASS_VM], vm_arg(w->call, 0).s);
    domid = (uint32_t)get_VM_domid(vm);
    m->pool = job_pool(j);
    if (shares) {
        TRY(w->hv->measure(w->hv, domid, m->pool, &before));
        TRY(job_sleep(LOOK_SECONDS));
    }
    TRY(w->hv->measure(w->hv, domid, m->pool, &after));
    if (shares)
        add_processors(m, &before, &after);
    add(m, "memory", "Memory the guest has", "B", INFINITY,
        (double)after.memory);
    add(m, "memory_target", "Memory the guest shall have", "B", INFINITY,
        (double)get_VM_memory_target(vm));
    return add_free(m, w->hv, domid);
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
