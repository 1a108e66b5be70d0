/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* thread: threads beside the one that all else is in. */
#ifndef LIB_THREAD_H
#define LIB_THREAD_H

#include <pthread.h>

/* No signal is for the thread, but those that it causes itself. Gives an errno,
 * or 0. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
