/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api/host_certificate: the certificate of the host's own: what it is, another
 * one that somebody has signed, or a new one that signs itself. Connections
 * that begin then get it (door/tls.h).
 */
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "xapi/call/certificates.h"
#include "xapi/call/generic.h"
#include "xapi/door/tls.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_queue.h"

struct err *host_get_server_certificate(
    struct call *c, const struct host_get_server_certificate_args *a)
{
    AUTO_STR struct str pem = STR_INIT(X509_BYTES);
    const char *path = c->server->certificate;
    struct x509_facts facts;
    char *text;
    size_t len;

    (void)a;
    TRY(call_this_host(c, 0));
    if (!file_exists(path))
        return err_CERTIFICATE_DOES_NOT_EXIST(path);
    TRY(file_read(c->pool, path, X509_BYTES, &text, &len));
    TRY(x509_read(text, len, &facts, &pem));
    call_return_string(c, str_text(&pem));
    return NULL;
}

/* ---- another one --------------------------------------------------------- */

struct change {
    struct object *host;
    const char *path;
    char *old; /* NULL: there was none */
    size_t old_len;
    struct x509_facts facts;
};

static struct err *put_back(void *arg)
{
    const struct change *ch = arg;

    return ch->old ? file_write(ch->path, ch->old, ch->old_len, 0600)
                   : file_remove(ch->path);
}

static struct err *record(struct txn *txn, void *arg)
{
    const struct change *ch = arg;

    return certificates_set_host(txn, ch->host, &ch->facts);
}

/* It can be served, with what OpenSSL wants of it. */
static struct err *check_served(const char *path)
{
    struct tls *tls;
    struct err *e = tls_new(path, NULL, &tls);

    if (!e)
        tls_free(tls);
    return e;
}

/* A settings' file that is a link stays one. */
static struct err *replace(struct job *j, const struct ops_work *w,
                           const struct x509_facts *facts,
                           const struct str *text)
{
    struct pool *p = job_pool(j);
    const char *path = w->call->server->certificate;
    AUTO_FREE char *real = realpath(path, NULL);
    struct change *ch = pool_new_of(p, struct change);

    *ch = (struct change){.host = w->host,
                          .path = pool_str(p, real ? real : path),
                          .facts = *facts};
    if (real)
        TRY(file_read(p, real, X509_BYTES, &ch->old, &ch->old_len));
    job_undo(j, put_back, ch);
    TRY(file_write(ch->path, str_text(text), text->len, 0600));
    TRY(check_served(ch->path));
    return job_commit(j, record, ch);
}

static struct err *install(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    AUTO_STR struct str text = STR_INIT(X509_BYTES);
    struct x509_facts facts;

    TRY(x509_check_server(vm_arg(w->call, 1).s, vm_arg(w->call, 2).s,
                          vm_arg(w->call, 3).s, &facts, &text));
    return replace(j, w, &facts, &text);
}

static struct err *reset(struct job *j, void *arg)
{
    AUTO_STR struct str text = STR_INIT(X509_BYTES);
    struct x509_facts facts;
    const char *const *names;
    size_t n;

    names = tls_host_names(job_pool(j), &n);
    TRY(tls_write_certificate(names, n, &text));
    TRY(x509_read(str_text(&text), text.len, &facts, NULL));
    return replace(j, arg, &facts, &text);
}

/* One at a time. */
static struct err *begin(struct call *c, job_work_fn *work)
{
    const struct object *pool =
        db_find(c->db, &model_classes[CLASS_pool], c->server->pool);

    return ops_run_on(c, pool, pool_allowed_operations_cert_refresh,
                      &(const struct ops_body){.work = work, .no_host = true});
}

struct err *host_install_server_certificate(
    struct call *c, const struct host_install_server_certificate_args *a)
{
    (void)a;
    TRY(call_this_host(c, 0));
    return begin(c, install);
}

struct err *host_reset_server_certificate(
    struct call *c, const struct host_reset_server_certificate_args *a)
{
    (void)a;
    TRY(call_this_host(c, 0));
    return begin(c, reset);
}

struct err *host_emergency_reset_server_certificate(struct call *c)
{
    return begin(c, reset);
}
