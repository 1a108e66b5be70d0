/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_watch: what happens on the host without a call of ours: guests shut down,
 * reboot and crash by themselves, others make domains and end them. The host is
 * looked at when it says that something has changed, and now and then, because
 * of some things nobody is told.
 */
#ifndef XAPI_VM_WATCH_H
#define XAPI_VM_WATCH_H

#include "xapi/call/server.h"

struct vm_watch;

/* A first look comes at once. */
struct vm_watch *vm_watch_new(struct server *server);
void vm_watch_free(struct vm_watch *w); /* NULL is fine */

#endif
