/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wait: signals that end a program's waiting and nothing else. */
#ifndef XENSTORE_TOP_WAIT_H
#define XENSTORE_TOP_WAIT_H

#include <signal.h>
#include <stdbool.h>

/* From now on INT, TERM and HUP come only while somebody waits with the mask
 * (ppoll), so that none comes unseen before that. */
void wait_catch_signals(sigset_t *ret_mask);
/* Whether one has come. */
bool wait_ended(void);
/* Until that time of lib/clock or a signal. */
void wait_until(double when, const sigset_t *mask);

#endif
