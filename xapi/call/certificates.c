/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* certificates: see certificates.h. */
#include "xapi/call/certificates.h"

#include <string.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/call/expiry.h"
#include "xapi/call/trust.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"

#define NAME_MAX_ 200

/* ---- objects ------------------------------------------------------------- */

static bool is_trusted(const struct object *o)
{
    return get_Certificate_type(o) == Certificate_type_ca ||
           get_Certificate_type(o) == Certificate_type_pinned;
}

static struct object *first(const struct db *db)
{
    return db_first(db, &model_classes[CLASS_Certificate]);
}

struct object *certificates_authority(const struct db *db, const char *name,
                                      struct object *after)
{
    struct object *o = after ? object_next(after) : first(db);

    while (o && (get_Certificate_type(o) != Certificate_type_ca ||
                 (name && strcmp(get_Certificate_name(o), name) != 0)))
        o = object_next(o);
    return o;
}

static struct object *of_host(const struct db *db, const struct object *host)
{
    struct object *o = first(db);

    while (o && (get_Certificate_type(o) != Certificate_type_host ||
                 get_Certificate_host(o) != host))
        o = object_next(o);
    return o;
}

static struct err *describe(struct txn *txn, unsigned type,
                            const struct x509_facts *facts, struct object **ret)
{
    struct object *o;

    TRY(txn_create(txn, &model_classes[CLASS_Certificate], NULL, NULL, &o));
    TRY(set_Certificate_type(txn, o, type));
    TRY(set_Certificate_not_before(txn, o, facts->not_before));
    TRY(set_Certificate_not_after(txn, o, facts->not_after));
    TRY(set_Certificate_fingerprint(txn, o, facts->sha256));
    TRY(set_Certificate_fingerprint_sha256(txn, o, facts->sha256));
    TRY(set_Certificate_fingerprint_sha1(txn, o, facts->sha1));
    *ret = o;
    return NULL;
}

struct err *certificates_set_host(struct txn *txn, struct object *host,
                                  const struct x509_facts *facts)
{
    struct object *o = of_host(txn_db(txn), host);

    if (o && facts &&
        !strcmp(get_Certificate_fingerprint_sha256(o), facts->sha256))
        return NULL;
    if (o)
        txn_destroy(txn, o);
    if (!facts)
        return NULL;
    TRY(describe(txn, Certificate_type_host, facts, &o));
    return set_Certificate_host(txn, o, host);
}

/* ---- what is trusted ----------------------------------------------------- */

static const char *folder_of(struct pool *p, const struct server *s)
{
    return pool_printf(p, "%s/" TRUST_CERTIFICATES, s->state);
}

/* Those that are for some purposes alone count for none of what we do. */
static const char *file_of(struct pool *p, const struct server *s,
                           const struct object *o)
{
    return pool_printf(p, "%s/%s%s", folder_of(p, s), get_Certificate_uuid(o),
                       get_Certificate_purpose(o).n ? "" : TRUST_SUFFIX);
}

static struct err *make(struct txn *txn, const struct certificate_new *n,
                        struct object **ret)
{
    TRY(describe(txn, n->type, n->facts, ret));
    TRY(set_Certificate_name(txn, *ret, n->name));
    return set_Certificate_purpose(txn, *ret, n->purpose);
}

static struct err *make_with_file(struct server *s, struct txn *txn,
                                  const struct certificate_new *n,
                                  struct object **ret)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(make(txn, n, ret));
    TRY(file_make_dirs(folder_of(p, s), 0700));
    return file_write(file_of(p, s, *ret), str_text(n->pem), n->pem->len, 0600);
}

struct err *certificates_add(struct server *s, const struct certificate_new *n,
                             struct object **ret)
{
    struct txn *txn = txn_begin(s->db);

    return txn_end(txn, make_with_file(s, txn, n, ret));
}

struct err *certificates_remove(struct server *s, struct object *o)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = file_of(p, s, o);
    struct txn *txn = txn_begin(s->db);

    txn_destroy(txn, o);
    TRY(txn_end(txn, NULL));
    return file_remove(path);
}

/* ---- agreement ----------------------------------------------------------- */

static struct err *settle_host(struct server *s, struct txn *txn)
{
    AUTO_POOL struct pool *p = pool_new();
    struct object *host = db_find(s->db, &model_classes[CLASS_host], s->host);
    struct x509_facts facts;
    struct err *e = NULL;
    char *text;
    size_t len;

    if (!file_exists(s->certificate))
        return certificates_set_host(txn, host, NULL);
    e = file_read(p, s->certificate, X509_BYTES, &text, &len);
    if (!e)
        e = x509_read(text, len, &facts, NULL);
    if (!e)
        return certificates_set_host(txn, host, &facts);
    log_warning("xapid", "'%s': %s", s->certificate, err_text(e));
    err_free(e);
    return certificates_set_host(txn, host, NULL);
}

/* An object whose file has gone is of nothing. */
static void settle_objects(struct server *s, struct txn *txn)
{
    AUTO_POOL struct pool *p = pool_new();

    for (struct object *o = first(s->db), *next; o; o = next) {
        next = object_next(o);
        if (!is_trusted(o) || file_exists(file_of(p, s, o)))
            continue;
        log_warning("xapid", "the certificate %s has no file: it goes",
                    get_Certificate_uuid(o));
        txn_destroy(txn, o);
    }
}

static bool is_known(struct pool *p, const struct server *s, const char *path)
{
    for (const struct object *o = first(s->db); o; o = object_next(o))
        if (is_trusted(o) && !strcmp(file_of(p, s, o), path))
            return true;
    return false;
}

/* Nobody has installed it, or not to the end. */
static struct err *settle_files(struct server *s)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *folder = folder_of(p, s);
    char **names;
    size_t n;

    if (!file_exists(folder))
        return NULL;
    TRY(file_list(p, folder, &names, &n));
    for (size_t i = 0; i < n; i++) {
        const char *path = pool_printf(p, "%s/%s", folder, names[i]);

        if (is_known(p, s, path))
            continue;
        log_warning("xapid", "'%s' is of no certificate: it goes", path);
        TRY(file_remove(path));
    }
    return NULL;
}

struct err *certificates_settle(struct server *s)
{
    struct txn *txn = txn_begin(s->db);
    struct err *e = settle_host(s, txn);

    if (!e)
        settle_objects(s, txn);
    TRY(txn_end(txn, e));
    TRY(settle_files(s));
    return certificates_tell(s);
}

struct err *certificates_tell(struct server *s)
{
    struct txn *txn = txn_begin(s->db);

    return txn_end(txn, expiry_tell(txn));
}

/* ---- revoked ones -------------------------------------------------------- */

bool certificates_is_name(const char *name)
{
    if (!*name || *name == '.' || strlen(name) > NAME_MAX_)
        return false;
    for (; *name; name++)
        if ((unsigned char)*name < ' ' || *name == '/' || *name == 0x7f)
            return false;
    return true;
}

static const char *crls_of(struct pool *p, const struct server *s)
{
    return pool_printf(p, "%s/" TRUST_CRLS, s->state);
}

const char *certificates_crl(struct pool *p, const struct server *s,
                             const char *name)
{
    return pool_printf(p, "%s/%s" TRUST_SUFFIX, crls_of(p, s), name);
}

struct err *certificates_add_crl(const struct server *s, const char *name,
                                 const struct str *pem)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(file_make_dirs(crls_of(p, s), 0700));
    return file_write(certificates_crl(p, s, name), str_text(pem), pem->len,
                      0600);
}

struct err *certificates_crls(struct pool *p, const struct server *s,
                              const char ***ret, size_t *ret_n)
{
    const char *folder = crls_of(p, s);
    char **names;
    size_t n;

    *ret = NULL;
    *ret_n = 0;
    if (!file_exists(folder))
        return NULL;
    TRY(file_list(p, folder, &names, &n));
    for (size_t i = 0; i < n; i++)
        if (text_has_suffix(names[i], TRUST_SUFFIX))
            *pool_push(p, *ret, *ret_n) =
                pool_strn(p, names[i], strlen(names[i]) - strlen(TRUST_SUFFIX));
    return NULL;
}
