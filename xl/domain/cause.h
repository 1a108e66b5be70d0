/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cause: adds to an error of libxl's what a program that libxl started said
 * itself: the last line of a hotplug script, or of the domain's qemu; and to
 * one about firmware where that comes from.
 */
#ifndef XL_DOMAIN_CAUSE_H
#define XL_DOMAIN_CAUSE_H

#include <sys/types.h>

#include "lib/err.h"

#define HOTPLUG_LOG "/var/log/xen/xen-hotplug.log"
#define QEMU_LOG "/var/log/xen/qemu-dm-%s.log" /* the domain's name */

struct cause {
    off_t hotplug_seen; /* what stood in the logs before */
};

/* Before the operation. */
void cause_begin(struct cause *c);
/* E, with the last line of the log that it is about, if that says anything
 * new. NAME is the domain's. */
struct err *cause_explain(const struct cause *c, const char *name,
                          struct err *e) MUST_USE;

/* The same with the logs' paths given: for tests. */
struct err *cause_explain_with(const struct cause *c, const char *hotplug_log,
                               const char *qemu_log, struct err *e) MUST_USE;

#endif
