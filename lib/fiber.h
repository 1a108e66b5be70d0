/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fiber: a straight line of code that stops where it has to wait and goes on
 * later, on a stack of its own, in the one thread of an event loop. It runs
 * only inside fiber_resume, so nothing of it runs beside anything else.
 */
#ifndef LIB_FIBER_H
#define LIB_FIBER_H

#include <stdbool.h>

/* Of its stack; only what is touched takes memory. */
#define FIBER_STACK (512u << 10)

struct fiber;
typedef void fiber_fn(struct fiber *f, void *arg);

/* FN(ARG) begins with the first fiber_resume. */
struct fiber *fiber_new(fiber_fn *fn, void *arg);
/* Runs it until it waits again (true) or is over (false: F is gone). There is
 * no way to end one from outside: it has to be told why to return, and
 * resumed. */
bool fiber_resume(struct fiber *f);
/* In FN: back to who resumed it, until that is done again. */
void fiber_wait(struct fiber *f);

#endif
