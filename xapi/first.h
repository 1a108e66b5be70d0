/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * first: what has to be there before the first client comes: this host, its
 * pool, the roles, the templates. Made when it is not, brought up to date when
 * it is.
 */
#ifndef XAPI_FIRST_H
#define XAPI_FIRST_H

#include "xapi/call/server.h"

/* Sets server->host and server->pool. */
struct err *first_prepare(struct server *server) MUST_USE;

#endif
