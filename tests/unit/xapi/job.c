/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job: rows come home, failures are undone last first, a worker may die, be
 * cancelled, or be forgotten. */
#include "tests/unit/xapi/db_rig.h"

#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/job.h"
#include "xapi/db/store.h"

struct run {
    struct event_base *base;
    struct db *db;
    struct object *vm;
    struct err *failure;
    double share;
    bool over, died;
    int keep; /* what the worker keeps open, or -1 */
};

static struct run run_new(void)
{
    struct run r = {.base = event_base_new(), .db = db_new(), .keep = -1};

    r.vm = add_vm(r.db, "before");
    return r;
}

static void run_done(struct run *r)
{
    err_free(r->failure);
    db_free(r->db);
    event_base_free(r->base);
}

static void over(void *arg, struct err *e, bool died)
{
    struct run *r = arg;

    r->failure = e;
    r->over = true;
    r->died = died;
    event_base_loopbreak(r->base);
}

static void progress(void *arg, double share)
{
    struct run *r = arg;

    r->share = share;
}

static struct job *begin(struct run *r, job_work_fn *work)
{
    const struct job_start s = {.base = r->base,
                                .db = r->db,
                                .title = "a test",
                                .work = work,
                                .work_arg = r,
                                .done = over,
                                .progress = progress,
                                .arg = r,
                                .keep_fd = r->keep};
    struct job *j = NULL;

    ok(job_start(&s, &j));
    return j;
}

static void wait_for(struct run *r)
{
    event_base_dispatch(r->base);
    assert_true(r->over);
}

static struct err *rename_vm(struct txn *txn, void *arg)
{
    const struct run *r = arg;

    return set_VM_name_label(txn, r->vm, "after");
}

static struct err *note(struct txn *txn, void *arg)
{
    struct object *vm = db_first(txn_db(txn), C(VM));
    AUTO_STR struct str text = STR_INIT(64);

    str_addf(&text, "%s%s", get_VM_name_description(vm), (const char *)arg);
    return set_VM_name_description(txn, vm, str_text(&text));
}

static char texts[][8] = {"1", "a", "b", "undone"};
static struct job *current; /* the worker's, for its undo functions */

static struct err *undo_note(void *arg)
{
    return job_commit(current, note, arg);
}

static struct err *works(struct job *j, void *arg)
{
    job_progress(j, 0.25);
    TRY(job_commit(j, rename_vm, arg));
    return job_commit(j, note, texts[0]);
}

static struct err *fails(struct job *j, void *arg)
{
    (void)arg;
    current = j;
    job_undo(j, undo_note, texts[1]);
    job_undo(j, undo_note, texts[2]);
    return err_code("VM_NO_VCPUS", (const char *const[]){"x y", ""}, 2);
}

/* What comes after success, in order; it cannot fail the job. */
static struct err *fail_note(void *arg)
{
    TRY(undo_note(arg));
    return ERR("not so bad");
}

static struct err *succeeds(struct job *j, void *arg)
{
    (void)arg;
    current = j;
    job_undo(j, undo_note, texts[3]);
    job_after(j, fail_note, texts[1]);
    job_after(j, undo_note, texts[2]);
    return job_commit(j, note, texts[0]);
}

static struct err *fails_before(struct job *j, void *arg)
{
    (void)arg;
    current = j;
    job_after(j, undo_note, texts[1]);
    return ERR("no");
}

static struct err *part_fails(struct job *j, void *arg)
{
    job_undo(j, undo_note, texts[2]);
    TRY(job_commit(j, note, texts[1]));
    (void)arg;
    return ERR("no");
}

static struct err *part_works(struct job *j, void *arg)
{
    job_undo(j, undo_note, texts[1]);
    job_after(j, undo_note, texts[0]);
    (void)arg;
    return NULL;
}

static struct err *parts(struct job *j, void *arg)
{
    current = j;
    job_undo(j, undo_note, texts[3]);
    err_free(job_part(j, part_fails, arg));
    TRY(job_part(j, part_works, arg));
    return ERR("no");
}

static struct err *dies(struct job *j, void *arg)
{
    TRY(job_commit(j, rename_vm, arg));
    raise(SIGKILL);
    return NULL;
}

static struct err *sleeps(struct job *j, void *arg)
{
    (void)arg;
    current = j;
    job_undo(j, undo_note, texts[3]);
    job_progress(j, 0.5);
    return job_sleep(60);
}

static struct err *writes_too_late(struct job *j, void *arg)
{
    TRY(job_sleep(0.2));
    return job_commit(j, rename_vm, arg);
}

static void rows_come_home(void **state)
{
    struct run r = run_new();

    (void)state;
    begin(&r, works);
    wait_for(&r);
    ok(take_ptr(r.failure));
    assert_string_equal(text_at(r.vm, VM_name_label), "after");
    assert_string_equal(text_at(r.vm, VM_name_description), "1");
    assert_true(r.share == 0.25);
    run_done(&r);
}

static void failures_are_undone_last_first(void **state)
{
    struct run r = run_new();
    const char *const *words;
    size_t n;

    (void)state;
    begin(&r, fails);
    wait_for(&r);
    words = err_words(r.failure, &n);
    assert_int_equal(n, 3);
    assert_string_equal(words[0], "VM_NO_VCPUS");
    assert_string_equal(words[1], "x y");
    assert_string_equal(words[2], "");
    assert_false(r.died);
    assert_string_equal(text_at(r.vm, VM_name_description), "ba");
    run_done(&r);
}

static void what_waits_for_success(void **state)
{
    struct run r = run_new();

    (void)state;
    begin(&r, succeeds);
    wait_for(&r);
    ok(take_ptr(r.failure));
    assert_string_equal(text_at(r.vm, VM_name_description), "1ab");
    begin(&r, fails_before);
    r.over = false;
    wait_for(&r);
    assert_fails(take_ptr(r.failure), "no");
    assert_string_equal(text_at(r.vm, VM_name_description), "1ab");
    run_done(&r);
}

static void parts_stand_by_themselves(void **state)
{
    struct run r = run_new();

    (void)state;
    begin(&r, parts);
    wait_for(&r);
    assert_fails(take_ptr(r.failure), "no");
    assert_string_equal(text_at(r.vm, VM_name_description), "ab1undone");
    run_done(&r);
}

static void a_death_is_an_error(void **state)
{
    struct run r = run_new();

    (void)state;
    begin(&r, dies);
    wait_for(&r);
    assert_true(r.died);
    assert_fails(take_ptr(r.failure), "killed by signal 9");
    assert_string_equal(text_at(r.vm, VM_name_label), "after");
    run_done(&r);
}

static void cancelled_in_its_sleep(void **state)
{
    struct run r = run_new();
    double begin_at = clock_now();
    struct job *j;

    (void)state;
    j = begin(&r, sleeps);
    job_cancel(j);
    job_cancel(j);
    wait_for(&r);
    assert_true(clock_now() - begin_at < 30);
    assert_true(err_is(r.failure, &err_kind_interrupted));
    assert_string_equal(text_at(r.vm, VM_name_description), "undone");
    run_done(&r);
}

static void rows_that_cannot_be_applied(void **state)
{
    struct run r = run_new();

    (void)state;
    begin(&r, writes_too_late);
    destroy(r.db, r.vm);
    wait_for(&r);
    assert_false(r.died);
    assert_fails(take_ptr(r.failure), "HANDLE_INVALID");
    run_done(&r);
}

static void forgotten(void **state)
{
    struct run r = run_new();

    (void)state;
    job_forget(begin(&r, sleeps));
    event_base_loop(r.base, EVLOOP_NONBLOCK);
    assert_false(r.over);
    run_done(&r);
}

/* A daemon that is killed at once, often before its worker has begun. */
static void dies_with_the_daemon(void **state)
{
    struct run r = run_new();
    struct pollfd end = {.events = POLLIN};
    int ends[2];
    pid_t daemon;

    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(pipe(ends), 0);
        daemon = fork();
        if (!daemon) {
            r.keep = ends[1];
            begin(&r, sleeps);
            raise(SIGKILL);
        }
        assert_int_equal(waitpid(daemon, NULL, 0), daemon);
        close(ends[1]);
        end.fd = ends[0];
        assert_int_equal(poll(&end, 1, 30000), 1); /* all who had it ended */
        close(ends[0]);
    }
    run_done(&r);
}

/* ---- on disk ------------------------------------------------------------- */

static char state[] = "/tmp/dom0kit-job-XXXXXX";

static int make_state(void **unused)
{
    (void)unused;
    return mkdtemp(state) ? 0 : -1;
}

static int remove_state(void **unused)
{
    AUTO_POOL struct pool *p = pool_new();
    char **names;
    size_t n;

    (void)unused;
    ok(file_list(p, state, &names, &n));
    for (size_t i = 0; i < n; i++)
        ok(file_remove(pool_printf(p, "%s/%s", state, names[i])));
    return rmdir(state);
}

static void on_db(int fd, short what, void *arg)
{
    const struct run *r = arg;

    (void)fd, (void)what;
    db_poll(r->db);
}

/* With a store in the file NAME. */
static struct run run_on_disk(struct pool *p, const char *name)
{
    struct run r = {.base = event_base_new(), .db = db_new()};
    struct store *store;

    ok(store_sqlite_open(pool_printf(p, "%s/%s", state, name), &store));
    ok(db_open(r.db, store));
    r.vm = add_vm(r.db, "before");
    ok(db_flush(r.db));
    return r;
}

/* The worker looks into the redo log. */
static struct err *commits_and_looks(struct job *j, void *arg)
{
    const char *path = pool_printf(job_pool(j), "%s/looks-redo", state);
    size_t len;
    char *text;

    TRY(job_commit(j, rename_vm, arg));
    TRY(file_read(job_pool(j), path, 2 << 20, &text, &len));
    return memmem(text, len, "after", 5) ? NULL : ERR("it is not on disk");
}

static void commits_are_on_disk(void **unused)
{
    AUTO_POOL struct pool *p = pool_new();
    struct run r = run_on_disk(p, "looks");
    struct event *event =
        event_new(r.base, db_fd(r.db), EV_READ | EV_PERSIST, on_db, &r);

    (void)unused;
    event_add(event, NULL);
    begin(&r, commits_and_looks);
    wait_for(&r);
    ok(take_ptr(r.failure));
    event_free(event);
    run_done(&r);
}

static struct err *undo_by_file(void *arg)
{
    return file_write(arg, "", 0, 0600);
}

static struct err *commits_with_undo(struct job *j, void *arg)
{
    job_undo(j, undo_by_file, pool_printf(job_pool(j), "%s/undone", state));
    return job_commit(j, rename_vm, arg);
}

/* A daemon that goes before it has told its worker whether the commit is on
 * disk; the worker's log is the file NAME.log. */
static void leave_worker(struct pool *p, const char *name, int keep,
                         void (*how)(struct job *j))
{
    struct run r = run_on_disk(p, name);
    struct job *j;

    r.keep = keep;
    if (!freopen(pool_printf(p, "%s/%s.log", state, name), "w", stderr))
        _exit(1);
    j = begin(&r, commits_with_undo); /* and nobody calls db_poll */
    while (strcmp(get_VM_name_label(r.vm), "after"))
        event_base_loop(r.base, EVLOOP_ONCE);
    how(j);
    _exit(0);
}

static void vanish(struct job *j)
{
    (void)j;
    raise(SIGKILL);
}

/* What a worker that was left logs. */
static const char *log_of_left(struct pool *p, const char *name,
                               void (*how)(struct job *j))
{
    struct pollfd end = {.events = POLLIN};
    int ends[2];
    size_t len;
    char *text;

    assert_int_equal(pipe(ends), 0);
    if (!fork())
        leave_worker(p, name, ends[1], how);
    close(ends[1]);
    end.fd = ends[0];
    assert_int_equal(poll(&end, 1, 30000), 1);
    close(ends[0]);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    ok(file_read(p, pool_printf(p, "%s/%s.log", state, name), 1 << 20, &text,
                 &len));
    return text;
}

/* It may be on disk. Who was told to end is no error. */
static void what_may_be_on_disk_is_not_undone(void **unused)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)unused;
    assert_string_equal(log_of_left(p, "told", job_forget), "");
    assert_non_null(strstr(log_of_left(p, "lost", vanish),
                           "the daemon has gone: what was done is left"));
    assert_false(file_exists(pool_printf(p, "%s/undone", state)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_home),
        cmocka_unit_test(failures_are_undone_last_first),
        cmocka_unit_test(what_waits_for_success),
        cmocka_unit_test(parts_stand_by_themselves),
        cmocka_unit_test(a_death_is_an_error),
        cmocka_unit_test(cancelled_in_its_sleep),
        cmocka_unit_test(rows_that_cannot_be_applied),
        cmocka_unit_test(forgotten),
        cmocka_unit_test(dies_with_the_daemon),
        cmocka_unit_test(commits_are_on_disk),
        cmocka_unit_test(what_may_be_on_disk_is_not_undone),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_state, remove_state);
}
