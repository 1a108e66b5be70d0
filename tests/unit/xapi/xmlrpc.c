/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xmlrpc: calls and answers in both directions, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "lib/json.h"
#include "lib/utf8.h"
#include "xapi/door/xmlrpc.h"

#define CALL(params)                                                     \
    "<?xml version='1.0'?><methodCall><methodName>VM.start</methodName>" \
    "<params>" params "</params></methodCall>"
#define ONE(value) CALL("<param>" value "</param>")

static struct codec_call parse(struct pool *p, const char *text)
{
    struct codec_call call = {NULL};
    struct err *e = codec_xmlrpc.parse_call(p, text, strlen(text), &call);

    if (e)
        fail_msg("%s: %s", text, err_text(e));
    assert_ptr_equal(call.codec, &codec_xmlrpc);
    return call;
}

/* The call's arguments as JSON. */
static void assert_args(const char *text, const char *want)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct codec_call call = parse(p, text);

    assert_string_equal(call.method, "VM.start");
    assert_null(call.bad_text);
    json_print(call.args, false, &out);
    assert_string_equal(str_text(&out), want);
}

static void assert_refused(const char *text, const char *part)
{
    AUTO_POOL struct pool *p = pool_new();
    struct codec_call call = {NULL};
    AUTO_ERR struct err *e =
        codec_xmlrpc.parse_call(p, text, strlen(text), &call);

    if (!e)
        fail_msg("not refused: %s", text);
    assert_true(err_is(e, &err_kind_input));
    if (!strstr(err_text(e), part))
        fail_msg("'%s' is not in '%s'", part, err_text(e));
    assert_null(call.method);
}

static void reads_values(void **state)
{
    (void)state;
    assert_args(CALL(""), "[]");
    assert_args(ONE("<value>a</value>") "\n", "[\"a\"]");
    assert_args(ONE("<value> a b\n</value>"), "[\" a b\\n\"]");
    assert_args(ONE("<value></value>"), "[\"\"]");
    assert_args(ONE("<value/>"), "[\"\"]");
    assert_args(ONE("<value><string/></value>"), "[\"\"]");
    assert_args(ONE("\n <value>\n<string> a </string>\n</value> "),
                "[\" a \"]");
    assert_args(ONE("<value>42</value>"), "[\"42\"]");
    assert_args(ONE("<value><int> -42\n</int></value>"), "[-42]");
    assert_args(ONE("<value><i8>9223372036854775807</i8></value>"),
                "[9223372036854775807]");
    assert_args(ONE("<value><i4>1</i4></value>"), "[1]");
    assert_args(ONE("<value><boolean>1</boolean></value>"), "[true]");
    assert_args(ONE("<value><boolean>0</boolean></value>"), "[false]");
    assert_args(ONE("<value><double>-1.5e3</double></value>"), "[-1500.0]");
    assert_args(ONE("<value><nil/></value>"), "[null]");
    assert_args(
        ONE("<value><dateTime.iso8601>20240131T07:05:09Z</dateTime.iso8601>"
            "</value>"),
        "[\"20240131T07:05:09Z\"]");
    assert_args(ONE("<value>a&lt;&amp;&#13;&#x20ac;<!-- no --><![CDATA[<b>]]>"
                    "</value>"),
                "[\"a<&\\r\xe2\x82\xac<b>\"]");
}

static void reads_containers(void **state)
{
    (void)state;
    assert_args(ONE("<value><array><data/></array></value>"), "[[]]");
    assert_args(ONE("<value><array><data><value>a</value><value><array><data>"
                    "<value><int>1</int></value></data></array></value></data>"
                    "</array></value>"),
                "[[\"a\",[1]]]");
    assert_args(ONE("<value><struct/></value>"), "[{}]");
    assert_args(ONE("<value><struct> <member><name>a b&lt;</name><value>1"
                    "</value></member><member><name/><value><struct><member>"
                    "<name>x</name><value/></member></struct></value></member>"
                    "</struct></value>"),
                "[{\"a b<\":\"1\",\"\":{\"x\":\"\"}}]");
    assert_args(CALL("<param><value>1</value></param>"
                     "<param><value>2</value></param>"),
                "[\"1\",\"2\"]");
}

static void refuses(void **state)
{
    (void)state;
    assert_refused("", "no XML");
    assert_refused("x", "1:1");
    assert_refused("<a/>", "no <a>");
    assert_refused("<value>1</value>", "a <value>");
    assert_refused("<methodCall/>", "lacks");
    assert_refused("<methodCall><methodName>a</methodName></methodCall>",
                   "lacks");
    assert_refused("<methodCall><params/></methodCall>", "lacks");
    assert_refused(CALL("") "x", "Extra content");
    assert_refused(CALL("") CALL(""), "");
    assert_refused(CALL("<param/>"), "<param> that lacks");
    assert_refused(CALL("<value>1</value>"), "<value> inside <params>");
    assert_refused(ONE("<value>1</value><value>2</value>"), "second <value>");
    assert_refused(ONE("<value>x<string>1</string></value>"), "text before");
    assert_refused(ONE("<value><string>1</string>x</value>"), "text inside");
    assert_refused(ONE("<value><int>1</int><int>1</int></value>"), "second");
    assert_refused(ONE("<value><int>1x</int></value>"), "'1x'");
    assert_refused(ONE("<value><int/></value>"), "''");
    assert_refused(ONE("<value><i8>9223372036854775808</i8></value>"),
                   "out of range");
    assert_refused(ONE("<value><double>0x10</double></value>"), "'0x10'");
    assert_refused(ONE("<value><double></double></value>"), "''");
    assert_refused(ONE("<value><boolean>true</boolean></value>"), "0 or 1");
    assert_refused(ONE("<value><base64>AA==</base64></value>"), "<base64>");
    assert_refused(ONE("<value><array/></value>"), "lacks");
    assert_refused(ONE("<value><struct><member><name>a</name></member>"
                       "</struct></value>"),
                   "lacks");
    assert_refused(ONE("<value><struct><member><value>1</value><name>a</name>"
                       "</member></struct></value>"),
                   "before its <name>");
    assert_refused(ONE("<value><struct><member><name>a</name><value/></member>"
                       "<member><name>a</name><value/></member></struct>"
                       "</value>"),
                   "'a' comes twice");
    assert_refused(ONE("<value>a"), "1:");
    assert_refused(ONE("<value>&nope;</value>"), "nope");
    assert_refused(ONE("<value>&#0;</value>"), "");
}

/* Nothing that a document type could do is done. */
static void refuses_dtds(void **state)
{
    (void)state;
    assert_refused("<!DOCTYPE methodCall>" CALL(""), "document type");
    assert_refused("<!DOCTYPE m [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"
                   "<methodCall><methodName>&a;</methodName><params/>"
                   "</methodCall>",
                   "document type");
    assert_refused("<!DOCTYPE m [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
                   "\"&a;&a;&a;&a;&a;&a;&a;\">]><methodCall><methodName>&b;"
                   "</methodName><params/></methodCall>",
                   "document type");
    assert_refused("<!DOCTYPE m SYSTEM \"http://127.0.0.1:1/x.dtd\">" CALL(""),
                   "document type");
}

static void depth(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    (void)state;
    for (int n = CODEC_DEPTH_MAX - 1; n <= 100000;
         n = n < CODEC_DEPTH_MAX ? n + 1 : n * 10) {
        str_clear(&text);
        str_add(&text, "<methodCall><methodName>a</methodName><params><param>");
        for (int i = 0; i < n; i++)
            str_add(&text, "<value><array><data>");
        str_add(&text, "<value/>");
        for (int i = 0; i < n; i++)
            str_add(&text, "</data></array></value>");
        str_add(&text, "</param></params></methodCall>");
        if (n < CODEC_DEPTH_MAX)
            parse(p, str_text(&text));
        else
            assert_refused(str_text(&text), "deeper");
    }
}

static void bad_text(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_string_equal(parse(p, CALL("<param><value>ok</value></param>"
                                      "<param><value>a\xe9z</value></param>"))
                            .bad_text,
                        "a" UTF8_BAD "z");
    /* a declared encoding changes nothing */
    assert_string_equal(
        parse(p, "<?xml version='1.0' encoding='ISO-8859-1'?><methodCall>"
                 "<methodName>a</methodName><params><param><value>\xe9"
                 "</value></param></params></methodCall>")
            .bad_text,
        UTF8_BAD);
    assert_null(parse(p, ONE("<value>a" UTF8_BAD "z</value>")).bad_text);
    assert_string_equal(
        parse(p, ONE("<value><struct><member><name>\xff</name><value/>"
                     "</member></struct></value>"))
            .bad_text,
        UTF8_BAD);
}

/* ---- writing ------------------------------------------------------------- */

static void assert_answer(const struct value *v, const char *want)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};
    struct codec_call call = {.codec = &codec_xmlrpc, .method = "VM.start"};

    w.codec->open(&w, &call);
    writer_value(&w, v);
    w.codec->close(&w, &call);
    assert_string_equal(str_text(&body.text), want);
}

static void answers(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_answer(
        value_string(p, "OpaqueRef:6c1"),
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct>"
        "<member><name>Status</name><value>Success</value></member>"
        "<member><name>Value</name><value>OpaqueRef:6c1</value></member>"
        "</struct></value></param></params></methodResponse>");
}

static void failures(void **state)
{
    static const char *const words[] = {"HANDLE_INVALID", "VM", "a<b"};
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};
    struct codec_call call = {.method = "system.listMethods"};

    (void)state;
    codec_xmlrpc.failure(&w, &call, words, 3);
    assert_string_equal(
        str_text(&body.text),
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct>"
        "<member><name>Status</name><value>Failure</value></member>"
        "<member><name>ErrorDescription</name><value><array><data>"
        "<value>HANDLE_INVALID</value><value>VM</value>"
        "<value>a&lt;b</value></data></array></value></member>"
        "</struct></value></param></params></methodResponse>");
}

static void bare_answer(void **state)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};
    struct codec_call call = {.method = "system.listMethods"};

    (void)state;
    codec_xmlrpc.open(&w, &call);
    writer_list_open(&w);
    writer_string(&w, "VM.start");
    writer_list_close(&w);
    codec_xmlrpc.close(&w, &call);
    assert_string_equal(
        str_text(&body.text),
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><array>"
        "<data><value>VM.start</value></data></array></value></param></params>"
        "</methodResponse>");
}

static void writes_values(void **state)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};

    (void)state;
    writer_struct_open(&w);
    writer_name(&w, "<n>");
    writer_int(&w, INT64_MIN);
    writer_name(&w, "t");
    writer_time(&w, 1706684709);
    writer_name(&w, "l");
    writer_list_open(&w);
    writer_bool(&w, true);
    writer_bool(&w, false);
    writer_nil(&w);
    writer_i4(&w, 7);
    writer_double(&w, 0.1);
    writer_double(&w, -1e300);
    writer_double(&w, NAN);
    writer_double(&w, -INFINITY);
    writer_list_close(&w);
    writer_name(&w, "s");
    writer_stringn(&w, "\"<&>'\t\n\r\0\x01\x1f\x7f\xff\xc3\xa9\xef\xbf\xbf",
                   18);
    writer_struct_close(&w);
    assert_string_equal(
        str_text(&body.text),
        "<value><struct>"
        "<member><name>&lt;n&gt;</name><value>-9223372036854775808</value>"
        "</member><member><name>t</name><value><dateTime.iso8601>"
        "20240131T07:05:09Z</dateTime.iso8601></value></member>"
        "<member><name>l</name><value><array><data>"
        "<value><boolean>1</boolean></value><value><boolean>0</boolean></value>"
        "<value><nil/></value><value><i4>7</i4></value>"
        "<value><double>0.1</double></value>"
        "<value><double>-1e+300</double></value>"
        "<value><double>nan</double></value>"
        "<value><double>-inf</double></value></data></array></value></member>"
        "<member><name>s</name><value>&quot;&lt;&amp;&gt;'\t\n&#13;\x7f"
        "\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd</value></member>"
        "</struct></value>");
}

/* ---- the other side ------------------------------------------------------ */

static void own_call(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_BODY struct body body = BODY_INIT;
    struct value *args = value_list(p);
    struct codec_call call;

    (void)state;
    value_append(args, value_string(p, "a\r<b>"));
    value_append(args, value_double(p, 60.1));
    value_append(args, value_list(p));
    codec_xmlrpc.write_call(&body, "event.from", args);
    call = parse(p, str_text(&body.text));
    assert_string_equal(call.method, "event.from");
    assert_true(value_equal(call.args, args));
}

static void assert_read(const char *text, const char *want)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct value *result, *failure;

    assert_null(
        codec_xmlrpc.parse_answer(p, text, strlen(text), &result, &failure));
    assert_true(!result != !failure);
    str_add(&out, failure ? "failed " : "");
    json_print(failure ? failure : result, false, &out);
    assert_string_equal(str_text(&out), want);
}

#define ANSWER(value)                                             \
    "<methodResponse><params><param>" value "</param></params></" \
    "methodResponse>"
#define MEMBER(name, value) "<member><name>" name "</name>" value "</member>"

static void reads_answers(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = ANSWER("<value><struct>" MEMBER(
        "Status", "<value>Failure</value>") "</struct></value>");
    struct value *result, *failure;
    AUTO_ERR struct err *e =
        codec_xmlrpc.parse_answer(p, text, strlen(text), &result, &failure);

    (void)state;
    assert_non_null(e);
    assert_read(
        ANSWER("<value><struct>" MEMBER("Status", "<value>Success</value>")
                   MEMBER("Value", "<value>x</value>") "</struct></value>"),
        "\"x\"");
    assert_read(
        ANSWER(
            "<value><struct>" MEMBER("Status", "<value>Failure</value>") MEMBER(
                "ErrorDescription",
                "<value><array><data><value>A</value><value><i4>1"
                "</i4></value></data></array></value>") "</struct></value>"),
        "failed [\"A\",\"1\"]");
    assert_read(ANSWER("<value><array><data/></array></value>"), "[]");
    assert_read("<methodResponse><fault><value><struct>" MEMBER(
                    "faultCode", "<value><int>4</int></value>")
                    MEMBER("faultString",
                           "<value>no</value>") "</struct></value></fault></"
                                                "methodResponse>",
                "failed [\"FAULT\",\"4\",\"no\"]");
}

static void lone_values(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};
    struct value *v = value_list(p), *again;

    (void)state;
    value_append(v, value_string(p, "OpaqueRef:1"));
    writer_value(&w, v);
    assert_string_equal(str_text(&body.text),
                        "<value><array><data><value>OpaqueRef:1"
                        "</value></data></array></value>");
    assert_null(
        xmlrpc_parse_value(p, str_text(&body.text), body.text.len, &again));
    assert_true(value_equal(v, again));
    assert_null(xmlrpc_parse_value(p, "", 0, &again));
    assert_int_equal(again->kind, VALUE_NIL);
}

/* As much as an answer with 10,000 records has. */
static void large_answer(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct value *result, *failure;

    (void)state;
    str_add(&text, "<methodResponse><params><param><value><struct>");
    for (int i = 0; i < 10000; i++) {
        str_addf(&text, "<member><name>OpaqueRef:%d</name><value>", i);
        str_repeat(&text, 'x', 2500);
        str_add(&text, "</value></member>");
    }
    str_add(&text, "</struct></value></param></params></methodResponse>");
    assert_null(codec_xmlrpc.parse_answer(p, str_text(&text), text.len, &result,
                                          &failure));
    assert_int_equal(result->kids.n, 10000);
}

static void release(void *arg)
{
    ++*(int *)arg;
}

static void fragments(void **state)
{
    char large[2000];
    AUTO_BODY struct body body = BODY_INIT;
    AUTO_STR struct str flat = STR_INIT(STR_MAX);
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};
    int released = 0;

    (void)state;
    memset(large, 'x', sizeof(large));
    writer_struct_open(&w);
    writer_name(&w, "a");
    writer_refer(&w, large, sizeof(large), release, &released);
    writer_name(&w, "b");
    writer_refer(&w, "<value>s</value>", 16, release, &released);
    writer_name(&w, "c");
    writer_refer(&w, large, sizeof(large), release, &released);
    writer_struct_close(&w);
    assert_int_equal(released, 1);
    assert_int_equal(body.n_pieces, 2);
    body_flatten(&body, &flat);
    assert_int_equal(flat.len, body_len(&body));
    assert_non_null(strstr(str_text(&flat), "x</member><member><name>b</name>"
                                            "<value>s</value></member><member>"
                                            "<name>c</name>xxx"));
    body_done(&body);
    assert_int_equal(released, 3);
    assert_int_equal(body_len(&body), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values), cmocka_unit_test(reads_containers),
        cmocka_unit_test(refuses),      cmocka_unit_test(refuses_dtds),
        cmocka_unit_test(depth),        cmocka_unit_test(bad_text),
        cmocka_unit_test(answers),      cmocka_unit_test(failures),
        cmocka_unit_test(bare_answer),  cmocka_unit_test(writes_values),
        cmocka_unit_test(own_call),     cmocka_unit_test(reads_answers),
        cmocka_unit_test(lone_values),  cmocka_unit_test(large_answer),
        cmocka_unit_test(fragments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
