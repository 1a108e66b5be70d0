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

#include "xapi/fields_gen.h"
#include "xapi/job.h"
#include "xapi/net.h"

/* HOST's interface on NETWORK, or NULL. */
struct object *pif_on(const struct db *db, const struct object *network,
                      const struct object *host);
/* PIF's own interface, below the bridge: "eth0", "eth0.5", "bond0"; in P. */
const char *pif_device(struct pool *p, const struct object *pif);
/* HOST is managed through it, or NULL. */
struct object *pif_management(const struct db *db, const struct object *host);

/* ---- records ------------------------------------------------------------- */

/* The host's interfaces at a moment. */
struct pif_links {
    struct object *host;
    const struct net_link *list;
    size_t n;
    bool adds; /* records for interfaces that have none yet */
};
/* A job_write_fn: the records of all PIFs of the host as LINKS are. */
struct err *pif_describe(struct txn *txn, void *links) MUST_USE;
/* The interfaces as they are now, in the job's pool. */
struct err *pif_look(struct job *j, const struct net *net, struct object *host,
                     struct pif_links *ret) MUST_USE;

/* A new PIF of HOST with its metrics; what else it is is the caller's to set.
 */
struct err *pif_create(struct txn *txn, struct object *host, const char *device,
                       struct object *network, struct object **ret) MUST_USE;
void pif_destroy(struct txn *txn, struct object *pif);

/* ---- in workers ---------------------------------------------------------- */

/* In the bridge of its network, with its addresses, and so in the record. */
struct err *pif_up(struct job *j, const struct net *net,
                   struct object *pif) MUST_USE;
struct err *pif_down(struct job *j, const struct net *net,
                     struct object *pif) MUST_USE;
/* The addresses of the record onto the host: of one that is attached. */
struct err *pif_configure(const struct net *net, const struct object *pif,
                          enum net_family family) MUST_USE;
/* Brings the host to what the database says was up when the host went down,
 * and the database to what the host has. ARG is a struct pif_start. */
struct pif_start {
    const struct net *net;
    struct object *host;
};
struct err *pif_start(struct job *j, void *arg) MUST_USE;

#endif
