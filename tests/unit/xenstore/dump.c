/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "xenstore/dump.h"

static const char text[] = "# a comment\n"
                           "\n"
                           "/a = \"\"\n"
                           "/a/b = \"x \\\"y\\n\"   (n0,r12)\n"
                           "/a/c = \"end\"   (n1)\"\n"
                           "/a/d = \"in = \"q\"   (n0)\"   (b3)\n";

static void parses(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct dump dump;
    struct err *e = dump_parse(p, "f", text, &dump);

    (void)state;
    if (e)
        fail_msg("%s", err_text(e));
    assert_int_equal(dump.n, 4);
    assert_string_equal(dump.nodes[0].path, "/a");
    assert_int_equal(dump.nodes[0].len, 0);
    assert_null(dump.nodes[0].perms);
    assert_string_equal(dump.nodes[1].value, "x \"y\n");
    assert_memory_equal(dump.nodes[1].perms, "n0\0r12", 7);
    assert_int_equal(dump.nodes[1].perms_len, 7);
    assert_string_equal(dump.nodes[2].value, "end\"   (n1)");
    assert_null(dump.nodes[2].perms);
    assert_string_equal(dump.nodes[3].value, "in = \"q\"   (n0)");
    assert_string_equal(dump.nodes[3].perms, "b3");
}

/* Ends with NULL. */
static const struct {
    const char *text, *complaint;
} bad[] = {
    {"/a", "f:1: no line of a dump: PATH = \"VALUE\"   (PERMS)"},
    {"\n/a b = \"\"", "f:2: '/a b': ' ' cannot be in a path, which is letters, "
                      "digits and - / _ @"},
    {"/a = \"x", "f:1: the value has no closing quotes"},
    {"/a = \"", "f:1: the value has no closing quotes"},
    {"/a = \"\"   (x1)", "f:1: permissions 'x1': a letter of n, r, w, b and a "
                         "domain's number are wanted"},
    {"/a = \"\"   (n1,)", "f:1: permissions 'n1,': a letter of n, r, w, b and "
                          "a domain's number are wanted"},
    {"/a = \"\"   (n1r2)", "f:1: permissions 'n1r2': a comma goes between "
                           "them"},
    {NULL},
};

static void complains(void **state)
{
    (void)state;
    for (size_t i = 0; bad[i].text; i++) {
        AUTO_POOL struct pool *p = pool_new();
        struct dump dump;
        AUTO_ERR struct err *e = dump_parse(p, "f", bad[i].text, &dump);

        assert_non_null(e);
        assert_string_equal(err_text(e), bad[i].complaint);
    }
}

static void round_trip(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    char *perms[] = {(char[]){"n0"}, (char[]){"r7"}, NULL};
    struct tree node = {.path = "/x",
                        .value = "\"\0\\)\xff",
                        .len = 5,
                        .perms = perms,
                        .n_perms = 2};
    struct dump dump;

    (void)state;
    dump_add(&node, &out);
    assert_string_equal(str_text(&out),
                        "/x = \"\"\\000\\\\)\\xff\"   (n0,r7)\n");
    err_free(dump_parse(p, "f", str_text(&out), &dump));
    assert_int_equal(dump.n, 1);
    assert_int_equal(dump.nodes[0].len, 5);
    assert_memory_equal(dump.nodes[0].value, node.value, 5);
    assert_memory_equal(dump.nodes[0].perms, "n0\0r7", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(complains),
        cmocka_unit_test(round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
