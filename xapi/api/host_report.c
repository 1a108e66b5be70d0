/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/host_report: a host's report goes to a server by itself. */
#include "lib/log.h"
#include "xapi/call/fetch.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/storage/report.h"
#include "xapi/storage/spool.h"

static struct err *upload(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    const struct server *server = w->call->server;
    struct pool *p = job_pool(j);
    struct spool file;

    TRY(spool_make(p, pool_printf(p, "%s/report", server->state), &file));
    TRY(report_write(j, server->report, file.fd));
    return fetch_put(p, server->fetch, vm_arg(w->call, 1).s, file.fd,
                     err_SYSTEM_STATUS_RETRIEVAL_FAILED);
}

struct err *host_bugreport_upload(struct call *c,
                                  const struct host_bugreport_upload_args *a)
{
    const char *shown;

    TRY(call_this_host(c, 0));
    TRY(fetch_check(c->pool, a->url, &shown));
    if (a->options.n)
        return err_INVALID_VALUE("options", a->options.keys[0].s);
    log_info("report", "%s of %s: to %s", c->user, c->caller.address, shown);
    return ops_run_on(
        c, NULL, 0, &(const struct ops_body){.work = upload, .no_host = true});
}
