/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The database's costs, for tests/bench/db.sh. Prints numbers, one a line with
 * its name.
 *   bench-db memory N       bytes an object of class VM
 *   bench-db costs N        ns a record, a change, an event, with N VMs there
 *   bench-db durable FILE   single-field writes a second from 32 writers, each
 *                           waiting until its last is on disk
 *   bench-db fill FILE N    nothing: makes a database with N VMs
 *   bench-db raw FILE       the same rows of the same file by SQLite alone, 32
 * a transaction
 */
#include <malloc.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "xapi/db/event.h"
#include "xapi/model/model_gen.h"
#include "xapi/db/store.h"
#include "xapi/db/txn.h"

#define F(id) (&model_fields[id])
#define C(id) (&model_classes[CLASS_##id])
#define S(text) ((union model_atom){.s = (text)})
#define WRITERS 32
#define SECONDS 2.0
/* The costs are those of a hundred objects, however many there are besides. */
#define TOUCHED 100
#define IDLE_CLIENTS 1000

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(struct err *e)
{
    if (!e)
        return;
    fprintf(stderr, "bench-db: %s\n", err_text(e));
    exit(1);
}

/* ---- VMs as they are on hosts ---------------------------------------------
 */

static void add(struct txn *txn, struct object *o, unsigned field,
                const char *key, const char *value)
{
    must(txn_add(txn, o, F(field), S(key), S(value)));
}

static void add_maps(struct txn *txn, struct object *vm, const char *name)
{
    static const char *const flags[] = {"acpi", "apic", "pae",
                                        "nx",   "hpet", "viridian"};

    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        add(txn, vm, VM_platform, flags[i], "true");
    add(txn, vm, VM_platform, "timeoffset", "3600");
    add(txn, vm, VM_HVM_boot_params, "order", "cdn");
    add(txn, vm, VM_other_config, "mac_seed", name);
    add(txn, vm, VM_other_config, "base_template_name", "Debian Bookworm 12");
    add(txn, vm, VM_other_config, "install-methods", "cdrom,nfs,http,ftp");
    add(txn, vm, VM_bios_strings, "bios-vendor", "Xen");
    must(txn_add(txn, vm, F(VM_tags), S("production"), S(NULL)));
}

static struct object *add_vm(struct txn *txn, struct object *host, int number)
{
    static const unsigned sizes[] = {VM_memory_static_max,
                                     VM_memory_dynamic_max,
                                     VM_memory_dynamic_min, VM_memory_target};
    struct object *vm;
    char name[64];

    must(txn_create(txn, C(VM), NULL, NULL, &vm));
    snprintf(name, sizeof(name), "virtual machine number %d", number);
    must(txn_set(txn, vm, F(VM_name_label), DATUM_STRING(name)));
    must(txn_set(txn, vm, F(VM_name_description), DATUM_STRING("Of a test")));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        must(txn_set(txn, vm, F(sizes[i]), DATUM_INT(4LL << 30)));
    must(txn_set(txn, vm, F(VM_VCPUs_max), DATUM_INT(4)));
    must(txn_set(txn, vm, F(VM_VCPUs_at_startup), DATUM_INT(4)));
    must(txn_set(txn, vm, F(VM_power_state),
                 DATUM_ENUM(VM_power_state_Running)));
    must(txn_set(txn, vm, F(VM_domid), DATUM_INT(number + 1)));
    for (int i = 0; i < 20; i++)
        must(txn_add(txn, vm, F(VM_allowed_operations),
                     (union model_atom){.i = i}, S(NULL)));
    must(txn_set(txn, vm, F(VM_resident_on), DATUM_REF(object_ref(host))));
    must(txn_set(txn, vm, F(VM_affinity), DATUM_REF(object_ref(host))));
    add_maps(txn, vm, name);
    return vm;
}

static void fill(struct db *db, int n)
{
    struct txn *txn = txn_begin(db);
    struct object *host;

    must(txn_create(txn, C(host), NULL, NULL, &host));
    txn_commit(txn);
    for (int i = 0; i < n;) {
        txn = txn_begin(db);
        for (int j = 0; j < 1000 && i < n; j++)
            add_vm(txn, host, i++);
        txn_commit(txn);
    }
}

static void memory(int n)
{
    struct db *db = db_new();
    size_t before, after;

    malloc_trim(0);
    before = mallinfo2().uordblks + mallinfo2().hblkhd;
    fill(db, n);
    after = mallinfo2().uordblks + mallinfo2().hblkhd;
    printf("memory %.0f\n", (double)(after - before) / n);
    db_free(db);
}

/* ---- costs --------------------------------------------------------------- */

/* The fastest of some rounds of FN, in ns for each of its steps. */
static double best(void (*fn)(void *), void *arg, int steps)
{
    double fastest = 1e9, took;

    for (int i = 0; i < 15; i++) {
        double start = now();

        fn(arg);
        took = (now() - start) / steps * 1e9;
        if (took < fastest)
            fastest = took;
    }
    return fastest;
}

struct costs {
    struct db *db;
    struct object *vms[TOUCHED];
    struct event_filters vm_filter, task_filter;
    struct event_token token;
    struct pool *pool;
    int round, woken;
};

#define CHANGES 5000

static void records(void *arg)
{
    struct costs *c = arg;

    for (int i = 0; i < TOUCHED; i++) {
        AUTO_STR struct str out = STR_INIT(STR_MAX);
        struct object *vm =
            db_by_uuid(c->db, C(VM), object_atom(c->vms[i], F(VM_uuid)).s);

        for (unsigned f = 0; f < C(VM)->n_fields; f++) {
            str_add(&out, C(VM)->fields[f].name);
            datum_to_text(C(VM)->fields[f].type,
                          object_get(vm, &C(VM)->fields[f]), &out);
        }
    }
}

static void change(struct costs *c, int i)
{
    struct txn *txn = txn_begin(c->db);
    char text[32];

    snprintf(text, sizeof(text), "change %d", c->round++);
    must(txn_set(txn, c->vms[i % TOUCHED], F(VM_name_description),
                 DATUM_STRING(text)));
    txn_commit(txn);
}

static void changes(void *arg)
{
    for (int i = 0; i < CHANGES; i++)
        change(arg, i);
}

static void woken(void *arg)
{
    struct costs *c = arg;

    c->woken++;
}

/* A change, its waiter woken and told of it, with others waiting besides. */
static void deliveries(void *arg)
{
    struct costs *c = arg;

    for (int i = 0; i < CHANGES; i++) {
        struct event_wait *w = event_wait(c->db, &c->vm_filter, woken, c);
        struct pool *p = pool_new();
        struct event_change *list;
        size_t n;
        bool lost;

        change(c, i);
        event_collect(c->db, p, c->token, &c->vm_filter, &list, &n, &lost);
        if (lost || n != 1 || list[0].object != c->vms[i % TOUCHED])
            must(ERR("%zu events for one change", n));
        c->token = event_token_now(c->db);
        event_wait_free(w);
        pool_free(p);
    }
}

static struct event_filters filter(struct pool *p, const char *word)
{
    struct event_filters filters;

    must(event_filters_parse(p, &word, 1, &filters));
    return filters;
}

/* TOUCHED of them, all over the memory. */
static void pick(struct costs *c, int n)
{
    struct object *vm = db_first(c->db, C(VM));

    for (int i = 0, picked = 0; picked < TOUCHED; i++, vm = object_next(vm))
        if (i % (n / TOUCHED) == 0)
            c->vms[picked++] = vm;
}

static void costs(int n)
{
    struct costs c = {.db = db_new(), .pool = pool_new()};
    struct event_wait *idle[IDLE_CLIENTS];

    fill(c.db, n);
    pick(&c, n);
    c.vm_filter = filter(c.pool, "vm");
    c.task_filter = filter(c.pool, "task");
    c.token = event_token_now(c.db);
    printf("record %.0f\n", best(records, &c, TOUCHED));
    printf("change %.0f\n", best(changes, &c, CHANGES));
    for (int i = 0; i < IDLE_CLIENTS; i++)
        idle[i] = event_wait(c.db, &c.task_filter, woken, &c);
    c.token = event_token_now(c.db);
    printf("event %.0f\n", best(deliveries, &c, CHANGES));
    for (int i = 0; i < IDLE_CLIENTS; i++)
        event_wait_free(idle[i]);
    pool_free(c.pool);
    db_free(c.db);
}

/* ---- durable writes ------------------------------------------------------ */

struct writer {
    struct db *db;
    struct object *vm;
    int n;
    double until;
};

static void written(void *arg, struct err *err)
{
    struct writer *w = arg;
    struct txn *txn;
    char text[32];

    must(err);
    if (now() > w->until)
        return;
    snprintf(text, sizeof(text), "change %d", w->n++);
    txn = txn_begin(w->db);
    must(txn_set(txn, w->vm, F(VM_name_description), DATUM_STRING(text)));
    txn_commit(txn);
    db_when_durable(w->db, written, w);
}

static void durable(const char *path)
{
    struct writer writers[WRITERS] = {{NULL}};
    struct db *db = db_new();
    struct store *store;
    struct object *vm;
    double until;
    int n = 0;

    must(store_sqlite_open(path, &store));
    must(db_open(db, store));
    fill(db, WRITERS);
    must(db_flush(db));
    vm = db_first(db, C(VM));
    until = now() + SECONDS;
    for (int i = 0; i < WRITERS; i++, vm = object_next(vm)) {
        writers[i] = (struct writer){db, vm, 0, until};
        written(&writers[i], NULL);
    }
    while (now() < until) {
        poll(&(struct pollfd){.fd = db_fd(db), .events = POLLIN}, 1, 100);
        db_poll(db);
    }
    for (int i = 0; i < WRITERS; i++)
        n += writers[i].n;
    printf("durable %.0f\n", n / SECONDS);
    db_free(db);
}

static void run(sqlite3 *s, const char *sql)
{
    if (sqlite3_exec(s, sql, NULL, NULL, NULL) != SQLITE_OK)
        must(ERR("%s: %s", sql, sqlite3_errmsg(s)));
}

static void step(sqlite3 *s, sqlite3_stmt *q)
{
    if (sqlite3_step(q) != SQLITE_DONE)
        must(ERR("%s", sqlite3_errmsg(s)));
    sqlite3_reset(q);
}

/* A database as the other's, and who of it is written to. */
static int make_file(const char *path)
{
    struct db *db = db_new();
    struct store *store;

    must(store_sqlite_open(path, &store));
    must(db_open(db, store));
    fill(db, WRITERS);
    db_free(db);
    return 2; /* the number of the first VM: the host has 1 */
}

static void raw(const char *path)
{
    int first = make_file(path), n = 0;
    sqlite3_stmt *q, *begin, *commit;
    sqlite3 *s = NULL;
    double until;
    char text[32];

    if (sqlite3_open(path, &s) != SQLITE_OK)
        must(ERR("%s", sqlite3_errmsg(s)));
    run(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    sqlite3_prepare_v2(s,
                       "INSERT INTO fields VALUES (?1, 'name_description', ?2)"
                       " ON CONFLICT DO UPDATE SET value = ?2",
                       -1, &q, NULL);
    sqlite3_prepare_v2(s, "BEGIN IMMEDIATE", -1, &begin, NULL);
    sqlite3_prepare_v2(s, "COMMIT", -1, &commit, NULL);
    for (until = now() + SECONDS; now() < until;) {
        step(s, begin);
        for (int i = 0; i < WRITERS; i++) {
            snprintf(text, sizeof(text), "change %d", n++);
            sqlite3_bind_int(q, 1, first + i);
            sqlite3_bind_text(q, 2, text, -1, SQLITE_STATIC);
            step(s, q);
        }
        step(s, commit);
    }
    printf("raw %.0f\n", n / SECONDS);
    sqlite3_finalize(q);
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_close(s);
}

static void fill_file(const char *path, int n)
{
    struct db *db = db_new();
    struct store *store;

    must(store_sqlite_open(path, &store));
    must(db_open(db, store));
    fill(db, n);
    must(db_flush(db));
    db_free(db);
}

int main(int argc, char **argv)
{
    bool fills = argc == 4 && !strcmp(argv[1], "fill");
    int64_t n = 0;

    if (argc != 3 && !fills)
        must(ERR("two words, please"));
    if (fills) {
        must(text_to_int(argv[3], 10, 1, 1000000, &n));
        fill_file(argv[2], (int)n);
    } else if (!strcmp(argv[1], "durable")) {
        durable(argv[2]);
    } else if (!strcmp(argv[1], "raw")) {
        raw(argv[2]);
    } else {
        must(text_to_int(argv[2], 10, TOUCHED, 1000000, &n));
        if (!strcmp(argv[1], "memory"))
            memory((int)n);
        else
            costs((int)n);
    }
    return 0;
}
