/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slice: see slice.h. */
#include "xapi/call/slice.h"

#include <event2/event.h>

#include "lib/clock.h"

#define SLICE_SECONDS 0.002

bool slice_run(slice_step_fn *step, void *arg)
{
    double until = clock_now() + SLICE_SECONDS;

    do {
        if (!step(arg))
            return false;
    } while (clock_now() < until);
    return true;
}

void slice_again(struct event *timer)
{
    static const struct timeval at_once = {0};

    event_add(timer, &at_once);
}
