/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/host: what a host says of itself. */
#include <time.h>

#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/storage/report.h"

/* A pool of one: this host is its master, and reaches itself. */
struct err *host_is_in_emergency_mode(struct call *c)
{
    call_return_int(c, false);
    return NULL;
}

struct err *host_get_system_status_capabilities(
    struct call *c, const struct host_get_system_status_capabilities_args *a)
{
    AUTO_STR struct str text = STR_INIT(65536);
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    report_capabilities(&text);
    call_return_string(c, str_text(&text));
    return NULL;
}

/* ---- memory -------------------------------------------------------------- */

/* What a new guest could have. */
static struct err *measure_free(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct hv_host host;

    TRY(w->hv->host(w->hv, &host));
    job_say(j, pool_printf(job_pool(j), "%lld", (long long)host.memory_free));
    return NULL;
}

struct err *host_compute_free_memory(
    struct call *c, const struct host_compute_free_memory_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    return ops_run_on(c, NULL, 0,
                      &(const struct ops_body){.work = measure_free});
}

struct err *host_compute_memory_overhead(
    struct call *c, const struct host_compute_memory_overhead_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    call_return_int(c, get_host_memory_overhead(host));
    return NULL;
}

/* ---- between the hosts of a pool ----------------------------------------- */

/* Each commit is on disk before its caller is told: there is nothing to ask
 * for. */
struct err *host_request_backup(struct call *c,
                                const struct host_request_backup_args *a)
{
    struct object *host;

    (void)a;
    return call_object(c, 0, &host);
}

struct err *host_tickle_heartbeat(struct call *c,
                                  const struct host_tickle_heartbeat_args *a)
{
    struct object *host, *metrics;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &host));
    metrics = get_host_metrics(host);
    call_return(c, DATUM_EMPTY);
    if (!metrics)
        return NULL;
    txn = txn_begin(c->db);
    return txn_end(txn,
                   set_host_metrics_last_updated(txn, metrics, time(NULL)));
}
