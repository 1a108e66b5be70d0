/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfg_mend: see cfg_parser.h. */
#include <ctype.h>
#include <string.h>

#include "xl/domain/cfg_parser.h"

void cfg_next(struct cfg_parser *p)
{
    if (p->token.kind != CFG_NEWLINE)
        p->last_end = p->token.end;
    p->token = cfg_lex(p->source, &p->at);
}

bool cfg_at(const struct cfg_parser *p, enum cfg_token_kind kind)
{
    return p->token.kind == kind;
}

struct place cfg_token_place(const struct cfg_parser *p)
{
    return (struct place){p->source, p->token.start, p->token.end};
}

struct place cfg_last_place(const struct cfg_parser *p)
{
    return (struct place){p->source, p->last_end, p->last_end};
}

const char *cfg_token_text(const struct cfg_parser *p)
{
    size_t len = p->token.end - p->token.start;

    return pool_strn(p->pool, p->source->text + p->token.start,
                     len < 60 ? len : 60);
}

const char *cfg_describe(const struct cfg_parser *p)
{
    unsigned char c;

    switch (p->token.kind) {
    case CFG_END:
        return "the end";
    case CFG_NEWLINE:
        return "the end of the line";
    case CFG_STRING:
    case CFG_UNCLOSED:
        return "a string";
    case CFG_JUNK:
        c = (unsigned char)p->source->text[p->token.start];
        if (!isprint(c))
            return pool_printf(p->pool, "the byte 0x%02x", c);
        break;
    default:
        break;
    }
    return pool_printf(p->pool, "'%s'", cfg_token_text(p));
}

size_t cfg_line_of(const struct place place)
{
    size_t line, col;

    place_line_column(place, &line, &col);
    return line;
}

/* ---- going on after a mistake ------------------------------------------ */

static bool opens(const struct cfg_parser *p)
{
    char c = p->token.start < p->source->len ? p->source->text[p->token.start]
                                             : '\0';

    return cfg_at(p, CFG_OPEN) ||
           (cfg_at(p, CFG_JUNK) && (c == '(' || c == '{'));
}

static bool closes(const struct cfg_parser *p)
{
    char c = p->token.start < p->source->len ? p->source->text[p->token.start]
                                             : '\0';

    return cfg_at(p, CFG_CLOSE) ||
           (cfg_at(p, CFG_JUNK) && (c == ')' || c == '}'));
}

/* Behind a line's end, brackets opened before it may go on; not if a setting
 * begins there. */
static bool ends_line(const struct cfg_parser *p, size_t depth)
{
    return cfg_at(p, CFG_NEWLINE) &&
           (!depth || cfg_lex_starts_setting(p->source, p->at));
}

void cfg_skip_setting(struct cfg_parser *p)
{
    for (size_t depth = 0; !cfg_at(p, CFG_END); cfg_next(p)) {
        if (ends_line(p, depth) || (!depth && cfg_at(p, CFG_SEMICOLON)))
            return;
        if (opens(p))
            depth++;
        else if (closes(p) && depth)
            depth--;
    }
}

/* Whether on the rest of the line quotes do not come in pairs. */
static bool quotes_are_odd(const struct cfg_parser *p)
{
    const struct source *source = p->source;
    bool odd = false;
    char quote = '\0';

    for (size_t i = p->token.start; i < source->len; i++) {
        char c = source->text[i];

        if (c == '\n')
            break;
        if (c != '"' && c != '\'')
            continue;
        if (!odd)
            quote = c;
        if (c == quote)
            odd = !odd;
    }
    return odd;
}

/* To the end of the line whatever its quotes say, or to a ] that ends it. */
static void skip_line(struct cfg_parser *p)
{
    const char *text = p->source->text;
    size_t end = p->token.start, at;

    while (end < p->source->len && text[end] != '\n')
        end++;
    for (at = end; at > p->token.start && strchr(" \t\r,", text[at - 1]);)
        at--;
    p->at = at > p->token.start && text[at - 1] == ']' ? at - 1 : end;
    cfg_next(p);
}

void cfg_skip_item(struct cfg_parser *p)
{
    if (quotes_are_odd(p)) {
        skip_line(p);
        return;
    }
    for (size_t depth = 0; !cfg_at(p, CFG_END); cfg_next(p)) {
        if (ends_line(p, depth) ||
            (!depth && (cfg_at(p, CFG_COMMA) || cfg_at(p, CFG_CLOSE))))
            return;
        if (opens(p))
            depth++;
        else if (closes(p) && depth)
            depth--;
    }
}

/* ---- complaints -------------------------------------------------------- */

static void complain_of_quote(struct cfg_parser *p, bool in_list)
{
    struct place place = cfg_token_place(p);
    size_t later = cfg_lex_closed_later(p->source, p->token);
    char quote = p->source->text[place.start];

    if (later) {
        diag_error(p->diags, place,
                   "a string cannot go on over the end of its line: write \\n "
                   "for a newline");
        p->at = later;
        cfg_next(p);
        return;
    }
    diag_error(p->diags, place,
               "this string is not closed: expected %c before the end of the "
               "line",
               quote);
    p->open_explained = true;
    if (in_list)
        skip_line(p);
    else
        cfg_next(p);
}

static void complain_of_word(struct cfg_parser *p)
{
    static const char *const truth[] = {"True",  "true",  "yes", "on",
                                        "False", "false", "no",  "off"};
    const char *word = cfg_token_text(p);

    for (size_t i = 0; i < ARRAY_LEN(truth); i++) {
        if (!strcmp(word, truth[i])) {
            diag_error(p->diags, cfg_token_place(p),
                       "expected a value: write %d for %s", i < 4, word);
            return;
        }
    }
    if (isdigit((unsigned char)word[0]) || word[0] == '-')
        diag_error(p->diags, cfg_token_place(p),
                   "expected a number (digits, or 0x and digits with small "
                   "a-f): put '%s' in quotes",
                   word);
    else
        diag_error(p->diags, cfg_token_place(p),
                   "expected a string, number or list: put '%s' in quotes",
                   word);
}

void cfg_complain_of_value(struct cfg_parser *p, bool in_list)
{
    if (cfg_at(p, CFG_UNCLOSED))
        complain_of_quote(p, in_list);
    else if (cfg_at(p, CFG_NAME) || cfg_at(p, CFG_WORD))
        complain_of_word(p);
    else
        diag_error(p->diags, cfg_token_place(p),
                   "expected a value (a string in quotes, a number or a "
                   "list), not %s",
                   cfg_describe(p));
}

/* A name at the start of a line, or after `;`, with `=` behind it: the list
 * before it was not closed. */
static bool setting_begins(const struct cfg_parser *p)
{
    size_t at = p->token.start;

    if (cfg_at(p, CFG_SEMICOLON))
        return cfg_lex_starts_setting(p->source, p->token.end);
    if (!cfg_at(p, CFG_NAME) ||
        !cfg_lex_starts_setting(p->source, p->token.start))
        return false;
    while (at &&
           (p->source->text[at - 1] == ' ' || p->source->text[at - 1] == '\t'))
        at--;
    return at == 0 || p->source->text[at - 1] == '\n';
}

bool cfg_list_is_cut(struct cfg_parser *p, size_t open)
{
    struct place place = {p->source, open, open + 1};

    while (cfg_at(p, CFG_NEWLINE))
        cfg_next(p);
    if (!cfg_at(p, CFG_END) && !setting_begins(p))
        return false;
    if (!p->list_open && !p->open_explained)
        diag_error(
            p->diags, place, "this list is not closed: expected ']' before %s",
            cfg_at(p, CFG_END) ? "the end"
                               : pool_printf(p->pool, "line %zu",
                                             cfg_line_of(cfg_token_place(p))));
    p->list_open = true;
    return true;
}

/* Whether text stands right behind the quote that ended a string. */
static bool is_stray_quote(const struct cfg_parser *p)
{
    char c = p->source->text[p->last_end - 1];

    return (c == '"' || c == '\'') && p->token.start == p->last_end &&
           !cfg_at(p, CFG_OPEN) && !cfg_at(p, CFG_END);
}

/* Goes on with the next item if that seems to stand here. Behind text right
 * after a string, quotes are the wrong way round. */
void cfg_complain_of_end(struct cfg_parser *p)
{
    bool is_value = cfg_at(p, CFG_STRING) || cfg_at(p, CFG_UNCLOSED) ||
                    cfg_at(p, CFG_NUMBER) || cfg_at(p, CFG_OPEN);

    if (is_stray_quote(p)) {
        diag_error(p->diags, cfg_last_place(p),
                   "expected ',' or ']' after this string, not %s: a quote "
                   "inside a string is written \\%c",
                   cfg_describe(p), p->source->text[p->last_end - 1]);
        p->open_explained = true;
        skip_line(p);
        return;
    }
    diag_error(p->diags, cfg_last_place(p),
               "expected ',' or ']' after this item, not %s", cfg_describe(p));
    if (is_value)
        return;
    cfg_skip_item(p);
    if (cfg_at(p, CFG_COMMA))
        cfg_next(p);
}
