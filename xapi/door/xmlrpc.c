/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xmlrpc: the texts around values, calls and answers; see xmlrpc.h. */
#include "xapi/door/xmlrpc.h"

#include <string.h>

#define PROLOG "<?xml version=\"1.0\"?>"

static const char answer_open[] = PROLOG "<methodResponse><params><param>";
static const char answer_close[] = "</param></params></methodResponse>";

static void add(struct writer *w, const char *text)
{
    str_add(&w->body->text, text);
}

/* The one call whose result stands alone, without Status and Value. */
static bool is_bare(const struct codec_call *call)
{
    return !strcmp(call->method, "system.listMethods");
}

static void open_status(struct writer *w, const char *status, const char *name)
{
    writer_struct_open(w);
    writer_name(w, "Status");
    writer_string(w, status);
    writer_name(w, name);
}

static void open_answer(struct writer *w, const struct codec_call *call)
{
    add(w, answer_open);
    if (!is_bare(call))
        open_status(w, "Success", "Value");
}

static void close_answer(struct writer *w, const struct codec_call *call)
{
    if (!is_bare(call))
        writer_struct_close(w);
    add(w, answer_close);
}

static void fail(struct writer *w, const struct codec_call *call,
                 const char *const *words, size_t n)
{
    (void)call;
    add(w, answer_open);
    open_status(w, "Failure", "ErrorDescription");
    writer_list_open(w);
    for (size_t i = 0; i < n; i++)
        writer_string(w, words[i]);
    writer_list_close(w);
    writer_struct_close(w);
    add(w, answer_close);
}

static struct err *parse_call(struct pool *p, const char *text, size_t len,
                              struct codec_call *ret)
{
    struct xmlrpc_parsed parsed = {NULL};
    bool replaced;

    text = codec_clean(p, text, &len, &replaced);
    TRY(xmlrpc_parse(p, XMLRPC_CALL, text, len, &parsed));
    *ret = (struct codec_call){
        .codec = &codec_xmlrpc,
        .method = parsed.method,
        .args = parsed.args,
        .bad_text = codec_bad_text(parsed.args, replaced, p),
    };
    return NULL;
}

static void write_call(struct body *out, const char *method,
                       const struct value *args)
{
    struct writer w = {.codec = &codec_xmlrpc, .body = out};

    add(&w, PROLOG "<methodCall><methodName>");
    add(&w, method);
    add(&w, "</methodName><params>");
    value_each(arg, args)
    {
        add(&w, "<param>");
        writer_value(&w, arg);
        add(&w, "</param>");
    }
    add(&w, "</params></methodCall>");
}

/* A fault is not XenAPI's, but what stands between may send one. */
static struct err *fault(struct pool *p, const struct value *v,
                         struct value **ret_failure)
{
    struct value *code = NULL, *text = NULL, *words = value_list(p);

    if (v->kind == VALUE_STRUCT) {
        code = value_get(v, "faultCode");
        text = value_get(v, "faultString");
    }
    if (!code || !text)
        return ERR_AS(input, "a fault without faultCode and faultString");
    value_append(words, value_string(p, "FAULT"));
    value_append(words, value_copy(p, code));
    value_append(words, value_copy(p, text));
    return codec_failure(p, words, ret_failure);
}

static struct err *status(struct pool *p, const struct value *v,
                          struct value **ret_result, struct value **ret_failure)
{
    const struct value *status = value_get(v, "Status"), *words;

    if (status->kind == VALUE_STRING && !strcmp(status->s.text, "Success")) {
        *ret_result = value_get(v, "Value");
        return *ret_result ? NULL : ERR_AS(input, "a success without a Value");
    }
    words = value_get(v, "ErrorDescription");
    if (!words)
        return ERR_AS(input, "a failure without an ErrorDescription");
    return codec_failure(p, words, ret_failure);
}

static struct err *parse_answer(struct pool *p, const char *text, size_t len,
                                struct value **ret_result,
                                struct value **ret_failure)
{
    struct xmlrpc_parsed parsed = {NULL};
    struct value *v;
    bool replaced;

    *ret_result = *ret_failure = NULL;
    text = codec_clean(p, text, &len, &replaced);
    TRY(xmlrpc_parse(p, XMLRPC_ANSWER, text, len, &parsed));
    if (parsed.value)
        return fault(p, parsed.value, ret_failure);
    if (!parsed.args || parsed.args->kids.n != 1)
        return ERR_AS(input, "an answer without just one value");
    v = parsed.args->kids.first;
    if (v->kind == VALUE_STRUCT && value_get(v, "Status"))
        return status(p, v, ret_result, ret_failure);
    *ret_result = v;
    return NULL;
}

struct err *xmlrpc_parse_value(struct pool *p, const char *text, size_t len,
                               struct value **ret)
{
    struct xmlrpc_parsed parsed = {NULL};
    bool replaced;

    if (!len) {
        *ret = value_nil(p);
        return NULL;
    }
    text = codec_clean(p, text, &len, &replaced);
    TRY(xmlrpc_parse(p, XMLRPC_VALUE, text, len, &parsed));
    *ret = parsed.value;
    return NULL;
}

/* clang-format off */
static const char *const escapes[128] = {
    [0] = "", "", "", "", "", "", "", "", "", /* TAB and LF as they are */
    [0x0b] = "", "", "&#13;", /* a bare CR would be read as LF */
    [0x0e] = "", "", "", "", "", "", "", "", "",
    "", "", "", "", "", "", "", "", "",
    ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;",
};

#define PAIR(before, after) {CODEC_TEXT(before), CODEC_TEXT(after)}

const struct codec codec_xmlrpc = {
    .content_type = "text/xml",
    .nil = CODEC_TEXT("<value><nil/></value>"),
    .true_ = CODEC_TEXT("<value><boolean>1</boolean></value>"),
    .false_ = CODEC_TEXT("<value><boolean>0</boolean></value>"),
    .int_ = PAIR("<value>", "</value>"),
    .i4 = PAIR("<value><i4>", "</i4></value>"),
    .double_ = PAIR("<value><double>", "</double></value>"),
    .string = PAIR("<value>", "</value>"),
    .time = PAIR("<value><dateTime.iso8601>", "</dateTime.iso8601></value>"),
    .list = PAIR("<value><array><data>", "</data></array></value>"),
    .strct = PAIR("<value><struct>", "</struct></value>"),
    .name_ = PAIR("<member><name>", "</name>"),
    .member_after = CODEC_TEXT("</member>"),
    .between = CODEC_TEXT(""),
    .escapes = escapes,
    .xml_characters = true,
    .infinities = true,
    .open = open_answer,
    .close = close_answer,
    .failure = fail,
    .parse_call = parse_call,
    .write_call = write_call,
    .parse_answer = parse_answer,
};
/* clang-format on */
