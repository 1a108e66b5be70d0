/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wait: see wait.h. */
#include "xenstore/top/wait.h"

#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "lib/clock.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define N_SIGNALS (sizeof(signals) / sizeof(*signals))

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
    (void)sig;
    ended = 1;
}

void wait_catch_signals(sigset_t *ret_mask)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        sigaddset(&blocked, signals[i]);
        sigaction(signals[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &blocked, ret_mask);
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigdelset(ret_mask, signals[i]);
}

bool wait_ended(void)
{
    return ended;
}

void wait_until(double when, const sigset_t *mask)
{
    double left = when - clock_now();

    while (!ended && left > 0) {
        struct timespec t = {(time_t)left,
                             (long)((left - (double)(time_t)left) * 1e9)};

        ppoll(NULL, 0, &t, mask);
        left = when - clock_now();
    }
}
