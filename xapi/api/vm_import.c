/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_import: VM.import: an XVA that this host fetches itself. */
#include "lib/log.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/fetch.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/call/server.h"
#include "xapi/vm/xva_import.h"

/* Places of its arguments. */
enum { URL, SR, RESTORE, FORCE };

static struct object *find_sr(const struct db *db, const struct call *c)
{
    const struct model_class *class = &model_classes[CLASS_SR];
    const char *ref = vm_arg(c, SR).s;

    return ref ? db_find(db, class, ref)
               : get_pool_default_SR(db_first(db, &model_classes[CLASS_pool]));
}

static struct err *receive(void *arg, void *into, size_t len, size_t *ret)
{
    return fetch_read(arg, into, len, ret);
}

static uint64_t length_of(void *arg)
{
    return fetch_length(arg);
}

static struct err *import(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    const struct xva_wish wish = {.restore = vm_arg(w->call, RESTORE).i,
                                  .force = vm_arg(w->call, FORCE).i,
                                  .sr = find_sr(job_db(j), w->call)};
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);
    struct xva_source from = {.read = receive, .length = length_of};
    struct model_value vms;
    struct fetch *f;
    struct err *e;

    TRY(fetch_open(job_pool(j), w->call->server->fetch, vm_arg(w->call, URL).s,
                   &f));
    from.arg = f;
    e = xva_take(j, &wish, &from, &vms);
    fetch_close(f);
    if (e)
        return e;
    datum_to_text(w->call->row->result, vms, &text);
    job_say(j, str_text(&text));
    return NULL;
}

struct err *VM_import(struct call *c, const struct VM_import_args *a)
{
    const struct object *sr = find_sr(c->db, c);
    const char *shown;

    TRY(fetch_check(c->pool, a->url, &shown));
    if (!sr)
        return a->sr ? db_no_object(&model_classes[CLASS_SR], a->sr)
                     : err_DEFAULT_SR_NOT_FOUND("");
    log_info("import", "%s of %s: %s", c->user, c->caller.address, shown);
    return ops_run_on(
        c, NULL, 0, &(const struct ops_body){.work = import, .no_host = true});
}
