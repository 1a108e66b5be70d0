/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * catalog: what XenStore says of domains (names, devices, memory figures; names
 * of CPU pools), kept up to date by watches. In a steady state nothing is
 * asked, but every few seconds whether the daemon is there; one that stops
 * answering makes the catalog old, and nobody wait.
 *
 * Devices are found where their backends in Dom0 are, and those of which libxl
 * says that their backends are in other domains: guests can write to neither.
 */
#ifndef XENSTORE_TOP_CATALOG_H
#define XENSTORE_TOP_CATALOG_H

#include "xenstore/top/sample.h"

#define CATALOG_DEVICES_MAX 256 /* of one backend for one domain */

/* A sort of backend: devices are nodes FOLDER/DOMID BELOW/ID. */
struct catalog_backend {
    const char *name;
    unsigned part; /* SAMPLE_VIFS or SAMPLE_VBDS */
    const char *folder, *below;
    const char *nodes[4]; /* what is read of each device; NULL: no more */
};
#define CATALOG_NODES 4
/* Ends with a row without a name. */
extern const struct catalog_backend catalog_backends[];
enum {
    BACKEND_VIF, /* nodes: mac, bridge, vifname */
    BACKEND_VBD, /* and all that follow: dev, params, mode */
    BACKEND_QDISK,
    BACKEND_VBD3,
    /* Those in other domains; the last node is where: backend. */
    BACKEND_VIF_ELSEWHERE,
    BACKEND_VBD_ELSEWHERE,
    N_BACKENDS,
};

struct catalog_device {
    uint64_t id;
    const char *texts[CATALOG_NODES]; /* of the nodes; "" where there is none */
    /* For who reads its counters; released through the list's pool. */
    void *counting;
};

struct catalog_list {
    struct pool *pool; /* of what is below; another one: the list is new */
    struct catalog_device *devices; /* by id */
    size_t n;
};

struct catalog_domain {
    uint64_t id;
    unsigned char uuid[16];
    char *name;                               /* "" while it has none */
    uint64_t target, guest_total, guest_free; /* bytes or SAMPLE_NONE */
    struct catalog_list lists[N_BACKENDS];
    /* the catalog's own */
    unsigned stale;         /* what must be read */
    unsigned watched_parts; /* for which its watches are set */
    bool watched;
};

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c); /* NULL is fine */
/*
 * Takes in what has changed, waiting no longer than SECONDS. DOMAINS are those
 * that are there now, ordered by id, with ids and uuids; of which PARTS are
 * wanted. Without FOLLOW nothing is watched: for a single look.
 */
void catalog_update(struct catalog *c, const struct sample_domain *domains,
                    size_t n, unsigned parts, bool follow, double seconds);
/* The name of a CPU pool, "" while it is not known; what is asked for once is
 * read by the next update. Valid until then. */
const char *catalog_pool_name(struct catalog *c, uint64_t id);
/* Seconds for which an answer is due or the daemon is gone; 0: all is well. */
double catalog_age(const struct catalog *c);
/* NULL: not in the last update. Valid until the next one. */
struct catalog_domain *catalog_find(const struct catalog *c, uint64_t id);

#endif
