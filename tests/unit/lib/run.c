/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run: output, input, statuses, time limits, signals, descriptors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "lib/run.h"
#include "lib/str.h"

#define SH(script)               \
    (const char *const[])        \
    {                            \
        "sh", "-c", script, NULL \
    }

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_fds(void)
{
    AUTO_DIR DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(d))
        n++;
    return n;
}

static void assert_ok(struct err *e)
{
    if (e)
        fail_msg("%s", err_text(e));
}

static void assert_err(struct err *e, const struct err_kind *kind,
                       const char *text)
{
    assert_non_null(e);
    assert_string_equal(err_text(e), text);
    assert_ptr_equal(err_kind(e), kind);
    err_free(e);
}

static void output_and_status(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct run r = {.argv = SH("echo out; echo err >&2; exit 3")};

    (void)state;
    assert_ok(run_wait(&r, p));
    assert_string_equal(r.output, "out\nerr\n");
    assert_int_equal(r.output_len, 8);
    assert_int_equal(r.exit_status, 3);
    assert_int_equal(r.signal, 0);
    assert_false(r.timed_out);
}

static void input_and_environment(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str big = STR_INIT(STR_MAX);
    struct run cat = {.argv = SH("cat"), .output_max = 1 << 20};
    struct run none = {.argv = SH("cat; echo $HOME $MORE"),
                       .env =
                           (const char *const[]){"HOME=here", "MORE=x", NULL}};

    (void)state;
    for (int i = 0; i < 100000; i++)
        str_addf(&big, "%05d\n", i);
    cat.input = str_text(&big);
    cat.input_len = big.len;
    assert_ok(run_wait(&cat, p));
    assert_int_equal(cat.output_len, big.len);
    assert_memory_equal(cat.output, big.text, big.len);

    assert_ok(run_wait(&none, p));
    assert_string_equal(none.output, "here x\n");
}

/* A program that never reads its input is not waited for, nor is one that
 * stays in the background with the pipe open. */
static void no_waiting_for_others(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FREE char *input = xcalloc(1, 1 << 20);
    struct run r = {
        .argv = SH("sleep 60 & echo $!"), .input = input, .input_len = 1 << 20};
    double began = now();

    (void)state;
    assert_ok(run_wait(&r, p));
    assert_true(now() - began < 30);
    assert_int_equal(kill((pid_t)strtol(r.output, NULL, 10), SIGKILL), 0);
}

static void keeps_the_end(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct run r = {.argv = SH("seq 1 300000; echo the end"),
                    .output_max = 1000};

    (void)state;
    assert_ok(run_wait(&r, p));
    assert_int_equal(r.output_len, 1000);
    assert_string_equal(run_last_lines(r.output, 2), "300000\nthe end\n");
}

static void time_limit(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct run r = {.argv = SH("trap '' TERM; sleep 30 & echo $!; "
                               "while :; do sleep 30; done"),
                    .timeout = 2};
    struct run flood = {.argv = SH("exec yes"), .timeout = 2};
    double began = now();

    (void)state;
    assert_ok(run_wait(&r, p));
    assert_true(r.timed_out);
    assert_int_equal(r.signal, SIGKILL);
    assert_int_equal(r.exit_status, 128 + SIGKILL);
    /* Its background child is gone too (or about to be reaped by init). */
    assert_true(strtol(r.output, NULL, 10) > 0);
    for (int i = 0; i < 500; i++) {
        AUTO_FREE char *path =
            xprintf("/proc/%ld/cmdline", strtol(r.output, NULL, 10));
        AUTO_FILE FILE *f = fopen(path, "re");

        if (!f || fgetc(f) == EOF)
            break;
        assert_int_not_equal(i, 499);
        usleep(20000);
    }
    assert_err(run_check(&flood, p), &err_kind_timeout,
               "'sh' took longer than 2 seconds and was stopped: it said:\n"
               "y\ny\ny\ny\ny");
    assert_true(now() - began < 25);
}

static void checked(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct run fine = {.argv = SH("echo fine")};
    struct run bad = {.argv = SH("echo 1; printf '2\\033\\n\\n'; exit 4")};
    struct run quiet = {.argv = (const char *const[]){"false", NULL}};
    struct run killed = {.argv = SH("kill -9 $$")};
    struct run missing = {.argv = (const char *const[]){"no-such-thing", NULL}};

    (void)state;
    assert_ok(run_check(&fine, p));
    assert_err(run_check(&bad, p), &err_kind_failed,
               "'sh' failed with exit status 4: it said:\n1\n2?");
    assert_err(run_check(&quiet, p), &err_kind_failed,
               "'false' failed with exit status 1");
    assert_err(run_check(&killed, p), &err_kind_failed,
               "'sh' was killed by signal 9 (Killed)");
    assert_err(run_check(&missing, p), &err_kind_failed,
               "'no-such-thing': cannot run it: No such file or directory");
}

static volatile sig_atomic_t n_signals;

static void count(int sig)
{
    (void)sig;
    n_signals++;
}

static void interrupted(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct sigaction mine = {.sa_handler = count}, before;
    struct run r = {.argv = SH("kill -INT $PPID; exec sleep 30")};
    double began = now();

    (void)state;
    sigaction(SIGINT, &mine, &before);
    assert_err(run_wait(&r, p), &err_kind_interrupted, "'sh': interrupted");
    assert_int_equal(n_signals, 1);
    assert_true(now() - began < 25);
    assert_int_equal(r.signal, SIGTERM);

    /* A caller that ignores the signal is not interrupted. */
    mine.sa_handler = SIG_IGN;
    sigaction(SIGINT, &mine, NULL);
    r.argv = SH("kill -INT $PPID; echo done");
    assert_ok(run_wait(&r, p));
    assert_string_equal(r.output, "done\n");
    sigaction(SIGINT, &before, NULL);
}

/* The child has nothing of ours but its three descriptors and default
 * signals (1 to 28 are looked at); nothing stays open here. */
static void clean(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int open_here = dup2(STDERR_FILENO, 77);
    struct run r = {.argv = SH("test -e /proc/self/fd/77 && echo open; "
                               "grep SigIgn /proc/$$/status | tail -c 8")};
    struct run missing = {.argv = (const char *const[]){"no-such-thing", NULL}};
    int before = open_fds();

    (void)state;
    assert_int_equal(open_here, 77);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < 3; i++) {
        assert_ok(run_wait(&r, p));
        assert_string_equal(r.output, "0000000\n");
        err_drop(run_wait(&missing, p), "only its descriptors matter");
    }
    assert_int_equal(open_fds(), before);
}

static void last_lines(void **state)
{
    (void)state;
    assert_string_equal(run_last_lines("", 3), "");
    assert_string_equal(run_last_lines("a", 3), "a");
    assert_string_equal(run_last_lines("a\nb\nc\n", 2), "b\nc\n");
    assert_string_equal(run_last_lines("a\nb\nc", 1), "c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status),
        cmocka_unit_test(input_and_environment),
        cmocka_unit_test(no_waiting_for_others),
        cmocka_unit_test(keeps_the_end),
        cmocka_unit_test(time_limit),
        cmocka_unit_test(checked),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(clean),
        cmocka_unit_test(last_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
