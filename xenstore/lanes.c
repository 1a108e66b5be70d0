/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lanes: see lanes.h. */
#include "xenstore/lanes.h"

#include <math.h>
#include <poll.h>
#include <unistd.h>

#include "lib/clock.h"
#include "xenstore/requests.h"

/* Batches after which another connection pays. */
#define WORTH_A_LANE 64
/* With that many requests unanswered we do not wait for the next answer but for
 * a while: waking us for each costs the daemon more than the answer. */
#define GATHER_MIN 16
#define GATHER_US 50

void lanes_init(struct lanes *l, struct store *first)
{
    *l = (struct lanes){.stores = {first}, .n = 1};
}

void lanes_done(struct lanes *l)
{
    while (l->n > 1)
        store_close(l->stores[--l->n]);
}

/* Without it things go on more slowly. */
static void add_lane(struct lanes *l)
{
    struct store *s = NULL;
    struct err *e;

    if (!l->stores[0]->was_opened)
        return;
    e = store_open_now(&s);
    err_drop(e, "the lanes there are will do");
    if (!s)
        return;
    s->timeout = l->stores[0]->timeout;
    l->stores[l->n++] = s;
}

struct err *lanes_submit(struct lanes *l, struct store_batch *b)
{
    if (++l->n_submitted % WORTH_A_LANE == 0 && l->n < LANES_MAX)
        add_lane(l);
    return store_submit(l->stores[l->n_submitted % l->n], b);
}

static struct err *turn(struct lanes *l)
{
    struct pollfd fds[LANES_MAX];
    double left = INFINITY;
    bool can_send = false;
    size_t n_busy = 0;

    for (size_t i = 0; i < l->n; i++) {
        struct store *s = l->stores[i];

        TRY(requests_send(s));
        fds[i] = (struct pollfd){.fd = s->wire.fd, .events = store_events(s)};
        can_send |= fds[i].events & POLLOUT;
        n_busy += s->n_busy;
        left = fmin(left, store_seconds_left(s));
    }
    if (!can_send && n_busy >= GATHER_MIN)
        usleep(GATHER_US);
    poll(fds, l->n, clock_poll_ms(left)); /* a signal does no harm */
    for (size_t i = 0; i < l->n; i++) {
        if (fds[i].revents & ~POLLOUT)
            TRY(requests_receive(l->stores[i]));
        else
            TRY(requests_check_time(l->stores[i]));
    }
    return NULL;
}

struct err *lanes_turn(struct lanes *l)
{
    struct err *e = turn(l);

    for (size_t i = 0; e && i < l->n; i++)
        requests_break(l->stores[i], e);
    return e;
}
