/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_net: the counters of network interfaces, all of them in one question
 * to the kernel. */
#ifndef XENSTORE_TOP_SAMPLE_NET_H
#define XENSTORE_TOP_SAMPLE_NET_H

#include "xenstore/top/catalog.h"

struct nets;

struct nets *nets_new(void);
void nets_free(struct nets *n); /* NULL is fine */
/* Asks for the counters of now. What cannot be read is not counted. */
void nets_read(struct nets *n);
/* Fills in net, dev, counted and incarnation of a device of BACKEND_VIF of
 * domain DOMID, whose list's pool is P. An HVM guest's emulated card counts
 * too. */
void nets_count(const struct nets *n, uint64_t domid, bool hvm,
                struct catalog_device *device, struct pool *p,
                struct sample_vif *ret);

#endif
