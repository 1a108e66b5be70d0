/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* path: what is a path of XenStore, and what is not. */
#ifndef XENSTORE_PATH_H
#define XENSTORE_PATH_H

#include "lib/pool.h"

/* What is wrong with a path, as one sentence; NULL: nothing that can be seen
 * by looking at it. */
const char *path_fault(struct pool *p, const char *path);

#endif
