/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tls: the certificate and what is spoken with it: TLS 1.2 and 1.3, ciphers
 * with forward secrecy. Knows no HTTP.
 */
#ifndef XAPI_TLS_H
#define XAPI_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/pool.h"
#include "lib/str.h"

struct tls;
struct ssl_st; /* OpenSSL's SSL */

/* CERT: the certificate and what leads up to its authority, PEM; KEY: its
 * private key, NULL when it is in the same file. */
struct err *tls_new(const char *cert, const char *key,
                    struct tls **ret) MUST_USE;
/* Reads both files again. Connections that stand are not touched; an error
 * leaves all as it was. */
struct err *tls_reload(struct tls *t) MUST_USE;
void tls_free(struct tls *t); /* NULL is fine */

/* For one connection, as a server; the caller's. Where the file of the
 * certificate is another by now, it is read again first. */
struct ssl_st *tls_session(struct tls *t);
/* Tells the other side that this was all; NULL is fine. */
void tls_close(struct ssl_st *ssl);

/* A self-signed certificate behind its key, for tls_make_certificate. */
struct err *tls_write_certificate(const char *const *names, size_t n,
                                  struct str *out) MUST_USE;
/*
 * Makes a self-signed certificate and its key (RSA 2048, ten years), both into
 * PATH, 0600, in one step, unless PATH is there. NAMES are host names and
 * addresses; the first is the subject.
 */
struct err *tls_make_certificate(const char *path, const char *const *names,
                                 size_t n) MUST_USE;
/* What this host is called: its name, localhost, its addresses; ends with
 * NULL. */
const char *const *tls_host_names(struct pool *p, size_t *ret_n);

#endif
