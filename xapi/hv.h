/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv: the hypervisor, as the daemon needs it: a few verbs on domains, with a
 * body for each kind of host. All of them block, and are called in workers
 * (job.h); what waits for long waits by job_sleep. Domains are known by their
 * number; the uuid is the VM's. Knows no database.
 */
#ifndef XAPI_HV_H
#define XAPI_HV_H

#include <stdint.h>

#include "lib/pool.h"

struct plan;

enum hv_state {
    HV_PAUSED,
    HV_RUNNING,
    HV_SHUT, /* the guest has ended; the domain is there until destroyed */
};

struct hv_domain {
    uint32_t domid;
    const char *uuid;
    enum hv_state state;
};

struct hv {
    const char *name; /* of --hv */
    const char *dir;  /* where the body may keep files */
    /* A domain that has not run yet; an error leaves nothing behind. */
    struct err *(*create)(const struct hv *hv, const struct plan *plan,
                          uint32_t *ret_domid);
    /* At once, whatever it does. No such domain is fine. */
    struct err *(*destroy)(const struct hv *hv, uint32_t domid);
    struct err *(*pause)(const struct hv *hv, uint32_t domid);
    struct err *(*unpause)(const struct hv *hv, uint32_t domid);
    /* Asks the guest to end; whether it does, list tells. */
    struct err *(*shutdown)(const struct hv *hv, uint32_t domid);
    /* All domains; the list and its texts are in P. */
    struct err *(*list)(const struct hv *hv, struct pool *p,
                        struct hv_domain **ret, size_t *ret_n);
};

/* The body of that NAME. DIR has to stay. */
struct err *hv_open(const char *name, const char *dir, struct hv *ret) MUST_USE;

/*
 * --hv=sim: a host of files. DIR/domains has a file a domain, named by its
 * number, with lines "uuid U", "name N", "state paused|running|shut", and more.
 * Tests write a file DIR/fault/VERB, VERB being a verb of struct hv, with a
 * line "fail TEXT", "delay SECONDS" (after what the verb does was begun), or,
 * for shutdown, "ignore": the guest does not listen.
 */
struct err *hv_sim_open(const char *dir, struct hv *ret) MUST_USE;

#endif
