/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api/certificate: what the daemon trusts where it is a client, and lists of
 * what is revoked. This pool has one host: its calls and the host's are the
 * same, and there is nobody to hand anything on to.
 */
#include <string.h>

#include "lib/file.h"
#include "xapi/call/certificates.h"
#include "xapi/call/generic.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/vm/vm.h"

static void return_names(struct call *c, const char *const *names, size_t n)
{
    union model_atom *atoms = pool_alloc(c->pool, (n + 1) * sizeof(*atoms));

    for (size_t i = 0; i < n; i++)
        atoms[i].s = names[i];
    call_return(c, (struct model_value){(unsigned)n, atoms, NULL});
}

/* ---- authorities --------------------------------------------------------- */

static struct err *install(struct call *c, const char *name, const char *text)
{
    AUTO_STR struct str pem = STR_INIT(X509_BYTES);
    struct x509_facts facts;
    struct object *o;

    if (!certificates_is_name(name))
        return err_CERTIFICATE_NAME_INVALID(name);
    if (certificates_authority(c->db, name, NULL))
        return err_CERTIFICATE_ALREADY_EXISTS(name);
    TRY(x509_check(text, strlen(text), &x509_of_authority, &facts, &pem));
    return certificates_add(
        c->server,
        &(const struct certificate_new){.name = name,
                                        .type = Certificate_type_ca,
                                        .facts = &facts,
                                        .pem = &pem},
        &o);
}

static struct err *uninstall(struct call *c, const char *name, bool force)
{
    struct object *o = certificates_authority(c->db, name, NULL);

    if (o)
        return certificates_remove(c->server, o);
    return force ? NULL : err_CERTIFICATE_DOES_NOT_EXIST(name);
}

static struct err *list(struct call *c)
{
    const char **names = NULL;
    size_t n = 0;

    for (struct object *o = NULL; (o = certificates_authority(c->db, NULL, o));)
        *pool_push(c->pool, names, n) =
            pool_str(c->pool, get_Certificate_name(o));
    return_names(c, names, n);
    return NULL;
}

/* ---- revoked ones -------------------------------------------------------- */

static struct err *install_crl(struct call *c, const char *name,
                               const char *text)
{
    AUTO_STR struct str pem = STR_INIT(X509_BYTES);

    if (!certificates_is_name(name))
        return err_CRL_NAME_INVALID(name);
    if (file_exists(certificates_crl(c->pool, c->server, name)))
        return err_CRL_ALREADY_EXISTS(name);
    if (!x509_read_crl(text, strlen(text), &pem))
        return err_CRL_CORRUPT(name);
    return certificates_add_crl(c->server, name, &pem);
}

static struct err *uninstall_crl(struct call *c, const char *name)
{
    const char *path;

    if (!certificates_is_name(name))
        return err_CRL_NAME_INVALID(name);
    path = certificates_crl(c->pool, c->server, name);
    return file_exists(path) ? file_remove(path) : err_CRL_DOES_NOT_EXIST(name);
}

static struct err *list_crls(struct call *c)
{
    const char **names;
    size_t n;

    TRY(certificates_crls(c->pool, c->server, &names, &n));
    return_names(c, names, n);
    return NULL;
}

/* ---- the calls ----------------------------------------------------------- */

#define POOL_(name, expr)                                       \
    struct err *pool_##name(struct call *c,                     \
                            const struct pool_##name##_args *a) \
    {                                                           \
        return expr;                                            \
    }
#define HOST_(name, expr)                                       \
    struct err *host_##name(struct call *c,                     \
                            const struct host_##name##_args *a) \
    {                                                           \
        (void)a;                                                \
        TRY(call_this_host(c, 0));                              \
        return expr;                                            \
    }

POOL_(certificate_install, install(c, a->name, a->cert))
POOL_(install_ca_certificate, install(c, a->name, a->cert))
HOST_(install_ca_certificate, install(c, a->name, a->cert))
POOL_(certificate_uninstall, uninstall(c, a->name, false))
POOL_(uninstall_ca_certificate, uninstall(c, a->name, a->force))
HOST_(uninstall_ca_certificate, uninstall(c, a->name, a->force))
POOL_(crl_install, install_crl(c, a->name, a->cert))
HOST_(crl_install, install_crl(c, a->name, a->crl))
POOL_(crl_uninstall, uninstall_crl(c, a->name))
HOST_(crl_uninstall, uninstall_crl(c, a->name))
HOST_(certificate_list, list(c))
HOST_(crl_list, list_crls(c))
HOST_(certificate_sync, certificates_settle(c->server))

struct err *pool_certificate_list(struct call *c)
{
    return list(c);
}

struct err *pool_crl_list(struct call *c)
{
    return list_crls(c);
}

struct err *pool_certificate_sync(struct call *c)
{
    return certificates_settle(c->server);
}

/* ---- trusted ones of either kind ----------------------------------------- */

static struct object *find_trusted(const struct db *db, const char *fingerprint)
{
    struct object *o = db_first(db, &model_classes[CLASS_Certificate]);

    while (o && (strcmp(get_Certificate_fingerprint_sha256(o), fingerprint) ||
                 (get_Certificate_type(o) != Certificate_type_ca &&
                  get_Certificate_type(o) != Certificate_type_pinned)))
        o = object_next(o);
    return o;
}

struct err *pool_install_trusted_certificate(
    struct call *c, const struct pool_install_trusted_certificate_args *a)
{
    AUTO_STR struct str pem = STR_INIT(X509_BYTES);
    struct x509_facts facts;
    struct object *o;

    TRY(call_object(c, 0, &o));
    if (!a->ca && !a->purpose.n)
        return err_CERTIFICATE_LACKS_PURPOSE();
    TRY(x509_check(a->cert, strlen(a->cert), &x509_of_trusted, &facts, &pem));
    if (find_trusted(c->db, facts.sha256))
        return err_TRUSTED_CERTIFICATE_ALREADY_EXISTS(facts.sha256);
    return certificates_add(
        c->server,
        &(const struct certificate_new){.name = "",
                                        .type = a->ca ? Certificate_type_ca
                                                      : Certificate_type_pinned,
                                        .purpose = a->purpose,
                                        .facts = &facts,
                                        .pem = &pem},
        &o);
}

struct err *pool_uninstall_trusted_certificate(
    struct call *c, const struct pool_uninstall_trusted_certificate_args *a)
{
    struct object *pool, *o;

    (void)a;
    TRY(call_object(c, 0, &pool));
    TRY(call_object(c, 1, &o));
    if (get_Certificate_type(o) != Certificate_type_ca &&
        get_Certificate_type(o) != Certificate_type_pinned)
        return err_NOT_TRUSTED_CERTIFICATE(object_ref(o));
    return certificates_remove(c->server, o);
}

/* ---- whether others are verified ----------------------------------------- */

static struct err *verify(struct call *c, bool pool_too, bool wanted)
{
    struct object *host =
        db_find(c->db, &model_classes[CLASS_host], c->server->host);
    struct object *pool =
        db_find(c->db, &model_classes[CLASS_pool], c->server->pool);
    struct txn *txn = txn_begin(c->db);
    struct err *e = set_host_tls_verification_enabled(txn, host, wanted);

    if (!e && pool_too)
        e = set_pool_tls_verification_enabled(txn, pool, wanted);
    return txn_end(txn, e);
}

struct err *pool_enable_tls_verification(struct call *c)
{
    return verify(c, true, true);
}

struct err *host_emergency_disable_tls_verification(struct call *c)
{
    return verify(c, false, false);
}

struct err *host_emergency_reenable_tls_verification(struct call *c)
{
    const struct object *pool =
        db_find(c->db, &model_classes[CLASS_pool], c->server->pool);

    return get_pool_tls_verification_enabled(pool)
               ? verify(c, false, true)
               : err_TLS_VERIFICATION_NOT_ENABLED_IN_POOL();
}
