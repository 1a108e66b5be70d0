/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* connect: the way to the daemon, its socket or the kernel's device. */
#ifndef XENSTORE_CONNECT_H
#define XENSTORE_CONNECT_H

#include "lib/err.h"

/* What XENSTORED_PATH names, else STORE_SOCKET, else STORE_DEVICE. SECONDS: how
 * long to wait for a daemon that is there and busy, 0: not at all (kind
 * timeout). */
struct err *connect_any(double seconds, int *ret_fd) MUST_USE;
/* Whether FD is the kernel's device. */
bool connect_is_device(int fd);

#endif
