/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pool_secret: what the hosts of a pool know each other by. A file only root
 * reads, made at the first start. */
#ifndef XAPI_POOL_SECRET_H
#define XAPI_POOL_SECRET_H

#include "lib/pool.h"

/* In P. */
struct err *pool_secret_read(struct pool *p, const char *path,
                             const char **ret) MUST_USE;

#endif
