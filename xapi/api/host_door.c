/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/host_door: how people get to a host: by SSH, its console, HTTP. A pool's
 * calls are those of its one host. */
#include "xapi/call/generic.h"
#include "xapi/call/server.h"
#include "xapi/door/door.h"
#include "xapi/door/http.h"
#include "xapi/hv/hv.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/vm/host_ssh.h"
#include "xapi/vm/vm.h"

#define SSH_SECONDS_MAX (2 * 86400)
#define IDLE_SECONDS_MAX INT32_MAX
#define IDLE_FILE "/etc/profile.d/dom0kit-idle.sh"

/* The first argument is this host, or its pool. */
static struct err *check_here(const struct call *c)
{
    struct object *o = NULL;

    TRY(call_object(c, 0, &o));
    return object_class(o) == &model_classes[CLASS_host] ? call_this_host(c, 0)
                                                         : NULL;
}

static struct err *begin(struct call *c, job_work_fn *work)
{
    TRY(check_here(c));
    return ops_run_on(c, NULL, 0, &(const struct ops_body){.work = work});
}

static struct err *check_seconds(const struct call *c, const char *field,
                                 int64_t max)
{
    int64_t seconds = vm_arg(c, 1).i;

    return seconds < 0 || seconds > max ? vm_bad_number(field, seconds) : NULL;
}

/* ---- SSH ----------------------------------------------------------------- */

static struct err *switch_ssh(struct job *j, const struct ops_work *w, bool on)
{
    const char *host = object_ref(w->host);
    struct err *e = host_ssh_switch(j, w, on);

    if (!e || err_is(e, &err_kind_interrupted))
        return e;
    err_drop(e, "the error says which host");
    return on ? err_ENABLE_SSH_FAILED(host) : err_DISABLE_SSH_FAILED(host);
}

static struct err *ssh_on(struct job *j, void *arg)
{
    return switch_ssh(j, arg, true);
}

static struct err *ssh_off(struct job *j, void *arg)
{
    return switch_ssh(j, arg, false);
}

static struct err *limit_ssh(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    return host_ssh_limit(j, w, vm_arg(w->call, 1).i);
}

static struct err *set_limit(struct call *c)
{
    TRY(check_seconds(c, "ssh_enabled_timeout", SSH_SECONDS_MAX));
    return begin(c, limit_ssh);
}

/* ---- the console --------------------------------------------------------- */

static struct err *write_idle(struct txn *txn, void *arg)
{
    const struct ops_work *w = arg;

    return set_host_console_idle_timeout(txn, w->host, vm_arg(w->call, 1).i);
}

/* Shells that begin from then on go by it. */
static struct err *limit_idle(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    long long seconds = vm_arg(w->call, 1).i;
    const char *text =
        pool_printf(job_pool(j), "TMOUT=%lld\nexport TMOUT\n", seconds);

    TRY(w->hv->set_file(w->hv, IDLE_FILE, seconds ? text : NULL));
    return job_commit(j, write_idle, arg);
}

static struct err *set_idle(struct call *c)
{
    TRY(check_seconds(c, "console_idle_timeout", IDLE_SECONDS_MAX));
    return begin(c, limit_idle);
}

/* ---- HTTP ---------------------------------------------------------------- */

static struct err *set_https_only(struct call *c)
{
    struct object *host =
        db_find(c->db, &model_classes[CLASS_host], c->server->host);
    bool only = vm_arg(c, 1).i;
    struct txn *txn;

    TRY(check_here(c));
    if (only && !c->server->has_https)
        return err_OPERATION_NOT_ALLOWED("This server has no HTTPS.");
    txn = txn_begin(c->db);
    TRY(txn_end(txn, set_host_https_only(txn, host, only)));
    http_refuse_plain(door_http(c->server->door), only);
    return NULL;
}

/* ---- the calls ----------------------------------------------------------- */

#define CALLS(name, do_)       \
    CALL_BODY(host, name, do_) \
    CALL_BODY(pool, name, do_)

CALLS(enable_ssh, begin(c, ssh_on))
CALLS(disable_ssh, begin(c, ssh_off))
CALLS(set_ssh_enabled_timeout, set_limit(c))
CALLS(set_console_idle_timeout, set_idle(c))
CALLS(set_https_only, set_https_only(c))
