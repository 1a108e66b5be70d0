/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x509: what certificates, keys and lists of revoked certificates say, as PEM
 * that somebody has sent. Nothing in it is trusted; secrets are in no error.
 * Knows neither database nor files.
 */
#ifndef XAPI_X509_H
#define XAPI_X509_H

#include <stdint.h>

#include "lib/str.h"

#define X509_BYTES (1u << 20) /* of a file of them */

struct x509_facts {
    int64_t not_before, not_after;
    char sha256[96], sha1[60]; /* 9A:BC:... */
};

/* The first certificate in TEXT; *PEM, or NULL: it alone. An error without a
 * code: there is none. */
struct err *x509_read(const char *text, size_t len, struct x509_facts *ret,
                      struct str *pem) MUST_USE;

/* The errors of the API for certificates of one kind. */
struct x509_errors {
    struct err *(*invalid)(void);
    struct err *(*early)(const char *now, const char *not_before);
    struct err *(*expired)(const char *now, const char *not_after);
};
extern const struct x509_errors x509_of_server, x509_of_authority,
    x509_of_trusted;
/* x509_read, and it is valid now. */
struct err *x509_check(const char *text, size_t len,
                       const struct x509_errors *errors, struct x509_facts *ret,
                       struct str *pem) MUST_USE;

/* A server's certificate, its key (RSA of 2048 to 4096 bits, or of a NIST
 * curve), and those between it and its authority (may be ""): *RET is the file
 * of them. Else SERVER_CERTIFICATE_... */
struct err *x509_check_server(const char *cert, const char *key,
                              const char *chain, struct x509_facts *ret_facts,
                              struct str *ret) MUST_USE;

/* TEXT begins with a list of revoked certificates; *PEM: it alone. */
bool x509_read_crl(const char *text, size_t len, struct str *pem);

#endif
