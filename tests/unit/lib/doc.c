/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doc: man pages that groff takes without a warning, Markdown, and completion
 * as bash does it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/doc.h"
#include "lib/run.h"

struct args {
    bool wait;
    int shape, size;
    const char *name, *file;
    struct slot_words rest;
};

/* clang-format off */
static const struct slot_choice shapes[] = {
    {"round", 0, "Without corners."},
    {"square", 1, "With four."},
    {NULL},
};

static const struct slot opts[] = {
    OPT('w', "wait",  SLOT_FLAG(struct args, wait), .doc = "Wait for it."),
    OPT(0, "shape",   SLOT_CHOICE(struct args, shape, shapes), .doc = "Its shape."),
    OPT('s', "size",  SLOT_INT(struct args, size), .min = 1, .max = 9, .unit = "MM",
        .doc = "Its size."),
    OPT('p', "place", SLOT_WORD(struct args, file), .unit = "THING|x|FILE", .doc = "Where."),
    OPT_SHORT('f',    SLOT_WORD(struct args, file), .unit = "FILE",
              .doc = "A *file* \\ from 'here'."),
    OPT(0, "secret",  SLOT_FLAG(struct args, wait), .flags = SLOT_HIDDEN),
    ARG("thing",      SLOT_WORD(struct args, name), .doc = "What to paint."),
    ARGS("setting",   SLOT_WORDS(struct args, rest), .doc = "Settings."),
    OPT_END,
};

static const struct slot none[] = {OPT_END};

static const struct cmd cmds[] = {
    {"paint", "colour", NULL, opts, sizeof(struct args), 0, "Paint a thing.",
     ".PP is not a command here.\n\nUse `paint -w` for `all`.", NULL},
    {"wash", NULL, NULL, none, 0, 0, "Wash all things.", NULL, NULL},
    {"hide", NULL, NULL, none, 0, CMD_HIDDEN, "Not shown.", NULL, NULL},
    {.name = NULL},
};

static const struct cmd *const families[] = {cmds, NULL};

static const struct doc_source sources[] = {
    {"thing", "printf '%s\\n' wall window 0000:01:02.0 0000:01:03.0"},
    {"setting", "printf '%s\\n' colour= coat="},
    {"file", NULL},
    {NULL},
};
/* clang-format on */

static const char *where_name(unsigned where)
{
    return where == 1 ? "red things" : "blue things";
}

static const struct slot rows[] = {
    {"old", SLOT_INT(struct args, size), .instead = "new", .where = 1,
     .doc = "As new."},
    {"wait", SLOT_BOOL(struct args, wait), .flags = SLOT_IGNORED,
     .doc = "Wait."},
    {NULL},
};

static const struct slot_table table = {
    .rows = rows, .noun = "key", .where_name = where_name};

static void write_page(enum doc_format format, struct str *out)
{
    struct doc d = {.format = format, .out = out};

    doc_title(&d, "tool", 1, "paint things");
    doc_heading(&d, "COMMANDS");
    doc_cmds(&d, "tool", families);
    doc_heading(&d, "KEYS");
    doc_table(&d, &table);
    doc_code(&d, ".not a command\n'nor this'");
}

static void markdown(void **state)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    (void)state;
    write_page(DOC_MARKDOWN, &out);
    assert_string_equal(
        str_text(&out),
        "# tool(1)\n\npaint things\n"
        "\n## COMMANDS\n"
        "\n### paint\n"
        "\n```\ntool paint [-w] [--shape=SHAPE] [-s MM] "
        "[-p THING|x|FILE] [-f FILE] THING "
        "[SETTING...]\n```\n"
        "\nPaint a thing.\n"
        "\nAlso called `colour`.\n"
        "\n.PP is not a command here.\n"
        "\nUse `paint -w` for `all`.\n"
        "\n"
        "- `-w, --wait`: Wait for it.\n"
        "- `--shape=SHAPE`: Its shape. `round`: Without corners. `square`: "
        "With four.\n"
        "- `-s, --size=MM`: Its size. From 1 to 9.\n"
        "- `-p, --place=THING|x|FILE`: Where.\n"
        "- `-f FILE`: A \\*file\\* \\\\ from 'here'.\n"
        "- `THING`: What to paint.\n"
        "- `SETTING`: Settings.\n"
        "\n### wash\n"
        "\n```\ntool wash\n```\n"
        "\nWash all things.\n"
        "\n## KEYS\n"
        "- `old=NUMBER`: As new. For red things only. Deprecated: use `new`.\n"
        "- `wait=TRUTH-VALUE`: Wait. Accepted, without effect in this "
        "version.\n"
        "\n```\n.not a command\n'nor this'\n```\n");
}

/* All that was written is read again behind groff's back. */
static void man(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct run groff = {.argv = (const char *const[]){"groff", "-ww", "-man",
                                                      "-Tascii", "-P-cbou",
                                                      "-rLL=200n", NULL}};

    (void)state;
    write_page(DOC_MAN, &out);
    groff.input = str_text(&out);
    groff.input_len = out.len;
    assert_null(run_wait(&groff, p));
    assert_int_equal(groff.exit_status, 0);
    assert_null(strstr(groff.output, "warning"));
    assert_non_null(strstr(groff.output, "tool - paint things"));
    assert_non_null(strstr(groff.output, ".PP is not a command here."));
    assert_non_null(strstr(groff.output, "A *file* \\ from 'here'."));
    assert_non_null(strstr(groff.output, ".not a command\n"));
    assert_non_null(strstr(groff.output, "'nor this'\n"));
}

/* What bash offers for LINE, one a line. */
static char *complete(struct pool *p, const char *line)
{
    AUTO_STR struct str script = STR_INIT(STR_MAX);
    struct run bash = {.argv = (const char *const[]){"bash", "-s", line, NULL}};

    doc_bash("tool", none, families, sources, &script);
    str_add(&script, "cd /usr; COMP_LINE=$1 COMP_POINT=${#1}\n_tool\n"
                     "printf '%s\\n' \"${COMPREPLY[@]}\" | sort\n");
    bash.input = str_text(&script);
    bash.input_len = script.len;
    assert_null(run_check(&bash, p));
    return bash.output;
}

static void completion(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    /* clang-format off */
    static const struct {
        const char *line, *offers;
    } cases[] = {
        {"tool ",                          "paint\nwash\n"},
        {"tool w",                         "wash\n"},
        {"tool -",                         "--help\n"},
        {"tool hide ",                     "\n"},
        {"tool paint -",                   "--help\n--place=\n--shape=\n--size=\n--wait\n-f\n-p\n-s\n-w\n"},
        {"tool paint --sh",                "--shape=\n"},
        {"tool paint --shape=",            "round\nsquare\n"},
        {"tool paint --shape=s",           "square\n"},
        {"tool paint --shape ",            "round\nsquare\n"},
        {"tool paint wi",                  "window\n"},
        {"tool colour wi",                 "window\n"},
        {"tool paint --shape round -w wa", "wall\n"},
        {"tool paint 0000:01:0",           "02.0\n03.0\n"},
        {"tool paint wall ",               "coat=\ncolour=\n"},
        {"tool paint wall x y z col",      "colour=\n"},
        {"tool paint -- -",                "\n"},
        {"tool paint -f sha",              "share\n"},
        {"tool paint --place=s",           "sbin\nshare\nsrc\n"},
        {"tool paint -p w",                "wall\nwindow\n"},
        {"tool paint -s ",                 "\n"},
        {"tool wash ",                     "\n"},
        {"tool wash x --",                 "--help\n"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *offers = complete(p, cases[i].line);

        if (strcmp(offers, cases[i].offers))
            fail_msg("'%s' offers:\n%snot:\n%s", cases[i].line, offers,
                     cases[i].offers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown),
        cmocka_unit_test(man),
        cmocka_unit_test(completion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
