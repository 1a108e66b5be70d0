/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_put: files that clients send; see xva.h. */
#include <string.h>

#include "xapi/model/errors_gen.h"
#include "xapi/vm/xva.h"
#include "xapi/vm/xva_import.h"

/* ---- in the worker ------------------------------------------------------- */

static struct err *receive(void *arg, void *into, size_t len, size_t *ret)
{
    return transfer_read(arg, into, len, ret);
}

static uint64_t length_of(void *arg)
{
    const struct transfer *t = arg;

    return t->has_length ? t->length : 0;
}

/* The task's result: a set of VMs, as XML. */
static void say(struct job *j, struct model_value vms)
{
    AUTO_STR struct str s = STR_INIT(XVA_RECORDS_MAX);

    str_add(&s, "<array><data>");
    for (unsigned i = 0; i < vms.n; i++)
        str_addf(&s, "<value>%s</value>", vms.keys[i].s);
    str_add(&s, "</data></array>");
    job_say(j, str_text(&s));
}

static struct err *import(struct job *j, void *arg)
{
    struct transfer *t = arg;
    const struct xva_wish *wish = t->arg;
    const struct xva_source from = {t, receive, length_of};
    struct model_value vms;
    struct err *e = xva_take(j, wish, &from, &vms);

    if (!e)
        say(j, vms);
    if (e || wish->alone) /* what is behind the records is not read */
        transfer_drain(t);
    return e;
}

/* ---- the requests -------------------------------------------------------- */

static struct object *find_sr(const struct server *server,
                              struct http_request *r)
{
    const struct model_class *class = &model_classes[CLASS_SR];
    const char *ref = http_param(r, "sr_id"), *uuid = http_param(r, "sr_uuid");
    const struct object *pool =
        db_find(server->db, &model_classes[CLASS_pool], server->pool);

    if (ref)
        return db_find(server->db, class, ref);
    if (uuid)
        return db_by_uuid(server->db, class, uuid);
    return get_pool_default_SR(pool);
}

static bool flag(struct http_request *r, const char *name)
{
    return text_eq(http_param(r, name), "true");
}

static struct xva_wish *read_wish(struct http_request *r)
{
    struct xva_wish *wish = pool_new_of(r->pool, struct xva_wish);

    wish->restore = flag(r, "restore");
    wish->force = flag(r, "force");
    return wish;
}

static void begin(const struct xva *xva, struct http_request *r,
                  struct xva_wish *wish, const char *title)
{
    const struct transfer_start s = {
        .request = r, .title = title, .work = import, .arg = wish};

    if (http_header(r, "transfer-encoding"))
        http_page(r, 403, "A body in chunks of HTTP cannot be read.");
    else
        transfer_begin(xva->all, &s);
}

void xva_put(struct http_request *r, void *arg)
{
    const struct xva *xva = arg;
    struct xva_wish *wish = read_wish(r);

    wish->sr = find_sr(xva->server, r);
    if (!wish->sr)
        http_page(r, 404,
                  "There is no such repository, or no default one is set.");
    else if (text_eq(get_SR_content_type(wish->sr), "iso"))
        http_page(r, 400, "A repository of ISO images takes no disks.");
    else
        begin(xva, r, wish, "VM.import");
}

void xva_put_records(struct http_request *r, void *arg)
{
    struct xva_wish *wish = read_wish(r);

    wish->alone = true;
    wish->dry_run = flag(r, "dry_run");
    wish->params = http_params(r, &wish->n_params);
    if (flag(r, "live"))
        http_page(r, 501, "A VM that runs does not come as a record.");
    else
        begin(arg, r, wish, "VM.import_metadata");
}

void xva_serve(struct http *http, struct xva *x)
{
    static const struct {
        const char *action;
        gate_fn *fn;
        size_t body_max;
    } rows[] = {
        {"get_export", xva_get, 0},
        {"put_import", xva_put, GATE_STREAM},
        {"get_export_metadata", xva_get_records, 0},
        {"put_import_metadata", xva_put_records, GATE_STREAM},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        x->gates[i] =
            (struct gate){.action = rows[i].action, .fn = rows[i].fn, .arg = x};
        gate_serve(http, &x->gates[i], x->server, rows[i].body_max);
    }
}
