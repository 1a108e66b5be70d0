/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter: a parser by recursive descent for what the original has as a yacc
 * grammar, with its precedences: `and` and `or` alike from the left, `not`
 * loosest.
 */
#include "xapi/db/filter.h"

#include <string.h>

enum kind {
    FILTER_TRUE,
    FILTER_FALSE,
    FILTER_EQUAL,
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT,
};

/* A side of =: a field or, without one, a text. */
struct side {
    const struct model_field *field;
    const char *text;
};

struct filter {
    enum kind kind;
    struct side sides[2];
    struct filter *left, *right; /* of NOT only the left */
};

/* ---- words --------------------------------------------------------------- */

struct parser {
    struct pool *pool;
    const struct model_class *class;
    const char *text, *at;
    unsigned depth;
};

static void spaces(struct parser *ps)
{
    ps->at += strspn(ps->at, " \t\n\r");
}

static struct err *wrong(const struct parser *ps, const char *wanted)
{
    size_t at = (size_t)(ps->at - ps->text) + 1;

    if (!*ps->at)
        return ERR_AS(input, "%s is missing at the end", wanted);
    return ERR_AS(input, "at character %zu: %s is missing before '%.20s'", at,
                  wanted, ps->at);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (c >= '0' && c <= '9');
}

/* A whole word or, if it is no letters, a character. */
static bool take(struct parser *ps, const char *word)
{
    size_t len = strlen(word);

    spaces(ps);
    if (strncmp(ps->at, word, len) ||
        (is_letter(*word) && is_letter(ps->at[len])))
        return false;
    ps->at += len;
    return true;
}

static struct err *literal(struct parser *ps, const char **ret)
{
    const char *end;

    if (!take(ps, "\""))
        return wrong(ps, "a text in \"\"");
    end = strchr(ps->at, '"');
    if (!end)
        return ERR_AS(input, "at character %zu: the closing \" is missing",
                      (size_t)(ps->at - ps->text));
    *ret = pool_strn(ps->pool, ps->at, (size_t)(end - ps->at));
    ps->at = end + 1;
    return NULL;
}

/* ---- the grammar --------------------------------------------------------- */

static struct filter *make(struct parser *ps, enum kind kind)
{
    struct filter *f = pool_new_of(ps->pool, struct filter);

    f->kind = kind;
    return f;
}

static struct err *side(struct parser *ps, struct side *ret)
{
    if (!take(ps, "field"))
        return literal(ps, &ret->text);
    TRY(literal(ps, &ret->text));
    ret->field = model_field_find(ps->class, ret->text);
    if (!ret->field || !ret->field->on_wire)
        return ERR_AS(input, "class %s has no field '%s'", ps->class->name,
                      ret->text);
    return NULL;
}

static struct err *equation(struct parser *ps, struct filter **ret)
{
    struct filter *f = make(ps, FILTER_EQUAL);

    spaces(ps);
    if (*ps->at != '"' && strncmp(ps->at, "field", 5))
        return wrong(ps, "a comparison");
    TRY(side(ps, &f->sides[0]));
    if (!take(ps, "="))
        return wrong(ps, "=");
    TRY(side(ps, &f->sides[1]));
    *ret = f;
    return NULL;
}

static struct err *expression(struct parser *ps, struct filter **ret);

static struct err *enclosed(struct parser *ps, struct filter **ret)
{
    TRY(expression(ps, ret));
    if (!take(ps, ")"))
        return wrong(ps, ")");
    return NULL;
}

/* All that follows. */
static struct err *negation(struct parser *ps, struct filter **ret)
{
    struct filter *f = make(ps, FILTER_NOT);

    TRY(expression(ps, &f->left));
    *ret = f;
    return NULL;
}

static struct err *term(struct parser *ps, struct filter **ret)
{
    if (take(ps, "("))
        return enclosed(ps, ret);
    if (take(ps, "not"))
        return negation(ps, ret);
    if (take(ps, "true"))
        *ret = make(ps, FILTER_TRUE);
    else if (take(ps, "false"))
        *ret = make(ps, FILTER_FALSE);
    else
        return equation(ps, ret);
    return NULL;
}

static bool operator(struct parser *ps, enum kind *ret)
{
    if (take(ps, "and"))
        *ret = FILTER_AND;
    else if (take(ps, "or"))
        *ret = FILTER_OR;
    else
        return false;
    return true;
}

static struct err *chain(struct parser *ps, struct filter **ret)
{
    struct filter *left, *f;
    enum kind kind;

    TRY(term(ps, &left));
    while (operator(ps, &kind)) {
        f = make(ps, kind);
        f->left = left;
        TRY(term(ps, &f->right));
        left = f;
    }
    *ret = left;
    return NULL;
}

static struct err *expression(struct parser *ps, struct filter **ret)
{
    if (++ps->depth > FILTER_DEPTH_MAX)
        return ERR_AS(input, "nested more than %d deep", FILTER_DEPTH_MAX);
    TRY(chain(ps, ret));
    ps->depth--;
    return NULL;
}

struct err *filter_parse(struct pool *p, const struct model_class *class,
                         const char *text, struct filter **ret)
{
    struct parser ps = {.pool = p, .class = class, .text = text, .at = text};
    struct filter *f;

    if (strlen(text) > FILTER_MAX)
        return ERR_AS(input, "longer than %d bytes", FILTER_MAX);
    TRY(expression(&ps, &f));
    spaces(&ps);
    if (*ps.at)
        return wrong(&ps, "and or or");
    *ret = f;
    return NULL;
}

/* ---- matching ------------------------------------------------------------ */

/* The text of a side; that of scalars that are texts already is not copied. */
static const char *side_text(const struct side *s, const struct object *o,
                             struct str *room)
{
    const struct model_type *type;

    if (!s->field)
        return s->text;
    type = s->field->type;
    if (type->kind == MODEL_STRING)
        return object_atom(o, s->field).s;
    datum_to_text(type, object_get(o, s->field), room);
    return str_text(room);
}

static bool equal(const struct filter *f, const struct object *o)
{
    AUTO_STR struct str a = STR_INIT(DATUM_MAX), b = STR_INIT(DATUM_MAX);

    return !strcmp(side_text(&f->sides[0], o, &a),
                   side_text(&f->sides[1], o, &b));
}

/* A chain hangs to the left: as long as the text, not as deep as the grammar.
 */
bool filter_match(const struct filter *f, const struct object *o)
{
    switch (f->kind) {
    case FILTER_TRUE:
        return true;
    case FILTER_FALSE:
        return false;
    case FILTER_EQUAL:
        return equal(f, o);
    case FILTER_AND:
        return filter_match(f->left, o) && filter_match(f->right, o);
    case FILTER_OR:
        return filter_match(f->left, o) || filter_match(f->right, o);
    case FILTER_NOT:
        return !filter_match(f->left, o);
    }
    return false;
}

static const char *wanted_uuid(const struct filter *f, const struct side *field,
                               const struct side *text)
{
    if (f->kind != FILTER_EQUAL || !field->field || text->field ||
        field->field != field->field->class->uuid)
        return NULL;
    return text->text;
}

bool filter_one(const struct filter *f, const struct db *db,
                struct object **ret)
{
    const struct side *a = &f->sides[0], *b = &f->sides[1];
    const char *uuid = wanted_uuid(f, a, b);

    if (!uuid && (uuid = wanted_uuid(f, b, a)))
        a = b;
    if (!uuid)
        return false;
    *ret = db_by_uuid(db, a->field->class, uuid);
    return true;
}
