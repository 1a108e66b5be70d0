/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_path: /vm/UUID in XenStore, of a guest that has two domains for a moment
 * (it moves from one to the other). libxl takes it away with whichever goes
 * first, and writes it anew for one that comes; the other still wants it.
 */
#ifndef XL_DOMAIN_VM_PATH_H
#define XL_DOMAIN_VM_PATH_H

#include "xl/domain/host.h"

struct vm_path {
    struct pool *pool;
    const char *path;
    struct vm_node {
        const char *path, *value;
    } * nodes; /* parents first; none: there is no such path */
    size_t n;
};

/* What is there now, in P. HOST need not be open quick yet. */
struct err *vm_path_keep(struct host *h, struct pool *p, const char *uuid,
                         struct vm_path *ret) MUST_USE;
/* As it was, but for the name, which is DOMID's; and that may read it. */
struct err *vm_path_restore(struct host *h, const struct vm_path *kept,
                            uint32_t domid) MUST_USE;

#endif
