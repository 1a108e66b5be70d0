/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* log: levels, files, rotation, one call one line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <regex.h>
#include <string.h>

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

#define STAMP                                                                  \
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}[+-][0-9]{4} \\[[0-9]+\\] "

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
    static const char *const names[] = {"a", "b", "b.1", "c", "d"};
    char path[100];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unlink(path_of(names[i], path, sizeof(path)));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(rotation),
        cmocka_unit_test(refused),
        cmocka_unit_test(standard_error),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
