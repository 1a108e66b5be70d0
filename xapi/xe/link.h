/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* link: a connection to a server: its Unix socket, TCP or TLS; blocking. */
#ifndef XAPI_XE_LINK_H
#define XAPI_XE_LINK_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"
#include "lib/pool.h"

struct xe_link {
    int fd;
    struct ssl_st *ssl; /* NULL: plain */
    char kept[4096];    /* read ahead by xe_link_line */
    size_t at, end;
};

/* The server's own end: the original's xe has no "Error: " before these. */
extern const struct err_kind err_kind_server;

/* Where a local server listens; XE_SOCKET in the environment says otherwise. */
#define XE_SOCKET "/var/lib/xcp/xapi"

struct err *xe_link_unix(const char *path, struct xe_link *ret) MUST_USE;
/* No certificate is checked: a password is what shows who is who. */
struct err *xe_link_tcp(const char *host, unsigned port, bool tls,
                        struct xe_link *ret) MUST_USE;
void xe_link_close(struct xe_link *l);

/* *RET 0: the other side has ended it. */
struct err *xe_link_read(struct xe_link *l, void *to, size_t size,
                         size_t *ret) MUST_USE;
struct err *xe_link_read_all(struct xe_link *l, void *to, size_t size) MUST_USE;
struct err *xe_link_write(struct xe_link *l, const void *data,
                          size_t len) MUST_USE;
/* There is something that select would not show. */
bool xe_link_pending(const struct xe_link *l);

/* Sends an HTTP/1.0 request without a body and reads the answer's head. */
struct err *xe_link_request(struct xe_link *l, struct pool *p,
                            const char *request, int *ret_status,
                            const char **ret_location) MUST_USE;

#endif
