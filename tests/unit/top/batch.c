/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* batch: text in stock's shape, JSON, CSV. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/json.h"
#include "lib/table.h"
#include "tests/unit/top/made.h"
#include "xenstore/top/batch.h"

#define WAS                                              \
    "{'time':1,'memory':3220646912,'cpus':2,'domains':[" \
    "{'id':0,'name':'Domain-0','cpu_ns':40000000000},"   \
    "{'id':2,'name':'a-very-long-name','cpu_ns':5000000000}]}"
#define NOW                                                                   \
    "{'time':3,'wall':1764000000,'memory':3220646912,'cpus':2,'domains':["    \
    "{'id':0,'name':'Domain-0','cpu_ns':41300000000,'states':32,"             \
    "'memory':1610612736,'max_memory':null,'max_vcpus':1},"                   \
    "{'id':2,'name':'a-very-long-name','cpu_ns':5900000000,'states':4,"       \
    "'memory':134217728,'max_memory':135266304,'max_vcpus':7,'ssid':3,"       \
    "'vcpus':[{'id':0,'online':1,'ns':25000000000},"                          \
    "{'id':1,'online':0,'ns':1000000000},{'id':5,'online':1,'ns':999999999}," \
    "{'id':6,'online':1,'ns':12000000000}],"                                  \
    "'vifs':[{'id':0,'dev':'vif2.0','counted':1,'in_bytes':1602,"             \
    "'in_packets':19,'out_bytes':600,'out_packets':9,'out_drops':1}],"        \
    "'vbds':[{'id':51712,'dev':'xvda','backend':'vbd','counted':1,'reads':1," \
    "'read_sectors':8},{'id':51728,'backend':'qdisk','writes':2}]}]}"

#define HEAD                                                                  \
    "  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) VCPUS " \
    "NETS NETTX(k) NETRX(k) VBDS   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  "     \
    "VBD_WSECT SSID\n"
#define ROW_0                                                                 \
    " -----r         41   65.0    1572864   50.0   no limit       n/a     1 " \
    "   0        0        0    0        0        0        0          0  "     \
    "        0    0\n"
#define ROW_2                                                                 \
    " --b---          5   45.0     131072    4.2     132096       4.2     7 " \
    "   1        1        0    2        0        1        2          8  "     \
    "        0    3\n"

static void options(struct pool *p, struct top_options *opts)
{
    for (const struct column *col = columns; col->name; col++)
        if (col->flags & COLUMN_STOCK)
            *pool_push(p, opts->columns, opts->n_columns) = col;
}

static void assert_text(struct top_options *opts, const char *want)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct batch *b;

    options(p, opts);
    b = batch_new(opts, TABLE_TEXT);
    batch_print(b, changed(p, WAS, NOW), &out);
    assert_string_equal(str_text(&out), want);
    batch_free(b);
}

static void text(void **state)
{
    (void)state;
    assert_text(&(struct top_options){0},
                "      NAME" HEAD "a-very-lon" ROW_2 "  Domain-0" ROW_0);
    assert_text(&(struct top_options){.full_names = true,
                                      .repeat_header = true,
                                      .selection = {.dom0_first = true}},
                "            NAME" HEAD "        Domain-0" ROW_0
                "            NAME" HEAD "a-very-long-name" ROW_2);
}

static void details(void **state)
{
    (void)state;
    assert_text(
        &(struct top_options){.vcpus = true,
                              .networks = true,
                              .vbds = true,
                              .selection = {.filter = "a-very"}},
        "      NAME" HEAD "a-very-lon" ROW_2 "VCPUs(sec):   0:         25s\n"
        "          5:          0s  6:         12s\n"
        "Net0 RX:      600bytes        9pkts        0err        1drop  "
        "TX:     1602bytes       19pkts        0err        0drop\n"
        "VBD BlkBack 51712 [ca: 0]  OO:        0   RD:        1   WR:        0"
        "   RSECT:          8   WSECT:          0\n"
        "VBD Unidentified 51728 [ca:10]  OO:        0   RD:        0   WR:     "
        "   2   RSECT:          0   WSECT:          0\n");
}

#define QUIET(cpu, name, memory)                                           \
    "{'time':" cpu ",'memory':" memory ",'domains':[{'id':1,'name':'" name \
    "','cpu_ns':" cpu "00000000,'memory':1024,'max_vcpus':1},"             \
    "{'id':2,'name':'quiet','memory':4096,'max_memory':0,'cpu_ns':7}]}"

/* Lines that are kept are those that would be made. */
static void kept(void **state)
{
    static const char *const readings[] = {
        QUIET("1", "a", "8192"),
        QUIET("2", "a", "8192"),
        QUIET("3", "a", "8192"),
        QUIET("4", "renamed", "8192"),
        QUIET("5", "a", "8192"),
        QUIET("6", "a", "4096"),
        QUIET("7", "a-very-long-name", "4096"),
        QUIET("8", "a", "4096"),
    };
    AUTO_POOL struct pool *p = pool_new();
    struct top_options opts = {
        .full_names = true, .vcpus = true, .selection = {.filter = "[aq]*"}};
    struct batch *b = batch_new(&opts, TABLE_TEXT);
    const struct sample *was = NULL;

    (void)state;
    options(p, &opts);
    for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
        const struct sample *now = made(p, readings[i]);
        const struct change *c = change_between(was, now, p);
        AUTO_STR struct str out = STR_INIT(STR_MAX), fresh = STR_INIT(STR_MAX);
        struct batch *other = batch_new(&opts, TABLE_TEXT);

        batch_print(b, c, &out);
        batch_print(other, c, &fresh);
        assert_string_equal(str_text(&out), str_text(&fresh));
        assert_int_equal(c->domains[1].same, i > 0);
        batch_free(other);
        was = now;
    }
    batch_free(b);
}

static void json(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct top_options opts = {.networks = true};
    struct value *v = NULL, *domain;
    struct batch *b;

    (void)state;
    options(p, &opts);
    b = batch_new(&opts, TABLE_JSON);
    batch_print(b, changed(p, WAS, NOW), &out);
    batch_print(b, changed(p, NULL, NOW), &out);
    batch_free(b);
    assert_ptr_equal(strchr(str_text(&out), '\n') + 1,
                     strstr(str_text(&out) + 1, "{\"time\""));
    assert_null(
        json_parse(p, str_text(&out), strcspn(str_text(&out), "\n"), &v));
    assert_string_equal(value_get(v, "time")->s.text, "2025-11-24T16:00:00Z");
    assert_int_equal(value_get(value_get(v, "host"), "cpus")->i, 2);
    domain = value_get(v, "domains")->kids.first;
    assert_string_equal(value_get(domain, "name")->s.text, "a-very-long-name");
    assert_int_equal(value_get(domain, "memory")->i, 134217728);
    assert_true(value_get(domain, "cpu_percent")->d == 45);
    assert_int_equal(
        value_get(value_get(domain, "vif")->kids.first, "in_bytes")->i, 1602);
    assert_int_equal(value_get(domain->next, "max_memory")->kind, VALUE_NIL);
    assert_non_null(strstr(str_text(&out), "\"seconds\":null"));
}

static void csv(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct top_options opts = {0};
    const struct column *cols[] = {column_find("name"), column_find("memory"),
                                   column_find("max_memory")};
    struct batch *b;

    (void)state;
    opts.columns = cols;
    opts.n_columns = 3;
    b = batch_new(&opts, TABLE_CSV);
    batch_print(b, changed(p, WAS, NOW), &out);
    batch_print(b, changed(p, WAS, NOW), &out);
    batch_free(b);
    assert_string_equal(
        str_text(&out),
        "time,name,memory,max_memory\n"
        "2025-11-24T16:00:00Z,a-very-long-name,134217728,135266304\n"
        "2025-11-24T16:00:00Z,Domain-0,1610612736,\n"
        "2025-11-24T16:00:00Z,a-very-long-name,134217728,135266304\n"
        "2025-11-24T16:00:00Z,Domain-0,1610612736,\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text), cmocka_unit_test(details),
        cmocka_unit_test(kept), cmocka_unit_test(json),
        cmocka_unit_test(csv),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
