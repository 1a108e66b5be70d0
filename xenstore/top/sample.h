/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sample: one reading of the host as plain structs, and what takes one. Who
 * shows, exports or keeps figures works on these and knows nothing of Xen.
 *
 *     AUTO_SAMPLER struct sampler *sampler = NULL;
 *     const struct sample *now;
 *
 *     TRY(sampler_open(SAMPLE_ALL, false, &sampler));
 *     for (;;) {
 *         struct pool *p = pool_new();      (two that take turns will do)
 *
 *         TRY(sampler_take(sampler, p, &now));
 *         ... change_between(before, now, p): see change.h
 *     }
 *
 * Counters are what the source counts, from when the domain or device began;
 * only change.h makes differences of them. Numbers are uint64_t throughout, so
 * that a row of fields.h needs no more than an offset. Texts are never NULL
 * ("" is: not known) and may hold what a guest's owner chose: whoever shows
 * them takes out control characters.
 */
#ifndef XENSTORE_TOP_SAMPLE_H
#define XENSTORE_TOP_SAMPLE_H

#include <stdint.h>

#include "lib/pool.h"

/* What a sampler shall read beyond the host and the list of domains: each
 * costs something per domain or device. */
enum sample_part {
    SAMPLE_VCPUS = 1,
    SAMPLE_VIFS = 2,
    SAMPLE_VBDS = 4,
    SAMPLE_CPUS = 8,    /* physical CPUs, NUMA nodes, CPU pools */
    SAMPLE_MEMORY = 16, /* what toolstack and guests say in XenStore */
    SAMPLE_PSR = 32,    /* cache and memory bandwidth, where the host can */
    SAMPLE_ALL = 63,
};

/* "No limit" and "does not say". */
#define SAMPLE_NONE UINT64_MAX

/* ---- devices ------------------------------------------------------------- */

/* Directions are the guest's: IN is what it received. */
struct sample_net {
    uint64_t in_bytes, in_packets, in_errors, in_drops;
    uint64_t out_bytes, out_packets, out_errors, out_drops;
};

struct sample_vif {
    uint64_t id;          /* 0 is the first */
    uint64_t counted;     /* 0: no counters here (backend elsewhere) */
    uint64_t incarnation; /* another one: another device of the same id */
    struct sample_net net;
    const char *dev; /* "vif3.0": the interface in Dom0 */
    const char *mac, *bridge;
};

/* Sectors are of 512 bytes. */
struct sample_blk {
    uint64_t reads, writes, read_sectors, write_sectors;
    uint64_t flushes, discards;
    uint64_t read_ns, write_ns; /* that requests took, where it is timed */
    uint64_t waits; /* stock's OO: times that a request found none free */
};

struct sample_vbd {
    uint64_t id; /* 51712 */
    uint64_t counted, incarnation;
    uint64_t timed; /* 0: the backend does not say how long requests take */
    struct sample_blk blk;
    const char *dev;     /* "xvda" */
    const char *backend; /* "vbd" (the kernel's), "qdisk" ... */
    const char *target;  /* file or device, as the backend was told */
    const char *mode;    /* "r" or "w" */
};

/* ---- domains ------------------------------------------------------------- */

struct sample_vcpu {
    uint64_t id;
    uint64_t online, running, blocked; /* 0 or 1 */
    uint64_t cpu;                      /* where it is or was last */
    uint64_t ns;                       /* run so far */
};

enum sample_state {
    STATE_DYING = 1,
    STATE_SHUTDOWN = 2,
    STATE_BLOCKED = 4,
    STATE_CRASHED = 8, /* a shutdown for that reason; SHUTDOWN is not set */
    STATE_PAUSED = 16,
    STATE_RUNNING = 32,
};

struct sample_domain {
    uint64_t id;
    unsigned char uuid[16];
    uint64_t states; /* of enum sample_state */
    uint64_t cpu_ns;
    uint64_t online_vcpus, max_vcpus;
    uint64_t memory, max_memory;     /* bytes; SAMPLE_NONE: no limit */
    uint64_t shared, paged, claimed; /* bytes: of it shared; gone; to come */
    uint64_t ssid, pool;

    /* SAMPLE_MEMORY; bytes, SAMPLE_NONE: nobody says */
    uint64_t target;                  /* what the toolstack wants it to have */
    uint64_t guest_total, guest_free; /* what the guest says it has, and has
                                       * to spare */
    /* SAMPLE_PSR; SAMPLE_NONE: not monitored */
    uint64_t cache;                      /* bytes of it now */
    uint64_t bandwidth, local_bandwidth; /* bytes moved so far; wrap at ... */
    uint64_t bandwidth_wraps;            /* ... this, 0: not */

    const char *name;          /* "" while it has none */
    const char *type;          /* "pv", "pvh", "hvm" */
    struct sample_vcpu *vcpus; /* by id; SAMPLE_VCPUS */
    size_t n_vcpus;
    struct sample_vif *vifs; /* by id; SAMPLE_VIFS */
    size_t n_vifs;
    struct sample_vbd *vbds; /* by id; SAMPLE_VBDS */
    size_t n_vbds;
};

/* ---- the host ------------------------------------------------------------ */

struct sample_cpu {
    uint64_t id, core, socket, node;
    uint64_t pool;    /* SAMPLE_NONE: in none */
    uint64_t idle_ns; /* so far */
};

struct sample_node {
    uint64_t id, memory, free;
};

struct sample_cpupool {
    uint64_t id;
    const char *name, *scheduler;
    uint64_t domains, cpus;
};

struct sample_host {
    const char *version; /* "4.17.7" */
    const char *name;    /* the host name of this Dom0 */
    uint64_t cpus, khz;
    uint64_t memory, free;  /* bytes; to be scrubbed counts as free */
    uint64_t claimed;       /* bytes of free that are promised */
    uint64_t uptime;        /* seconds */
    struct sample_cpu *cpu; /* by id; SAMPLE_CPUS */
    size_t n_cpu;
    struct sample_node *nodes;
    size_t n_nodes;
    struct sample_cpupool *pools;
    size_t n_pools;
};

struct sample {
    double time;      /* seconds of a steady clock: for differences */
    double wall;      /* seconds since 1970 */
    uint64_t parts;   /* what was asked for: enum sample_part */
    double store_age; /* seconds for which XenStore has not answered (0: it
                       * does): names and devices are as old as that */
    struct sample_host host;
    struct sample_domain *domains; /* by id */
    size_t n_domains;
};

/* NULL: none of that id. */
const struct sample_domain *sample_domain(const struct sample *s, uint64_t id);

/* ---- what takes one ------------------------------------------------------ */

struct sampler;

/* A body: the real one is in sample_xen.c, one that plays what was kept in a
 * file in sample_replay.c. */
struct sampler_kind {
    struct err *(*take)(void *state, struct pool *p, const struct sample **ret);
    void (*set_parts)(void *state, unsigned parts); /* may be NULL */
    bool (*over)(void *state);                      /* may be NULL: never */
    void (*close)(void *state);
    bool no_wait; /* readings are not of the moment: no delay between them */
};

struct sampler *sampler_new(const struct sampler_kind *kind, void *state);
/* Xen and XenStore of this machine; PARTS of enum sample_part. ONCE: there will
 * be one reading only, nothing is prepared for more. An error says what is
 * missing: no Xen, not Dom0, no permission. */
struct err *sampler_open(unsigned parts, bool once,
                         struct sampler **ret) MUST_USE;
/* What sampler_record wrote; PATH "-" is standard input. Readings come as fast
 * as they are asked for, the last one again and again. */
struct err *sampler_replay(const char *path, struct sampler **ret) MUST_USE;
/* As S, which it owns from now on, and each reading is appended to the file,
 * a line of JSON each. */
struct err *sampler_record(struct sampler **s, const char *path) MUST_USE;
/* What is read from now on: a screen adds what it shows. */
void sampler_set_parts(struct sampler *s, unsigned parts);
/* Whether all that is still to come is the last reading again. */
bool sampler_over(const struct sampler *s);
/* Whether to wait for the delay between two readings. */
bool sampler_waits(const struct sampler *s);
/* A reading, all of it in P. A XenStore that does not answer is not an error
 * (store_age); a hypervisor that does not is. */
struct err *sampler_take(struct sampler *s, struct pool *p,
                         const struct sample **ret) MUST_USE;
void sampler_close(struct sampler *s); /* NULL is fine */

static inline void auto_sampler_(struct sampler **s)
{
    sampler_close(*s);
}
#define AUTO_SAMPLER AUTO(auto_sampler_)

#endif
