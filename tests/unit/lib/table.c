/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table: text aligned by content, fixed shapes, CSV, JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>

#include "lib/opt.h"
#include "lib/table.h"

/* clang-format off */
static const struct table_col plain[] = {
    {"name", .head = "Name", .doc = "Its name."},
    {"size", .right = true,  .doc = "In bytes."},
    {"uuid", .only_data = true, .doc = "Its uuid."},
    {"on",   .head = "On",   .doc = "Whether it is on."},
    {NULL},
};

static const struct table_col fixed[] = {
    {"name",  .head = "Name                ", .cell = "%-20s",  .doc = "."},
    {"domid", .head = "   ID",                .cell = " %4d",   .doc = "."},
    {"flags", .head = "\tState",              .cell = "\t%5.3s", .doc = "."},
    {"port",  .head = " Port",                .cell = " 0x%-4x", .doc = "."},
    {"load",  .head = "  Load (%)",           .cell = "%8.1f|", .doc = "."},
    {NULL},
};
/* clang-format on */

static void assert_prints(const struct table *t, int format, const char *want)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    table_print(t, format, &out);
    assert_string_equal(str_text(&out), want);
}

static struct table *plain_table(struct pool *p)
{
    struct table *t = table_new(p, plain);

    table_row(t);
    table_str(t, "Gr\xc3\xbc\xc3\x9f"
                 "e");
    table_int(t, 12345678901);
    table_str(t, "u-1");
    table_bool(t, true);
    table_row(t);
    table_str(t, "a \"b\", c\033[2J");
    table_cell(t, value_int(p, 7), "7 kB");
    table_str(t, NULL);
    table_bool(t, false);
    table_row(t);
    table_str(t, "");
    table_double(t, 0.1 + 0.2);
    table_str(t, " x");
    table_cell(t, value_nil(p), "");
    return t;
}

static void aligned(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct table *t = plain_table(p);

    (void)state;
    assert_prints(t, TABLE_TEXT,
                  "Name                 size  On\n"
                  "Gr\xc3\xbc\xc3\x9f"
                  "e         12345678901  yes\n"
                  "a \"b\", c?[2J         7 kB  no\n"
                  "                      0.3\n");
    table_hide(t, "size");
    table_no_head(t);
    assert_prints(t, TABLE_TEXT,
                  "Gr\xc3\xbc\xc3\x9f"
                  "e         yes\n"
                  "a \"b\", c?[2J  no\n"
                  "\n");
}

static void csv(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct table *t = plain_table(p);

    (void)state;
    table_hide(t, "size"); /* text only */
    assert_prints(t, TABLE_CSV,
                  "name,size,uuid,on\n"
                  "Gr\xc3\xbc\xc3\x9f"
                  "e,12345678901,u-1,true\n"
                  "\"a \"\"b\"\", c\033[2J\",7,,false\n"
                  "\"\",0.3,\" x\",\n");
}

static void json(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct table *t = table_new(p, plain);
    struct value *list = value_list(p);

    (void)state;
    assert_prints(t, TABLE_JSON, "[\n\n]\n");
    assert_prints(t, TABLE_CSV, "name,size,uuid,on\n");
    assert_prints(t, TABLE_TEXT, "Name  size  On\n");
    table_row(t);
    table_str(t, "x\ny");
    table_int(t, -1);
    value_append(list, value_int(p, 1));
    table_cell(t, list, "one");
    table_bool(t, true);
    assert_prints(t, TABLE_JSON,
                  "[\n"
                  "    {\n"
                  "        \"name\": \"x\\ny\",\n"
                  "        \"size\": -1,\n"
                  "        \"uuid\": [\n"
                  "            1\n"
                  "        ],\n"
                  "        \"on\": true\n"
                  "    }\n"
                  "]\n");
}

static void fixed_shape(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct table *t = table_new(p, fixed);

    (void)state;
    table_row(t);
    table_str(t, "Domain-0");
    table_int(t, 0);
    table_str(t, "r-----");
    table_int(t, 255);
    table_double(t, 99.95);
    table_row(t);
    table_str(t, "a-name-longer-than-its-column");
    table_int(t, 123456);
    table_str(t, "b");
    table_str(t, NULL);
    table_cell(t, value_double(p, 1), "n/a");
    assert_prints(t, TABLE_TEXT,
                  "Name                   ID\tState Port  Load (%)\n"
                  "Domain-0                0\t  r-- 0xff     100.0|\n"
                  "a-name-longer-than-its-column 123456\t    b 0x-        "
                  "n/a|\n");
    table_hide(t, "port");
    table_hide(t, "load");
    table_no_head(t);
    assert_prints(t, TABLE_TEXT,
                  "Domain-0                0\t  r--\n"
                  "a-name-longer-than-its-column 123456\t    "
                  "b\n");
}

#define ARGV(...) ((char *const *)(const char *const[]){__VA_ARGS__, NULL})

struct args {
    int format;
};

static void option(void **state)
{
    static const struct slot opts[] = {OPT_FORMAT(struct args), OPT_END};
    AUTO_POOL struct pool *p = pool_new();
    char *const *argv = ARGV("x", "--format", "csv");
    char *const *wrong = ARGV("x", "--format=xml");
    struct opt_parse parse = {0};
    struct args args = {0};
    AUTO_ERR struct err *e = NULL;

    (void)state;
    assert_null(opt_parse(opts, 3, argv, &args, p, &parse));
    assert_int_equal(args.format, TABLE_CSV);
    e = opt_parse(opts, 2, wrong, &args, p, &parse);
    assert_string_equal(err_text(e), "option '--format': 'xml' is not one "
                                     "of text, json and csv");
}

/* A full disk must not look like success. */
static void no_room(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct table *t = plain_table(p);
    AUTO_ERR struct err *e = NULL;
    int saved = dup(STDOUT_FILENO), full = open("/dev/full", O_WRONLY);

    (void)state;
    fflush(stdout);
    dup2(full, STDOUT_FILENO);
    e = table_show(t, TABLE_TEXT);
    clearerr(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(full);
    assert_string_equal(err_text(e), "cannot write to standard output: No "
                                     "space left on device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligned), cmocka_unit_test(csv),
        cmocka_unit_test(json),    cmocka_unit_test(fixed_shape),
        cmocka_unit_test(option),  cmocka_unit_test(no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
