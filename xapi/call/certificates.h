/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * certificates: objects of class Certificate, and the files they are of: the
 * host's own (server->certificate), and those that were installed to be trusted
 * (trust.h), STATE/trusted/UUID.pem, or without that suffix where they are not
 * for everything. Lists of revoked ones are files alone, STATE/crls/NAME.pem.
 */
#ifndef XAPI_CERTIFICATES_H
#define XAPI_CERTIFICATES_H

#include "xapi/call/server.h"
#include "xapi/call/x509.h"
#include "xapi/db/txn.h"

/* Objects and files are brought to agree: the host's file counts, and the
 * objects of what is trusted. What cannot be read is said in the log, and what
 * ends soon in messages. */
struct err *certificates_settle(struct server *s) MUST_USE;
/* Those messages are true (expiry.h). */
struct err *certificates_tell(struct server *s) MUST_USE;

/* HOST's own is FACTS; NULL: it has none. */
struct err *certificates_set_host(struct txn *txn, struct object *host,
                                  const struct x509_facts *facts) MUST_USE;

struct certificate_new {
    const char *name;
    unsigned type;
    struct model_value purpose;
    const struct x509_facts *facts;
    const struct str *pem;
};
/* An object and its file. */
struct err *certificates_add(struct server *s, const struct certificate_new *n,
                             struct object **ret) MUST_USE;
struct err *certificates_remove(struct server *s, struct object *o) MUST_USE;
/* That of type ca with that name, or with NULL the first; behind AFTER. */
struct object *certificates_authority(const struct db *db, const char *name,
                                      struct object *after);

/* ---- revoked ones -------------------------------------------------------- */

/* NAME is one that a file can have. */
bool certificates_is_name(const char *name);
/* Where the list of that name is. */
const char *certificates_crl(struct pool *p, const struct server *s,
                             const char *name);
struct err *certificates_add_crl(const struct server *s, const char *name,
                                 const struct str *pem) MUST_USE;
struct err *certificates_crls(struct pool *p, const struct server *s,
                              const char ***ret, size_t *ret_n) MUST_USE;

#endif
