/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * codec: what XML-RPC and JSON-RPC have in common: calls come in as values,
 * and a writer puts typed values into a body. A codec is a row of texts around
 * each kind of value and a few functions for the frame around all.
 *
 *     struct writer w = {.codec = call->codec, .body = &body};
 *     w.codec->open(&w, call);
 *     writer_struct_open(&w);
 *     writer_name(&w, "token");
 *     writer_string(&w, token);
 *     writer_struct_close(&w);
 *     w.codec->close(&w, call);
 *
 * XenAPI's types on the wire: an int is text in XML-RPC and a number in
 * JSON-RPC, a date has an element of its own in XML-RPC and is a string in
 * JSON-RPC; a reference and an enum are strings. Knows neither HTTP nor model.
 */
#ifndef XAPI_CODEC_H
#define XAPI_CODEC_H

#include "lib/value.h"
#include "xapi/door/body.h"

/* How deep values may be nested, in both directions. */
#define CODEC_DEPTH_MAX 50

struct codec;

/* One call as it came. */
struct codec_call {
    const struct codec *codec; /* for the answer */
    const char *method;        /* as written: "VM.start", "Async.VM.start" */
    struct value *args;        /* a list */
    const char *id;            /* JSON-RPC's, as JSON text */
    /* The first text of the arguments that XenAPI cannot hold: not UTF-8, or
     * with characters that XML has not (then with U+FFFD in their places).
     * NULL when all are fine. */
    const char *bad_text;
};

/* ---- writing ------------------------------------------------------------- */

struct writer {
    const struct codec *codec;
    struct body *body;
    uint64_t
        structs; /* bit 0: what is open now is a struct; 1: around it ... */
    unsigned depth;
    bool more; /* something stands before, in what is open */
};

void writer_nil(struct writer *w);
void writer_bool(struct writer *w, bool b);
void writer_int(struct writer *w, int64_t i);
/* <i4> in XML-RPC: event.from's valid_ref_counts alone has it. */
void writer_i4(struct writer *w, int32_t i);
void writer_double(struct writer *w, double d);
/* Bytes that are not UTF-8 become U+FFFD; XML-RPC leaves out control characters
 * other than TAB, LF and CR. NULL is "". */
void writer_string(struct writer *w, const char *text);
void writer_stringn(struct writer *w, const char *text, size_t len);
/* Seconds since 1970 as 20240131T07:05:09Z. */
void writer_time(struct writer *w, int64_t seconds);
/* A date in another form (host.get_server_localtime). */
void writer_time_text(struct writer *w, const char *text);

void writer_list_open(struct writer *w);
void writer_list_close(struct writer *w);
void writer_struct_open(struct writer *w);
/* Before each value in a struct. */
void writer_name(struct writer *w, const char *name);
void writer_namen(struct writer *w, const char *name, size_t len);
void writer_struct_close(struct writer *w);

/* V as its kinds say. */
void writer_value(struct writer *w, const struct value *v);
/* One whole value that a writer of the same codec wrote earlier; not copied,
 * see body_refer. */
void writer_refer(struct writer *w, const char *bytes, size_t len,
                  void (*release)(void *arg), void *arg);

/* One whole value that another writer of the same codec has written into BODY,
 * which is empty then. */
void writer_body(struct writer *w, struct body *body);

/* A date's text; RET has room for CODEC_TIME_SIZE. */
#define CODEC_TIME_SIZE 40
void codec_time(int64_t seconds, char *ret);

/* ---- codecs -------------------------------------------------------------- */

struct codec_text {
    const char *text;
    size_t len;
};
#define CODEC_TEXT(s)    \
    {                    \
        s, sizeof(s) - 1 \
    }

struct codec_pair {
    struct codec_text before, after;
};

struct codec {
    const char *content_type;
    struct codec_text nil, true_, false_;
    struct codec_pair int_, i4, double_, string, time, list, strct;
    struct codec_pair name_;        /* of a member */
    struct codec_text member_after; /* its value */
    struct codec_text between;      /* two items, two members */
    const char *const *escapes;     /* of ASCII; NULL: as it is, "": left out */
    bool xml_characters;            /* only what XML has */
    bool infinities;                /* has inf and nan */

    /* The answer: what comes before and after its one value, or a failure with
     * the words of ErrorDescription. */
    void (*open)(struct writer *w, const struct codec_call *call);
    void (*close)(struct writer *w, const struct codec_call *call);
    void (*failure)(struct writer *w, const struct codec_call *call,
                    const char *const *words, size_t n);

    /* Kind input for what is no call: that answer is not of the protocol's
     * making (HTTP 500). TEXT may be any bytes. */
    struct err *(*parse_call)(struct pool *p, const char *text, size_t len,
                              struct codec_call *ret)MUST_USE;

    /* The other side: a call, and its answer, which is a result or the words of
     * a failure (a list of strings), the other NULL. */
    void (*write_call)(struct body *out, const char *method,
                       const struct value *args);
    struct err *(*parse_answer)(struct pool *p, const char *text, size_t len,
                                struct value **ret_result,
                                struct value **ret_failure)MUST_USE;
};

/* ---- for codecs ---------------------------------------------------------- */

/* TEXT as UTF-8: itself, or a copy with U+FFFD in the place of bad bytes. */
const char *codec_clean(struct pool *p, const char *text, size_t *len,
                        bool *ret_replaced);
/* For codec_call.bad_text; REPLACED: something is U+FFFD that was not. */
const char *codec_bad_text(const struct value *v, bool replaced,
                           struct pool *p);
/* FAILURE as a list of strings, whatever it is made of; an error when it is no
 * list of scalars with at least one. */
struct err *codec_failure(struct pool *p, const struct value *failure,
                          struct value **ret) MUST_USE;

#endif
