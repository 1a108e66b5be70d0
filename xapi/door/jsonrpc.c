/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jsonrpc: see jsonrpc.h. */
#include "xapi/door/jsonrpc.h"

#include <string.h>

#include "lib/json.h"

static void add(struct writer *w, const char *text)
{
    str_add(&w->body->text, text);
}

static void add_id(struct writer *w, const struct codec_call *call)
{
    add(w, ",\"id\":");
    add(w, call->id);
    add(w, "}");
}

/* ---- answers ------------------------------------------------------------- */

static void open1(struct writer *w, const struct codec_call *call)
{
    (void)call;
    add(w, "{\"result\":");
}

static void close1(struct writer *w, const struct codec_call *call)
{
    add(w, ",\"error\":null");
    add_id(w, call);
}

static void write_words(struct writer *w, const char *const *words, size_t n)
{
    w->more = false;
    writer_list_open(w);
    for (size_t i = 0; i < n; i++)
        writer_string(w, words[i]);
    writer_list_close(w);
}

static void fail1(struct writer *w, const struct codec_call *call,
                  const char *const *words, size_t n)
{
    add(w, "{\"result\":null,\"error\":");
    write_words(w, words, n);
    add_id(w, call);
}

static void open2(struct writer *w, const struct codec_call *call)
{
    (void)call;
    add(w, "{\"jsonrpc\":\"2.0\",\"result\":");
}

static void fail2(struct writer *w, const struct codec_call *call,
                  const char *const *words, size_t n)
{
    add(w, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":");
    writer_string(w, n ? words[0] : "");
    add(w, ",\"data\":");
    write_words(w, n ? words + 1 : words, n ? n - 1 : 0);
    add(w, "}");
    add_id(w, call);
}

/* ---- calls --------------------------------------------------------------- */

static bool is_string(const struct value *v)
{
    return v && v->kind == VALUE_STRING;
}

static struct err *read_version(const struct value *call,
                                const struct codec **ret)
{
    const struct value *version = value_get(call, "jsonrpc");

    if (version && (!is_string(version) || strcmp(version->s.text, "2.0")))
        return ERR_AS(input, "\"jsonrpc\" is not \"2.0\" (without it, it is "
                             "JSON-RPC 1.0)");
    *ret = version ? &codec_jsonrpc2 : &codec_jsonrpc1;
    return NULL;
}

static struct err *read_id(struct pool *p, const struct value *call,
                           const char **ret)
{
    const struct value *id = value_get(call, "id");
    AUTO_BODY struct body text = BODY_INIT;
    struct writer w = {.codec = &codec_jsonrpc2, .body = &text};

    if (!id || (id->kind != VALUE_STRING && id->kind != VALUE_INT &&
                id->kind != VALUE_DOUBLE))
        return ERR_AS(input, "\"id\" has to be a number or a string");
    if (id->kind == VALUE_DOUBLE)
        json_print(id, false, &text.text);
    else
        writer_value(&w, id);
    *ret = pool_str(p, str_text(&text.text));
    return NULL;
}

static struct err *read_params(struct pool *p, const struct value *call,
                               bool is2, struct value **ret)
{
    struct value *params = value_get(call, "params");
    struct value *args = value_list(p);

    if (params && params->kind == VALUE_LIST)
        args = params;
    else if (!is2)
        return ERR_AS(input, "\"params\" has to be an array");
    else if (params && params->kind == VALUE_STRUCT)
        value_append(args, value_copy(p, params));
    else if (params)
        return ERR_AS(input, "\"params\" has to be an array or an object");
    *ret = args;
    return NULL;
}

static struct err *check_depth(const struct value *v, unsigned left)
{
    if (v->kind != VALUE_LIST && v->kind != VALUE_STRUCT)
        return NULL;
    if (!left)
        return ERR_AS(input, "values nested deeper than %d", CODEC_DEPTH_MAX);
    value_each(kid, v)
    {
        TRY(check_depth(kid, left - 1));
    }
    return NULL;
}

/* One JSON value that is an object. */
static struct err *parse_object(struct pool *p, const char *text, size_t len,
                                bool *ret_replaced, struct value **ret)
{
    text = codec_clean(p, text, &len, ret_replaced);
    TRY(json_parse(p, text, len, ret));
    if ((*ret)->kind != VALUE_STRUCT)
        return ERR_AS(input, "a %s, not a JSON object",
                      value_kind_name((*ret)->kind));
    return check_depth(*ret, CODEC_DEPTH_MAX + 1);
}

static struct err *parse_call(struct pool *p, const char *text, size_t len,
                              struct codec_call *ret)
{
    struct codec_call call = {NULL};
    struct value *v = NULL;
    const struct value *method;
    bool replaced;

    TRY(parse_object(p, text, len, &replaced, &v));
    TRY(read_version(v, &call.codec));
    TRY(read_id(p, v, &call.id));
    method = value_get(v, "method");
    if (!is_string(method) || strlen(method->s.text) != method->s.len)
        return ERR_AS(input, "\"method\" has to be a string, without NULs");
    call.method = method->s.text;
    TRY(read_params(p, v, call.codec == &codec_jsonrpc2, &call.args));
    call.bad_text = codec_bad_text(call.args, replaced, p);
    *ret = call;
    return NULL;
}

/* ---- the other side ------------------------------------------------------ */

static void write_call(struct writer *w, const char *method,
                       const struct value *args)
{
    add(w, "\"method\":");
    writer_string(w, method);
    add(w, ",\"params\":");
    w->more = false;
    writer_value(w, args);
    add(w, ",\"id\":1}");
}

static void write_call1(struct body *out, const char *method,
                        const struct value *args)
{
    struct writer w = {.codec = &codec_jsonrpc1, .body = out};

    add(&w, "{");
    write_call(&w, method, args);
}

static void write_call2(struct body *out, const char *method,
                        const struct value *args)
{
    struct writer w = {.codec = &codec_jsonrpc2, .body = out};

    add(&w, "{\"jsonrpc\":\"2.0\",");
    write_call(&w, method, args);
}

/* 2.0's error object; the original also answers 2.0 with 1.0's bare list. */
static struct err *read_error(struct pool *p, const struct value *error,
                              struct value **ret)
{
    struct value *words, *message, *data;

    if (error->kind != VALUE_STRUCT)
        return codec_failure(p, error, ret);
    words = value_list(p);
    message = value_get(error, "message");
    data = value_get(error, "data");
    if (!is_string(message))
        return ERR_AS(input, "an error without a \"message\"");
    value_append(words, value_copy(p, message));
    if (data && data->kind == VALUE_LIST) {
        value_each(word, data)
        {
            value_append(words, value_copy(p, word));
        }
    }
    return codec_failure(p, words, ret);
}

static struct err *parse_answer(struct pool *p, const char *text, size_t len,
                                struct value **ret_result,
                                struct value **ret_failure)
{
    const struct value *error;
    struct value *v = NULL;
    bool replaced;

    *ret_result = *ret_failure = NULL;
    TRY(parse_object(p, text, len, &replaced, &v));
    error = value_get(v, "error");
    if (error && error->kind != VALUE_NIL)
        return read_error(p, error, ret_failure);
    *ret_result = value_get(v, "result");
    return *ret_result ? NULL
                       : ERR_AS(input, "neither \"result\" nor \"error\"");
}

/* ---- rows ---------------------------------------------------------------- */

/* clang-format off */
static const char *const escapes[128] = {
    [0] = "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005",
    "\\u0006", "\\u0007", "\\b", "\\t", "\\n", "\\u000b", "\\f", "\\r",
    "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013",
    "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019",
    "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
    ['"'] = "\\\"", ['\\'] = "\\\\",
};

#define PAIR(before, after) {CODEC_TEXT(before), CODEC_TEXT(after)}
#define VALUES                                                                 \
    .content_type = "application/json",                                        \
    .nil = CODEC_TEXT("null"),                                                 \
    .true_ = CODEC_TEXT("true"),                                               \
    .false_ = CODEC_TEXT("false"),                                             \
    .string = PAIR("\"", "\""),                                                \
    .time = PAIR("\"", "\""),                                                  \
    .list = PAIR("[", "]"),                                                    \
    .strct = PAIR("{", "}"),                                                   \
    .name_ = PAIR("\"", "\":"),                                                \
    .between = CODEC_TEXT(","),                                                \
    .escapes = escapes,                                                        \
    .parse_call = parse_call,                                                  \
    .parse_answer = parse_answer

const struct codec codec_jsonrpc1 = {
    VALUES,
    .open = open1,
    .close = close1,
    .failure = fail1,
    .write_call = write_call1,
};

const struct codec codec_jsonrpc2 = {
    VALUES,
    .open = open2,
    .close = add_id,
    .failure = fail2,
    .write_call = write_call2,
};
/* clang-format on */
