/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clock: how much time has passed, and how long to wait. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

/* Seconds, of a clock that only goes forward. */
double clock_now(void);
/* SECONDS as poll(2) takes them: never too short; 0 when they are over, -1 (no
 * limit) for INFINITY, a day at the most else. */
int clock_poll_ms(double seconds);

#endif
