/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json: see json.h. What yajl calls back builds a stack of open containers. */
#include "lib/json.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "lib/diag.h"
#include "lib/utf8.h"

/* ---- parsing ----------------------------------------------------------- */

/* An open list or struct. */
struct level {
    struct value *value;
    const char *name; /* of the member that comes next */
    struct place name_place;
};

struct parse {
    struct pool *pool;
    yajl_handle yajl;
    const struct source *source;
    bool places;          /* the source stays: values may point into it */
    struct level *levels; /* JSON_DEPTH_MAX of them */
    size_t depth;
    struct value *result;
    struct err *error; /* what we refused, as against what yajl did */
};

/* What yajl asks for while it reads one text: from here while there is room, as
 * most texts are short. Each has its size before it. */
#define UNIT alignof(max_align_t)
struct scratch {
    size_t used;
    alignas(max_align_t) char bytes[4096];
};

static void *scratch_alloc(void *ctx, size_t size)
{
    struct scratch *s = ctx;
    size_t whole = UNIT + (size + UNIT - 1) / UNIT * UNIT;
    char *at = s->bytes + s->used;

    if (whole <= sizeof(s->bytes) - s->used)
        s->used += whole;
    else
        at = xrealloc(NULL, whole, 1);
    memcpy(at, &size, sizeof(size));
    return at + UNIT;
}

static void scratch_free(void *ctx, void *memory)
{
    struct scratch *s = ctx;
    char *at = memory ? (char *)memory - UNIT : s->bytes;

    if (at < s->bytes || at >= s->bytes + sizeof(s->bytes))
        free(at);
}

static void *scratch_realloc(void *ctx, void *memory, size_t size)
{
    void *grown = scratch_alloc(ctx, size);
    size_t before = 0;

    if (memory)
        memcpy(&before, (char *)memory - UNIT, sizeof(before));
    if (before)
        memcpy(grown, memory, before < size ? before : size);
    scratch_free(ctx, memory);
    return grown;
}

static void auto_yajl(yajl_handle *yajl)
{
    if (*yajl)
        yajl_free(*yajl);
}

static struct err *at(const struct parse *parse, size_t offset, struct err *e)
{
    struct place place = {.source = parse->source, .start = offset};
    size_t line, col;

    place_line_column(place, &line, &col);
    return err_wrap(e, "%zu:%zu", line, col);
}

static int refuse(struct parse *parse, size_t offset, struct err *e)
{
    parse->error = at(parse, offset, e);
    return 0;
}

static size_t here(const struct parse *parse)
{
    return yajl_get_bytes_consumed(parse->yajl);
}

/* LEN: of the token that has just been read, the value or its beginning. */
static int add(struct parse *parse, struct value *v, size_t len)
{
    struct level *level;

    if (parse->places)
        v->place = (struct place){.source = parse->source,
                                  .start = here(parse) - len,
                                  .end = here(parse)};
    if (!parse->depth) {
        parse->result = v;
        return 1;
    }
    level = &parse->levels[parse->depth - 1];
    if (level->value->kind == VALUE_STRUCT) {
        v->name_place = level->name_place;
        value_add(level->value, level->name, v);
    } else {
        value_append(level->value, v);
    }
    return 1;
}

static int open_level(struct parse *parse, struct value *v)
{
    if (parse->depth == JSON_DEPTH_MAX)
        return refuse(
            parse, here(parse) - 1,
            ERR_AS(input, "nested deeper than %d levels", JSON_DEPTH_MAX));
    add(parse, v, 1);
    parse->levels[parse->depth++] = (struct level){.value = v};
    return 1;
}

static int on_null(void *ctx)
{
    struct parse *parse = ctx;

    return add(parse, value_nil(parse->pool), 4);
}

static int on_boolean(void *ctx, int b)
{
    struct parse *parse = ctx;

    return add(parse, value_bool(parse->pool, b), b ? 4 : 5);
}

static int on_number(void *ctx, const char *text, size_t len)
{
    struct parse *parse = ctx;
    const char *word = pool_strn(parse->pool, text, len);
    int64_t n;
    double d;

    if (!strpbrk(word, ".eE")) {
        errno = 0;
        n = strtoll(word, NULL, 10);
        if (!errno)
            return add(parse, value_int(parse->pool, n), len);
    }
    d = strtod(word, NULL);
    if (!isfinite(d))
        return refuse(parse, here(parse) - len,
                      ERR_AS(input, "the number %.40s is too large", word));
    return add(parse, value_double(parse->pool, d), len);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    struct parse *parse = ctx;
    size_t n = len;
    /* yajl lets a \udc00 by itself in */
    const char *good = utf8_text(parse->pool, (const char *)text, &n);

    return add(parse, value_stringn(parse->pool, good, n), len + 2);
}

static int on_name(void *ctx, const unsigned char *text, size_t len)
{
    struct parse *parse = ctx;
    struct level *level = &parse->levels[parse->depth - 1];
    size_t end = here(parse), n = len;
    const char *good;

    if (memchr(text, '\0', len))
        return refuse(parse, end, ERR_AS(input, "a name with a NUL in it"));
    good = utf8_text(parse->pool, (const char *)text, &n);
    level->name = pool_strn(parse->pool, good, n);
    level->name_place = (struct place){
        .source = parse->source, .start = end - len - 2, .end = end};
    return 1;
}

static int on_open_struct(void *ctx)
{
    struct parse *parse = ctx;

    return open_level(parse, value_struct(parse->pool));
}

static int on_open_list(void *ctx)
{
    struct parse *parse = ctx;

    return open_level(parse, value_list(parse->pool));
}

static int on_close_list(void *ctx)
{
    struct parse *parse = ctx;

    parse->depth--;
    return 1;
}

static int on_close_struct(void *ctx)
{
    struct parse *parse = ctx;
    struct value *v = parse->levels[--parse->depth].value;
    const struct value *twice = value_twice(v);

    if (twice)
        return refuse(parse, twice->name_place.start,
                      ERR_AS(input, "the name '%s' comes twice", twice->name));
    value_each(member, v)
    {
        if (!parse->places)
            member->name_place = (struct place){.source = NULL};
    }
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_open_struct,
    .yajl_map_key = on_name,
    .yajl_end_map = on_close_struct,
    .yajl_start_array = on_open_list,
    .yajl_end_array = on_close_list,
};

/* yajl's own sentence, "parse error: ...\n", without its frame. */
static struct err *yajl_says(struct parse *parse)
{
    unsigned char *text = yajl_get_error(parse->yajl, 0, NULL, 0);
    const char *colon = strstr((char *)text, ": ");
    AUTO_FREE char *sentence = xstrdup(colon ? colon + 2 : (char *)text);

    yajl_free_error(parse->yajl, text);
    for (size_t len = strlen(sentence);
         len && (sentence[len - 1] == '\n' || sentence[len - 1] == '.'); len--)
        sentence[len - 1] = '\0';
    return at(parse, here(parse), ERR_AS(input, "%s", sentence));
}

static struct err *parse_text(struct pool *p, const struct source *source,
                              bool places, struct value **ret)
{
    struct level levels[JSON_DEPTH_MAX]; /* not cleared, nor is what follows */
    struct scratch scratch;
    yajl_alloc_funcs memory = {scratch_alloc, scratch_realloc, scratch_free,
                               &scratch};
    struct parse parse = {
        .pool = p, .source = source, .places = places, .levels = levels};
    AUTO(auto_yajl) yajl_handle yajl = NULL;
    yajl_status status;

    scratch.used = 0;
    yajl = yajl_alloc(&callbacks, &memory, &parse);

    if (!yajl)
        abort();
    parse.yajl = yajl;
    status = yajl_parse(yajl, (const unsigned char *)source->text, source->len);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(yajl);
    if (parse.error)
        return parse.error;
    if (status != yajl_status_ok)
        return yajl_says(&parse);
    *ret = parse.result;
    return NULL;
}

struct err *json_parse(struct pool *p, const char *text, size_t len,
                       struct value **ret)
{
    struct source source = {.text = text, .len = len};

    return parse_text(p, &source, false, ret);
}

struct err *json_parse_source(struct pool *p, const struct source *source,
                              struct value **ret)
{
    return parse_text(p, source, true, ret);
}

/* ---- printing ---------------------------------------------------------- */

static void auto_gen(yajl_gen *gen)
{
    if (*gen)
        yajl_gen_free(*gen);
}

static void must(yajl_gen_status status)
{
    assert(status == yajl_gen_status_ok);
    (void)status;
}

static void gen_string(yajl_gen gen, const char *text, size_t len)
{
    AUTO_STR struct str good = STR_INIT(SIZE_MAX / 2);

    utf8_add(&good, text, len);
    must(
        yajl_gen_string(gen, (const unsigned char *)str_text(&good), good.len));
}

/* The shortest text that reads back as the same number; JSON has no others
 * than finite ones. */
static void gen_double(yajl_gen gen, double d)
{
    char text[40];
    int len = 0;

    if (!isfinite(d)) {
        must(yajl_gen_null(gen));
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        len = snprintf(text, sizeof(text) - 2, "%.*g", digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    if (!strpbrk(text, ".e"))
        len += snprintf(text + len, 3, ".0");
    must(yajl_gen_number(gen, text, (size_t)len));
}

static void gen_value(yajl_gen gen, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NIL:
        must(yajl_gen_null(gen));
        return;
    case VALUE_BOOL:
        must(yajl_gen_bool(gen, v->b));
        return;
    case VALUE_INT:
        must(yajl_gen_integer(gen, v->i));
        return;
    case VALUE_DOUBLE:
        gen_double(gen, v->d);
        return;
    case VALUE_STRING:
        gen_string(gen, v->s.text, v->s.len);
        return;
    case VALUE_LIST:
        must(yajl_gen_array_open(gen));
        value_each(item, v)
        {
            gen_value(gen, item);
        }
        must(yajl_gen_array_close(gen));
        return;
    case VALUE_STRUCT:
        must(yajl_gen_map_open(gen));
        value_each(member, v)
        {
            gen_string(gen, member->name, strlen(member->name));
            gen_value(gen, member);
        }
        must(yajl_gen_map_close(gen));
        return;
    }
}

static void print_to_str(void *ctx, const char *text, size_t len)
{
    str_addn(ctx, text, len);
}

void json_print(const struct value *v, bool pretty, struct str *out)
{
    AUTO(auto_gen) yajl_gen gen = yajl_gen_alloc(NULL);

    if (!gen)
        abort();
    yajl_gen_config(gen, yajl_gen_beautify, pretty);
    yajl_gen_config(gen, yajl_gen_print_callback, print_to_str, out);
    gen_value(gen, v);
}
