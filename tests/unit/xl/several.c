/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* several: all run, no more at once than allowed; what failed is shown, stops
 * others when asked; a signal reaches those that run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "xl/several.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/file.h"

#define N 6

/* Seen by all processes. */
struct seen {
    int wanted, running, most, begun;
};
static struct seen *seen;

static const char *const names[N] = {"a", "b", "c", "d", "e", "f"};

static int most(void)
{
    return __atomic_load_n(&seen->most, __ATOMIC_SEQ_CST);
}

static void note_most(int now)
{
    for (int before = most(); before < now;)
        if (__atomic_compare_exchange_n(&seen->most, &before, now, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return;
}

static struct err *work(void *arg, size_t i)
{
    __atomic_add_fetch(&seen->begun, 1, __ATOMIC_SEQ_CST);
    note_most(__atomic_add_fetch(&seen->running, 1, __ATOMIC_SEQ_CST));
    for (int ms = 0; ms < 20000 && most() < seen->wanted; ms++)
        usleep(1000);
    usleep(20000); /* for one too many */
    __atomic_sub_fetch(&seen->running, 1, __ATOMIC_SEQ_CST);
    if (arg && !strcmp(names[i], arg)) {
        puts("a word before");
        return ERR("it is broken");
    }
    return NULL;
}

static struct err *hang(void *arg, size_t i)
{
    (void)i;
    if (arg)
        kill(getppid(), SIGTERM);
    sleep(60);
    return NULL;
}

/* What S says on standard error, into TEXT. */
static struct err *run(const struct several *s, char text[4096])
{
    char path[] = "/tmp/several.XXXXXX";
    int file = mkstemp(path), before = dup(STDERR_FILENO);
    struct err *e;
    ssize_t n;

    assert_true(file >= 0);
    *seen = (struct seen){.wanted = (int)s->at_once};
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    e = several_run(s);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    n = pread(file, text, 4095, 0);
    text[n < 0 ? 0 : n] = '\0';
    close(file);
    unlink(path);
    return e;
}

static struct several of(struct err *(*fn)(void *, size_t), const void *arg)
{
    return (struct several){.doing = "making",
                            .done = "made",
                            .names = names,
                            .n = N,
                            .at_once = 2,
                            .run = fn,
                            .arg = (void *)arg};
}

static void all_run(void **state)
{
    struct several s = of(work, NULL);
    char text[4096];

    (void)state;
    assert_null(run(&s, text));
    assert_int_equal(seen->begun, N);
    assert_int_equal(seen->most, 2);
    for (size_t i = 0; i < N; i++) {
        char line[32];

        snprintf(line, sizeof(line), "%s: made, ", names[i]);
        assert_non_null(strstr(text, line));
    }
    assert_non_null(strstr(text, "6 made, "));
    s.quiet = true;
    assert_null(run(&s, text));
    assert_string_equal(text, "");
}

static void one_fails(void **state)
{
    struct several s = of(work, "b");
    char text[4096];
    struct err *e;

    (void)state;
    s.quiet = true;
    e = run(&s, text);
    assert_int_equal(err_exit_status(e), 1);
    err_free(e);
    assert_int_equal(seen->begun, N);
    assert_non_null(strstr(text, "b: failed, "));
    assert_non_null(strstr(text, "    it is broken\n"));
    assert_non_null(strstr(text, "    a word before\n"));
    assert_null(strstr(text, "a: made"));
    assert_non_null(strstr(text, "5 made, 1 failed, "));
}

static void one_stops_the_rest(void **state)
{
    struct several s = of(work, "a");
    char text[4096];
    struct err *e;

    (void)state;
    s.stop = true;
    s.at_once = 1;
    e = run(&s, text);
    assert_int_equal(err_exit_status(e), 1);
    err_free(e);
    assert_int_equal(seen->begun, 1);
    assert_non_null(strstr(text, "0 made, 1 failed, 5 not begun, "));
}

static void a_signal_ends_them(void **state)
{
    struct several s = of(hang, "");
    char text[4096];
    struct err *e;

    (void)state;
    e = run(&s, text);
    assert_true(err_is(e, &err_kind_interrupted));
    err_free(e);
    assert_non_null(strstr(text, "failed"));
    assert_non_null(strstr(text, "not begun"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_run),
        cmocka_unit_test(one_fails),
        cmocka_unit_test(one_stops_the_rest),
        cmocka_unit_test(a_signal_ends_them),
    };

    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
