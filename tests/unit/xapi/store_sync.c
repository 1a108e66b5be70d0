/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sync: nothing is told before it has been synced. The C library's
 * fdatasync is this file's, for SQLite and for the store.
 */
#include "tests/unit/xapi/db_rig.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/db/store.h"

/* ---- syncs --------------------------------------------------------------- */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_held, fails;
    int n_begun;
} syncs = {.mutex = PTHREAD_MUTEX_INITIALIZER,
           .changed = PTHREAD_COND_INITIALIZER};

int fdatasync(int fd)
{
    bool fails;

    pthread_mutex_lock(&syncs.mutex);
    syncs.n_begun++;
    pthread_cond_broadcast(&syncs.changed);
    while (syncs.is_held)
        pthread_cond_wait(&syncs.changed, &syncs.mutex);
    fails = syncs.fails;
    pthread_mutex_unlock(&syncs.mutex);
    errno = EIO;
    return fails ? -1 : fsync(fd);
}

/* How many have begun. */
static int set_syncs(bool is_held, bool fails)
{
    int n;

    pthread_mutex_lock(&syncs.mutex);
    syncs.is_held = is_held;
    syncs.fails = fails;
    n = syncs.n_begun;
    pthread_cond_broadcast(&syncs.changed);
    pthread_mutex_unlock(&syncs.mutex);
    return n;
}

static void await_sync(int n)
{
    pthread_mutex_lock(&syncs.mutex);
    while (syncs.n_begun < n)
        pthread_cond_wait(&syncs.changed, &syncs.mutex);
    pthread_mutex_unlock(&syncs.mutex);
}

/* ---- a database ---------------------------------------------------------- */

static char folder[] = "/tmp/dom0kit-sync-XXXXXX";

struct outcome {
    int written, failed;
};

static void count_outcome(void *arg, struct err *err)
{
    struct outcome *o = arg;

    *(err ? &o->failed : &o->written) += 1;
    err_free(err);
}

static void write_one(struct db *db, struct outcome *o)
{
    add_vm(db, "a");
    db_when_durable(db, count_outcome, o);
}

/* With nothing to be synced. */
static int make_db(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct db *db = db_new();
    struct store *store;

    assert_non_null(mkdtemp(folder));
    ok(store_sqlite_open(pool_printf(p, "%s/db", folder), &store));
    ok(db_open(db, store));
    ok(db_flush(db));
    *state = db;
    return 0;
}

static int remove_db(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    db_free(*state);
    ok(store_sqlite_remove(pool_printf(p, "%s/db", folder)));
    ok(file_remove(pool_printf(p, "%s/db.lock", folder)));
    assert_int_equal(rmdir(folder), 0);
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    return 0;
}

/* ---- tests --------------------------------------------------------------- */

/* What comes while one sync goes on is told of when the next one has ended. */
static void told_when_it_is_synced(void **state)
{
    struct outcome first = {0}, second = {0};
    struct db *db = *state;
    int n = set_syncs(true, false);

    write_one(db, &first);
    await_sync(n + 1);
    write_one(db, &second);
    usleep(20000);
    db_poll(db);
    assert_int_equal(first.written + first.failed, 0);
    n = set_syncs(false, false);
    ok(db_flush(db));
    assert_int_equal(first.written, 1);
    assert_int_equal(second.written, 1);
    assert_true(set_syncs(false, false) > n);
}

static void every_write_is_synced(void **state)
{
    struct outcome o = {0};
    struct db *db = *state;

    for (int i = 0; i < 20; i++) {
        int n = set_syncs(false, false);

        write_one(db, &o);
        ok(db_flush(db));
        assert_true(set_syncs(false, false) > n);
    }
    assert_int_equal(o.written, 20);
}

static void a_failed_sync_is_an_error_from_then_on(void **state)
{
    struct outcome o = {0};
    struct db *db = *state;

    log_set_level(LOG_ERROR_ + 1);
    set_syncs(false, true);
    write_one(db, &o);
    assert_fails(db_flush(db), "cannot sync");
    set_syncs(false, false);
    write_one(db, &o);
    assert_fails(db_flush(db), "cannot sync");
    assert_int_equal(o.written, 0);
    assert_int_equal(o.failed, 2);
    log_set_level(LOG_WARNING_);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(told_when_it_is_synced, make_db,
                                        remove_db),
        cmocka_unit_test_setup_teardown(every_write_is_synced, make_db,
                                        remove_db),
        cmocka_unit_test_setup_teardown(a_failed_sync_is_an_error_from_then_on,
                                        make_db, remove_db),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
