/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * destroy: ends a domain, though others may be at it too: a domain that has
 * shut down is destroyed by whoever watches it, and perhaps by somebody who
 * waited for that.
 */
#ifndef XL_DOMAIN_DESTROY_H
#define XL_DOMAIN_DESTROY_H

#include "xl/domain/host.h"

/* No such domain any more, or somebody is about to destroy it. */
bool domain_is_gone(struct host *h, uint32_t domid);
/* No signal interrupts it. That another was faster is no error: *RET_BY_OTHER
 * (may be NULL) says so. */
struct err *domain_destroy(struct host *h, uint32_t domid,
                           bool *ret_by_other) MUST_USE;

#endif
