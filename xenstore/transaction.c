/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* transaction: several requests as one, again and again until nobody disturbs
 * them; users of it take turns. */
#include <errno.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "xenstore/requests.h"

#define TURN_SECONDS 3

static struct err *begin(struct store *s, uint32_t *ret_tx)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_req req = {.op = STORE_TX_START, .path = ""};

    TRY(store_run(s, &req, 1, p));
    if (req.errnum)
        return err_errno(req.errnum, "cannot begin a transaction in XenStore");
    *ret_tx = req.tx;
    return NULL;
}

static struct err *end(struct store *s, uint32_t tx, bool commit,
                       bool *ret_conflict)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_req req = {
        .op = STORE_TX_END, .path = commit ? "T" : "F", .tx = tx};

    TRY(store_run(s, &req, 1, p));
    *ret_conflict = req.errnum == EAGAIN;
    if (req.errnum && !*ret_conflict)
        return err_errno(req.errnum, "cannot end a transaction in XenStore");
    return NULL;
}

static struct err *try_transaction(struct store *s, store_tx_fn *fn, void *arg,
                                   bool *ret_conflict)
{
    bool ignored;
    uint32_t tx = 0;
    struct err *e;

    TRY(begin(s, &tx));
    e = fn(s, tx, arg);
    if (!e)
        return end(s, tx, true, ret_conflict);
    if (!s->broken)
        err_drop(end(s, tx, false, &ignored), "the first error says more");
    return e;
}

/* A turn ends when FD is closed. Turns save retries, no more: who has waited
 * for one as long as no transaction takes (its holder may be stopped) does
 * without from then on. Transactions take a millisecond, so we look often. */
static void take_turn(struct store *s, int *fd)
{
    double deadline = clock_now() + TURN_SECONDS;

    while (s->turns) {
        struct err *e = file_lock(s->turns, 0, fd);
        bool is_held = err_is(e, &err_kind_timeout);

        err_drop(e, "turns are not needed");
        if (!is_held)
            return;
        if (clock_now() < deadline)
            usleep(300);
        else
            free(take_ptr(s->turns));
    }
}

struct err *store_transaction(struct store *s, store_tx_fn *fn, void *arg)
{
    AUTO_FD int turn = -1;
    double deadline = clock_now() + STORE_TIMEOUT;
    bool conflict = true;

    take_turn(s, &turn);
    for (unsigned wait_us = 100; conflict; wait_us += wait_us / 4) {
        TRY(try_transaction(s, fn, arg, &conflict));
        if (!conflict)
            return NULL;
        if (clock_now() > deadline)
            break;
        usleep(wait_us + s->next_id * 7919 % wait_us);
    }
    return ERR_AS(timeout,
                  "a transaction met others' changes in XenStore for "
                  "%.0f seconds: try again",
                  STORE_TIMEOUT);
}
