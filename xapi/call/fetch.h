/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fetch: what a URL of http or https has, as a stream, by libcurl, or a file
 * that goes there; in workers.
 * Redirections are followed, ten at the most, from https to https only; a user
 * and password of the URL are Basic authorization, for its host alone.
 * Certificates are always verified. A server that says nothing for too long is
 * an error, and so is an end before the Content-Length.
 */
#ifndef XAPI_FETCH_H
#define XAPI_FETCH_H

#include <stdint.h>

#include "lib/pool.h"
#include "xapi/call/trust.h"

/* Settings. */
struct fetch_how {
    struct trust trust;
    unsigned seconds; /* for how long a server may say nothing */
};

#define FETCH_URL_MAX 8192

/* URL can be fetched as far as its text goes (else INVALID_VALUE, without what
 * may be a secret in it). *RET_SHOWN, in P: what may be logged: without user,
 * password and query. */
struct err *fetch_check(struct pool *p, const char *url,
                        const char **ret_shown) MUST_USE;

struct fetch;
/* HOW and URL have to stay. Nothing is sent yet. */
struct err *fetch_open(struct pool *p, const struct fetch_how *how,
                       const char *url, struct fetch **ret) MUST_USE;
/* Fills INTO; less, or 0, at the end. IMPORT_ERROR with what is wrong. */
struct err *fetch_read(struct fetch *f, void *into, size_t len,
                       size_t *ret) MUST_USE;
/* Bytes in all as far as the server has said so, or 0. */
uint64_t fetch_length(const struct fetch *f);
void fetch_close(struct fetch *f);

/* What is in FD, a file, from its beginning to its end, to URL by PUT. FAIL
 * makes the error of why it did not get there. */
typedef struct err *fetch_fail_fn(const char *reason);
struct err *fetch_put(struct pool *p, const struct fetch_how *how,
                      const char *url, int fd, fetch_fail_fn *fail) MUST_USE;

#endif
