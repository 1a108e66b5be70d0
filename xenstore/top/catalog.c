/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * catalog: see catalog.h. Watch events only mark things as stale; what is stale
 * is asked for, all at once, in a flight, of which one is under way at a time.
 */
#include "xenstore/top/catalog.h"

#include <poll.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/str.h"
#include "xenstore/store.h"

#define ROOT "/local/domain/0/backend"
#define LIBXL "/libxl"
#define POOLS "/local/pool"
#define POOLS_MAX 1024
#define RETRY 1.0 /* seconds between attempts to connect */
#define ALIVE 5.0 /* seconds of silence after which the daemon is asked */

/* clang-format off */
const struct catalog_backend catalog_backends[] = {
    [BACKEND_VIF]           = {"vif",   SAMPLE_VIFS, ROOT "/vif",   "", {"mac", "bridge", "vifname"}},
    [BACKEND_VBD]           = {"vbd",   SAMPLE_VBDS, ROOT "/vbd",   "", {"dev", "params", "mode"}},
    [BACKEND_QDISK]         = {"qdisk", SAMPLE_VBDS, ROOT "/qdisk", "", {"dev", "params", "mode"}},
    [BACKEND_VBD3]          = {"vbd3",  SAMPLE_VBDS, ROOT "/vbd3",  "", {"dev", "params", "mode"}},
    [BACKEND_VIF_ELSEWHERE] = {"vif",   SAMPLE_VIFS, LIBXL, "/device/vif", {"mac", "bridge", "vifname", "backend"}},
    [BACKEND_VBD_ELSEWHERE] = {"vbd",   SAMPLE_VBDS, LIBXL, "/device/vbd", {"dev", "params", "mode", "backend"}},
    [N_BACKENDS]            = {.name = NULL},
};

/* What a domain publishes of its memory, below /local/domain/ID/. */
enum { MEM_TARGET, MEM_FREE, MEM_TOTAL, MEM_USED, N_MEM };
static const char *const memory_nodes[N_MEM] = {
    [MEM_TARGET] = "memory/target",
    [MEM_FREE]   = "data/meminfo_free",  /* XenServer's and Windows' agents */
    [MEM_TOTAL]  = "data/meminfo_total",
    [MEM_USED]   = "memory/meminfo",     /* Qubes' */
};
/* clang-format on */

/* Bits of what is stale in a domain; the lists' are above. */
#define STALE_NAME 1u
#define STALE_MEMORY 2u
#define STALE_LIST(b) (4u << (b))
#define STALE_ALL_LISTS (4u * ((1u << N_BACKENDS) - 1))
#define STALE_ALL (STALE_NAME | STALE_MEMORY | STALE_ALL_LISTS)

/* What a request was for. */
enum ask_kind {
    ASK_NOTHING, /* that comes with the answer: watches */
    ASK_NAME,
    ASK_MEMORY, /* the first of N_MEM */
    ASK_FOLDER, /* the domains that a backend has devices of */
    ASK_LIST,   /* the devices of one domain */
    ASK_NODES,  /* the first node of the devices of a list */
    ASK_POOL,
};

struct ask {
    enum ask_kind kind;
    uint64_t id; /* of the domain */
    unsigned backend;
    size_t req;               /* of the batch */
    struct catalog_list list; /* ASK_NODES: to be filled in */
};

struct flight {
    struct pool *pool;
    struct store_batch batch;
    struct ask *asks;
    size_t n_asks;
};

struct named_pool {
    uint64_t id;
    char *name;
    bool stale;
};

struct catalog {
    struct store *store; /* NULL: not connected */
    double next_try;     /* when not */
    double due;          /* since when an answer is; 0: none */
    double heard;        /* when it last said something */
    bool watched;        /* ROOT and LIBXL are */
    bool folders_stale;  /* ASK_FOLDER comes before any ASK_LIST */
    unsigned parts;
    bool follow;
    struct flight *flight;           /* under way, or NULL */
    struct flight *next;             /* being put together, or NULL */
    struct catalog_domain **domains; /* by id */
    size_t n;
    struct named_pool *pools;
    size_t n_pools;
    bool pools_watched;
};

struct catalog *catalog_new(void)
{
    return xcalloc(1, sizeof(struct catalog));
}

double catalog_age(const struct catalog *c)
{
    return c->due > 0 ? clock_now() - c->due : 0;
}

/* ---- domains ------------------------------------------------------------- */

static void free_domain(struct catalog_domain *d)
{
    for (unsigned b = 0; b < N_BACKENDS; b++)
        pool_free(d->lists[b].pool);
    free(d->name);
    free(d);
}

struct catalog_domain *catalog_find(const struct catalog *c, uint64_t id)
{
    size_t low = 0, high = c->n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (c->domains[mid]->id == id)
            return c->domains[mid];
        if (c->domains[mid]->id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static void set_stale(struct catalog *c, unsigned what)
{
    for (size_t i = 0; i < c->n; i++)
        c->domains[i]->stale |= what;
    if (what & STALE_ALL_LISTS)
        c->folders_stale = true;
}

static struct named_pool *find_pool(const struct catalog *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_pools; i++)
        if (c->pools[i].id == id)
            return &c->pools[i];
    return NULL;
}

static void set_pools_stale(struct catalog *c)
{
    for (size_t i = 0; i < c->n_pools; i++)
        c->pools[i].stale = true;
}

const char *catalog_pool_name(struct catalog *c, uint64_t id)
{
    struct named_pool *pool = find_pool(c, id);

    if (pool)
        return pool->name;
    if (c->n_pools < POOLS_MAX) {
        c->pools = xrealloc(c->pools, c->n_pools + 1, sizeof(*c->pools));
        c->pools[c->n_pools++] = (struct named_pool){id, xstrdup(""), true};
    }
    return "";
}

static void put_list(struct catalog_domain *d, unsigned b,
                     const struct catalog_list *list)
{
    pool_free(d->lists[b].pool);
    d->lists[b] = *list;
}

/* ---- flights ------------------------------------------------------------- */

static struct flight *next_flight(struct catalog *c)
{
    struct pool *p;

    if (!c->next) {
        p = pool_new();
        c->next = pool_new_of(p, struct flight);
        c->next->pool = c->next->batch.pool = p;
    }
    return c->next;
}

static void free_flight(struct flight *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_asks; i++)
        pool_free(f->asks[i].list.pool);
    pool_free(f->pool);
}

static struct ask *ask(struct catalog *c, enum ask_kind kind, uint64_t id,
                       unsigned backend)
{
    struct flight *f = next_flight(c);
    struct ask *a = pool_push(f->pool, f->asks, f->n_asks);

    *a = (struct ask){
        .kind = kind, .id = id, .backend = backend, .req = f->batch.n};
    return a;
}

static void add(struct catalog *c, enum store_op op, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
static void add(struct catalog *c, enum store_op op, const char *fmt, ...)
{
    struct flight *f = next_flight(c);
    va_list ap;

    va_start(ap, fmt);
    store_batch_add(&f->batch, op, pool_vprintf(f->pool, fmt, ap));
    va_end(ap);
}

static void watch_domain(struct catalog *c, unsigned long long id,
                         enum store_op op, unsigned parts)
{
    ask(c, ASK_NOTHING, id, 0);
    add(c, op, "/local/domain/%llu/name", id);
    if (parts & SAMPLE_MEMORY) {
        add(c, op, "/local/domain/%llu/memory", id);
        add(c, op, "/local/domain/%llu/data/meminfo_free", id);
    }
}

/* The daemon is gone, or what it said cannot be: begin anew later. */
static void lose(struct catalog *c, struct err *e)
{
    err_drop(e, "the catalog grows old until there is a new connection");
    store_close(c->store);
    c->store = NULL;
    free_flight(c->flight);
    free_flight(c->next);
    c->flight = c->next = NULL;
    c->watched = c->pools_watched = false;
    for (size_t i = 0; i < c->n; i++)
        c->domains[i]->watched = false;
    set_stale(c, STALE_ALL);
    set_pools_stale(c);
    c->next_try = clock_now() + RETRY;
    if (c->due <= 0)
        c->due = clock_now();
}

void catalog_free(struct catalog *c)
{
    if (!c)
        return;
    lose(c, NULL);
    for (size_t i = 0; i < c->n; i++)
        free_domain(c->domains[i]);
    for (size_t i = 0; i < c->n_pools; i++)
        free(c->pools[i].name);
    free(c->pools);
    free(c->domains);
    free(c);
}

/* ---- what the daemon says ------------------------------------------------ */

/* A number of kB as bytes; SAMPLE_NONE when it is not there or is nonsense,
 * since guests write some of them. */
static uint64_t kilobytes(const struct store_req *req)
{
    int64_t n;
    struct err *e;

    if (!req->text)
        return SAMPLE_NONE;
    e = text_to_int(req->text, 10, 0, INT64_MAX >> 10, &n);
    if (e) {
        err_drop(e, "a guest may write what it likes");
        return SAMPLE_NONE;
    }
    return (uint64_t)n << 10;
}

static void take_memory(struct catalog_domain *d, const struct store_req *reqs)
{
    uint64_t used = kilobytes(&reqs[MEM_USED]);

    d->target = kilobytes(&reqs[MEM_TARGET]);
    d->guest_total = kilobytes(&reqs[MEM_TOTAL]);
    d->guest_free = kilobytes(&reqs[MEM_FREE]);
    if (d->guest_free != SAMPLE_NONE || used == SAMPLE_NONE ||
        d->target == SAMPLE_NONE)
        return;
    d->guest_total = d->target;
    d->guest_free = d->target > used ? d->target - used : 0;
}

static void take_name(char **name, const struct store_req *req)
{
    free(*name);
    *name = xstrdup(req->text ? req->text : "");
}

static int compare_devices(const void *a_, const void *b_)
{
    const struct catalog_device *a = a_, *b = b_;

    return (a->id > b->id) - (a->id < b->id);
}

static bool read_id(const char *text, uint64_t *ret)
{
    int64_t n;
    struct err *e = text_to_int(text, 10, 0, UINT32_MAX, &n);

    if (e) {
        err_drop(e, "not a device");
        return false;
    }
    *ret = (uint64_t)n;
    return true;
}

static unsigned n_nodes(const struct catalog_backend *b)
{
    unsigned n = 0;

    while (n < CATALOG_NODES && b->nodes[n])
        n++;
    return n;
}

/* Devices of a list, whose nodes are asked for next. */
static void take_list(struct catalog *c, struct catalog_domain *d,
                      const struct ask *a, const struct store_req *req)
{
    const struct catalog_backend *b = &catalog_backends[a->backend];
    struct catalog_list list = {.pool = pool_new()};
    struct ask *next;

    for (size_t i = 0; i < req->n_names && list.n < CATALOG_DEVICES_MAX; i++) {
        uint64_t id;

        if (read_id(req->names[i], &id))
            pool_push(list.pool, list.devices, list.n)->id = id;
    }
    if (!list.n) {
        put_list(d, a->backend, &list);
        return;
    }
    qsort(list.devices, list.n, sizeof(*list.devices), compare_devices);
    next = ask(c, ASK_NODES, a->id, a->backend);
    for (size_t i = 0; i < list.n; i++)
        for (unsigned n = 0; n < n_nodes(b); n++)
            add(c, STORE_READ, "%s/%llu%s/%llu/%s", b->folder,
                (unsigned long long)a->id, b->below,
                (unsigned long long)list.devices[i].id, b->nodes[n]);
    next->list = list;
}

/* libxl has written down all devices: those in Dom0 are in the other lists. */
static void leave_out_ours(struct catalog_list *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        const char *where = list->devices[i].texts[CATALOG_NODES - 1];

        if (*where && !text_has_prefix(where, "/local/domain/0/"))
            list->devices[n++] = list->devices[i];
    }
    list->n = n;
}

static void take_nodes(struct catalog_domain *d, struct ask *a,
                       const struct store_req *reqs)
{
    const struct catalog_backend *b = &catalog_backends[a->backend];
    struct catalog_list *list = &a->list;

    for (size_t i = 0; i < list->n; i++)
        for (unsigned n = 0; n < CATALOG_NODES; n++) {
            const char *text = n < n_nodes(b) ? (reqs++)->text : NULL;

            list->devices[i].texts[n] = text ? pool_str(list->pool, text) : "";
        }
    if (*b->below)
        leave_out_ours(list);
    put_list(d, a->backend, list);
    list->pool = NULL;
}

/* Domains that have no devices here need no list; the others stay stale. */
static void take_folder(struct catalog *c, const struct ask *a,
                        const struct store_req *req)
{
    bool *has = pool_alloc(c->flight->pool, c->n + 1);

    for (size_t i = 0; i < req->n_names; i++) {
        uint64_t id;

        for (size_t d = 0; read_id(req->names[i], &id) && d < c->n; d++)
            has[d] |= c->domains[d]->id == id;
    }
    for (size_t d = 0; d < c->n; d++)
        if (!has[d]) {
            c->domains[d]->stale &= ~STALE_LIST(a->backend);
            put_list(c->domains[d], a->backend, &(struct catalog_list){0});
        }
}

static void take_answer(struct catalog *c, struct ask *a)
{
    const struct store_req *reqs = &c->flight->batch.reqs[a->req];
    struct catalog_domain *d = catalog_find(c, a->id);

    if (a->kind == ASK_FOLDER)
        take_folder(c, a, reqs);
    else if (a->kind == ASK_POOL)
        take_name(&find_pool(c, a->id)->name, reqs);
    else if (d && a->kind == ASK_NAME)
        take_name(&d->name, reqs);
    else if (d && a->kind == ASK_MEMORY)
        take_memory(d, reqs);
    else if (d && a->kind == ASK_LIST)
        take_list(c, d, a, reqs);
    else if (d && a->kind == ASK_NODES)
        take_nodes(d, a, reqs);
}

static void take_answers(struct catalog *c)
{
    struct flight *f = c->flight;

    for (size_t i = 0; i < f->n_asks; i++)
        take_answer(c, &f->asks[i]);
    c->flight = NULL;
    free_flight(f);
    c->due = 0;
    c->heard = clock_now();
}

/* ---- what is asked ------------------------------------------------------- */

static void ask_domain(struct catalog *c, struct catalog_domain *d)
{
    unsigned long long id = d->id;

    if (c->follow &&
        (!d->watched || (c->parts & ~d->watched_parts & SAMPLE_MEMORY))) {
        watch_domain(c, id, STORE_WATCH, c->parts);
        d->watched = true;
        d->watched_parts = c->parts;
        d->stale &= ~(STALE_NAME | STALE_MEMORY); /* the watches' events say */
    }
    if (d->stale & STALE_NAME) {
        ask(c, ASK_NAME, id, 0);
        add(c, STORE_READ, "/local/domain/%llu/name", id);
        d->stale &= ~STALE_NAME;
    }
    if ((d->stale & STALE_MEMORY) && (c->parts & SAMPLE_MEMORY)) {
        ask(c, ASK_MEMORY, id, 0);
        for (unsigned n = 0; n < N_MEM; n++)
            add(c, STORE_READ, "/local/domain/%llu/%s", id, memory_nodes[n]);
        d->stale &= ~STALE_MEMORY;
    }
}

static bool is_wanted(const struct catalog *c, unsigned b)
{
    return c->parts & catalog_backends[b].part;
}

static void ask_lists(struct catalog *c, struct catalog_domain *d)
{
    for (unsigned b = 0; b < N_BACKENDS; b++)
        if (is_wanted(c, b) && (d->stale & STALE_LIST(b))) {
            ask(c, ASK_LIST, d->id, b);
            add(c, STORE_LIST, "%s/%llu%s", catalog_backends[b].folder,
                (unsigned long long)d->id, catalog_backends[b].below);
            d->stale &= ~STALE_LIST(b);
        }
}

static void ask_folders(struct catalog *c)
{
    if (c->follow && !c->watched) {
        ask(c, ASK_NOTHING, 0, 0);
        add(c, STORE_WATCH, ROOT);
        add(c, STORE_WATCH, LIBXL);
        c->watched = true;
        return; /* the watches' events say that they are stale */
    }
    for (unsigned b = 0; b < N_BACKENDS; b++)
        if (is_wanted(c, b)) {
            ask(c, ASK_FOLDER, 0, b);
            add(c, STORE_LIST, "%s", catalog_backends[b].folder);
        }
    c->folders_stale = false;
}

static void ask_pools(struct catalog *c)
{
    if (c->follow && c->n_pools && !c->pools_watched) {
        ask(c, ASK_NOTHING, 0, 0);
        add(c, STORE_WATCH, POOLS);
        c->pools_watched = true;
        return; /* the watch's event says that they are stale */
    }
    for (size_t i = 0; i < c->n_pools; i++)
        if (c->pools[i].stale) {
            ask(c, ASK_POOL, c->pools[i].id, 0);
            add(c, STORE_READ, POOLS "/%llu/name",
                (unsigned long long)c->pools[i].id);
            c->pools[i].stale = false;
        }
}

/* Puts together all that is to be asked. */
static void ask_all(struct catalog *c)
{
    bool devices = c->parts & (SAMPLE_VIFS | SAMPLE_VBDS);
    bool folders = devices && c->folders_stale;

    ask_pools(c);
    if (folders)
        ask_folders(c);
    for (size_t i = 0; i < c->n; i++) {
        ask_domain(c, c->domains[i]);
        if (devices && !folders)
            ask_lists(c, c->domains[i]);
    }
    if (!c->next && c->follow && clock_now() - c->heard > ALIVE) {
        ask(c, ASK_NOTHING, 0, 0);
        add(c, STORE_READ, "/");
    }
}

static struct err *send_next(struct catalog *c)
{
    c->flight = c->next;
    c->next = NULL;
    if (c->due <= 0)
        c->due = clock_now();
    return store_submit(c->store, &c->flight->batch);
}

/* ---- events -------------------------------------------------------------- */

/* REST is what follows the backend's folder. "/7/device/vif" is concerned by
 * "/7", "/7/device" and all below itself. */
static void list_event(struct catalog *c, unsigned b, const char *rest)
{
    const char *below = catalog_backends[b].below;
    char *end;
    struct catalog_domain *d = catalog_find(c, strtoull(rest + 1, &end, 10));

    if (d && (text_has_prefix(end, below) || text_has_prefix(below, end)))
        d->stale |= STALE_LIST(b);
}

static void backend_event(struct catalog *c, const char *path)
{
    for (unsigned b = 0; b < N_BACKENDS; b++) {
        const char *folder = catalog_backends[b].folder;
        size_t len = strlen(folder);

        if (text_has_prefix(folder, path))
            set_stale(c, STALE_LIST(b));
        else if (text_has_prefix(path, folder) && path[len] == '/')
            list_event(c, b, path + len);
    }
}

static void domain_event(struct catalog *c, const char *watch)
{
    static const char prefix[] = "/local/domain/";
    char *end;
    uint64_t id = strtoull(watch + strlen(prefix), &end, 10);
    struct catalog_domain *d = catalog_find(c, id);

    if (d)
        d->stale |= strcmp(end, "/name") ? STALE_MEMORY : STALE_NAME;
}

static void take_events(struct catalog *c)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_event event;

    while (store_next_event(c->store, p, &event)) {
        if (!strcmp(event.watch, POOLS))
            set_pools_stale(c);
        else if (!strcmp(event.watch, ROOT) || !strcmp(event.watch, LIBXL))
            backend_event(c, event.path);
        else
            domain_event(c, event.watch);
    }
}

/* ---- updating ------------------------------------------------------------ */

static struct catalog_domain *new_domain(const struct sample_domain *d)
{
    struct catalog_domain *made = xcalloc(1, sizeof(*made));

    made->id = d->id;
    memcpy(made->uuid, d->uuid, sizeof(made->uuid));
    made->name = xstrdup("");
    made->target = made->guest_total = made->guest_free = SAMPLE_NONE;
    made->stale = STALE_ALL;
    return made;
}

static void drop_domain(struct catalog *c, struct catalog_domain *d)
{
    if (c->store && d->watched)
        watch_domain(c, d->id, STORE_UNWATCH, d->watched_parts);
    free_domain(d);
}

static bool is_of(const struct catalog_domain *d, const struct sample_domain *s)
{
    return d->id == s->id && !memcmp(d->uuid, s->uuid, sizeof(s->uuid));
}

/* The domains become those of the list. */
static void take_domains(struct catalog *c, const struct sample_domain *domains,
                         size_t n)
{
    struct catalog_domain **list = xcalloc(n + 1, sizeof(*list));
    size_t old = 0;

    for (size_t i = 0; i < n; i++) {
        while (old < c->n && c->domains[old]->id < domains[i].id)
            drop_domain(c, c->domains[old++]);
        if (old < c->n && is_of(c->domains[old], &domains[i])) {
            list[i] = c->domains[old++];
            continue;
        }
        list[i] = new_domain(&domains[i]);
        c->folders_stale = true;
    }
    while (old < c->n)
        drop_domain(c, c->domains[old++]);
    free(c->domains);
    c->domains = list;
    c->n = n;
}

static struct err *wait_for_daemon(struct catalog *c, double seconds)
{
    struct pollfd fd = {store_fd(c->store), store_events(c->store), 0};

    poll(&fd, 1, clock_poll_ms(seconds));
    return store_pump(c->store);
}

/* Until nothing is stale or the time has passed. */
static struct err *converse(struct catalog *c, double deadline)
{
    TRY(store_pump(c->store));
    for (;;) {
        double left = deadline - clock_now();

        take_events(c);
        if (c->flight && c->flight->batch.n_done == c->flight->batch.n)
            take_answers(c);
        if (!c->flight) {
            ask_all(c);
            if (!c->next)
                return NULL;
            TRY(send_next(c));
        }
        if (left <= 0)
            return NULL;
        TRY(wait_for_daemon(c, left));
    }
}

static struct err *connect_now(struct catalog *c)
{
    if (c->store || clock_now() < c->next_try)
        return NULL;
    return store_open_now(&c->store);
}

void catalog_update(struct catalog *c, const struct sample_domain *domains,
                    size_t n, unsigned parts, bool follow, double seconds)
{
    double deadline = clock_now() + seconds;
    struct err *e;

    if (parts & ~c->parts)
        set_stale(c, STALE_ALL);
    c->parts = parts;
    c->follow = follow;
    take_domains(c, domains, n);
    e = connect_now(c);
    if (!e && c->store)
        e = converse(c, deadline);
    if (e)
        lose(c, e);
}
