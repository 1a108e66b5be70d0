/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domains: what runs on this host, from one hypercall and one round of
 * XenStore reads, however many there are.
 */
#ifndef XL_DOMAIN_DOMAINS_H
#define XL_DOMAIN_DOMAINS_H

#include "xl/domain/host.h"

struct domain {
    uint32_t id;
    libxl_uuid uuid;
    const char *name; /* NULL: it has none (yet, or any more) */
    xc_domaininfo_t info;
};

struct domains {
    struct domain *list; /* by id */
    size_t n;
    bool named; /* find_in has read their names */
};

/* All domains, without names. HOST is open quick. */
struct err *domains_read(struct host *h, struct pool *p,
                         struct domains *ret) MUST_USE;
/* Fills in the names of some or all of them. */
struct err *domains_name(struct host *h, struct pool *p, struct domain *list,
                         size_t n) MUST_USE;
/* The one of UUID that is not about to go, and is not EXCEPT (0: whichever);
 * NULL: there is none. HOST need not be open quick yet. */
struct err *domains_find(struct host *h, struct pool *p, const libxl_uuid *uuid,
                         uint32_t except, struct domain **ret) MUST_USE;
/* "r-----": running, blocked, paused, shut down, crashed, dying. */
const char *domain_state(struct pool *p, const struct domain *d);
/* The shutdown reason, -1 while it runs. */
int domain_shutdown_reason(const struct domain *d);
/* Memory it has, and that is claimed for it, in kB. */
uint64_t domain_memory_kb(const struct domain *d);
const char *uuid_text(struct pool *p, const libxl_uuid *uuid);

#endif
