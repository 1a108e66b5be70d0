/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* progress: what reaches a terminal, and that nothing reaches a file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/progress.h"
#include "lib/str.h"

#define CLEAR "\r\033[K"

/* Runs FN with standard error on a terminal of COLS columns (0: a file) and
 * gives what it wrote. */
static void capture(void (*fn)(void), unsigned short cols, char *buf,
                    size_t size)
{
    struct winsize window = {.ws_row = 24, .ws_col = cols};
    int saved = dup(STDERR_FILENO), ours, theirs;
    ssize_t n;

    if (cols) {
        assert_int_equal(openpty(&ours, &theirs, NULL, NULL, &window), 0);
    } else {
        ours = open("/tmp", O_TMPFILE | O_RDWR, 0600);
        theirs = dup(ours);
    }
    dup2(theirs, STDERR_FILENO);
    fn();
    dup2(saved, STDERR_FILENO);
    close(saved);
    if (!cols)
        lseek(ours, 0, SEEK_SET);
    close(theirs);
    while ((n = read(ours, buf, size - 1)) > 0) {
        buf += n;
        size -= (size_t)n;
    }
    *buf = '\0';
    close(ours);
}

static void work(void)
{
    struct progress *p = progress_new("creating guest1", false);

    progress_share(p, 0.5); /* no step yet: nothing to draw */
    progress_step(p, "disk %d", 1);
    progress_hide(p);
    progress_hide(p);
    progress_share(p, 7);
    progress_free(p);
}

static void quiet_work(void)
{
    struct progress *p = progress_new("creating guest1", true);

    progress_step(p, "disk");
    progress_share(p, 1);
    progress_free(p);
    progress_free(NULL);
}

static void terminal(void **state)
{
    char buf[1000];

    (void)state;
    capture(work, 80, buf, sizeof(buf));
    assert_string_equal(buf, CLEAR "creating guest1: disk 1" CLEAR CLEAR
                                   "creating guest1: disk 1 100 %" CLEAR);
    capture(work, 22, buf, sizeof(buf));
    assert_string_equal(buf, CLEAR "creating guest1: disk" CLEAR CLEAR
                                   "creating guest1: disk" CLEAR);
}

static void silence(void **state)
{
    char buf[1000];

    (void)state;
    capture(work, 0, buf, sizeof(buf));
    assert_string_equal(buf, "");
    capture(quiet_work, 80, buf, sizeof(buf));
    assert_string_equal(buf, "");
    setenv("TERM", "dumb", 1);
    capture(work, 80, buf, sizeof(buf));
    assert_string_equal(buf, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminal),
        cmocka_unit_test(silence),
    };

    setenv("TERM", "xterm", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
