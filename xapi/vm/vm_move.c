/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_move: see vm_move.h. */
#include "xapi/vm/vm_move.h"

#include "xapi/hv/hv.h"
#include "xapi/vm/vm_domain.h"

struct move {
    struct job *job;
    const struct ops_work *work;
    bool live;
    uint32_t from, to;
    struct err *failure; /* of landing */
};

static void progressed(void *arg, double share)
{
    const struct move *m = arg;

    job_progress(m->job, 0.1 + 0.8 * share);
}

static struct err *undo_move(void *arg)
{
    const struct move *m = arg;
    const struct hv *hv = m->work->hv;

    return err_join(hv->destroy(hv, m->to), hv->go_on(hv, m->from));
}

static struct err *write_moved(struct txn *txn, void *arg)
{
    const struct move *m = arg;

    TRY(set_VM_scheduled_to_be_resident_on(txn, m->work->self, m->work->host));
    return set_VM_domid(txn, m->work->self, m->to);
}

/* No cancel gets in between. */
static struct err *land(void *arg)
{
    struct move *m = arg;

    m->failure = vm_land(m->job, m->work, m->from);
    return NULL;
}

/* All of it can be taken back, and behind it nothing. */
static struct err *move(struct job *j, void *arg)
{
    struct move *m = arg;
    const struct hv *hv = m->work->hv;
    const struct hv_move how = {m->live, progressed, m};

    struct err *e = hv->migrate(hv, m->from, &how, &m->to);

    if (e)
        return vm_not_suspended(j, m->work, e);
    job_undo(j, undo_move, m);
    TRY(job_commit(j, write_moved, m));
    job_after(j, land, m);
    return NULL;
}

struct err *vm_move(struct job *j, const struct ops_work *w, bool live)
{
    struct move m = {.job = j,
                     .work = w,
                     .live = live,
                     .from = (uint32_t)get_VM_domid(w->self)};

    job_progress(j, 0.1);
    TRY(job_part(j, move, &m));
    return m.failure;
}

bool vm_is_landing(const struct object *vm)
{
    return vm_is_up(vm) && get_VM_scheduled_to_be_resident_on(vm);
}

static struct err *write_landed(struct txn *txn, void *arg)
{
    const struct ops_work *w = arg;

    TRY(set_VM_scheduled_to_be_resident_on(txn, w->self, NULL));
    TRY(set_VM_resident_on(txn, w->self, w->host));
    TRY(vm_set_paused(txn, w->self, false));
    return vm_tell(txn, w->self, "VM_MIGRATED");
}

struct err *vm_land(struct job *j, const struct ops_work *w, uint32_t old)
{
    struct ops_work work = *w;

    TRY(w->hv->land(w->hv, old, (uint32_t)get_VM_domid(w->self)));
    return job_commit(j, write_landed, &work);
}
