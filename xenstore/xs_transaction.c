/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xs_transaction: see xs_transaction.h. */
#include "xenstore/xs_transaction.h"

#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "xenstore/inherit.h"
#include "xenstore/making.h"

#define TURN_LOCK "/run/dom0kit/transaction.lock"
#define TURN_SECONDS 1.0 /* after which nobody is waited for */

struct xs_transaction {
    struct pool *pool;
    struct xs_request *kept;
    size_t n;
    struct inherit inherit;
    bool plain; /* needs none, as long as nothing is read after a write */
    bool begun;
    uint32_t tx; /* the daemon's number, when it has begun */
    int turn;    /* the lock of TURN_LOCK */
};

bool xs_transaction_keep(struct xs_handle *h)
{
    struct pool *p;

    if (h->transaction)
        return false;
    p = pool_new();
    h->transaction = pool_alloc(p, sizeof(*h->transaction));
    *h->transaction = (struct xs_transaction){
        .pool = p, .plain = making_now(), .turn = -1, .inherit.pool = p};
    err_drop(file_lock(TURN_LOCK, TURN_SECONDS, &h->transaction->turn),
             "then it may be done anew");
    return true;
}

void xs_transaction_forget(struct xs_transaction *t)
{
    if (!t)
        return;
    if (t->turn >= 0)
        close(t->turn);
    pool_free(t->pool);
}

/* ---- sending what is kept ------------------------------------------------ */

/* Devices are looked at when their state is there. */
static bool is_state(const struct xs_request *r)
{
    const char *name = strrchr(r->word, '/');

    return name && !strcmp(name, "/state");
}

static bool send_kept(struct xs_handle *h)
{
    struct xs_transaction *t = h->transaction;

    for (size_t i = 0; i < t->n; i++)
        if (!xs_conn_defer(h, t->tx, &t->kept[i]))
            return false;
    t->n = 0;
    return true;
}

static bool send_plainly(struct xs_handle *h)
{
    const struct xs_transaction *t = h->transaction;

    for (int states = 0; states < 2; states++)
        for (size_t i = 0; i < t->n; i++)
            if (is_state(&t->kept[i]) == states &&
                !xs_conn_defer(h, XBT_NULL, &t->kept[i]))
                return false;
    return xs_conn_collect(h);
}

static bool begin(struct xs_handle *h)
{
    const struct xs_request r = {.type = XS_TRANSACTION_START, .word = ""};
    AUTO_FREE char *text = xs_conn_ask(h, XBT_NULL, &r, NULL);

    if (!text)
        return false;
    h->transaction->tx = (uint32_t)strtoul(text, NULL, 10);
    h->transaction->begun = true;
    return send_kept(h);
}

/* -------------------------------------------------------------------------- */

static void keep(struct xs_transaction *t, const struct xs_request *r)
{
    struct xs_request *k = pool_push(t->pool, t->kept, t->n);

    *k = *r;
    k->word = pool_str(t->pool, r->word);
    k->data = pool_strn(t->pool, r->len ? r->data : "", r->len);
}

bool xs_transaction_add(struct xs_handle *h, const struct xs_request *r)
{
    struct xs_transaction *t = h->transaction;

    if (h->is_lost) {
        errno = EBADF;
        return false;
    }
    if (!h->wire.is_device && inherit_has(&t->inherit, r))
        return true;
    if (t->begun)
        return xs_conn_defer(h, t->tx, r);
    keep(t, r);
    return true;
}

bool xs_transaction_read(struct xs_handle *h, uint32_t *ret_tx)
{
    const struct xs_transaction *t = h->transaction;

    if (!t->begun && !(t->plain && !t->n) && !begin(h))
        return false;
    *ret_tx = t->tx;
    return true;
}

/* The daemon's has to end, whatever became of what was done in it. */
static bool end_begun(struct xs_handle *h, bool abort)
{
    bool well = xs_conn_collect(h) || abort;
    int errnum = errno;
    const struct xs_request r = {.type = XS_TRANSACTION_END,
                                 .word = abort || !well ? "F" : "T"};
    char *text = xs_conn_ask(h, h->transaction->tx, &r, NULL);

    free(text);
    if (!well)
        errno = errnum;
    return text && well;
}

static bool end(struct xs_handle *h, bool abort)
{
    struct xs_transaction *t = h->transaction;

    if (t->begun)
        return end_begun(h, abort);
    if (abort || !t->n)
        return true;
    if (t->plain)
        return send_plainly(h);
    return begin(h) && end_begun(h, false);
}

bool xs_transaction_done(struct xs_handle *h, bool abort)
{
    bool done = end(h, abort);
    int errnum = errno;

    xs_transaction_forget(h->transaction);
    h->transaction = NULL;
    errno = errnum;
    return done;
}
