/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clock: see clock.h. */
#include "lib/clock.h"

#include <math.h>
#include <time.h>

#define DAY 86400

double clock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int clock_poll_ms(double seconds)
{
    int ms;

    if (isinf(seconds))
        return seconds > 0 ? -1 : 0;
    if (seconds > DAY)
        return DAY * 1000;
    ms = seconds > 0 ? (int)(seconds * 1000) : 0;
    return ms < seconds * 1000 ? ms + 1 : ms;
}
