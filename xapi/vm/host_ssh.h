/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_ssh: whether this host lets people in by SSH: host.ssh_enabled is what
 * the machine does when the daemon starts, and from then on what was said; at
 * ssh_expiry it ends.
 */
#ifndef XAPI_HOST_SSH_H
#define XAPI_HOST_SSH_H

#include "xapi/call/server.h"
#include "xapi/ops/ops_queue.h"

struct host_ssh;

/* From now on it is switched off when its time has come. */
struct err *host_ssh_new(struct server *server, struct host_ssh **ret) MUST_USE;
void host_ssh_free(struct host_ssh *s); /* NULL is fine */

/* In a worker: on, until ssh_enabled_timeout is over, or off. */
struct err *host_ssh_switch(struct job *j, const struct ops_work *w,
                            bool on) MUST_USE;
/* For how many seconds it stays on, from now; 0: for ever. */
struct err *host_ssh_limit(struct job *j, const struct ops_work *w,
                           int64_t seconds) MUST_USE;

#endif
