/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sync: nothing is told before it is in the redo log. Writing into that
 * goes through this file.
 */
#include "tests/unit/xapi/db_rig.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/db/redo.h"
#include "xapi/db/store.h"

/* ---- writes -------------------------------------------------------------- */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_held, fails;
    int n_begun;
} writes = {.mutex = PTHREAD_MUTEX_INITIALIZER,
            .changed = PTHREAD_COND_INITIALIZER};

struct err *__real_redo_write(struct redo *r, const struct redo_place *place,
                              uint64_t generation, const void *bytes,
                              size_t len);
struct err *__wrap_redo_write(struct redo *r, const struct redo_place *place,
                              uint64_t generation, const void *bytes,
                              size_t len);

struct err *__wrap_redo_write(struct redo *r, const struct redo_place *place,
                              uint64_t generation, const void *bytes,
                              size_t len)
{
    bool fails;

    pthread_mutex_lock(&writes.mutex);
    writes.n_begun++;
    pthread_cond_broadcast(&writes.changed);
    while (writes.is_held)
        pthread_cond_wait(&writes.changed, &writes.mutex);
    fails = writes.fails;
    pthread_mutex_unlock(&writes.mutex);
    return fails ? ERR("the disk is broken")
                 : __real_redo_write(r, place, generation, bytes, len);
}

/* How many have begun. */
static int set_writes(bool is_held, bool fails)
{
    int n;

    pthread_mutex_lock(&writes.mutex);
    writes.is_held = is_held;
    writes.fails = fails;
    n = writes.n_begun;
    pthread_cond_broadcast(&writes.changed);
    pthread_mutex_unlock(&writes.mutex);
    return n;
}

static void await_write(int n)
{
    pthread_mutex_lock(&writes.mutex);
    while (writes.n_begun < n)
        pthread_cond_wait(&writes.changed, &writes.mutex);
    pthread_mutex_unlock(&writes.mutex);
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

/* With nothing to be written. */
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

/* What comes while a record is written is told of when the next one is. */
static void told_when_it_is_on_disk(void **state)
{
    struct outcome first = {0}, second = {0};
    struct db *db = *state;
    int n = set_writes(true, false);

    write_one(db, &first);
    await_write(n + 1);
    write_one(db, &second);
    usleep(20000);
    db_poll(db);
    assert_int_equal(first.written + first.failed, 0);
    n = set_writes(false, false);
    ok(db_flush(db));
    assert_int_equal(first.written, 1);
    assert_int_equal(second.written, 1);
    assert_true(set_writes(false, false) > n);
}

static void every_commit_is_written(void **state)
{
    struct outcome o = {0};
    struct db *db = *state;

    for (int i = 0; i < 20; i++) {
        int n = set_writes(false, false);

        write_one(db, &o);
        ok(db_flush(db));
        assert_true(set_writes(false, false) > n);
    }
    assert_int_equal(o.written, 20);
}

static void a_failed_write_is_an_error_from_then_on(void **state)
{
    struct outcome o = {0};
    struct db *db = *state;

    log_set_level(LOG_ERROR_ + 1);
    set_writes(false, true);
    write_one(db, &o);
    assert_fails(db_flush(db), "is broken");
    set_writes(false, false);
    write_one(db, &o);
    assert_fails(db_flush(db), "is broken");
    assert_int_equal(o.written, 0);
    assert_int_equal(o.failed, 2);
    log_set_level(LOG_WARNING_);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(told_when_it_is_on_disk, make_db,
                                        remove_db),
        cmocka_unit_test_setup_teardown(every_commit_is_written, make_db,
                                        remove_db),
        cmocka_unit_test_setup_teardown(a_failed_write_is_an_error_from_then_on,
                                        make_db, remove_db),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
