/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_watch: see hv_watch.h. */
#include "xapi/hv/hv_watch.h"

#include "lib/str.h"
#include "xenstore/store.h"

struct hv_watch {
    struct store *store; /* NULL: not begun, or lost */
};

struct hv_watch *hv_watch_new(void)
{
    return xcalloc(1, sizeof(struct hv_watch));
}

static void lose(struct hv_watch *w)
{
    store_close(w->store);
    w->store = NULL;
}

static struct err *set_watches(struct store *s)
{
    TRY(store_watch(s, "@introduceDomain"));
    return store_watch(s, "@releaseDomain");
}

struct err *hv_watch_begin(const struct hv *hv, int *ret_fd)
{
    struct hv_watch *w = hv->watching;
    struct err *e;

    lose(w);
    TRY(store_open(&w->store));
    e = set_watches(w->store);
    if (e)
        lose(w);
    else
        *ret_fd = store_fd(w->store);
    return err_wrap(e, "cannot watch domains");
}

struct err *hv_watch_hear(const struct hv *hv, int fd, bool *ret_changed)
{
    AUTO_POOL struct pool *p = pool_new();
    struct hv_watch *w = hv->watching;
    struct store_event event;
    struct err *e;

    (void)fd;
    if (!w->store)
        return ERR("domains are not watched");
    e = store_pump(w->store);
    if (e) {
        lose(w);
        return err_wrap(e, "domains are not watched any more");
    }
    *ret_changed = false;
    while (store_next_event(w->store, p, &event))
        *ret_changed = true;
    return NULL;
}
