/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* opt: see opt.h. */
#include "lib/opt.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/near.h"

struct state {
    const struct slot *rows;
    int argc;
    char *const *argv;
    int at;
    struct fill fill;
    const struct slot *next_arg; /* the positional to fill next */
    bool has_rest;               /* which takes all words, and got one */
};

static bool is_option(const struct slot *slot)
{
    return !(slot->flags & SLOT_ARG);
}

static bool has_long_name(const struct slot *slot)
{
    return is_option(slot) && strlen(slot->name) > 1;
}

static const struct slot *find_letter(const struct slot *rows, char letter)
{
    for (; rows->name; rows++) {
        if (is_option(rows) && rows->letter == letter)
            return rows;
    }
    return NULL;
}

static struct err *unknown_long(const char *name, size_t len,
                                const char *nearest)
{
    return ERR_AS(usage, "unknown option '--%.*s'%s%s%s", (int)len, name,
                  nearest ? ": did you mean '--" : "", nearest ? nearest : "",
                  nearest ? "'?" : "");
}

/* An exact name holds before those that it begins. */
static struct err *find_long(const struct slot *rows, const char *name,
                             size_t len, const struct slot **ret)
{
    const struct slot *found = NULL, *second = NULL;
    char word[65]; /* of which near takes no more */
    struct near near = {.word = word};

    snprintf(word, sizeof(word), "%.*s", (int)len, name);
    for (; rows->name; rows++) {
        if (!has_long_name(rows))
            continue;
        near_try(&near, rows->name);
        if (strncmp(rows->name, name, len))
            continue;
        if (strlen(rows->name) == len) {
            *ret = rows;
            return NULL;
        }
        second = found ? rows : NULL;
        found = found ? found : rows;
    }
    if (!found)
        return unknown_long(name, len, near.best);
    if (second)
        return ERR_AS(usage, "option '--%.*s' is ambiguous: '--%s' or '--%s'?",
                      (int)len, name, found->name, second->name);
    *ret = found;
    return NULL;
}

static struct err *set(struct state *s, const struct slot *slot,
                       const char *word)
{
    struct value *v = value_string(s->fill.pool, word);
    void *field = (char *)s->fill.base + slot->offset;
    struct err *e = slot->kind->read(slot, v, field, &s->fill), *usage;
    const char *dashes = has_long_name(slot) ? "--"
                         : is_option(slot)   ? "-"
                                             : "";

    if (!e)
        return NULL;
    usage =
        ERR_AS(usage, "%s '%s%s': %s", is_option(slot) ? "option" : "argument",
               dashes, slot->name, err_text(e));
    err_free(e);
    return usage;
}

static struct err *next_word(struct state *s, const char *shown,
                             const char **ret)
{
    if (s->at >= s->argc)
        return ERR_AS(usage, "option '%s' needs a value", shown);
    *ret = s->argv[s->at++];
    return NULL;
}

static struct err *parse_long(struct state *s, const char *word)
{
    size_t len = strcspn(word, "=");
    const char *value = word[len] ? word + len + 1 : NULL;
    const struct slot *slot = NULL;

    TRY(find_long(s->rows, word, len, &slot));
    if (!slot->kind->takes_word && value)
        return ERR_AS(usage, "option '--%s' takes no value", slot->name);
    if (slot->kind->takes_word && !value)
        TRY(next_word(s, s->argv[s->at - 1], &value));
    return set(s, slot, value);
}

static struct err *parse_letters(struct state *s, const char *word)
{
    for (; *word; word++) {
        const struct slot *slot = find_letter(s->rows, *word);
        const char *value = NULL;

        if (!slot)
            return ERR_AS(usage, "unknown option '-%c'", *word);
        if (!slot->kind->takes_word) {
            TRY(set(s, slot, NULL));
            continue;
        }
        if (word[1])
            value = word + 1;
        else
            TRY(next_word(s, (char[]){'-', *word, 0}, &value));
        return set(s, slot, value);
    }
    return NULL;
}

static const struct slot *first_arg(const struct slot *rows)
{
    while (rows->name && is_option(rows))
        rows++;
    return rows;
}

static struct err *take_argument(struct state *s, const char *word)
{
    const struct slot *slot = s->next_arg;

    if (!slot->name)
        return ERR_AS(usage, "unexpected argument '%s'", word);
    if (slot->flags & SLOT_REST)
        s->has_rest = true;
    else
        s->next_arg = first_arg(slot + 1);
    return set(s, slot, word);
}

/* What stands for its value: a unit as it is, the name in capitals. */
static void add_unit(const struct slot *slot, struct str *out)
{
    if (slot->unit) {
        str_add(out, slot->unit);
        return;
    }
    for (const char *c = slot->name; *c; c++)
        str_addc(out, (char)toupper((unsigned char)*c));
}

static struct err *check_missing(const struct state *s)
{
    AUTO_STR struct str unit = STR_INIT(100);

    if (!s->next_arg->name || (s->next_arg->flags & SLOT_OPTIONAL) ||
        s->has_rest)
        return NULL;
    add_unit(s->next_arg, &unit);
    return ERR_AS(usage, "missing argument: %s", str_text(&unit));
}

/* -h asks for help unless the rows use the letter themselves. */
static bool asks_for_help(const struct state *s, const char *word)
{
    return !strcmp(word, "--help") ||
           (!strcmp(word, "-h") && !find_letter(s->rows, 'h'));
}

struct err *opt_parse(const struct slot *rows, int argc, char *const argv[],
                      void *base, struct pool *p, struct opt_parse *parse)
{
    struct state s = {.rows = rows,
                      .argc = argc,
                      .argv = argv,
                      .at = 1,
                      .next_arg = first_arg(rows)};
    bool only_arguments = false;

    s.fill.pool = p;
    s.fill.base = base;
    while (s.at < argc) {
        const char *word = argv[s.at];
        bool option = word[0] == '-' && word[1] && !only_arguments;

        if (!option && parse->stop_at_argument)
            break;
        s.at++;
        if (!option) {
            TRY(take_argument(&s, word));
        } else if (!strcmp(word, "--")) {
            only_arguments = true;
        } else if (asks_for_help(&s, word)) {
            parse->help = true;
            return NULL;
        } else if (word[1] == '-') {
            TRY(parse_long(&s, word + 2));
        } else {
            TRY(parse_letters(&s, word + 1));
        }
    }
    parse->n_used = s.at;
    return check_missing(&s);
}

static void usage_of_option(const struct slot *slot, struct str *out)
{
    str_add(out, " [");
    if (slot->letter)
        str_addf(out, "-%c", slot->letter);
    else
        str_addf(out, "--%s", slot->name);
    if (slot->kind->takes_word) {
        str_add(out, slot->letter ? " " : "=");
        add_unit(slot, out);
    }
    str_add(out, "]");
}

void opt_usage(const struct slot *rows, struct str *out)
{
    for (const struct slot *s = rows; s->name; s++) {
        if (is_option(s) && !(s->flags & SLOT_HIDDEN))
            usage_of_option(s, out);
    }
    for (const struct slot *s = rows; s->name; s++) {
        bool optional = s->flags & SLOT_OPTIONAL;

        if (is_option(s))
            continue;
        str_add(out, optional ? " [" : " ");
        add_unit(s, out);
        if (s->flags & SLOT_REST)
            str_add(out, "...");
        if (optional)
            str_add(out, "]");
    }
}

void opt_term(const struct slot *slot, struct str *out)
{
    if (!is_option(slot)) {
        add_unit(slot, out);
        return;
    }
    if (slot->letter)
        str_addf(out, "-%c", slot->letter);
    if (has_long_name(slot))
        str_addf(out, "%s--%s", slot->letter ? ", " : "", slot->name);
    if (slot->kind->takes_word) {
        str_add(out, has_long_name(slot) ? "=" : " ");
        add_unit(slot, out);
    }
}

/* Columns of the option part before its sentence. */
#define HELP_COLUMN 28

void opt_help(const struct slot *rows, struct str *out)
{
    for (; rows->name; rows++) {
        size_t start = out->len, width;

        if (rows->flags & SLOT_HIDDEN)
            continue;
        str_add(out, is_option(rows) && !rows->letter ? "      " : "  ");
        opt_term(rows, out);
        width = out->len - start;
        if (width >= HELP_COLUMN)
            str_add(out, "\n");
        str_repeat(out, ' ',
                   width >= HELP_COLUMN ? HELP_COLUMN : HELP_COLUMN - width);
        str_addf(out, "%s\n", rows->doc ? rows->doc : "");
    }
}
