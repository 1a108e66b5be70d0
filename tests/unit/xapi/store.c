/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store: what comes back after a restart; kill -9 at any moment; dumps; what
 * files are refused.
 */
#include "tests/unit/xapi/db_rig.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/db/event.h"
#include "xapi/db/store.h"
#include "xapi/db/store_sqlite.h"

static char folder[] = "/tmp/dom0kit-store-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    char **names;
    size_t n;

    (void)state;
    ok(file_list(p, folder, &names, &n));
    for (size_t i = 0; i < n; i++)
        ok(file_remove(pool_printf(p, "%s/%s", folder, names[i])));
    return rmdir(folder);
}

/* The path of a file that only this test uses; in a pool for ever. */
static const char *path_of(struct pool *p, const char *name)
{
    return pool_printf(p, "%s/%s", folder, name);
}

static struct db *open_db(const char *path)
{
    struct db *db = db_new();
    struct store *store;

    ok(store_sqlite_open(path, &store));
    ok(db_open(db, store));
    return db;
}

static void run_sql(sqlite3 *s, const char *text)
{
    if (sqlite3_exec(s, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(s));
}

static void sql(const char *path, const char *text)
{
    sqlite3 *s;

    assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
    run_sql(s, text);
    sqlite3_close(s);
}

static void count_call(void *arg, struct err *err)
{
    *(int *)arg += 1;
    ok(err);
}

static void wait_for(struct db *db, const int *calls, int n)
{
    struct pollfd fd = {.fd = db_fd(db), .events = POLLIN};

    while (*calls < n) {
        assert_int_equal(poll(&fd, 1, 10000), 1);
        db_poll(db);
    }
}

static void every_kind_of_field_comes_back(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "kinds");
    AUTO_DB struct db *again = NULL;
    struct db *db = open_db(path);
    struct txn *txn = txn_begin(db);
    struct object *vm = make_vm(txn, "ä 'quoted' \\ \n name"),
                  *vbd = make(txn, C(VBD)), *host = make(txn, C(host)),
                  *group = make(txn, C(VM_group)), *sm = make(txn, C(SM));
    const char *ref = pool_str(p, object_ref(vm)),
               *vbd_ref = pool_str(p, object_ref(vbd)),
               *group_ref = pool_str(p, object_ref(group)),
               *sm_ref = pool_str(p, object_ref(sm));
    const char *host_ref = pool_str(p, object_ref(host));

    (void)state;
    set_ref(txn, vbd, VBD_VM, vm);
    set_ref(txn, vm, VM_affinity, host);
    ok(txn_set(txn, vm, F(VM_power_state),
               DATUM_ENUM(VM_power_state_Suspended)));
    ok(txn_set(txn, vm, F(VM_memory_static_max), DATUM_INT(INT64_MAX)));
    ok(txn_set(txn, vm, F(VM_HVM_shadow_multiplier), DATUM_FLOAT(0.1)));
    ok(txn_set(txn, vm, F(VM_snapshot_time), DATUM_INT(1700000000)));
    ok(txn_set(txn, vm, F(VM_has_vendor_device), DATUM_BOOL(false)));
    ok(txn_add(txn, vm, F(VM_other_config), S("k'"), S("\\'")));
    ok(txn_add(txn, vm, F(VM_other_config), S(""), S("")));
    ok(txn_add(txn, vm, F(VM_tags), S("t"), S(NULL)));
    ok(txn_add(txn, vm, F(VM_groups), S(group_ref), S(NULL)));
    ok(txn_add(txn, sm, F(SM_host_pending_features), S(host_ref),
               S("('a' 'b')")));
    txn_commit(txn);
    db_free(db);

    again = open_db(path);
    vm = db_find(again, C(VM), ref);
    assert_non_null(vm);
    assert_field(vm, VM_name_label, "ä 'quoted' \\ \n name");
    assert_field(vm, VM_power_state, "Suspended");
    assert_field(vm, VM_memory_static_max, "9223372036854775807");
    assert_field(vm, VM_HVM_shadow_multiplier, "0.1");
    assert_field(vm, VM_snapshot_time, "20231114T22:13:20Z");
    assert_field(vm, VM_has_vendor_device, "false");
    assert_field(vm, VM_other_config, "(('k\\'' '\\\\\\'') ('' ''))");
    assert_field(vm, VM_tags, "('t')");
    assert_ref_set(vm, VM_VBDs, db_find(again, C(VBD), vbd_ref));
    assert_ref_set(vm, VM_groups, db_find(again, C(VM_group), group_ref));
    assert_ref_set(db_find(again, C(VM_group), group_ref), VM_group_VMs, vm);
    assert_ptr_equal(object_follow(vm, F(VM_affinity)),
                     db_find(again, C(host), host_ref));
    assert_ptr_equal(db_by_name(again, C(VM), text_at(vm, VM_name_label), NULL),
                     vm);
    assert_non_null(strstr(
        object_get(db_find(again, C(SM), sm_ref), F(SM_host_pending_features))
            .values[0]
            .s,
        "('a' 'b')"));
}

/* Tokens from before a restart are good after it. */
static void tokens_outlive_a_restart(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "tokens"), *words[] = {"*"};
    struct db *db = open_db(path);
    struct object *kept = add_vm(db, "kept"), *gone = add_vm(db, "gone");
    const char *kept_ref = pool_str(p, object_ref(kept)),
               *gone_ref = pool_str(p, object_ref(gone));
    struct event_token token = event_token_now(db);
    struct event_filters filters;
    struct event_change *events;
    size_t n;
    bool lost;

    (void)state;
    ok(event_filters_parse(p, words, 1, &filters));
    destroy(db, gone);
    add_vm(db, "added");
    db_free(db);
    db = open_db(path);
    event_collect(db, p, token, &filters, &events, &n, &lost);
    assert_false(lost);
    assert_int_equal(n, 3);
    assert_int_equal(events[0].op, EVENT_ADD);
    assert_int_equal(events[1].op, EVENT_MOD);
    assert_string_equal(events[1].ref, kept_ref);
    assert_int_equal(events[2].op, EVENT_DEL);
    assert_string_equal(events[2].ref, gone_ref);
    assert_true(db_generation(db) > token.db);

    db_free(db);
}

static void make_transient(struct db *db)
{
    struct txn *txn = txn_begin(db);

    make(txn, C(VBD_metrics));
    txn_commit(txn);
}

static struct event_token make_transient_and_crash(const char *path)
{
    struct event_token token;
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (!pid) {
        struct db *db = open_db(path);

        make_transient(db);
        ok(db_flush(db));
        token = event_token_now(db);
        _exit(write(ends[1], &token, sizeof(token)) != sizeof(token));
    }
    assert_int_equal(read(ends[0], &token, sizeof(token)), sizeof(token));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(ends[0]);
    close(ends[1]);
    return token;
}

static void assert_answer(struct db *db, struct event_token token,
                          const char *filter, int n_deleted, bool want_lost)
{
    AUTO_POOL struct pool *p = pool_new();
    struct event_filters filters;
    struct event_change *list;
    size_t n;
    bool lost;

    ok(event_filters_parse(p, &filter, 1, &filters));
    event_collect(db, p, token, &filters, &list, &n, &lost);
    assert_int_equal(lost, want_lost);
    for (size_t i = 0; i < n; i++)
        n_deleted -= list[i].op == EVENT_DEL;
    assert_int_equal(lost ? 0 : n_deleted, 0);
}

/* Objects that do not persist are told as deleted after a graceful end; after a
 * crash nobody knows which they were. */
static void what_did_not_persist_is_told(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "transient");
    struct db *db = open_db(path);
    struct event_token token;

    (void)state;
    make_transient(db);
    make_transient(db);
    token = event_token_now(db);
    destroy(db, db_first(db, C(VBD_metrics)));
    db_free(db);
    db = open_db(path);
    assert_answer(db, token, "*", 2, false);
    token = event_token_now(db);
    db_free(db);
    db = open_db(path);
    assert_answer(db, token, "*", 0, false);
    db_free(db);

    token = make_transient_and_crash(path);
    db = open_db(path);
    assert_answer(db, token, "*", 0, true);
    assert_answer(db, token, "vm", 0, false);
    token = event_token_now(db);
    db_free(db);
    db = open_db(path);
    assert_answer(db, token, "*", 0, false);
    db_free(db);
}

static void what_does_not_persist_begins_anew(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "volatile");
    struct db *db = open_db(path);
    struct txn *txn = txn_begin(db);
    struct object *vm = make_vm(txn, "a");

    (void)state;
    ok(txn_add(txn, vm, F(VM_current_operations), S("OpaqueRef:t"),
               (union model_atom){.i = 1}));
    make(txn, C(session));
    txn_commit(txn);
    db_free(db);
    db = open_db(path);
    assert_field(db_first(db, C(VM)), VM_current_operations, "()");
    assert_int_equal(db_count(db, C(session)), 0);
    db_free(db);
}

/* A database with the role that every start makes. */
static struct db *open_with_role(const char *path, struct object **ret_role)
{
    struct db *db = db_new();
    struct txn *txn = txn_begin(db);
    struct store *store;

    ok(txn_create(txn, C(role), "OpaqueRef:role", NULL, ret_role));
    set_text(txn, *ret_role, role_name_label, "pool-admin");
    txn_commit(txn);
    ok(store_sqlite_open(path, &store));
    ok(db_open(db, store));
    return db;
}

static void stored_ones_refer_to_what_each_start_makes(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "roles");
    struct object *role;
    struct db *db = open_with_role(path, &role);
    struct txn *txn = txn_begin(db);
    struct object *subject = make(txn, C(subject));

    (void)state;
    ok(txn_add(txn, subject, F(subject_roles), S(object_ref(role)), S(NULL)));
    set_text(txn, role, role_name_description, "is not stored");
    txn_commit(txn);
    db_free(db);
    db = open_with_role(path, &role);
    assert_int_equal(db_count(db, C(role)), 1);
    assert_field(role, role_name_description, "");
    assert_ref_set(db_first(db, C(subject)), subject_roles, role);
    db_free(db);
}

static void durable_when_it_says_so(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "durable");
    AUTO_DB struct db *db = open_db(path);
    struct object *vm = add_vm(db, "0");
    int calls = 0;
    char name[16];

    (void)state;
    for (int i = 1; i <= 100; i++) {
        snprintf(name, sizeof(name), "%d", i);
        rename_to(db, vm, name);
        db_when_durable(db, count_call, &calls);
    }
    wait_for(db, &calls, 100);
    db_when_durable(db, count_call, &calls);
    assert_int_equal(calls, 101); /* at once */
    ok(db_flush(db));
}

/* ---- dumps --------------------------------------------------------------- */

static void assert_private(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void dumped_and_restored(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "live"), *dump = path_of(p, "dump"),
               *words[] = {"vm"};
    struct db *db = open_db(path);
    struct object *vm = add_vm(db, "at the dump");
    struct event_token token;
    struct event_filters filters;
    struct event_change *events;
    int calls = 0;
    size_t n;
    bool lost;

    (void)state;
    ok(db_flush(db));
    ok(db_dump(db, dump, count_call, &calls));
    for (int i = 0; i < 50; i++)
        add_vm(db, "while it is written");
    wait_for(db, &calls, 1);
    assert_private(path);
    assert_private(dump);
    assert_fails(db_dump(db, dump, count_call, &calls), "is there already");
    rename_to(db, vm, "after");
    token = event_token_now(db);
    assert_fails(store_sqlite_restore(path, dump), "is in use");
    db_free(db);

    assert_fails(store_sqlite_restore(path, "/nonexistent/dump"), "dump");
    ok(store_sqlite_restore(path, dump));
    db = open_db(path);
    assert_non_null(db_by_name(db, C(VM), "at the dump", NULL));
    assert_null(db_by_name(db, C(VM), "after", NULL));
    assert_true(db_generation(db) > token.db);
    ok(event_filters_parse(p, words, 1, &filters));
    event_collect(db, p, token, &filters, &events, &n, &lost);
    assert_true(lost);
    db_free(db);
    db = open_db(path_of(p, "live.before-restore"));
    assert_non_null(db_by_name(db, C(VM), "after", NULL));
    db_free(db);
}

/* What waits in the redo log for the tables is in the dump, too. */
static void dumped_when_the_tables_can_be_written(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "held"), *dump = path_of(p, "held.dump");
    struct db *db = open_db(path);
    sqlite3 *other;
    int answers = 0, dumps = 0;

    (void)state;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    ok(db_flush(db));
    log_set_level(LOG_ERROR_ + 1);
    run_sql(other, "BEGIN IMMEDIATE");
    add_vm(db, "a");
    db_when_durable(db, count_call, &answers);
    wait_for(db, &answers, 1);
    ok(db_dump(db, dump, count_call, &dumps));
    usleep(300000);
    db_poll(db);
    assert_int_equal(dumps, 0);
    run_sql(other, "ROLLBACK");
    sqlite3_close(other);
    wait_for(db, &dumps, 1);
    log_set_level(LOG_WARNING_);
    db_free(db);
    db = open_db(dump);
    assert_non_null(db_by_name(db, C(VM), "a", NULL));
    db_free(db);
}

/* ---- what is refused ----------------------------------------------------- */

static void assert_refused(const char *path, const char *part)
{
    struct store *store;

    assert_fails(store_sqlite_open(path, &store), part);
}

static void assert_not_loaded(const char *path, const char *part)
{
    AUTO_DB struct db *db = db_new();
    struct store *store;

    ok(store_sqlite_open(path, &store));
    assert_fails(db_open(db, store), part);
}

static void refuses_what_is_no_database(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = path_of(p, "text"), *other = path_of(p, "other"),
               *newer = path_of(p, "newer");

    (void)state;
    ok(file_write(text, "This is not a database at all, is it?\n", 38, 0600));
    assert_refused(text, "not a database");
    sql(other, "CREATE TABLE t (x)");
    assert_refused(other, "of another program");
    db_free(open_db(newer));
    sql(newer, "PRAGMA user_version = 99");
    assert_refused(newer, "newer version (layout 99");
    assert_refused(path_of(p, "none/db"), "none/db");
}

/* Steps that are not there yet: of a field with a new name, and wrong ones. */
static void layouts_are_brought_up_to_date(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "steps");
    const char *list[4] = {
        file_db_layout.steps[0], file_db_layout.steps[1],
        "UPDATE fields SET field = 'name_description' WHERE field = "
        "'name_label'; CREATE TABLE notes (id INTEGER PRIMARY KEY);",
        "DROP TABLE notes; DROP TABLE nothing;"};
    const struct file_db_layout layouts[] = {{list, 3}, {list, 4}};
    struct db *db = open_db(path);
    struct file_db f = {.path = NULL};
    char *ref = pool_str(p, object_ref(add_vm(db, "a")));
    struct err *e;

    (void)state;
    assert_int_equal(file_db_layout.version, 2); /* else: change the steps */
    db_free(db);
    ok(file_db_open(&f, path, &layouts[0]));
    file_db_close(&f);
    e = file_db_open(&f, path, &layouts[1]);
    assert_fails(e, "layout 4: ");
    file_db_close(&f);
    ok(file_db_open(&f, path, &layouts[0])); /* nothing of step 4 is done */
    ok(file_db_begin(&f));
    file_db_close(&f);
    assert_refused(path, "newer version (layout 3; this one knows 2)");
    sql(path,
        "SELECT id FROM notes; DROP TABLE notes; PRAGMA user_version = 2");
    db = open_db(path);
    assert_string_equal(
        object_atom(db_find(db, C(VM), ref), F(VM_name_description)).s, "a");
    db_free(db);
}

static void names_what_it_cannot_load(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "rows");
    struct db *db = open_db(path);

    (void)state;
    add_vm(db, "a");
    db_free(db);
    sql(path, "INSERT INTO fields SELECT number, 'colour', 'red' FROM objects");
    assert_not_loaded(path, "'colour': there is no such field");
    sql(path, "UPDATE fields SET field = 'power_state' WHERE field = 'colour'");
    assert_not_loaded(path, "'power_state': 'red' is not one of Halted");
    sql(path, "DELETE FROM fields WHERE value = 'red';"
              "INSERT INTO objects VALUES (99, 'Car', 'OpaqueRef:1', 1)");
    assert_not_loaded(path, "there is no class 'Car'");
    sql(path, "DELETE FROM objects WHERE class = 'Car';"
              "INSERT INTO fields VALUES (98, 'uuid', 'x')");
    assert_not_loaded(path, "of object 98");
    sql(path, "DELETE FROM fields WHERE number = 98;"
              "INSERT INTO fields SELECT number, 'affinity', 'OpaqueRef:gone'"
              " FROM objects");
    db = open_db(path);
    assert_field(db_first(db, C(VM)), VM_affinity, "OpaqueRef:NULL");
    db_free(db);
}

static void damage_is_seen(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "damaged");
    struct db *db = open_db(path);
    char junk[3000];
    FILE *f;

    (void)state;
    for (int i = 0; i < 200; i++)
        add_vm(db, "a");
    db_free(db);
    f = fopen(path, "r+");
    assert_non_null(f);
    memset(junk, 0xa5, sizeof(junk));
    for (long at = 4200; at < 60000; at += 4096) {
        fseek(f, at, SEEK_SET);
        assert_int_equal(fwrite(junk, sizeof(junk), 1, f), 1);
    }
    fclose(f);
    assert_refused(path, "damaged");
}

static void one_at_a_time(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "locked");
    AUTO_DB struct db *db = open_db(path);

    (void)state;
    assert_refused(path, "is in use");
}

/* A worker that lives on does not keep the next daemon out. */
static void detached_workers_do_not_lock(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "worker");
    struct db *db = open_db(path);
    int status, ready[2], done[2];
    pid_t pid;
    char c;

    (void)state;
    add_vm(db, "a");
    assert_int_equal(pipe(ready) | pipe(done), 0);
    pid = fork();
    if (!pid) {
        db_detach(db);
        rename_to(db, db_first(db, C(VM)), "in the copy only");
        _exit(write(ready[1], "r", 1) != 1 || read(done[0], &c, 1) != 1 ||
              !db_by_name(db, C(VM), "in the copy only", NULL));
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    db_free(db);
    db = open_db(path);
    assert_field(db_first(db, C(VM)), VM_name_label, "a");
    db_free(db);
    assert_int_equal(write(done[1], "d", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(done[i]);
    }
}

/* ---- a disk that is full --------------------------------------------------
 */

struct outcome {
    int written, failed;
};

static void count_outcome(void *arg, struct err *err)
{
    struct outcome *o = arg;

    *(err ? &o->failed : &o->written) += 1;
    err_free(err);
}

/* In a child whose files must not grow over a limit; how many were written. */
static int fill_the_disk(const char *path)
{
    struct rlimit limit = {200000, 200000};
    struct outcome o = {0};
    struct db *db = open_db(path);
    struct err *e;

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    log_set_level(LOG_ERROR_ + 1);
    for (int i = 0; i < 2000 && !o.failed; i++) {
        add_vm(db, "a");
        db_when_durable(db, count_outcome, &o);
        e = db_flush(db);
        err_free(e);
    }
    add_vm(db, "after");
    db_when_durable(db, count_outcome, &o);
    db_free(db);
    return o.failed == 2 && o.written > 0 && o.written < 200 ? o.written : 255;
}

static void a_full_disk_is_an_error_from_then_on(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "full");
    AUTO_DB struct db *db = NULL;
    int status;
    pid_t pid = fork();

    (void)state;
    if (!pid)
        _exit(fill_the_disk(path));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 255);
    db = open_db(path);
    assert_true(db_count(db, C(VM)) >= (unsigned)WEXITSTATUS(status));
    assert_null(db_by_name(db, C(VM), "after", NULL));
}

/* ---- kill -9 ------------------------------------------------------------- */

#define KILLS 120
#define KEPT 60 /* of each class, at the most */

struct writer {
    struct db *db;
    int fd;
};

struct promise {
    struct writer *writer;
    int64_t number;
};

static void acknowledge(void *arg, struct err *err)
{
    struct promise *promise = arg;

    ok(err);
    if (write(promise->writer->fd, &promise->number, sizeof(promise->number)) !=
        sizeof(promise->number))
        _exit(1);
    free(promise);
}

/* One txn: the host's number, and a VM with as many in name and VBD, for which
 * that of number - KEPT makes room. */
static void write_number(struct writer *w, int64_t number)
{
    struct object *host = db_first(w->db, C(host)), *vm, *vbd;
    struct txn *txn = txn_begin(w->db);
    struct promise *promise = malloc(sizeof(*promise));
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    if (!host)
        host = make(txn, C(host));
    set_text(txn, host, host_name_label, text);
    vm = make_vm(txn, text);
    set_ref(txn, vm, VM_affinity, host);
    vbd = make(txn, C(VBD));
    set_text(txn, vbd, VBD_userdevice, text);
    set_ref(txn, vbd, VBD_VM, vm);
    if (number > KEPT) {
        txn_destroy(txn, db_first(w->db, C(VM)));
        txn_destroy(txn, db_first(w->db, C(VBD)));
    }
    txn_commit(txn);
    *promise = (struct promise){w, number};
    db_when_durable(w->db, acknowledge, promise);
}

/* Writes and acknowledges until it is killed. */
static void write_for_ever(const char *path, int fd)
{
    struct writer w = {.db = open_db(path), .fd = fd};
    struct object *host = db_first(w.db, C(host));
    int64_t number =
        host ? strtoll(text_at(host, host_name_label), NULL, 10) : 0;

    for (;;) {
        for (int i = number % 7; i >= 0; i--)
            write_number(&w, ++number);
        poll(NULL, 0, (int)(number % 2));
        db_poll(w.db);
    }
}

/* All that a number belongs to is there, and nothing else. */
static void assert_whole(struct db *db, int64_t acknowledged)
{
    struct object *host = db_first(db, C(host));
    int64_t number =
        host ? strtoll(text_at(host, host_name_label), NULL, 10) : 0;
    int64_t there = number < KEPT ? number : KEPT;

    if (number < acknowledged)
        fail_msg("%lld was acknowledged, %lld is there",
                 (long long)acknowledged, (long long)number);
    assert_int_equal(db_count(db, C(VM)), there);
    assert_int_equal(db_count(db, C(VBD)), there);
    for (struct object *vm = db_first(db, C(VM)); vm; vm = object_next(vm)) {
        struct object *vbd;
        char name[32];

        snprintf(name, sizeof(name), "%lld", (long long)(number - --there));
        assert_string_equal(text_at(vm, VM_name_label), name);
        assert_int_equal(object_get(vm, F(VM_VBDs)).n, 1);
        vbd = db_find(db, C(VBD), object_get(vm, F(VM_VBDs)).keys[0].s);
        assert_string_equal(text_at(vbd, VBD_userdevice),
                            text_at(vm, VM_name_label));
        assert_ptr_equal(object_follow(vm, F(VM_affinity)), host);
    }
}

/* TIME microseconds after its start or, if WRITING, after its first answer. */
static int64_t killed_after(const char *path, useconds_t time, bool writing)
{
    int64_t number, last = 0;
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (!pid) {
        close(ends[0]);
        write_for_ever(path, ends[1]);
    }
    close(ends[1]);
    if (writing)
        assert_int_equal(read(ends[0], &last, sizeof(last)), sizeof(last));
    usleep(time);
    kill(pid, SIGKILL);
    while (read(ends[0], &number, sizeof(number)) == sizeof(number))
        last = number;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return last;
}

static void killed_at_any_moment(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, "killed");
    int64_t last = 0, seen;
    int with_writes = 0;

    (void)state;
    srand((unsigned)time(NULL));
    for (int i = 0; i < KILLS; i++) {
        struct db *db;

        seen = killed_after(path, (useconds_t)(rand() % 20000), i % 4 > 0);
        with_writes += seen > last;
        last = seen > last ? seen : last;
        db = open_db(path);
        assert_whole(db, last);
        db_free(db);
    }
    assert_true(with_writes > KILLS / 2);
    print_message("killed %d times, %d in the middle of writing, %lld writes\n",
                  KILLS, with_writes, (long long)last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_field_comes_back),
        cmocka_unit_test(tokens_outlive_a_restart),
        cmocka_unit_test(what_did_not_persist_is_told),
        cmocka_unit_test(what_does_not_persist_begins_anew),
        cmocka_unit_test(stored_ones_refer_to_what_each_start_makes),
        cmocka_unit_test(durable_when_it_says_so),
        cmocka_unit_test(dumped_and_restored),
        cmocka_unit_test(dumped_when_the_tables_can_be_written),
        cmocka_unit_test(refuses_what_is_no_database),
        cmocka_unit_test(layouts_are_brought_up_to_date),
        cmocka_unit_test(names_what_it_cannot_load),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(detached_workers_do_not_lock),
        cmocka_unit_test(a_full_disk_is_an_error_from_then_on),
        cmocka_unit_test(killed_at_any_moment),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
