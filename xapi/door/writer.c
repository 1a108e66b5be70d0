/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* writer: typed values as text of a codec; see codec.h. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/utf8.h"
#include "xapi/door/codec.h"

static void add(struct writer *w, struct codec_text t)
{
    if (t.len)
        str_addn(&w->body->text, t.text, t.len);
}

static void begin(struct writer *w)
{
    if (w->more)
        add(w, w->codec->between);
}

static void end(struct writer *w)
{
    w->more = true;
    if (w->structs & 1)
        add(w, w->codec->member_after);
}

static void whole(struct writer *w, struct codec_text t)
{
    begin(w);
    add(w, t);
    end(w);
}

static void scalar(struct writer *w, const struct codec_pair *around,
                   const char *text, size_t len)
{
    begin(w);
    add(w, around->before);
    str_addn(&w->body->text, text, len);
    add(w, around->after);
    end(w);
}

void writer_nil(struct writer *w)
{
    whole(w, w->codec->nil);
}

void writer_bool(struct writer *w, bool b)
{
    whole(w, b ? w->codec->true_ : w->codec->false_);
}

static void number(struct writer *w, const struct codec_pair *around, int64_t i)
{
    char digits[24], *at = digits + sizeof(digits);
    uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (i < 0)
        *--at = '-';
    scalar(w, around, at, (size_t)(digits + sizeof(digits) - at));
}

void writer_int(struct writer *w, int64_t i)
{
    number(w, &w->codec->int_, i);
}

void writer_i4(struct writer *w, int32_t i)
{
    number(w, &w->codec->i4, i);
}

void writer_double(struct writer *w, double d)
{
    char text[40];
    int len;

    if (!isfinite(d) && !w->codec->infinities) {
        writer_nil(w);
        return;
    }
    len = isnan(d) ? snprintf(text, sizeof(text), "nan")
                   : snprintf(text, sizeof(text), "%.16g", d);
    scalar(w, &w->codec->double_, text, (size_t)len);
}

static bool is_xml(const char *s, size_t len)
{
    return len != 3 || memcmp(s, "\xef\xbf", 2) || (s[2] & 0x3e) != 0x3e;
}

/* Adds the character at TEXT that is not plain ASCII; how long it is. */
static size_t add_character(struct writer *w, const char *text, size_t len)
{
    struct str *out = &w->body->text;
    size_t n;

    if ((unsigned char)*text < 0x80) {
        str_add(out, w->codec->escapes[(unsigned char)*text]);
        return 1;
    }
    n = utf8_len(text, len);
    if (n && (!w->codec->xml_characters || is_xml(text, n)))
        str_addn(out, text, n);
    else
        str_add(out, UTF8_BAD);
    return n ? n : 1;
}

static void escape(struct writer *w, const char *text, size_t len)
{
    const char *const *escapes = w->codec->escapes;

    for (size_t i = 0;;) {
        size_t start = i;

        while (i < len && (unsigned char)text[i] < 0x80 &&
               !escapes[(unsigned char)text[i]])
            i++;
        str_addn(&w->body->text, text + start, i - start);
        if (i == len)
            return;
        i += add_character(w, text + i, len - i);
    }
}

void writer_stringn(struct writer *w, const char *text, size_t len)
{
    begin(w);
    add(w, w->codec->string.before);
    escape(w, text, len);
    add(w, w->codec->string.after);
    end(w);
}

void writer_string(struct writer *w, const char *text)
{
    writer_stringn(w, text, text ? strlen(text) : 0);
}

void codec_time(int64_t seconds, char *ret)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm)) {
        t = 0;
        gmtime_r(&t, &tm);
    }
    snprintf(ret, CODEC_TIME_SIZE, "%04d%02d%02dT%02d:%02d:%02dZ",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
}

void writer_time(struct writer *w, int64_t seconds)
{
    char text[CODEC_TIME_SIZE];

    codec_time(seconds, text);
    writer_time_text(w, text);
}

void writer_time_text(struct writer *w, const char *text)
{
    begin(w);
    add(w, w->codec->time.before);
    escape(w, text, strlen(text));
    add(w, w->codec->time.after);
    end(w);
}

static void open_level(struct writer *w, bool is_struct, struct codec_text text)
{
    assert(w->depth < 8 * sizeof(w->structs) - 1);
    begin(w);
    add(w, text);
    w->structs = w->structs << 1 | is_struct;
    w->depth++;
    w->more = false;
}

static void close_level(struct writer *w, bool is_struct,
                        struct codec_text text)
{
    assert(w->depth && (w->structs & 1) == is_struct);
    add(w, text);
    w->structs >>= 1;
    w->depth--;
    end(w);
}

void writer_list_open(struct writer *w)
{
    open_level(w, false, w->codec->list.before);
}

void writer_list_close(struct writer *w)
{
    close_level(w, false, w->codec->list.after);
}

void writer_struct_open(struct writer *w)
{
    open_level(w, true, w->codec->strct.before);
}

void writer_struct_close(struct writer *w)
{
    close_level(w, true, w->codec->strct.after);
}

void writer_namen(struct writer *w, const char *name, size_t len)
{
    assert(w->structs & 1);
    begin(w);
    add(w, w->codec->name_.before);
    escape(w, name, len);
    add(w, w->codec->name_.after);
    w->more = false;
}

void writer_name(struct writer *w, const char *name)
{
    writer_namen(w, name, strlen(name));
}

void writer_refer(struct writer *w, const char *bytes, size_t len,
                  void (*release)(void *arg), void *arg)
{
    begin(w);
    body_refer(w->body, bytes, len, release, arg);
    end(w);
}

void writer_body(struct writer *w, struct body *body)
{
    begin(w);
    body_move(w->body, body);
    end(w);
}

static void write_list(struct writer *w, const struct value *v)
{
    writer_list_open(w);
    value_each(item, v)
    {
        writer_value(w, item);
    }
    writer_list_close(w);
}

static void write_struct(struct writer *w, const struct value *v)
{
    writer_struct_open(w);
    value_each(member, v)
    {
        writer_name(w, member->name);
        writer_value(w, member);
    }
    writer_struct_close(w);
}

void writer_value(struct writer *w, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NIL:
        writer_nil(w);
        return;
    case VALUE_BOOL:
        writer_bool(w, v->b);
        return;
    case VALUE_INT:
        writer_int(w, v->i);
        return;
    case VALUE_DOUBLE:
        writer_double(w, v->d);
        return;
    case VALUE_STRING:
        writer_stringn(w, v->s.text, v->s.len);
        return;
    case VALUE_LIST:
        write_list(w, v);
        return;
    case VALUE_STRUCT:
        write_struct(w, v);
        return;
    }
}
