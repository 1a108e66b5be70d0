/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xmlrpc_parse: XML-RPC text to values. What may stand in what is a table; a
 * stack of open elements carries what is being built.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "xapi/door/xml.h"
#include "xapi/door/xmlrpc.h"

enum tag {
    NOWHERE,
    CALL,
    ANSWER,
    METHOD,
    PARAMS,
    PARAM,
    FAULT,
    VALUE,
    STRING,
    INT,
    BOOLEAN,
    DOUBLE,
    NIL,
    ARRAY,
    DATA,
    STRUCT,
    MEMBER,
    NAME,
};

#define IN(tag) (1u << (tag))

struct element {
    const char *name;
    enum tag tag;
    unsigned parents;
};

/* clang-format off */
static const struct element elements[] = {
    {"value",            VALUE,   IN(PARAM) | IN(FAULT) | IN(DATA) | IN(MEMBER)},
    {"member",           MEMBER,  IN(STRUCT)},
    {"name",             NAME,    IN(MEMBER)},
    {"param",            PARAM,   IN(PARAMS)},
    {"string",           STRING,  IN(VALUE)},
    {"int",              INT,     IN(VALUE)},
    {"i4",               INT,     IN(VALUE)},
    {"i8",               INT,     IN(VALUE)},
    {"boolean",          BOOLEAN, IN(VALUE)},
    {"double",           DOUBLE,  IN(VALUE)},
    {"dateTime.iso8601", STRING,  IN(VALUE)},
    {"nil",              NIL,     IN(VALUE)},
    {"ex:nil",           NIL,     IN(VALUE)},
    {"array",            ARRAY,   IN(VALUE)},
    {"data",             DATA,    IN(ARRAY)},
    {"struct",           STRUCT,  IN(VALUE)},
    {"params",           PARAMS,  IN(CALL) | IN(ANSWER)},
    {"methodName",       METHOD,  IN(CALL)},
    {"methodCall",       CALL,    IN(NOWHERE)},
    {"methodResponse",   ANSWER,  IN(NOWHERE)},
    {"fault",            FAULT,   IN(ANSWER)},
};
/* clang-format on */

/* What may hold several of the same; text; and what has to be in an element. */
#define MANY (IN(PARAMS) | IN(DATA) | IN(STRUCT))
#define TEXT                                                       \
    (IN(METHOD) | IN(VALUE) | IN(STRING) | IN(INT) | IN(BOOLEAN) | \
     IN(DOUBLE) | IN(NAME))
static const unsigned required[] = {
    [CALL] = IN(METHOD) | IN(PARAMS),
    [PARAM] = IN(VALUE),
    [FAULT] = IN(VALUE),
    [ARRAY] = IN(DATA),
    [MEMBER] = IN(NAME) | IN(VALUE),
};
static const enum tag roots[] = {
    [XMLRPC_CALL] = CALL,
    [XMLRPC_ANSWER] = ANSWER,
    [XMLRPC_VALUE] = VALUE,
};

/* An open element. */
struct level {
    const struct element *element;
    unsigned seen;       /* tags of its children */
    struct value *value; /* being built, or built by a child */
    const char *name;    /* a member's */
};

#define LEVELS_MAX (4 * CODEC_DEPTH_MAX + 4)

struct parse {
    struct pool *pool;
    enum tag root;
    struct level levels[LEVELS_MAX];
    size_t depth;
    unsigned n_values; /* open ones */
    struct str text;
    struct xmlrpc_parsed *result;
};

static const struct element *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
        if (!strcmp(elements[i].name, name))
            return &elements[i];
    }
    return NULL;
}

/* ---- an element begins --------------------------------------------------- */

static struct err *check_place(struct parse *parse,
                               const struct element *element)
{
    struct level *level;
    unsigned bit = IN(element->tag);

    if (!parse->depth)
        return element->tag == parse->root
                   ? NULL
                   : ERR_AS(input, "a <%s>, which is not what is expected here",
                            element->name);
    level = &parse->levels[parse->depth - 1];
    if (!(element->parents & IN(level->element->tag)))
        return ERR_AS(input, "<%s> inside <%s>", element->name,
                      level->element->name);
    if (level->element->tag == VALUE && level->seen)
        return ERR_AS(input, "a second element in a <value>");
    if (level->seen & bit && !(MANY & IN(level->element->tag)))
        return ERR_AS(input, "a second <%s> in a <%s>", element->name,
                      level->element->name);
    if (element->tag == VALUE && level->element->tag == MEMBER && !level->name)
        return ERR_AS(input, "a <member> with its <value> before its <name>");
    if (!xml_is_white(str_text(&parse->text), parse->text.len))
        return ERR_AS(input, "text before a <%s>", element->name);
    level->seen |= bit;
    return NULL;
}

static struct value *container(struct parse *parse, enum tag tag)
{
    if (tag == STRUCT)
        return value_struct(parse->pool);
    if (tag == ARRAY || tag == PARAMS)
        return value_list(parse->pool);
    return tag == DATA ? parse->levels[parse->depth - 1].value : NULL;
}

static struct err *open_element(struct parse *parse, const char *name)
{
    const struct element *element = find(name);

    if (!element)
        return ERR_AS(input, "XenAPI's XML-RPC has no <%.40s>", name);
    TRY(check_place(parse, element));
    if (element->tag == VALUE && ++parse->n_values > CODEC_DEPTH_MAX)
        return ERR_AS(input, "values nested deeper than %d", CODEC_DEPTH_MAX);
    parse->levels[parse->depth] = (struct level){
        .element = element,
        .value = container(parse, element->tag),
    };
    parse->depth++;
    str_clear(&parse->text);
    return NULL;
}

/* ---- an element ends ----------------------------------------------------- */

static struct err *read_int(struct pool *p, const char *word,
                            struct value **ret)
{
    int64_t i;

    TRY(text_to_int(word, 10, INT64_MIN, INT64_MAX, &i));
    *ret = value_int(p, i);
    return NULL;
}

static struct err *read_double(struct pool *p, const char *word,
                               struct value **ret)
{
    char *end;
    double d = strtod(word, &end);

    if (!*word || *end || strpbrk(word, "xX("))
        return ERR_AS(input, "'%.40s' is not a number", word);
    *ret = value_double(p, d);
    return NULL;
}

static struct err *read_boolean(struct pool *p, const char *word,
                                struct value **ret)
{
    if (strcmp(word, "0") && strcmp(word, "1"))
        return ERR_AS(input, "'%.40s' is not a boolean: 0 or 1", word);
    *ret = value_bool(p, *word == '1');
    return NULL;
}

/* The value that an element with text in it is. */
static struct err *read_scalar(struct parse *parse, enum tag tag,
                               struct value **ret)
{
    struct pool *p = parse->pool;
    const char *word;

    if (tag == NIL) {
        *ret = value_nil(p);
        return NULL;
    }
    if (tag == STRING || tag == VALUE) {
        *ret = value_stringn(p, str_text(&parse->text), parse->text.len);
        return NULL;
    }
    word = text_trim(p, str_text(&parse->text));
    return tag == INT      ? read_int(p, word, ret)
           : tag == DOUBLE ? read_double(p, word, ret)
                           : read_boolean(p, word, ret);
}

/* Hands a finished value to what it stands in. */
static void deliver(struct parse *parse, struct value *v)
{
    struct level *level;

    if (!parse->depth) {
        parse->result->value = v;
        return;
    }
    level = &parse->levels[parse->depth - 1];
    if (level->element->tag == DATA)
        value_append(level->value, v);
    else
        level->value = v;
}

static struct err *close_value(struct parse *parse, struct level *level)
{
    parse->n_values--;
    if (!level->seen)
        TRY(read_scalar(parse, VALUE, &level->value));
    deliver(parse, level->value);
    return NULL;
}

static struct err *close_struct(struct parse *parse, struct level *level)
{
    const struct value *twice = value_twice(level->value);

    if (twice)
        return ERR_AS(input, "the member '%s' comes twice", twice->name);
    deliver(parse, level->value);
    return NULL;
}

static struct err *close_param(struct parse *parse, struct level *level)
{
    value_append(parse->levels[parse->depth - 1].value, level->value);
    return NULL;
}

static struct err *close_member(struct parse *parse, struct level *level)
{
    value_add(parse->levels[parse->depth - 1].value, level->name, level->value);
    return NULL;
}

static struct err *close_element(struct parse *parse)
{
    struct level *level = &parse->levels[--parse->depth];
    enum tag tag = level->element->tag;
    unsigned missing =
        tag < ARRAY_LEN(required) ? required[tag] & ~level->seen : 0;

    if (missing)
        return ERR_AS(input, "a <%s> that lacks what has to be in it",
                      level->element->name);
    switch (tag) {
    case STRING:
    case INT:
    case BOOLEAN:
    case DOUBLE:
    case NIL:
        return read_scalar(parse, tag, &parse->levels[parse->depth - 1].value);
    case VALUE:
        return close_value(parse, level);
    case STRUCT:
        return close_struct(parse, level);
    case ARRAY:
        deliver(parse, level->value);
        return NULL;
    case PARAM:
        return close_param(parse, level);
    case MEMBER:
        return close_member(parse, level);
    case NAME:
        parse->levels[parse->depth - 1].name =
            pool_strn(parse->pool, str_text(&parse->text), parse->text.len);
        return NULL;
    case METHOD:
        parse->result->method = text_trim(parse->pool, str_text(&parse->text));
        return NULL;
    case PARAMS:
        parse->result->args = level->value;
        return NULL;
    case FAULT:
        parse->result->value = level->value;
        return NULL;
    case NOWHERE:
    case CALL:
    case ANSWER:
    case DATA:
        return NULL;
    }
    return NULL;
}

/* ---- events -------------------------------------------------------------- */

static struct err *on_start(void *arg, const char *name,
                            const char *const *attributes)
{
    (void)attributes;
    return open_element(arg, name);
}

static struct err *on_end(void *arg)
{
    struct parse *parse = arg;
    struct err *e = parse->depth ? close_element(parse) : NULL;

    str_clear(&parse->text);
    return e;
}

static struct err *on_text(void *arg, const char *text, size_t len)
{
    struct parse *parse = arg;
    const struct level *level;

    if (!parse->depth)
        return NULL;
    level = &parse->levels[parse->depth - 1];
    if (TEXT & IN(level->element->tag) && !level->seen)
        str_addn(&parse->text, text, len);
    else if (!xml_is_white(text, len))
        return ERR_AS(input, "text inside <%s>", level->element->name);
    return NULL;
}

struct err *xmlrpc_parse(struct pool *p, enum xmlrpc_root root,
                         const char *text, size_t len,
                         struct xmlrpc_parsed *ret)
{
    static const struct xml_events events = {on_start, on_end, on_text};
    AUTO_FREE struct parse *parse = xcalloc(1, sizeof(*parse));
    struct err *e;

    parse->pool = p;
    parse->root = roots[root];
    parse->result = ret;
    parse->text = (struct str)STR_INIT(len);
    e = xml_read(text, len, &events, parse);
    str_done(&parse->text);
    return e;
}
