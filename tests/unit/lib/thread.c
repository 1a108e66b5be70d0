/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forks beside threads that allocate: children can, too (with ASan, whose
 * allocator knows no forks). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/thread.h"

#define FORKS 30
#define PIECES 2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool runs, ends;

/* Sizes of many kinds, each with a lock of its own. */
static void allocate(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char *volatile piece = malloc(16 + i * 37 % 4000);

        piece[0] = 1;
        free(piece);
    }
}

static void *run(void *arg)
{
    struct timespec soon;

    (void)arg;
    thread_lock(&mutex);
    for (runs = true; !ends;) {
        pthread_mutex_unlock(&mutex);
        allocate(PIECES);
        thread_lock(&mutex);
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += soon.tv_nsec < 999000000 ? 100000 : 0;
        thread_wait(&changed, &mutex, &soon);
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static bool has_begun(void)
{
    bool so;

    thread_lock(&mutex);
    so = runs;
    pthread_mutex_unlock(&mutex);
    return so;
}

static void test_forks(void **state)
{
    pthread_t thread;
    int status;

    (void)state;
    assert_int_equal(thread_start(&thread, run, NULL), 0);
    while (!has_begun())
        usleep(1000);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();

        if (!pid) {
            alarm(30);
            allocate(PIECES);
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    thread_lock(&mutex);
    ends = true;
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forks)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
