/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * current: the configuration that domains have now, as `xl list -l` prints it:
 * what libxl kept of their making, with what has changed since. The same facts
 * that libxl_retrieve_domain_configuration gathers with some 36 XenStore
 * requests and five lock files a domain, in two rounds for all domains
 * together; domains with something these rounds do not cover go to libxl.
 */
#ifndef XL_DOMAIN_CURRENT_H
#define XL_DOMAIN_CURRENT_H

#include "lib/str.h"
#include "xl/domain/domains.h"

/* Adds a JSON list of {"domid", "config"} for LIST[N] to OUT. HOST is open both
 * ways. Domains that went away meanwhile are left out. */
struct err *current_configs(struct host *h, const struct domain *list, size_t n,
                            struct pool *p, struct str *out) MUST_USE;

/* The number XenStore knows a disk by ("xvda1": 51713); -1: cannot tell. */
long disk_number(const char *vdev);

#endif
