/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* opt: what getopt_long users expect, complaints, usage and help. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/opt.h"

struct args {
    bool wait, exact, exactly;
    int verbose, level, shape;
    const char *file, *name, *other;
    struct slot_words rest;
};

/* clang-format off */
static const struct slot_choice shapes[] = {{"round", 1}, {"square", 2}, {NULL}};

static const struct slot rows[] = {
    OPT('w', "wait",    SLOT_FLAG(struct args, wait),   .doc = "Wait."),
    OPT(0, "exactly",   SLOT_FLAG(struct args, exactly), .doc = "More than that."),
    OPT(0, "exact",     SLOT_FLAG(struct args, exact),  .doc = "To the dot."),
    OPT(0, "excellent", SLOT_FLAG(struct args, exact),  .doc = "Quite.", .flags = SLOT_HIDDEN),
    OPT_SHORT('v',      SLOT_COUNT(struct args, verbose), .doc = "Say more."),
    OPT('l', "level",   SLOT_INT(struct args, level), .min = -5, .max = 5, .unit = "N",
        .doc = "How much."),
    OPT(0, "a-shape-with-a-long-name", SLOT_CHOICE(struct args, shape, shapes),
        .doc = "Its shape."),
    OPT_SHORT('f',      SLOT_WORD(struct args, file),   .unit = "FILE", .doc = "File."),
    ARG("name",         SLOT_WORD(struct args, name),   .doc = "Its name."),
    ARG_OPTIONAL("other", SLOT_WORD(struct args, other), .doc = "Another."),
    ARGS("word",        SLOT_WORDS(struct args, rest),  .doc = "Words."),
    OPT_END,
};

static const struct slot some[] = {
    OPT('h', "height",  SLOT_INT(struct args, level),   .doc = "Its height."),
    ARGS_SOME("word",   SLOT_WORDS(struct args, rest),  .doc = "Words."),
    OPT_END,
};
/* clang-format on */

static const struct slot global[] = {
    OPT_SHORT('v', SLOT_COUNT(struct args, verbose), .doc = "."), OPT_END};

#define LINE(...) ((const char *const[]){"cmd", __VA_ARGS__, NULL})

static struct err *parse(struct pool *p, const struct slot *table,
                         const char *const *line, struct args *args,
                         struct opt_parse *how)
{
    int argc = 0;

    while (line[argc])
        argc++;
    *args = (struct args){0};
    return opt_parse(table, argc, (char *const *)line, args, p, how);
}

static void assert_parses(struct pool *p, const struct slot *table,
                          const char *const *line, struct args *args)
{
    struct opt_parse how = {0};
    struct err *e = parse(p, table, line, args, &how);

    if (e)
        fail_msg("%s", err_text(e));
    assert_false(how.help);
}

static void assert_refuses(const char *const *line, const char *text)
{
    AUTO_POOL struct pool *p = pool_new();
    struct opt_parse how = {0};
    struct args args;
    AUTO_ERR struct err *e = parse(p, rows, line, &args, &how);

    assert_non_null(e);
    assert_string_equal(err_text(e), text);
    assert_ptr_equal(err_kind(e), &err_kind_usage);
}

static void letters(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct args a;

    (void)state;
    assert_parses(p, rows, LINE("-vwvl3", "x"), &a);
    assert_true(a.wait && a.verbose == 2 && a.level == 3);
    assert_string_equal(a.name, "x");
    assert_parses(p, rows, LINE("-l", "-3", "-f-v", "x"), &a);
    assert_int_equal(a.level, -3);
    assert_string_equal(a.file, "-v");
    assert_parses(p, rows, LINE("-vf", "=y", "x"), &a);
    assert_string_equal(a.file, "=y");
}

static void long_names(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct args a;

    (void)state;
    assert_parses(p, rows, LINE("--wait", "--level=2", "x"), &a);
    assert_true(a.wait && a.level == 2);
    assert_parses(p, rows, LINE("--level", "-2", "x"), &a);
    assert_int_equal(a.level, -2);
    assert_parses(p, rows, LINE("--w", "--a-s=square", "--lev", "1", "x"), &a);
    assert_true(a.wait && a.shape == 2 && a.level == 1);
    /* The exact name, though others begin with it. */
    assert_parses(p, rows, LINE("--exact", "x"), &a);
    assert_true(a.exact && !a.exactly);
    assert_parses(p, rows, LINE("--exactl", "x"), &a);
    assert_true(a.exactly && !a.exact);
    assert_parses(p, some, LINE("x", "-h3"), &a);
    assert_int_equal(a.level, 3);
}

static void arguments(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct args a;

    (void)state;
    assert_parses(p, rows, LINE("x", "-w", "y", "1", "-v", "2", "-"), &a);
    assert_true(a.wait && a.verbose == 1);
    assert_string_equal(a.name, "x");
    assert_string_equal(a.other, "y");
    assert_int_equal(a.rest.n, 3);
    assert_string_equal(a.rest.list[2], "-");
    assert_parses(p, rows, LINE("--", "-w", "--", "--help"), &a);
    assert_false(a.wait);
    assert_string_equal(a.name, "-w");
    assert_string_equal(a.other, "--");
    assert_string_equal(a.rest.list[0], "--help");
    assert_parses(p, rows, LINE(""), &a);
    assert_string_equal(a.name, "");
    assert_null(a.other);
    assert_parses(p, some, LINE("x", "y"), &a);
    assert_int_equal(a.rest.n, 2);
}

static void complaints(void **state)
{
    (void)state;
    assert_refuses(LINE("-wx", "x"), "unknown option '-x'");
    assert_refuses(LINE("--wiat=3"), "unknown option '--wiat': did you mean "
                                     "'--wait'?");
    assert_refuses(LINE("--zzz"), "unknown option '--zzz'");
    assert_refuses(LINE("--v", "x"), "unknown option '--v'");
    assert_refuses(LINE("--ex"), "option '--ex' is ambiguous: '--exactly' or "
                                 "'--excellent'?");
    assert_refuses(LINE("--wait=1", "x"), "option '--wait' takes no value");
    assert_refuses(LINE("x", "-l"), "option '-l' needs a value");
    assert_refuses(LINE("x", "--lev"), "option '--lev' needs a value");
    assert_refuses(LINE("x", "-l", "6"),
                   "option '--level': 6 is out of range: -5 to 5");
    assert_refuses(LINE("x", "--level="),
                   "option '--level': '' is not a number");
    assert_refuses(LINE("-w"), "missing argument: NAME");
    assert_refuses(LINE("x", "--a=oval"),
                   "option '--a-shape-with-a-long-name': 'oval' is not one of "
                   "round and square");
}

static void too_many_or_few(void **state)
{
    static const struct slot one[] = {
        ARG("x", SLOT_WORD(struct args, name), .doc = "."), OPT_END};
    AUTO_POOL struct pool *p = pool_new();
    struct opt_parse how = {0};
    struct args a;
    struct err *e = parse(p, one, LINE("1", "2"), &a, &how);

    (void)state;
    assert_string_equal(err_text(e), "unexpected argument '2'");
    err_free(e);
    e = parse(p, some, LINE("-h", "1"), &a, &how);
    assert_string_equal(err_text(e), "missing argument: WORD");
    err_free(e);
}

/* Global options: what follows the first argument is another's. */
static void stopping(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct opt_parse how = {.stop_at_argument = true};
    struct args a;

    (void)state;
    assert_null(parse(p, global, LINE("-v", "list", "-v"), &a, &how));
    assert_int_equal(a.verbose, 1);
    assert_int_equal(how.n_used, 2);
    assert_null(parse(p, global, LINE("-v", "--", "-x"), &a, &how));
    assert_int_equal(how.n_used, 3);
}

static void helping(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct opt_parse how = {0};
    struct args a;

    (void)state;
    assert_null(parse(p, rows, LINE("-h"), &a, &how));
    assert_true(how.help);
    how.help = false;
    assert_null(parse(p, some, LINE("--help"), &a, &how));
    assert_true(how.help);
    opt_usage(rows, &out);
    assert_string_equal(str_text(&out),
                        " [-w] [--exactly] [--exact] [-v] [-l N] "
                        "[--a-shape-with-a-long-name=A-SHAPE-WITH-A-LONG-NAME] "
                        "[-f FILE] NAME [OTHER] [WORD...]");
    str_clear(&out);
    opt_usage(some, &out);
    assert_string_equal(str_text(&out), " [-h HEIGHT] WORD...");
    str_clear(&out);
    opt_help(some, &out);
    opt_help(rows + 4, &out);
    assert_string_equal(str_text(&out),
                        "  -h, --height=HEIGHT       Its height.\n"
                        "  WORD                      Words.\n"
                        "  -v                        Say more.\n"
                        "  -l, --level=N             How much.\n"
                        "      --a-shape-with-a-long-name="
                        "A-SHAPE-WITH-A-LONG-NAME\n"
                        "                            Its shape.\n"
                        "  -f FILE                   File.\n"
                        "  NAME                      Its name.\n"
                        "  OTHER                     Another.\n"
                        "  WORD                      Words.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters),         cmocka_unit_test(long_names),
        cmocka_unit_test(arguments),       cmocka_unit_test(complaints),
        cmocka_unit_test(too_many_or_few), cmocka_unit_test(stopping),
        cmocka_unit_test(helping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
