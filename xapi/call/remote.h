/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remote: another host, as a client of its XenAPI: XML-RPC over HTTPS, by
 * libcurl. In workers: it blocks, and a cancel ends it. What it fails of by
 * itself is JOINING_HOST_CONNECTION_FAILED (nobody there, or not who it should
 * be; the log says why) and JOINING_HOST_SERVICE_FAILED (something there that
 * is no XenAPI); what the host says of a call is that call's error.
 */
#ifndef XAPI_REMOTE_H
#define XAPI_REMOTE_H

#include "lib/value.h"
#include "xapi/call/trust.h"

struct remote;

struct remote_to {
    const char *address; /* a name or an address, perhaps with :PORT */
    const char *user, *password;
    const struct trust *trust; /* its certificate has to be of these; NULL:
                                * any is taken */
};
/* Logs in. All of it is in P; TO need not stay, what it trusts has to. */
struct err *remote_login(struct pool *p, const struct remote_to *to,
                         struct remote **ret) MUST_USE;
/* METHOD, which takes the session alone. */
struct err *remote_call(struct remote *r, const char *method,
                        const struct value **ret) MUST_USE;
void remote_logout(struct remote *r);

#endif
