/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* log: levels, files, rotation, one call one line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <regex.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/log.h"
#include "lib/str.h"

static char dir[] = "/tmp/log-test-XXXXXX";

static const char *path_of(const char *name, char *buf, size_t size)
{
    snprintf(buf, size, "%s/%s", dir, name);
    return buf;
}

static void assert_file(const char *name, const char *pattern)
{
    char path[100], text[20000] = "";
    AUTO_FILE FILE *f = fopen(path_of(name, path, sizeof(path)), "re");
    regex_t regex;

    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED), 0);
    if (regexec(&regex, text, 0, NULL, 0))
        fail_msg("%s does not match %s", text, pattern);
    regfree(&regex);
}

#define STAMP                                                      \
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}[+-][0-9]{4} " \
    "\\[[0-9]+\\] "

static void levels(void **state)
{
    char path[100];

    (void)state;
    assert_null(log_open(LOG_INFO_, path_of("a", path, sizeof(path))));
    assert_true(log_shows(LOG_INFO_));
    assert_false(log_shows(LOG_DEBUG_));
    log_debug("test", "not shown");
    log_info("test", "shown %d", 1);
    log_error("test", "line\nforged \033[2J");
    assert_file("a", "^" STAMP "test: info: shown 1\n" STAMP
                     "test: error: line forged  \\[2J\n$");
    log_set_level(LOG_DEBUG_);
    log_debug("test", "%0*d", 5000, 1);
    assert_file("a", "debug: \\(a line too long to log\\)\n$");
}

static void rotation(void **state)
{
    char a[100], b[100];

    (void)state;
    assert_null(log_open(LOG_INFO_, path_of("b", a, sizeof(a))));
    log_info("test", "one");
    assert_int_equal(rename(a, path_of("b.1", b, sizeof(b))), 0);
    log_info("test", "two");
    assert_file("b.1", "^" STAMP "test: info: one\n$");
    assert_file("b", "^" STAMP "test: info: two\n$");
}

static void add_later(const char *text)
{
    AUTO_STR struct str line = STR_INIT(LOG_TEXT_MAX);

    str_add(&line, text);
    log_later(LOG_INFO_, "test", &line);
}

static void later(void **state)
{
    char path[100];
    int status;

    (void)state;
    assert_null(log_open(LOG_INFO_, path_of("e", path, sizeof(path))));
    add_later("one");
    add_later("t\nwo");
    assert_file("e", "^$");
    log_write();
    assert_file("e", "^" STAMP "test: info: one\n" STAMP "test: info: t wo\n$");
    add_later("three");
    log_info("test", "four");
    assert_file("e",
                "wo\n" STAMP "test: info: three\n" STAMP "test: info: four\n$");
    add_later("five");
    if (!fork()) {
        log_info("test", "of a child");
        _exit(0);
    }
    assert_true(wait(&status) > 0);
    log_write();
    assert_file("e", "four\n" STAMP "test: info: five\n" STAMP
                     "test: info: of a child\n$");
}

/* Lines that are very many do not wait, and one that is too long is none. */
static void much(void **state)
{
    char path[100], text[LOG_TEXT_MAX + 2] = "";
    struct stat st;

    (void)state;
    assert_null(log_open(LOG_INFO_, path_of("e", path, sizeof(path))));
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < 100; i++)
        add_later(text + 1);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 50 * LOG_TEXT_MAX);
    log_write();
    assert_int_equal(truncate(path, 0), 0);
    add_later(text);
    log_write();
    assert_file("e", "^" STAMP "test: info: \\(a line too long to log\\)\n$");
}

static void refused(void **state)
{
    char path[100];
    AUTO_ERR struct err *e = NULL;

    (void)state;
    assert_null(log_open(LOG_INFO_, path_of("c", path, sizeof(path))));
    e = log_open(LOG_INFO_, "/no/such/place");
    assert_string_equal(err_text(e), "cannot open log '/no/such/place': "
                                     "No such file or directory");
    log_info("test", "still here");
    assert_file("c", "still here\n$");
}

static void standard_error(void **state)
{
    char path[100];
    int saved = dup(STDERR_FILENO);

    (void)state;
    assert_null(log_open(LOG_WARNING_, NULL));
    assert_non_null(freopen(path_of("d", path, sizeof(path)), "w", stderr));
    log_warning("test", "to the terminal");
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_file("d", "^test: warning: to the terminal\n$");
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    static const char *const names[] = {"a", "b", "b.1", "c", "d", "e"};
    char path[100];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unlink(path_of(names[i], path, sizeof(path)));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),  cmocka_unit_test(rotation),
        cmocka_unit_test(later),   cmocka_unit_test(much),
        cmocka_unit_test(refused), cmocka_unit_test(standard_error),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
