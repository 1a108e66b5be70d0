/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths and patterns of them, as far as they need no daemon. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "xenstore/glob.h"
#include "xenstore/path.h"

static void faults(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_null(path_fault(p, "/"));
    assert_null(path_fault(p, "/local/domain/0/a_b-C@1"));
    assert_null(path_fault(p, "relative"));
    assert_null(path_fault(p, "@releaseDomain"));
    assert_string_equal(path_fault(p, ""), "a path has at least one character");
    assert_string_equal(path_fault(p, "/a/"), "a path does not end with '/'");
    assert_string_equal(path_fault(p, "/a//b"),
                        "a part between slashes is empty");
    assert_string_equal(path_fault(p, "/a b"),
                        "' ' cannot be in a path, which is letters, digits "
                        "and - / _ @");
    assert_string_equal(path_fault(p, "/\x7f"),
                        "the byte 0x7f cannot be in a path");
}

static void patterns(void **state)
{
    (void)state;
    assert_false(glob_is_pattern("/local/domain"));
    assert_true(glob_is_pattern("/local/*"));
    assert_true(glob_is_pattern("/local/?"));
    assert_true(glob_is_pattern("/local/[12]"));
}

static void covers(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_true(glob_covers(p, "/a/*/c", "/a/b/c"));
    assert_true(glob_covers(p, "/a/*/c", "/a/b/c/d"));
    assert_false(glob_covers(p, "/a/*/c", "/a/b"));
    assert_false(glob_covers(p, "/a/*/c", "/a/b/d"));
    assert_true(glob_covers(p, "/a/[0-9]*", "/a/17"));
    assert_false(glob_covers(p, "/a/[0-9]*", "/a/x"));
    assert_false(glob_covers(p, "/a/*", "/b/x"));
}

static void plain_part(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_string_equal(glob_plain_part(p, "/a/b"), "/a/b");
    assert_string_equal(glob_plain_part(p, "/a/b*/c"), "/a");
    assert_string_equal(glob_plain_part(p, "/a/b/?"), "/a/b");
    assert_string_equal(glob_plain_part(p, "/*"), "/");
    assert_string_equal(glob_plain_part(p, "@releaseDomain"), "@releaseDomain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults),
        cmocka_unit_test(patterns),
        cmocka_unit_test(covers),
        cmocka_unit_test(plain_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
