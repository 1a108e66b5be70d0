/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * network: networks of the API on this host: which bridge has to be there for a
 * guest, and the interface it goes out by. All of it is for workers (job.h).
 */
#ifndef XAPI_NETWORK_H
#define XAPI_NETWORK_H

#include "xapi/db/db.h"
#include "xapi/call/job.h"
#include "xapi/net/net.h"

/*
 * The bridge of NETWORK (get_network_bridge) is there, with its MTU, so that
 * VIF (NULL: none in particular) can be attached to it. When HOST has an
 * interface (PIF) on the network that is down, it is brought up.
 * HOST_CANNOT_ATTACH_NETWORK when that would move the host's own address: a
 * user has to say so, by PIF.plug.
 */
struct err *network_up(struct job *j, const struct net *net,
                       struct object *network, struct object *host,
                       const struct object *vif) MUST_USE;
/* VIF (of that network) has been detached, or is about to: a bridge of guests
 * alone goes with its last one. */
struct err *network_down(struct job *j, const struct net *net,
                         const struct object *network,
                         const struct object *vif) MUST_USE;

/* At the start of the daemon: the bridges of guests alone have those users that
 * the database says. */
struct err *network_settle(struct job *j, const struct net *net) MUST_USE;

#endif
