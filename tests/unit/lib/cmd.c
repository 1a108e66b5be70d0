/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd: finding, running, helping. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/cmd.h"

struct args {
    int level;
    const char *name;
};

/* clang-format off */
static const struct slot opts[] = {
    OPT('l', "level", SLOT_INT(struct args, level), .unit = "N", .doc = "How much."),
    ARG("name",       SLOT_WORD(struct args, name), .doc = "Its name."),
    OPT_END,
};
/* clang-format on */

static void defaults(void *args)
{
    ((struct args *)args)->level = 7;
}

static struct err *run(void *app, const void *args, struct pool *p)
{
    const struct args *a = args;

    *(const char **)app = pool_printf(p, "%s %d", a->name, a->level);
    return a->level == 13 ? ERR("bad luck") : NULL;
}

static const struct cmd first[] = {
    {"paint", "colour", run, opts, sizeof(struct args), 0, "Paint a thing.",
     NULL, defaults},
    {"secret", NULL, run, opts, sizeof(struct args), CMD_HIDDEN, "Hidden.",
     NULL, NULL},
    {.name = NULL},
};
static const struct cmd second[] = {
    {"wash", NULL, run, opts, sizeof(struct args), 0, "Wash a thing.", NULL,
     NULL},
    {.name = NULL},
};
static const struct cmd *const families[] = {first, second, NULL};

static void finding(void **state)
{
    (void)state;
    assert_ptr_equal(cmd_find(families, "wash"), &second[0]);
    assert_ptr_equal(cmd_find(families, "colour"), &first[0]);
    assert_ptr_equal(cmd_find(families, "secret"), &first[1]);
    assert_null(cmd_find(families, "pain"));
    assert_string_equal(cmd_nearest(families, "pain"), "paint");
    assert_null(cmd_nearest(families, "secrte"));
}

static struct err *call(const struct cmd *cmd, const char *const *line,
                        const char **said, struct pool *p)
{
    int argc = 0;

    while (line[argc])
        argc++;
    return cmd_run(cmd, "tool", said, argc, (char *const *)line, p);
}

#define LINE(...) ((const char *const[]){__VA_ARGS__, NULL})

static void running(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *said = NULL;
    struct err *e;

    (void)state;
    assert_null(call(&first[0], LINE("paint", "x"), &said, p));
    assert_string_equal(said, "x 7");
    assert_null(call(&second[0], LINE("wash", "y"), &said, p));
    assert_string_equal(said, "y 0");
    e = call(&first[0], LINE("paint", "-l13", "x"), &said, p);
    assert_string_equal(err_text(e), "bad luck");
    err_free(e);
    said = NULL;
    e = call(&first[0], LINE("colour", "--levle", "1"), &said, p);
    assert_string_equal(err_text(e),
                        "paint: unknown option '--levle': did you mean "
                        "'--level'?\nusage: tool paint [-l N] NAME");
    assert_int_equal(err_exit_status(e), 2);
    err_free(e);
    assert_null(said);
    assert_null(call(&first[0], LINE("paint", "--help"), &said, p));
    assert_null(said);
}

static void helping(void **state)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    (void)state;
    cmd_help(&first[0], "tool", &out);
    assert_string_equal(str_text(&out),
                        "Usage: tool paint [-l N] NAME\n"
                        "\nPaint a thing.\n"
                        "\nOptions:\n\n"
                        "  -l, --level=N             How much.\n"
                        "  NAME                      Its name.\n");
    str_clear(&out);
    cmd_list(families, &out);
    assert_string_equal(str_text(&out), " paint               Paint a thing.\n"
                                        " wash                Wash a thing.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finding),
        cmocka_unit_test(running),
        cmocka_unit_test(helping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
