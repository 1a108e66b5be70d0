/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jsonrpc: both versions, in both directions, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "lib/json.h"
#include "lib/utf8.h"
#include "xapi/door/jsonrpc.h"

static struct codec_call parse(struct pool *p, const char *text)
{
    struct codec_call call = {NULL};
    struct err *e = codec_jsonrpc1.parse_call(p, text, strlen(text), &call);

    if (e)
        fail_msg("%s: %s", text, err_text(e));
    return call;
}

static void assert_call(const char *text, const struct codec *codec,
                        const char *id, const char *args)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct codec_call call = parse(p, text);

    assert_ptr_equal(call.codec, codec);
    assert_string_equal(call.method, "VM.start");
    assert_string_equal(call.id, id);
    json_print(call.args, false, &out);
    assert_string_equal(str_text(&out), args);
    assert_null(call.bad_text);
}

static void assert_refused(const char *text, const char *part)
{
    AUTO_POOL struct pool *p = pool_new();
    struct codec_call call = {NULL};
    AUTO_ERR struct err *e =
        codec_jsonrpc2.parse_call(p, text, strlen(text), &call);

    if (!e)
        fail_msg("not refused: %s", text);
    if (!strstr(err_text(e), part))
        fail_msg("'%s' is not in '%s'", part, err_text(e));
    assert_null(call.method);
}

#define START "\"method\":\"VM.start\""

static void reads_calls(void **state)
{
    const struct codec *one = &codec_jsonrpc1, *two = &codec_jsonrpc2;

    (void)state;
    assert_call("{" START ",\"params\":[],\"id\":7}", one, "7", "[]");
    assert_call("{" START ",\"params\":[\"a\",1,1.5,true,null,{\"b\":[]}],"
                "\"id\":\"x\\\"y\"}",
                one, "\"x\\\"y\"", "[\"a\",1,1.5,true,null,{\"b\":[]}]");
    assert_call(" {\"jsonrpc\":\"2.0\"," START
                ",\"params\":[\"a\"],\"id\":-1} ",
                two, "-1", "[\"a\"]");
    assert_call("{\"jsonrpc\":\"2.0\"," START ",\"id\":1.5}", two, "1.5", "[]");
    assert_call("{\"jsonrpc\":\"2.0\"," START ",\"id\":0,\"params\":{\"a\":1}}",
                two, "0", "[{\"a\":1}]");
    assert_call("{\"other\":1," START ",\"params\":[],\"id\":7}", one, "7",
                "[]");
}

static void refuses(void **state)
{
    (void)state;
    assert_refused("", "");
    assert_refused("[]", "not a JSON object");
    assert_refused("[{" START ",\"params\":[],\"id\":7}]", "not a JSON object");
    assert_refused("{" START ",\"params\":[],\"id\":7} x", "");
    assert_refused("{\"jsonrpc\":\"1.0\"," START ",\"params\":[],\"id\":7}",
                   "\"2.0\"");
    assert_refused("{\"jsonrpc\":2," START ",\"params\":[],\"id\":7}",
                   "\"2.0\"");
    assert_refused("{" START ",\"params\":[]}", "\"id\"");
    assert_refused("{" START ",\"params\":[],\"id\":null}", "\"id\"");
    assert_refused("{" START ",\"params\":[],\"id\":[1]}", "\"id\"");
    assert_refused("{" START ",\"id\":1}", "\"params\"");
    assert_refused("{" START ",\"params\":{},\"id\":1}", "\"params\"");
    assert_refused("{\"jsonrpc\":\"2.0\"," START ",\"params\":1,\"id\":1}",
                   "\"params\"");
    assert_refused("{\"params\":[],\"id\":1}", "\"method\"");
    assert_refused("{\"method\":1,\"params\":[],\"id\":1}", "\"method\"");
    assert_refused("{\"method\":\"a\\u0000b\",\"params\":[],\"id\":1}", "NUL");
    assert_refused("{" START ",\"params\":[{\"a\":1,\"a\":2}],\"id\":7}",
                   "twice");
}

static void depth(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    (void)state;
    for (unsigned n = CODEC_DEPTH_MAX; n < CODEC_DEPTH_MAX + 2; n++) {
        str_clear(&text);
        str_add(&text, "{" START ",\"id\":1,\"params\":");
        str_repeat(&text, '[', n);
        str_repeat(&text, ']', n);
        str_add(&text, "}");
        if (n == CODEC_DEPTH_MAX)
            parse(p, str_text(&text));
        else
            assert_refused(str_text(&text), "deeper");
    }
}

static void bad_text(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
#define PARAM(text) "{" START ",\"id\":1,\"params\":[\"ok\"," text "]}"
    assert_string_equal(parse(p, PARAM("\"a\xe9z\"")).bad_text,
                        "a" UTF8_BAD "z");
    assert_string_equal(parse(p, PARAM("{\"a\":[\"x\\u0001\"]}")).bad_text,
                        "x" UTF8_BAD);
    assert_string_equal(parse(p, PARAM("{\"\\u001f\":1}")).bad_text, UTF8_BAD);
    assert_string_equal(parse(p, PARAM("\"\\uffff\"")).bad_text, UTF8_BAD);
    assert_string_equal(parse(p, PARAM("\"\\u0000\"")).bad_text, UTF8_BAD);
    assert_null(parse(p, PARAM("\"\\t\\r\\n\\u20ac" UTF8_BAD "\"")).bad_text);
}

/* ---- writing ------------------------------------------------------------- */

static const char *const words[] = {"HANDLE_INVALID", "VM", "\"x\""};

static void assert_answers(const char *call_text, const char *ok,
                           const char *failed)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_BODY struct body body = BODY_INIT;
    struct codec_call call = parse(p, call_text);
    struct writer w = {.codec = call.codec, .body = &body};

    w.codec->open(&w, &call);
    writer_string(&w, "r");
    w.codec->close(&w, &call);
    assert_string_equal(str_text(&body.text), ok);
    body_done(&body);
    w = (struct writer){.codec = call.codec, .body = &body};
    w.codec->failure(&w, &call, words, 3);
    assert_string_equal(str_text(&body.text), failed);
}

static void answers(void **state)
{
    (void)state;
    assert_answers(
        "{" START ",\"params\":[],\"id\":7}",
        "{\"result\":\"r\",\"error\":null,\"id\":7}",
        "{\"result\":null,\"error\":[\"HANDLE_INVALID\",\"VM\",\"\\\"x\\\"\"],"
        "\"id\":7}");
    assert_answers(
        "{\"jsonrpc\":\"2.0\"," START ",\"id\":\"a\"}",
        "{\"jsonrpc\":\"2.0\",\"result\":\"r\",\"id\":\"a\"}",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":"
        "\"HANDLE_INVALID\",\"data\":[\"VM\",\"\\\"x\\\"\"]},\"id\":\"a\"}");
}

static void writes_values(void **state)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_jsonrpc2, .body = &body};

    (void)state;
    writer_struct_open(&w);
    writer_name(&w, "\"n\"");
    writer_int(&w, INT64_MIN);
    writer_name(&w, "t");
    writer_time(&w, 0);
    writer_name(&w, "l");
    writer_list_open(&w);
    writer_list_open(&w);
    writer_list_close(&w);
    writer_bool(&w, true);
    writer_bool(&w, false);
    writer_nil(&w);
    writer_i4(&w, -7);
    writer_double(&w, 0.1);
    writer_double(&w, NAN);
    writer_double(&w, INFINITY);
    writer_list_close(&w);
    writer_name(&w, "e");
    writer_struct_open(&w);
    writer_struct_close(&w);
    writer_name(&w, "s");
    writer_stringn(&w, "\"\\/\t\n\r\0\x1f\x7f\xff\xc3\xa9", 12);
    writer_struct_close(&w);
    assert_string_equal(
        str_text(&body.text),
        "{\"\\\"n\\\"\":-9223372036854775808,\"t\":\"19700101T00:00:00Z\","
        "\"l\":[[],true,false,null,-7,0.1,null,null],\"e\":{},"
        "\"s\":\"\\\"\\\\/\\t\\n\\r\\u0000\\u001f\x7f" UTF8_BAD "\xc3\xa9\"}");
}

/* ---- the other side ------------------------------------------------------ */

static void own_calls(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_BODY struct body body = BODY_INIT;
    struct value *args = value_list(p);
    struct codec_call call;

    (void)state;
    value_append(args, value_string(p, "a"));
    value_append(args, value_double(p, 60.5));
    codec_jsonrpc2.write_call(&body, "event.from", args);
    call = parse(p, str_text(&body.text));
    assert_ptr_equal(call.codec, &codec_jsonrpc2);
    assert_string_equal(call.method, "event.from");
    assert_true(value_equal(call.args, args));
    body_done(&body);
    codec_jsonrpc1.write_call(&body, "VM.start", args);
    call = parse(p, str_text(&body.text));
    assert_ptr_equal(call.codec, &codec_jsonrpc1);
    assert_true(value_equal(call.args, args));
}

static void assert_read(const char *text, const char *want)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct value *result, *failure;
    AUTO_ERR struct err *e =
        codec_jsonrpc2.parse_answer(p, text, strlen(text), &result, &failure);

    assert_true(!result || !failure);
    if (e)
        str_add(&out, "refused");
    else
        str_add(&out, failure ? "failed " : "");
    if (!e)
        json_print(failure ? failure : result, false, &out);
    assert_string_equal(str_text(&out), want);
}

static void reads_answers(void **state)
{
    (void)state;
    assert_read("{\"result\":[1],\"error\":null,\"id\":7}", "[1]");
    assert_read("{\"result\":null,\"error\":[\"A\",\"b\",2],\"id\":7}",
                "failed [\"A\",\"b\",\"2\"]");
    assert_read("{\"jsonrpc\":\"2.0\",\"result\":\"\",\"id\":7}", "\"\"");
    assert_read("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":\"A\","
                "\"data\":[\"b\"]},\"id\":7}",
                "failed [\"A\",\"b\"]");
    assert_read("{\"jsonrpc\":\"2.0\",\"error\":[\"A\"],\"id\":0}",
                "failed [\"A\"]");
    assert_read("{\"jsonrpc\":\"2.0\",\"id\":0}", "refused");
    assert_read("{\"error\":[],\"id\":0}", "refused");
    assert_read("{\"error\":[[]],\"id\":0}", "refused");
    assert_read("{\"error\":{},\"id\":0}", "refused");
    assert_read("[]", "refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_calls), cmocka_unit_test(refuses),
        cmocka_unit_test(depth),       cmocka_unit_test(bad_text),
        cmocka_unit_test(answers),     cmocka_unit_test(writes_values),
        cmocka_unit_test(own_calls),   cmocka_unit_test(reads_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
