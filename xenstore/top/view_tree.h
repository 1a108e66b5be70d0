/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* view_tree: what belongs to a domain, as lines below it. */
#ifndef XENSTORE_TOP_VIEW_TREE_H
#define XENSTORE_TOP_VIEW_TREE_H

#include "xenstore/top/view.h"

enum {
    view_tree_needs = SAMPLE_VCPUS | SAMPLE_VIFS | SAMPLE_VBDS | SAMPLE_MEMORY
};

/* Memory, VCPUs, network cards and disks; SUB is the first line's. */
void view_tree(struct view_lines *lines, const struct change_domain *d,
               uint64_t sub);

#endif
