/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_about: what the kernel says of this machine, into the records of its
 * host: processors, firmware, versions. What the kernel does not say (no DMI,
 * no Xen, a number only root may read) is not there, and no error.
 */
#ifndef XAPI_HOST_ABOUT_H
#define XAPI_HOST_ABOUT_H

#include "xapi/db/txn.h"

/* One processor's part of /proc/cpuinfo in TEXT, from *AT; *AT is behind it
 * then. False: there is no more. Texts are in P, "" when they are not there. */
struct cpu_about {
    const char *vendor, *name, *stepping, *flags, *socket;
    int64_t mhz, family, model;
};
bool host_next_cpu(struct pool *p, const char **at, struct cpu_about *ret);

struct err *host_describe_cpus(struct txn *txn, struct object *host) MUST_USE;
/* What Xen knows of the machine, of which Dom0's kernel sees a part: N_CPUS
 * processors, like the first that the kernel sees. */
struct err *host_describe_machine(struct txn *txn, struct object *host,
                                  int64_t n_cpus, int64_t n_sockets,
                                  int64_t mhz) MUST_USE;
struct err *host_describe_firmware(struct txn *txn,
                                   struct object *host) MUST_USE;
/* Its time zone, as /etc/localtime names it; UTC when that does not. */
struct err *host_describe_zone(struct txn *txn, struct object *host) MUST_USE;
/* Xen's, when it is there. */
struct err *host_describe_versions(struct txn *txn,
                                   struct object *host) MUST_USE;

#endif
