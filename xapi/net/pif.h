/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pif: the host's interfaces as the API knows them (PIFs): records made of what
 * net.h finds, and brought up and down as records say. A PIF is attached when
 * it is in the bridge of its network, so that guests can use it. What was set
 * up by somebody else (an interface in a bridge of ifupdown's) is not managed:
 * its record follows the host, and nothing is ever done to it.
 */
#ifndef XAPI_PIF_H
#define XAPI_PIF_H

#include "xapi/model/fields_gen.h"
#include "xapi/call/job.h"
#include "xapi/net/net.h"

/* HOST's interface on NETWORK, or NULL. */
struct object *pif_on(const struct db *db, const struct object *network,
                      const struct object *host);
/* PIF's own interface, below the bridge: "eth0", "eth0.5", "bond0"; in P. */
const char *pif_device(struct pool *p, const struct object *pif);
/* HOST's card or bond of that name, or NULL. */
struct object *pif_of_device(const struct db *db, const struct object *host,
                             const char *device);
bool pif_is_mac(const char *text); /* "02:00:00:00:00:01" */
/* HOST is managed through it, or NULL. */
struct object *pif_management(const struct db *db, const struct object *host);

/* ---- records ------------------------------------------------------------- */

/* The records of HOST's PIFs as its interfaces are now. ADDS: new records for
 * interfaces that have none. */
struct err *pif_describe(struct txn *txn, const struct net *net,
                         struct object *host, bool adds) MUST_USE;
/* A new PIF of HOST with its metrics; what else it is is the caller's to set.
 * REF may be NULL. */
struct err *pif_create(struct txn *txn, struct object *host, const char *device,
                       struct object *network, const char *ref,
                       struct object **ret) MUST_USE;
/* One for an interface that is there, on the network of the bridge it is in or
 * shall be in. */
struct err *pif_add(struct txn *txn, const struct net *net, struct object *host,
                    const char *device, const char *ref,
                    struct object **ret) MUST_USE;
void pif_destroy(struct txn *txn, struct object *pif);
/* That PIF is what HOST is managed through (NULL: none is). */
struct err *pif_set_management(struct txn *txn, struct object *host,
                               struct object *pif) MUST_USE;

/* ---- in workers, inside a txn (job_commit) ------------------------------- */

/* In the bridge of its network, with its addresses. After an error the host is
 * as it was before. */
struct err *pif_up(struct txn *txn, const struct net *net,
                   struct object *pif) MUST_USE;
/* That as a job_write_fn. */
struct pif_raising {
    const struct net *net;
    struct object *pif;
};
struct err *pif_raise(struct txn *txn, void *raising) MUST_USE;
/* Out of it, with the VLANs that are on what is not a card. */
struct err *pif_down(struct txn *txn, const struct net *net,
                     struct object *pif) MUST_USE;
/* The addresses of the record onto the host: of one that is attached. */
struct err *pif_configure(const struct net *net, const struct object *pif,
                          enum net_family family) MUST_USE;

/* Work (job.h) at the start of the daemon: brings up what was up when the host
 * went down, and the records to what the host has. ARG is a struct pif_start.
 */
struct pif_start {
    const struct net *net;
    struct object *host;
};
struct err *pif_start(struct job *j, void *arg) MUST_USE;
/* A job_write_fn of the same argument: the metrics of all PIFs as they are now,
 * at any time. */
struct err *pif_measure(struct txn *txn, void *arg) MUST_USE;

#endif
