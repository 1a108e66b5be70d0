/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lock: one at a time, the stock scripts among them: the same files, locked and
 * taken away in the same way. */
#ifndef XL_HOTPLUG_LOCK_H
#define XL_HOTPLUG_LOCK_H

#include "lib/pool.h"

#define LOCK_DIR "/run/xen-hotplug"

/* Waits for the lock NAME. The directory is made if need be. */
struct err *lock_take(struct pool *p, const char *name, int *ret_fd) MUST_USE;
/* Closes the descriptor too. */
void lock_drop(struct pool *p, const char *name, int fd);

#endif
