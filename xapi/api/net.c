/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/net: see api/net.h. */
#include "xapi/api/net.h"

#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"

/* ---- a change ------------------------------------------------------------ */

struct running {
    struct net_change change;
    net_change_fn *fn;
};

static struct err *run(struct txn *txn, void *arg)
{
    const struct running *r = arg;

    return r->fn(txn, &r->change);
}

static const struct model_class *class_of(const struct call *c, unsigned i)
{
    return i < c->row->n_params ? c->row->params[i].type->class : NULL;
}

struct err *net_work(struct job *j, const struct ops_work *w, net_change_fn *fn)
{
    struct running r = {.change = {.job = j,
                                   .call = w->call,
                                   .net = w->call->server->net,
                                   .host = w->host},
                        .fn = fn};

    if (class_of(w->call, 0)) {
        r.change.self = net_arg(&r.change, 0);
        if (!r.change.self)
            return db_no_object(class_of(w->call, 0), vm_arg(w->call, 0).s);
    }
    return job_commit(j, run, &r);
}

struct object *net_arg(const struct net_change *c, unsigned i)
{
    return db_find(job_db(c->job), class_of(c->call, i), vm_arg(c->call, i).s);
}

/* All that have to do with the host's interfaces. */
static void hold_networks(const struct call *c, const struct object *self,
                          struct ops_more *more)
{
    const struct object *o = db_first(c->db, &model_classes[CLASS_network]);

    (void)self;
    for (; o; o = object_next(o))
        if (get_network_PIFs(o).n)
            ops_hold(more, o, network_operations_attaching);
}

static struct err *check_refs(const struct call *c)
{
    struct object *o;

    for (unsigned i = 0; i < c->row->n_params; i++)
        if (class_of(c, i) && datum_is_scalar(c->row->params[i].type))
            TRY(call_object(c, i, &o));
    return NULL;
}

struct err *net_run(struct call *c, job_work_fn *work, bool new)
{
    TRY(check_refs(c));
    if (new)
        call_return_ref(c, txn_new_ref(c->pool));
    return ops_run_on(
        c, NULL, 0,
        &(const struct ops_body){.work = work, .also = hold_networks});
}

const char *net_new(const struct call *c)
{
    return c->result.keys[0].s;
}

/* ---- down, to come up again ---------------------------------------------- */

struct lowered {
    struct job *job;
    struct pif_raising raising;
};

static struct err *raise_again(void *arg)
{
    struct lowered *l = arg;

    return job_commit(l->job, pif_raise, &l->raising);
}

struct err *net_lower(struct txn *txn, const struct net_change *c,
                      struct object *pif)
{
    struct lowered *l = pool_new_of(job_pool(c->job), struct lowered);

    *l = (struct lowered){c->job, {c->net, pif}};
    job_undo(c->job, raise_again, l);
    return pif_down(txn, c->net, pif);
}

/* ---- rules --------------------------------------------------------------- */

struct err *net_check_managed(const struct object *pif)
{
    return get_PIF_managed(pif) ? NULL : err_PIF_UNMANAGED(object_ref(pif));
}

struct err *net_check_not_management(const struct object *pif)
{
    return get_PIF_management(pif)
               ? err_PIF_IS_MANAGEMENT_INTERFACE(object_ref(pif))
               : NULL;
}

struct err *net_check_unused(const struct db *db, const struct object *pif)
{
    const struct object *network = get_PIF_network(pif);
    struct model_value vifs = get_network_VIFs(network);

    for (unsigned i = 0; i < vifs.n; i++)
        if (get_VIF_currently_attached(
                db_find(db, &model_classes[CLASS_VIF], vifs.keys[i].s)))
            return err_VIF_IN_USE(object_ref(network), vifs.keys[i].s);
    return NULL;
}

struct err *net_check_free(const struct db *db, const struct object *network,
                           const struct object *host)
{
    const struct object *pif = pif_on(db, network, host);

    return pif ? err_NETWORK_ALREADY_CONNECTED(object_ref(network),
                                               object_ref(pif))
               : NULL;
}
