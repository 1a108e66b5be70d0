/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ends by itself: sessions and tasks that are too old or too many, by a
 * clock of the test's own. */
#include "tests/unit/xapi/db_rig.h"

#include <event2/event.h>
#include <time.h>

#include "xapi/call/call.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"
#include "xapi/call/task.h"
#include "xapi/model/fields_gen.h"

#define REF_SIZE 128

/* In place of libc's (see the Makefile). */
time_t __wrap_time(time_t *ret);
static time_t time_is = 1000000000;

time_t __wrap_time(time_t *ret)
{
    if (ret)
        *ret = time_is;
    return time_is;
}

struct rig {
    struct server server;
    struct sessions *sessions;
    struct task_sweeper *tasks;
};

static void rig_begin(struct rig *r)
{
    struct txn *txn;

    *r = (struct rig){.server = {.base = event_base_new(), .db = db_new()}};
    txn = txn_begin(r->server.db);
    r->server.host = object_ref(make(txn, C(host)));
    txn_commit(txn);
    r->sessions = sessions_new(&r->server);
    r->tasks = task_sweeper_new(&r->server);
}

static void rig_end(struct rig *r)
{
    sessions_free(r->sessions);
    task_sweeper_free(r->tasks);
    db_free(r->server.db);
    event_base_free(r->server.base);
}

static int fire(const struct event_base *base, const struct event *ev,
                void *arg)
{
    (void)base, (void)arg;
    event_active((struct event *)ev, EV_TIMEOUT, 1);
    return 0;
}

/* Whatever waits for its time finds that it has come. */
static void sweep(struct rig *r)
{
    event_base_foreach_event(r->server.base, fire, NULL);
    event_base_loop(r->server.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* ---- sessions ------------------------------------------------------------ */

static struct session *session(struct rig *r, const char *user,
                               const char *originator)
{
    struct session_login login = {.user = user, .originator = originator};
    struct session *s;

    ok(session_open(r->sessions, &login, &s));
    return s;
}

static struct object *object_of(struct rig *r, const struct session *s)
{
    return db_find(r->server.db, C(session), session_ref(s));
}

static void idle_ones_end(void **state)
{
    struct session *idle, *used;
    char ref[REF_SIZE];
    struct rig r;

    (void)state;
    rig_begin(&r);
    idle = session(&r, "ann", "");
    used = session(&r, "bob", "");
    snprintf(ref, sizeof(ref), "%s", session_ref(idle));
    time_is += SESSION_IDLE_SECONDS;
    session_touch(used);
    assert_int_equal(get_session_last_active(object_of(&r, used)),
                     time_is - SESSION_IDLE_SECONDS);
    sweep(&r);
    assert_int_equal(get_session_last_active(object_of(&r, used)), time_is);
    assert_int_equal(get_session_last_active(object_of(&r, idle)),
                     time_is - SESSION_IDLE_SECONDS);
    assert_ptr_equal(session_find(r.sessions, ref), idle);
    time_is += 1;
    sweep(&r);
    assert_null(session_find(r.sessions, ref));
    assert_null(db_find(r.server.db, C(session), ref));
    assert_non_null(object_of(&r, used));
    rig_end(&r);
}

static void not_too_many_of_a_user(void **state)
{
    char first[REF_SIZE], second[REF_SIZE];
    struct session *other;
    struct rig r;

    (void)state;
    rig_begin(&r);
    other = session(&r, "bob", "");
    snprintf(first, sizeof(first), "%s", session_ref(session(&r, "ann", "")));
    snprintf(second, sizeof(second), "%s", session_ref(session(&r, "ann", "")));
    for (int i = 2; i < SESSIONS_MAX; i++)
        session(&r, "ann", "");
    assert_int_equal(db_count(r.server.db, C(session)), SESSIONS_MAX + 1);
    time_is += 1;
    session_touch(session_find(r.sessions, first));
    session(&r, "ann", "");
    assert_int_equal(db_count(r.server.db, C(session)), SESSIONS_MAX + 1);
    assert_non_null(session_find(r.sessions, first));
    assert_null(session_find(r.sessions, second));
    assert_non_null(object_of(&r, other));
    rig_end(&r);
}

static void not_too_many_of_a_program(void **state)
{
    struct rig r;
    char user[32];

    (void)state;
    rig_begin(&r);
    for (int i = 0; i <= SESSIONS_MAX; i++) {
        snprintf(user, sizeof(user), "user%d", i);
        session(&r, user, "loop");
    }
    assert_int_equal(db_count(r.server.db, C(session)), SESSIONS_MAX);
    for (int i = 0; i <= SESSIONS_MAX; i++) {
        snprintf(user, sizeof(user), "other%d", i);
        session(&r, user, "");
    }
    assert_int_equal(db_count(r.server.db, C(session)), 2 * SESSIONS_MAX + 1);
    rig_end(&r);
}

/* ---- tasks --------------------------------------------------------------- */

/* Its ref is the database's: it is read no more once the task is gone. */
static const struct object *task(struct rig *r, enum task_status status)
{
    struct txn *txn = txn_begin(r->server.db);
    struct object *o = make(txn, C(task));

    ok(set_task_created(txn, o, time_is));
    if (status != task_status_pending)
        ok(task_end(txn, o, status));
    txn_commit(txn);
    return o;
}

static size_t n_tasks(const struct rig *r)
{
    return db_count(r->server.db, C(task));
}

static void old_tasks_go(void **state)
{
    struct call call = {0};
    struct rig r;

    (void)state;
    rig_begin(&r);
    task(&r, task_status_success);
    task(&r, task_status_failure);
    task(&r, task_status_pending);
    call.task = object_ref(task(&r, task_status_pending));
    r.server.waiting = &call;
    time_is += TASK_DONE_SECONDS;
    sweep(&r);
    assert_int_equal(n_tasks(&r), 4);
    time_is += 1;
    sweep(&r);
    assert_int_equal(n_tasks(&r), 2);
    time_is += TASK_PENDING_SECONDS - TASK_DONE_SECONDS - 1;
    sweep(&r);
    assert_int_equal(n_tasks(&r), 2);
    time_is += 1;
    sweep(&r);
    assert_int_equal(n_tasks(&r), 1);
    assert_non_null(db_find(r.server.db, C(task), call.task));
    rig_end(&r);
}

static void oldest_of_too_many_tasks_go(void **state)
{
    const struct object *pending, *second;
    char first[REF_SIZE];
    struct rig r;

    (void)state;
    rig_begin(&r);
    pending = task(&r, task_status_pending);
    snprintf(first, sizeof(first), "%s",
             object_ref(task(&r, task_status_success)));
    second = task(&r, task_status_success);
    for (int i = 2; i < TASKS_DONE_MAX; i++)
        task(&r, task_status_cancelled);
    sweep(&r);
    assert_int_equal(n_tasks(&r), TASKS_DONE_MAX + 1);
    task(&r, task_status_success);
    sweep(&r);
    assert_int_equal(n_tasks(&r), TASKS_DONE_MAX + 1);
    assert_null(db_find(r.server.db, C(task), first));
    assert_ptr_equal(db_find(r.server.db, C(task), object_ref(second)), second);
    assert_ptr_equal(db_find(r.server.db, C(task), object_ref(pending)),
                     pending);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_ones_end),
        cmocka_unit_test(not_too_many_of_a_user),
        cmocka_unit_test(not_too_many_of_a_program),
        cmocka_unit_test(old_tasks_go),
        cmocka_unit_test(oldest_of_too_many_tasks_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
