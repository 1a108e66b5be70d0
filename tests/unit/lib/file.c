/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* file: what is read and written, what is refused, and who gets a lock. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/file.h"

struct here {
    struct pool *pool;
    char dir[64];
};

static int setup(void **state)
{
    struct pool *p = pool_new();
    struct here *here = pool_new_of(p, struct here);

    here->pool = p;
    strcpy(here->dir, "/tmp/unit-file.XXXXXX");
    *state = here;
    return mkdtemp(here->dir) ? 0 : -1;
}

static int teardown(void **state)
{
    struct here *here = *state;
    AUTO_FREE char *rm = NULL;
    int status;

    if (asprintf(&rm, "rm -r %s", here->dir) < 0)
        return -1;
    status = system(rm);
    pool_free(here->pool);
    return status;
}

static const char *in(struct here *here, const char *name)
{
    return pool_printf(here->pool, "%s/%s", here->dir, name);
}

static void assert_err(struct err *e, const struct err_kind *kind,
                       const char *part)
{
    assert_non_null(e);
    if (!strstr(err_text(e), part))
        fail_msg("'%s' is not in '%s'", part, err_text(e));
    assert_ptr_equal(err_kind(e), kind);
    err_free(e);
}

static void writes_and_reads(void **state)
{
    struct here *here = *state;
    const char *path = in(here, "a");
    struct stat st;
    char *text;
    size_t len;

    assert_null(file_write(path, "a\0b\n", 4, 0640));
    assert_null(file_write(path, "c\0d", 3, 0640));
    assert_null(file_read(here->pool, path, 3, &text, &len));
    assert_int_equal(len, 3);
    assert_memory_equal(text, "c\0d", 4);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_null(file_append_line(path, "line", 0600));
    assert_null(file_read(here->pool, path, 100, &text, &len));
    assert_memory_equal(text, "c\0dline\n", 9);
}

static void refuses(void **state)
{
    struct here *here = *state;
    const char *path = in(here, "big");
    char *text = NULL;
    size_t len;

    assert_err(file_read(here->pool, path, 9, &text, &len), &err_kind_failed,
               "No such file");
    assert_err(file_read(here->pool, here->dir, 9, &text, &len),
               &err_kind_input, "is a directory");
    assert_null(file_write(path, "0123456789", 10, 0600));
    assert_err(file_read(here->pool, path, 9, &text, &len), &err_kind_input,
               "too large");
    assert_err(file_read(here->pool, "/dev/zero", 4 << 20, &text, &len),
               &err_kind_input, "4 MB is the most");
    assert_null(text);
    assert_err(file_write(in(here, "no/dir"), "", 0, 0600), &err_kind_failed,
               "No such file");
}

static void an_empty_file(void **state)
{
    struct here *here = *state;
    char *text;
    size_t len;

    assert_null(file_read(here->pool, "/dev/null", 9, &text, &len));
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
}

static void directories(void **state)
{
    struct here *here = *state;
    char **names;
    size_t n;

    assert_null(file_make_dirs(in(here, "x/y//z/"), 0700));
    assert_null(file_make_dirs(in(here, "x/y/z"), 0700));
    assert_true(file_exists(in(here, "x/y/z")));
    assert_null(file_write(in(here, "x/b"), "", 0, 0600));
    assert_null(file_write(in(here, "x/a"), "", 0, 0600));
    assert_null(file_list(here->pool, in(here, "x"), &names, &n));
    assert_int_equal(n, 3);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
    assert_string_equal(names[2], "y");
    assert_null(file_list(here->pool, in(here, "x/y/z"), &names, &n));
    assert_int_equal(n, 0);
    assert_err(file_make_dirs(in(here, "x/a/q"), 0700), &err_kind_failed,
               "File exists");
    assert_err(file_make_dirs(in(here, "x/a"), 0700), &err_kind_failed,
               "File exists");
    assert_err(file_list(here->pool, in(here, "none"), &names, &n),
               &err_kind_failed, "cannot list");
}

static void removes(void **state)
{
    struct here *here = *state;

    assert_null(file_write(in(here, "gone"), "", 0, 0600));
    assert_null(file_remove(in(here, "gone")));
    assert_false(file_exists(in(here, "gone")));
    assert_null(file_remove(in(here, "gone")));
    assert_err(file_remove(here->dir), &err_kind_failed, "cannot remove");
}

static void locks(void **state)
{
    struct here *here = *state;
    const char *path = in(here, "lock");
    int fd = -1, other = -1;

    assert_null(file_lock(path, 0, &fd));
    assert_err(file_lock(path, 0, &other), &err_kind_timeout,
               "by another process");
    assert_err(file_lock(path, 0.05, &other), &err_kind_timeout, "locked");
    assert_int_equal(other, -1);
    close(fd);
    assert_null(file_lock(path, -1, &other));
    close(other);
}

/* Holds PATH with an old-style lock, as stock xl does, until killed. */
static pid_t old_style_holder(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int ready[2];
    pid_t pid;
    char c;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (!pid) {
        int fd = open(path, O_RDWR | O_CREAT, 0600);

        if (fcntl(fd, F_SETLK, &whole) < 0 || write(ready[1], "", 1) < 0)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void names_the_holder(void **state)
{
    struct here *here = *state;
    const char *path = in(here, "lock");
    pid_t pid = old_style_holder(path);
    int fd = -1;

    assert_err(file_lock(path, 0, &fd), &err_kind_timeout,
               pool_printf(here->pool, "by process %d", pid));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_null(file_lock(path, 0, &fd));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_and_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_file, setup, teardown),
        cmocka_unit_test_setup_teardown(directories, setup, teardown),
        cmocka_unit_test_setup_teardown(removes, setup, teardown),
        cmocka_unit_test_setup_teardown(locks, setup, teardown),
        cmocka_unit_test_setup_teardown(names_the_holder, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
