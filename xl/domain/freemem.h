/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * freemem: memory for a new domain: what it needs, what is free, and what
 * Dom0 can give up for it (autoballoon).
 */
#ifndef XL_DOMAIN_FREEMEM_H
#define XL_DOMAIN_FREEMEM_H

#include "xl/domain/host.h"

/* Shrinks Dom0 until CONFIG fits. Asks nothing of Dom0 that it cannot give:
 * when it is not enough, the error states the arithmetic. */
struct err *freemem_for(struct host *h, libxl_domain_config *config) MUST_USE;

/* Whether there is less free memory than CONFIG needs. */
bool freemem_is_short(struct host *h, libxl_domain_config *config);
/* E, or in its place a sentence with what is needed and what is free. */
struct err *freemem_explain(struct host *h, libxl_domain_config *config,
                            struct err *e) MUST_USE;

#endif
