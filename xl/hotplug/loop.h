/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loop: loop devices, which make a block device of a file. */
#ifndef XL_HOTPLUG_LOOP_H
#define XL_HOTPLUG_LOOP_H

#include <sys/types.h>

#include "lib/pool.h"

/* A free one, now with the file at PATH behind it. */
struct err *loop_attach(struct pool *p, const char *path, bool writable,
                        const char **ret_device) MUST_USE;
/* Not attached is fine. One that is in use goes when it no longer is. */
struct err *loop_detach(const char *device) MUST_USE;

/* The numbers of all loop devices with the file DEV, INODE behind them. */
struct err *loop_find(struct pool *p, dev_t dev, ino_t inode, dev_t **ret,
                      size_t *ret_n) MUST_USE;

#endif
