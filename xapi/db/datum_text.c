/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* datum: the text form, of whole data and of atoms. */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "xapi/db/datum.h"

#define LAST_SECOND 253402300799 /* 9999-12-31 23:59:59 */

/* ---- writing ------------------------------------------------------------- */

/* The shortest that reads back as the same. */
static void add_float(double d, struct str *out)
{
    char text[32];

    if (isnan(d)) {
        str_add(out, "nan");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    str_add(out, text);
}

void datetime_to_text(int64_t seconds, char text[DATETIME_SIZE])
{
    time_t t = seconds;
    struct tm tm;

    if (seconds < 0 || seconds > LAST_SECOND)
        t = seconds < 0 ? 0 : LAST_SECOND;
    gmtime_r(&t, &tm);
    strftime(text, DATETIME_SIZE, "%Y%m%dT%H:%M:%SZ", &tm);
}

void datum_atom_to_text(const struct model_type *type, union model_atom atom,
                        struct str *out)
{
    char text[DATETIME_SIZE];

    switch (type->kind) {
    case MODEL_INT:
        str_addf(out, "%lld", (long long)atom.i);
        break;
    case MODEL_FLOAT:
        add_float(atom.d, out);
        break;
    case MODEL_BOOL:
        str_add(out, atom.i ? "true" : "false");
        break;
    case MODEL_DATETIME:
        datetime_to_text(atom.i, text);
        str_add(out, text);
        break;
    case MODEL_ENUM:
        str_add(out, type->enum_->values[atom.i]);
        break;
    case MODEL_REF:
        str_add(out, atom.s && *atom.s ? atom.s : DATUM_REF_NULL);
        break;
    default:
        str_add(out, atom.s ? atom.s : "");
    }
}

static void add_quoted(const struct model_type *type, union model_atom atom,
                       struct str *out)
{
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);
    const char *at, *stop;

    datum_atom_to_text(type, atom, &text);
    str_addc(out, '\'');
    for (at = str_text(&text); *at; at = stop) {
        stop = at + strcspn(at, "'\\");
        str_addn(out, at, (size_t)(stop - at));
        if (*stop) {
            str_addc(out, '\\');
            str_addc(out, *stop++);
        }
    }
    str_addc(out, '\'');
}

void datum_to_text(const struct model_type *type, struct model_value d,
                   struct str *out)
{
    if (datum_is_scalar(type)) {
        datum_atom_to_text(type, d.keys[0], out);
        return;
    }
    str_addc(out, '(');
    for (unsigned i = 0; i < d.n; i++) {
        if (i)
            str_addc(out, ' ');
        if (type->kind == MODEL_SET) {
            add_quoted(type->item, d.keys[i], out);
            continue;
        }
        str_addc(out, '(');
        add_quoted(type->key, d.keys[i], out);
        str_addc(out, ' ');
        add_quoted(type->item, d.values[i], out);
        str_addc(out, ')');
    }
    str_addc(out, ')');
}

/* ---- reading atoms ------------------------------------------------------- */

/* Reads N digits at *AT. */
static bool digits(const char **at, int n, int *ret)
{
    *ret = 0;
    for (; n > 0; n--, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return false;
        *ret = *ret * 10 + **at - '0';
    }
    return true;
}

static bool skip(const char **at, char c)
{
    bool is = **at == c;

    *at += is;
    return is;
}

/* Z, +hh:mm, +hhmm or nothing, and the end. */
static bool zone(const char *at, int64_t *ret_offset)
{
    int sign = *at == '-' ? -1 : 1, hours, minutes;

    *ret_offset = 0;
    if (skip(&at, 'Z') || !*at)
        return !*at;
    if (!skip(&at, '+') && !skip(&at, '-'))
        return false;
    if (!digits(&at, 2, &hours))
        return false;
    skip(&at, ':');
    if (!digits(&at, 2, &minutes) || *at || hours > 23 || minutes > 59)
        return false;
    *ret_offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool date_and_time(const char *at, struct tm *tm, const char **ret_rest)
{
    if (!digits(&at, 4, &tm->tm_year))
        return false;
    skip(&at, '-');
    if (!digits(&at, 2, &tm->tm_mon))
        return false;
    skip(&at, '-');
    if (!digits(&at, 2, &tm->tm_mday) || !skip(&at, 'T') ||
        !digits(&at, 2, &tm->tm_hour) || !skip(&at, ':') ||
        !digits(&at, 2, &tm->tm_min) || !skip(&at, ':') ||
        !digits(&at, 2, &tm->tm_sec))
        return false;
    if (skip(&at, '.'))
        while (isdigit((unsigned char)*at))
            at++;
    *ret_rest = at;
    return true;
}

struct err *datetime_from_text(const char *text, int64_t *ret)
{
    struct tm tm = {0}, again;
    const char *rest;
    int64_t offset, seconds;

    if (!date_and_time(text, &tm, &rest) || !zone(rest, &offset))
        return ERR_AS(input, "'%s' is not a time like 20240131T07:05:09Z",
                      text);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    again = tm;
    seconds = timegm(&again);
    if (again.tm_mon != tm.tm_mon || again.tm_mday != tm.tm_mday ||
        tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return ERR_AS(input, "'%s': there is no such time", text);
    seconds -= offset;
    if (seconds < 0 || seconds > LAST_SECOND)
        return ERR_AS(input, "'%s' is not between 1970 and 9999", text);
    *ret = seconds;
    return NULL;
}

static struct err *float_from_text(const char *text, double *ret)
{
    char *end;
    double d = strtod(text, &end);

    if (!*text || isspace((unsigned char)*text) || *end)
        return ERR_AS(input, "'%s' is not a number", text);
    *ret = d;
    return NULL;
}

static struct err *bool_from_text(const char *text, int64_t *ret)
{
    if (strcmp(text, "true") && strcmp(text, "false"))
        return ERR_AS(input, "'%s' is neither true nor false", text);
    *ret = *text == 't';
    return NULL;
}

static struct err *enum_from_text(struct pool *p, const struct model_enum *e,
                                  const char *text, int64_t *ret)
{
    int value = model_enum_find(e, text);

    if (value < 0)
        return ERR_AS(input, "'%s' is not one of %s", text,
                      text_join(p, e->values, e->n_values, ", ", " and "));
    *ret = value;
    return NULL;
}

static struct err *set_from_text(struct pool *p, const struct model_type *type,
                                 const char *text, union model_atom *ret)
{
    struct model_value set;

    TRY(datum_from_text(p, type, text, &set));
    ret->s = pool_str(p, text);
    return NULL;
}

struct err *datum_atom_from_text(struct pool *p, const struct model_type *type,
                                 const char *text, union model_atom *ret)
{
    switch (type->kind) {
    case MODEL_INT:
        return text_to_int(text, 10, INT64_MIN, INT64_MAX, &ret->i);
    case MODEL_FLOAT:
        return float_from_text(text, &ret->d);
    case MODEL_BOOL:
        return bool_from_text(text, &ret->i);
    case MODEL_DATETIME:
        return datetime_from_text(text, &ret->i);
    case MODEL_ENUM:
        return enum_from_text(p, type->enum_, text, &ret->i);
    case MODEL_SET:
        return set_from_text(p, type, text, ret);
    case MODEL_REF:
        ret->s =
            !*text || !strcmp(text, DATUM_REF_NULL) ? NULL : pool_str(p, text);
        return NULL;
    case MODEL_STRING:
        ret->s = pool_str(p, text);
        return NULL;
    default:
        return ERR_AS(input, "a %s has no text form", type->name);
    }
}

/* ---- reading sets and maps ----------------------------------------------- */

struct reader {
    struct pool *pool;
    const char *text, *at;
    char *word; /* as long as TEXT: a quoted word without its escapes */
};

static void spaces(struct reader *r)
{
    r->at += strspn(r->at, " \t\n");
}

static struct err *expect(struct reader *r, char c)
{
    spaces(r);
    if (*r->at != c)
        return ERR_AS(input, "at character %zu: %c is missing",
                      (size_t)(r->at - r->text) + 1, c);
    r->at++;
    return NULL;
}

static struct err *quoted(struct reader *r, const struct model_type *type,
                          union model_atom *ret)
{
    char *to = r->word;

    TRY(expect(r, '\''));
    while (*r->at && *r->at != '\'') {
        if (*r->at == '\\' && r->at[1])
            r->at++;
        *to++ = *r->at++;
    }
    *to = '\0';
    TRY(expect(r, '\''));
    return datum_atom_from_text(r->pool, type, r->word, ret);
}

static struct err *pair(struct reader *r, const struct model_type *type,
                        union model_atom *key, union model_atom *value)
{
    TRY(expect(r, '('));
    TRY(quoted(r, type->key, key));
    TRY(quoted(r, type->item, value));
    return expect(r, ')');
}

static struct err *many(struct reader *r, const struct model_type *type,
                        struct model_value *ret)
{
    union model_atom *keys = NULL, *values = NULL, value = {0};
    unsigned n = 0, n_values = 0;

    TRY(expect(r, '('));
    for (spaces(r); *r->at && *r->at != ')'; spaces(r)) {
        union model_atom *key = pool_push(r->pool, keys, n);

        if (type->kind == MODEL_SET) {
            TRY(quoted(r, type->item, key));
            continue;
        }
        TRY(pair(r, type, key, &value));
        *pool_push(r->pool, values, n_values) = value;
    }
    TRY(expect(r, ')'));
    spaces(r);
    if (*r->at)
        return ERR_AS(input, "at character %zu: more than one %s",
                      (size_t)(r->at - r->text) + 1, type->name);
    *ret = (struct model_value){n, keys, values};
    return NULL;
}

struct err *datum_from_text(struct pool *p, const struct model_type *type,
                            const char *text, struct model_value *ret)
{
    struct reader r = {.pool = p, .text = text, .at = text};
    union model_atom *atom;

    if (!datum_is_scalar(type)) {
        r.word = pool_alloc(p, strlen(text) + 1);
        return many(&r, type, ret);
    }
    atom = pool_new_of(p, union model_atom);
    TRY(datum_atom_from_text(p, type, text, atom));
    *ret = (struct model_value){1, atom, NULL};
    return NULL;
}
