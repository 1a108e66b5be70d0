/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slice: work of the loop that may take long is done in slices of 2 ms, between
 * which others have their turn.
 */
#ifndef XAPI_SLICE_H
#define XAPI_SLICE_H

#include <stdbool.h>

struct event;

/* Does a piece; false: there is no more to do. */
typedef bool slice_step_fn(void *arg);

/* STEP(ARG) until the slice is over; true: there may be more to do. */
bool slice_run(slice_step_fn *step, void *arg);
/* TIMER is due as soon as others have had their turn. */
void slice_again(struct event *timer);

#endif
