/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfg: see cfg.h. A descent without backtracking over
 *
 *   file    = { newline | ";" | setting ( newline | ";" | end ) }
 *   setting = name ( "=" | "+=" ) value
 *   value   = string | number | list
 *   list    = "[" { value "," } [ value ] "]", newlines between any two
 *
 * and what cfg_mend.c does about mistakes.
 */
#include "xl/domain/cfg.h"

#include <string.h>

#include "lib/file.h"
#include "xl/domain/cfg_parser.h"

#define ERRORS_MAX 100
#define AGAIN_MAX 20 /* warnings of names set twice */

/* ---- values ------------------------------------------------------------ */

static struct value *parse_value(struct cfg_parser *p, size_t depth);

static void stop_reading(struct cfg_parser *p)
{
    p->open_explained = true;
    p->at = p->source->len;
    cfg_next(p);
}

/* Also inside of lists: a line of a million wrong items would else take
 * minutes, as what to do about one depends on the rest of its line. */
static bool is_hopeless(struct cfg_parser *p)
{
    if (p->diags->n_errors - p->errors_before < ERRORS_MAX)
        return false;
    diag_error(p->diags, cfg_token_place(p),
               "too many mistakes: the rest is not read");
    stop_reading(p);
    return true;
}

/* One item and its comma; false when the list ends here. */
static bool parse_item(struct cfg_parser *p, struct value *list, size_t open,
                       size_t depth)
{
    struct value *item;

    if (cfg_list_is_cut(p, open) || cfg_at(p, CFG_CLOSE) || is_hopeless(p))
        return false;
    item = parse_value(p, depth);
    if (p->list_open)
        return false;
    if (item)
        value_append(list, item);
    else
        cfg_skip_item(p);
    if (cfg_list_is_cut(p, open) || cfg_at(p, CFG_CLOSE))
        return false;
    if (cfg_at(p, CFG_COMMA)) {
        cfg_next(p);
        return true;
    }
    if (item)
        cfg_complain_of_end(p);
    return true;
}

static struct value *parse_list(struct cfg_parser *p, size_t depth)
{
    struct value *list = value_list(p->pool);
    size_t open = p->token.start;

    if (depth == CFG_DEPTH_MAX) {
        diag_error(p->diags, cfg_token_place(p),
                   "lists are nested deeper than %d levels", CFG_DEPTH_MAX);
        p->open_explained = true;
        return NULL;
    }
    cfg_next(p);
    while (parse_item(p, list, open, depth + 1))
        continue;
    if (cfg_at(p, CFG_CLOSE) && !p->list_open)
        cfg_next(p);
    list->place = (struct place){p->source, open, p->last_end};
    return list;
}

/* NULL after a complaint; the token is then where that was. */
static struct value *parse_value(struct cfg_parser *p, size_t depth)
{
    struct value *v;

    if (cfg_at(p, CFG_OPEN))
        return parse_list(p, depth);
    if (!cfg_at(p, CFG_STRING) && !cfg_at(p, CFG_NUMBER)) {
        cfg_complain_of_value(p, depth);
        return NULL;
    }
    v = cfg_lex_value(p->pool, p->source, p->token, p->diags);
    cfg_next(p);
    return v;
}

/* ---- settings ---------------------------------------------------------- */

static struct cfg_sum *sum_of(struct cfg_parser *p, struct value *string)
{
    struct cfg_sum *sum;

    for (size_t i = 0; i < p->n_sums; i++) {
        if (p->sums[i].value == string)
            return &p->sums[i];
    }
    sum = pool_push(p->pool, p->sums, p->n_sums);
    sum->value = string;
    return sum;
}

static void add_string(struct cfg_parser *p, struct value *to,
                       const struct value *more)
{
    struct cfg_sum *sum = sum_of(p, to);
    size_t need = to->s.len + more->s.len + 1;

    if (need > sum->size) {
        sum->size = 2 * need;
        sum->text = pool_alloc(p->pool, sum->size);
        memcpy(sum->text, to->s.text, to->s.len);
        to->s.text = sum->text;
    }
    memcpy(sum->text + to->s.len, more->s.text, more->s.len + 1);
    to->s.len = need - 1;
    to->s.verbatim = false;
    to->s.added = true;
    to->place = more->place;
}

static void add_list(struct value *to, const struct value *more)
{
    struct value *next;

    for (struct value *item = more->kids.first; item; item = next) {
        next = item->next;
        item->next = NULL;
        value_append(to, item);
    }
}

static void add_value(struct cfg_parser *p, const char *name, struct value *to,
                      const struct value *more)
{
    if (to->kind != more->kind)
        diag_error(p->diags, more->place,
                   "cannot add a %s to '%s', which is a %s: expected the same "
                   "on both sides of '+='",
                   value_kind_name(more->kind), name,
                   value_kind_name(to->kind));
    else if (to->kind == VALUE_LIST)
        add_list(to, more);
    else
        add_string(p, to, more);
}

static void store(struct cfg_parser *p, const char *name,
                  struct place name_place, bool adds, struct value *v)
{
    struct value *old = value_get(p->record, name);

    if (adds && old) {
        add_value(p, name, old, v);
        return;
    }
    if (old && old->name_place.source == p->source && p->n_again++ < AGAIN_MAX)
        diag_warning(p->diags, name_place,
                     "'%s' is set again: its setting in line %zu has no effect",
                     name, cfg_line_of(old->name_place));
    v->name_place = name_place;
    if (v->kind == VALUE_STRING)
        v->s.added = adds;
    value_set(p->record, name, v);
}

/* The name, or NULL after a complaint; what follows may be good still. */
static const char *parse_name(struct cfg_parser *p)
{
    const char *word = cfg_token_text(p);

    if (cfg_at(p, CFG_NAME)) {
        word = pool_strn(p->pool, p->source->text + p->token.start,
                         p->token.end - p->token.start);
        cfg_next(p);
        return word;
    }
    if (!cfg_at(p, CFG_WORD) && !cfg_at(p, CFG_NUMBER)) {
        diag_error(p->diags, cfg_token_place(p),
                   "expected the name of a setting, not %s", cfg_describe(p));
        return NULL;
    }
    diag_error(p->diags, cfg_token_place(p),
               "expected the name of a setting (small letters, digits, _ and "
               ".), not '%s'",
               word);
    cfg_next(p);
    return NULL;
}

/* What begins lines of Python, which the first Xen toolstack ran. */
static bool is_python(const char *name)
{
    static const char *const words[] = {
        "import", "from", "def", "if", "for", "while", "try", "class", "print"};

    for (size_t i = 0; name && i < sizeof(words) / sizeof(*words); i++) {
        if (!strcmp(name, words[i]))
            return true;
    }
    return false;
}

/* Whether it is += ; false when there is neither. */
static bool parse_operator(struct cfg_parser *p, const char *name,
                           bool *ret_adds)
{
    *ret_adds = cfg_at(p, CFG_ADD);
    if (cfg_at(p, CFG_ADD) || cfg_at(p, CFG_SET)) {
        cfg_next(p);
        return true;
    }
    if (name && is_python(name))
        diag_error(p->diags, cfg_token_place(p),
                   "expected '=' or '+=' after '%s', not %s: Python is not run "
                   "in here",
                   name, cfg_describe(p));
    else if (name)
        diag_error(p->diags, cfg_token_place(p),
                   "expected '=' or '+=' after '%s', not %s", name,
                   cfg_describe(p));
    return false;
}

/* Nothing but an end may follow a value. */
static void end_setting(struct cfg_parser *p)
{
    if (cfg_at(p, CFG_NEWLINE) || cfg_at(p, CFG_SEMICOLON) ||
        cfg_at(p, CFG_END) || p->list_open)
        return;
    diag_error(p->diags, cfg_last_place(p),
               "expected the end of the line or ';' after this value, not %s",
               cfg_describe(p));
    if (!cfg_at(p, CFG_NAME) ||
        !cfg_lex_starts_setting(p->source, p->token.start))
        cfg_skip_setting(p);
}

static void parse_setting(struct cfg_parser *p)
{
    struct place name_place = cfg_token_place(p);
    struct value *v;
    const char *name = parse_name(p);
    bool adds;

    p->open_explained = p->list_open = false;
    if (!parse_operator(p, name, &adds)) {
        cfg_skip_setting(p);
        return;
    }
    v = parse_value(p, 0);
    if (!v) {
        cfg_skip_setting(p);
        return;
    }
    if (name)
        store(p, name, name_place, adds, v);
    end_setting(p);
}

/* What is left of a list whose beginning was not understood. */
static bool is_leftover(const struct cfg_parser *p)
{
    return p->lost && (cfg_at(p, CFG_STRING) || cfg_at(p, CFG_UNCLOSED) ||
                       cfg_at(p, CFG_NUMBER) || cfg_at(p, CFG_COMMA) ||
                       cfg_at(p, CFG_OPEN) || cfg_at(p, CFG_CLOSE));
}

static bool gives_up(struct cfg_parser *p)
{
    if (p->n_settings++ < CFG_SETTINGS_MAX)
        return is_hopeless(p);
    diag_error(p->diags, cfg_token_place(p),
               "expected at most %d settings: the rest is not read",
               CFG_SETTINGS_MAX);
    stop_reading(p);
    return true;
}

/* Whether this is text at all; moves behind a byte order mark. */
static bool check_text(struct cfg_parser *p)
{
    const struct source *source = p->source;
    const char *nul = source->len ? memchr(source->text, 0, source->len) : NULL;
    size_t at = nul ? (size_t)(nul - source->text) : 0;

    if (nul) {
        diag_error(p->diags, ((struct place){source, at, at + 1}),
                   "this is not a text: expected no NUL byte");
        return false;
    }
    if (source->len >= 3 && !memcmp(source->text, "\xef\xbb\xbf", 3)) {
        diag_error(p->diags, ((struct place){source, 0, 3}),
                   "expected no byte order mark: save it as UTF-8 without");
        p->at = 3;
    }
    return true;
}

void cfg_parse(struct pool *pool, const struct source *source,
               struct value *record, struct diags *diags)
{
    struct cfg_parser p = {
        .pool = pool,
        .source = source,
        .record = record,
        .diags = diags,
        .errors_before = diags->n_errors,
    };

    if (!record->place.source)
        record->place = (struct place){source, PLACE_WHOLE, PLACE_WHOLE};
    if (!check_text(&p))
        return;
    for (cfg_next(&p); !cfg_at(&p, CFG_END);) {
        size_t n_errors = diags->n_errors;

        if (cfg_at(&p, CFG_NEWLINE) || cfg_at(&p, CFG_SEMICOLON)) {
            cfg_next(&p);
        } else if (is_leftover(&p)) {
            cfg_skip_setting(&p);
        } else if (!gives_up(&p)) {
            parse_setting(&p);
            p.lost = diags->n_errors > n_errors;
        }
    }
}

struct err *cfg_parse_file(struct pool *p, const char *path,
                           struct value *record, struct diags *diags)
{
    struct source *source = pool_new_of(p, struct source);
    char *text;

    TRY(file_read(p, path, CFG_SIZE_MAX, &text, &source->len));
    source->text = text;
    source->name = strcmp(path, "-") ? pool_str(p, path) : "standard input";
    cfg_parse(p, source, record, diags);
    return NULL;
}

void cfg_parse_words(struct pool *p, const char *const *words, size_t n,
                     struct value *record, struct diags *diags)
{
    struct source *source = pool_new_of(p, struct source);

    source->name = "command line";
    source->text = text_join(p, words, n, "\n", "\n");
    source->len = strlen(source->text);
    cfg_parse(p, source, record, diags);
}
