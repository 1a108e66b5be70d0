/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfg: what is understood, where complaints point, and that one mistake is one
 * complaint. (That libxlutil understands the same is tests/diff/cfg.c's.) */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/json.h"
#include "xl/domain/cfg.h"

struct parsed {
    struct pool *pool;
    struct source source;
    struct value *record;
    struct diags diags;
};

static struct parsed parse(struct pool *p, const char *text, size_t len)
{
    struct parsed parsed = {.pool = p, .record = value_struct(p)};
    struct source *source = pool_new_of(p, struct source);

    *source = (struct source){.name = "F", .text = text, .len = len};
    parsed.diags.pool = p;
    cfg_parse(p, source, parsed.record, &parsed.diags);
    return parsed;
}

static const char *as_json(struct pool *p, const struct value *v)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    json_print(v, false, &out);
    return pool_str(p, str_text(&out));
}

/* The complaints, one a line, as "line:column: sentence". */
static const char *complaints(struct parsed *parsed)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    for (size_t i = 0; i < parsed->diags.n; i++) {
        size_t line, col;

        place_line_column(parsed->diags.list[i].place, &line, &col);
        str_addf(&out, "%zu:%zu: %s\n", line, col, parsed->diags.list[i].text);
    }
    return pool_str(parsed->pool, str_text(&out));
}

static void assert_means(const char *text, const char *json)
{
    AUTO_POOL struct pool *p = pool_new();
    struct parsed parsed = parse(p, text, strlen(text));

    assert_string_equal(complaints(&parsed), "");
    assert_string_equal(as_json(p, parsed.record), json);
}

/* Exactly one error, at LINE:COL, with PART in it. */
static void assert_error(const char *text, const char *where, const char *part)
{
    AUTO_POOL struct pool *p = pool_new();
    struct parsed parsed = parse(p, text, strlen(text));
    const char *all = complaints(&parsed);

    if (parsed.diags.n_errors != 1 || parsed.diags.n != 1 ||
        !text_has_prefix(all, where) || !strstr(all, part))
        fail_msg("want '%s ... %s' alone for <%s>, got\n%s", where, part, text,
                 all);
}

static void settings(void **state)
{
    (void)state;
    assert_means("", "{}");
    assert_means("a=1", "{\"a\":\"1\"}");
    assert_means("a=1;b = 0x1f ;; \n c\t=\t'x'\n",
                 "{\"a\":\"1\",\"b\":\"0x1f\",\"c\":\"x\"}");
    assert_means("vif.default.script='s' # why\n# none\n;",
                 "{\"vif.default.script\":\"s\"}");
    assert_means("a=1\r\nb='x'\r\n# c\r\n", "{\"a\":\"1\",\"b\":\"x\"}");
    assert_means("a=1 # the last line", "{\"a\":\"1\"}");
}

static void strings(void **state)
{
    (void)state;
    assert_means("a=\"x'#;\"; b='y\"['", "{\"a\":\"x'#;\",\"b\":\"y\\\"[\"}");
    assert_means("a='\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"'",
                 "{\"a\":\"\\u0007\\b\\f\\n\\r\\t\\u000B\\\\'\\\"\"}");
    assert_error("a = \"x\\qy\"", "1:7:", "write \\\\ for a backslash");
    assert_error("a = \"x\\x41\"", "1:7:", "write the character itself");
    assert_error("a = 'x\\", "1:5:", "this string is not closed");
}

static void octal_escapes(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = "a = 'x\\101y'";
    struct parsed parsed = parse(p, text, strlen(text));

    (void)state;
    assert_string_equal(as_json(p, parsed.record), "{\"a\":\"xy\"}");
    assert_int_equal(parsed.diags.n_errors, 0);
    assert_int_equal(parsed.diags.n_warnings, 1);
}

static void lists(void **state)
{
    (void)state;
    assert_means("a=[]", "{\"a\":[]}");
    assert_means("a=[1,'b' , \"c\",]", "{\"a\":[\"1\",\"b\",\"c\"]}");
    assert_means("a = [ # c\n\n1\n,\n[2,[]],\n3,\n]; b=1",
                 "{\"a\":[\"1\",[\"2\",[]],\"3\"],\"b\":\"1\"}");
}

static void additions(void **state)
{
    (void)state;
    assert_means("a+=1", "{\"a\":\"1\"}");
    assert_means("a='x'\na+='y'\na+=2\nb=0\na+=''\na+='z'",
                 "{\"a\":\"xy2z\",\"b\":\"0\"}");
    {
        AUTO_POOL struct pool *p = pool_new();
        const char *text = "a=1\nb+=2\nc=3\nc+=4\nc=5\nd=6\nd+=7";
        struct parsed parsed = parse(p, text, strlen(text));

        assert_false(value_get(parsed.record, "a")->s.added);
        assert_true(value_get(parsed.record, "b")->s.added);
        assert_false(value_get(parsed.record, "c")->s.added);
        assert_true(value_get(parsed.record, "d")->s.added);
    }
    assert_means("a=[1]\na+=[2,[3]]\na+=[]", "{\"a\":[\"1\",\"2\",[\"3\"]]}");
    assert_error("a=[1]\na+=2", "2:4:",
                 "cannot add a string to 'a', which is "
                 "a list");
    assert_error("a=1\na+=[2]", "2:4:", "cannot add a list");
}

static void the_last_one_wins(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = "a=1\nb=2\na=[3]\n";
    struct parsed parsed = parse(p, text, strlen(text));

    (void)state;
    assert_string_equal(as_json(p, parsed.record),
                        "{\"a\":[\"3\"],\"b\":\"2\"}");
    assert_int_equal(parsed.diags.n_errors, 0);
    assert_string_equal(complaints(&parsed),
                        "3:1: 'a' is set again: its setting in line 1 has no "
                        "effect\n");
}

static void places(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = "a = 'phy:x,y'\nb = ['\\n', 12]";
    struct parsed parsed = parse(p, text, strlen(text));
    struct value *a = value_get(parsed.record, "a");
    struct value *b = value_get(parsed.record, "b");
    struct value *y = value_substring(p, a, 6, 7);

    (void)state;
    assert_int_equal(a->name_place.start, 0);
    assert_int_equal(a->place.start, 4);
    assert_int_equal(a->place.end, 13);
    assert_int_equal(y->place.start, 11);
    assert_int_equal(b->name_place.start, 14);
    assert_int_equal(b->place.start, 18);
    assert_int_equal(b->place.end, strlen(text));
    assert_false(b->kids.first->s.verbatim);
    assert_true(b->kids.last->s.verbatim);
    assert_int_equal(b->kids.last->s.text_start, 25);
}

static void one_mistake_one_complaint(void **state)
{
    (void)state;
    assert_error("a = b", "1:5:", "put 'b' in quotes");
    assert_error("a = True; b=1", "1:5:", "write 1 for True");
    assert_error("a = 0X10", "1:5:", "put '0X10' in quotes");
    assert_error("a = -1", "1:5:", "expected a number");
    assert_error("a =\nb=1", "1:4:", "not the end of the line");
    assert_error("a =", "1:4:", "not the end");
    assert_error("a\nb=1", "1:2:", "expected '=' or '+=' after 'a'");
    assert_error("import os", "1:8:", "Python is not run");
    assert_error("a = f(1,\n 2, ['x;',\n3])\nb=1", "1:5:", "put 'f' in quotes");
    assert_error("A=1", "1:1:", "expected the name of a setting");
    assert_error("= 1", "1:1:", "expected the name of a setting, not '='");
    assert_error("]\nb=1", "1:1:", "expected the name of a setting");
    assert_error("a=1 b=2", "1:4:", "expected the end of the line or ';'");
    assert_error("a='x' 'y;z'\nb=1", "1:6:", "not a string");
    assert_error("a=[1,,2]", "1:6:", "expected a value");
    assert_error("a=[,]", "1:4:", "expected a value");
    assert_error("a=[1,x,2]", "1:6:", "put 'x' in quotes");
    assert_error("a=[1 2]", "1:5:", "expected ',' or ']'");
    assert_error("a=['x'\n'y'\n]", "1:7:", "expected ',' or ']'");
    assert_error("a='x", "1:3:", "expected ' before the end of the line");
    assert_error("a=['x,\n'y']\nb=1", "1:4:", "this string is not closed");
    assert_error("a=['x]\nb=1\nc=2", "1:4:", "this string is not closed");
    assert_error("a=['x'y','z','w']\nb=1", "1:7:", "is written \\'");
    assert_error("a=[x', 'y',\n'z']", "1:4:", "put 'x' in quotes");
    assert_error("a='x',\n'y',\n]\nb=1", "1:6:", "not ','");
    assert_error("a='x\ny'\nb=1", "1:3:", "write \\n for a newline");
    assert_error("a=1\rb=2", "1:4:", "not the byte 0x0d");
    assert_error("\xef\xbb\xbf"
                 "a=1",
                 "1:1:", "byte order mark");
}

static const char sample[] =
    "# a guest\n"
    "name = \"x\"; type = 'hvm'\n"
    "memory = 0x40\n"
    "extra = \"root=/dev/xvda console=hvc0\"\n"
    "extra += ' quiet'\n"
    "disk = [ 'phy:/dev/vg/x,xvda,w', \"/y,raw,hdc,cdrom\" ]\n"
    "vif = [\n"
    "    'mac=00:16:3e:00:00:01,bridge=a', # first\n"
    "    'bridge=b',\n"
    "]\n"
    "cpus = [ [1, 2], ['3', 4], 5 ]; on_crash = 'restart'\n";

/* The sample with the character at AT gone (C 0) or C before it. */
static size_t damaged(char *to, size_t at, char c)
{
    size_t len = strlen(sample);

    memcpy(to, sample, at);
    if (c)
        to[at] = c;
    memcpy(to + at + !!c, sample + at + !c, len - at - !c);
    return c ? len + 1 : len - 1;
}

/* However one character breaks a file, there are at most three complaints,
 * and nearly always one. */
static void any_one_damage(void **state)
{
    static const char put[] = {0,   '\'', '"', '[',  ']', ',', ';',
                               '#', '=',  '-', '\\', '(', 'x', '\n'};
    size_t n_broken = 0, n_one = 0;

    (void)state;
    for (size_t i = 0; i < strlen(sample) * sizeof(put); i++) {
        AUTO_POOL struct pool *p = pool_new();
        char *text = pool_alloc(p, sizeof(sample) + 1);
        size_t len = damaged(text, i / sizeof(put), put[i % sizeof(put)]);
        struct parsed parsed = parse(p, text, len);

        n_broken += parsed.diags.n_errors > 0;
        n_one += parsed.diags.n_errors == 1;
        if (parsed.diags.n_errors > 3)
            fail_msg("%zu complaints about\n%s\n%s", parsed.diags.n_errors,
                     text, complaints(&parsed));
    }
    assert_true(n_broken > 1000);
    assert_true(n_one * 100 > n_broken * 90);
}

static void open_lists(void **state)
{
    (void)state;
    assert_error("a=[1,\n2", "1:3:", "expected ']' before the end");
    assert_error("a=[[[1", "1:5:", "expected ']' before the end");
    assert_error("a=[1,\n2\n  b=1\nc=2\n",
                 "1:3:", "expected ']' before line 3");
    assert_error("a=[[1],\nb = [2]", "1:3:", "expected ']' before line 2");
    assert_error("a=['x'; b=1", "1:3:", "expected ']' before line 1");
    assert_error("a=[1]]", "1:6:", "not ']'");
}

static void many_mistakes(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = "a=x\nb=[y,1\n,z]\nc=1;d;e=2\n";
    struct parsed parsed = parse(p, text, strlen(text));

    (void)state;
    assert_int_equal(parsed.diags.n_errors, 4);
    assert_string_equal(as_json(p, parsed.record),
                        "{\"b\":[\"1\"],\"c\":\"1\",\"e\":\"2\"}");
}

static void repeat(char *to, const char *part, size_t n)
{
    for (*to = '\0'; n; n--)
        to = stpcpy(to, part);
}

/* In lists too: else a line of a million commas is complained about a million
 * times, each time looking along all of the line. */
static void too_many_mistakes(void **state)
{
    static const char *const items[] = {",", "x,", "\n,", "'a' 'b',", "[,],"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        AUTO_POOL struct pool *p = pool_new();
        AUTO_STR struct str text = STR_INIT(STR_MAX);
        struct parsed parsed;

        str_add(&text, "a=1\nb=[");
        for (int n = 0; n < 5000; n++)
            str_add(&text, items[i]);
        str_add(&text, "]\nc=1\n");
        parsed = parse(p, str_text(&text), text.len);
        assert_int_equal(parsed.diags.n_errors, 101);
        assert_string_equal(parsed.diags.list[100].text,
                            "too many mistakes: the rest is not read");
        assert_string_equal(value_get(parsed.record, "a")->s.text, "1");
        assert_null(value_get(parsed.record, "c"));
    }
}

static void limits(void **state)
{
    static char text[CFG_SETTINGS_MAX * 6 + 100];
    AUTO_POOL struct pool *p = pool_new();
    struct parsed parsed;

    (void)state;
    strcpy(text, "a=");
    repeat(text + 2, "[", CFG_DEPTH_MAX);
    repeat(text + 2 + CFG_DEPTH_MAX, "]", CFG_DEPTH_MAX);
    parsed = parse(p, text, strlen(text));
    assert_int_equal(parsed.diags.n, 0);
    repeat(text + 2, "[", 20000);
    assert_error(text, "1:67:", "nested deeper than 64 levels");

    repeat(text, "a+=1\n", CFG_SETTINGS_MAX + 2);
    parsed = parse(p, text, strlen(text));
    assert_int_equal(parsed.diags.n_errors, 1);
    assert_int_equal(value_get(parsed.record, "a")->s.len, CFG_SETTINGS_MAX);

    repeat(text, "a=1\n", CFG_SETTINGS_MAX + 2);
    parsed = parse(p, text, strlen(text));
    assert_int_equal(parsed.diags.n_errors, 1);
    assert_int_equal(parsed.diags.n_warnings, 20);
    assert_int_equal(parsed.diags.list[20].level, DIAG_ERROR);

    repeat(text, "a\n", 5000);
    parsed = parse(p, text, strlen(text));
    assert_int_equal(parsed.diags.n_errors, 101);

    parsed = parse(p, "a=1\n\0b=", 7);
    assert_string_equal(complaints(&parsed),
                        "2:1: this is not a text: expected no NUL byte\n");
}

static void words(void **state)
{
    static const char *const list[] = {"a=2", "b=[1];c+='y'", "d=x"};
    AUTO_POOL struct pool *p = pool_new();
    struct parsed parsed = parse(p, "a=1\nc='x'", 9);
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    (void)state;
    cfg_parse_words(p, list, 3, parsed.record, &parsed.diags);
    assert_string_equal(as_json(p, parsed.record),
                        "{\"a\":\"2\",\"c\":\"xy\",\"b\":[\"1\"]}");
    diags_format(&parsed.diags, &out);
    assert_string_equal(str_text(&out),
                        "command line:3:3: error: expected a string, number "
                        "or list: put 'x' in quotes\n    d=x\n      ^\n");
}

static void files(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *record = value_struct(p);
    struct diags diags = {.pool = p};
    struct err *e;

    (void)state;
    assert_null(cfg_parse_file(p, "/dev/null", record, &diags));
    e = cfg_parse_file(p, "/", record, &diags);
    assert_string_equal(err_text(e), "'/' is a directory, not a file");
    err_free(e);
    e = cfg_parse_file(p, "/dev/zero", record, &diags);
    assert_string_equal(err_text(e),
                        "'/dev/zero' is too large: 1024 kB is the most");
    err_free(e);
    e = cfg_parse_file(p, "/nonexistent/x.cfg", record, &diags);
    assert_string_equal(err_text(e), "cannot open '/nonexistent/x.cfg': No "
                                     "such file or directory");
    err_free(e);
    assert_int_equal(diags.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings),
        cmocka_unit_test(strings),
        cmocka_unit_test(octal_escapes),
        cmocka_unit_test(lists),
        cmocka_unit_test(additions),
        cmocka_unit_test(the_last_one_wins),
        cmocka_unit_test(places),
        cmocka_unit_test(one_mistake_one_complaint),
        cmocka_unit_test(any_one_damage),
        cmocka_unit_test(open_lists),
        cmocka_unit_test(many_mistakes),
        cmocka_unit_test(too_many_mistakes),
        cmocka_unit_test(limits),
        cmocka_unit_test(words),
        cmocka_unit_test(files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
