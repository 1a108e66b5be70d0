/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ranges: sets of CPUs and nodes as people write them: "0-3,6", "all". */
#ifndef XL_RANGES_H
#define XL_RANGES_H

#include <libxl.h>

#include "lib/pool.h"

/* The set bits below N: "all", "none" or ranges. */
const char *ranges_text(struct pool *p, const libxl_bitmap *map, int n);

#endif
