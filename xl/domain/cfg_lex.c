/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfg_lex: see cfg_lex.h. What is a name, a number, a string, an escape is as
 * libxlutil 4.17 has it, found out by trying:
 *   names are [a-z][a-z0-9_.]*, numbers [0-9][0-9a-fx]*, as long as can be;
 *   a string ends on its line; \ and one of abfnrtv\'" is a character;
 *   \ and octal digits are accepted and stand for nothing; \x is refused.
 * Unlike it, a line may end in CR LF, and the last comment needs no newline.
 */
#include "xl/domain/cfg_lex.h"

#include <ctype.h>
#include <string.h>

#define LINES_LOOKED_AHEAD 20

static int char_at(const struct source *source, size_t at)
{
    return at < source->len ? (unsigned char)source->text[at] : -1;
}

static bool is_name_char(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

/* What may be meant as a part of a name or number. */
static bool is_word_char(int c)
{
    return is_name_char(c) || (c >= 'A' && c <= 'Z') || c == '-' || c >= 0x80;
}

static bool is_blank(const struct source *source, size_t at)
{
    int c = char_at(source, at);

    return c == ' ' || c == '\t' ||
           (c == '\r' && char_at(source, at + 1) == '\n');
}

static size_t line_end(const struct source *source, size_t at)
{
    const char *end = at < source->len
                          ? memchr(source->text + at, '\n', source->len - at)
                          : NULL;

    return end ? (size_t)(end - source->text) : source->len;
}

static size_t skip_blanks(const struct source *source, size_t at)
{
    while (is_blank(source, at))
        at++;
    return at;
}

static enum cfg_token_kind word_kind(const char *word, size_t len)
{
    size_t n = 0;

    if (islower((unsigned char)word[0])) {
        while (n < len && is_name_char((unsigned char)word[n]))
            n++;
        return n == len ? CFG_NAME : CFG_WORD;
    }
    if (isdigit((unsigned char)word[0])) {
        while (n < len && strchr("0123456789abcdefx", word[n]))
            n++;
        return n == len ? CFG_NUMBER : CFG_WORD;
    }
    return CFG_WORD;
}

static struct cfg_token lex_word(const struct source *source, size_t start)
{
    size_t end = start;

    while (is_word_char(char_at(source, end)))
        end++;
    return (struct cfg_token){
        .kind = word_kind(source->text + start, end - start),
        .start = start,
        .end = end,
    };
}

/* Looks at nothing behind the closing quote, so that many strings on one line
 * are not quadratic. */
static struct cfg_token lex_string(const struct source *source, size_t start)
{
    int quote = char_at(source, start), c;
    size_t at = start + 1;

    while ((c = char_at(source, at)) != quote && c >= 0 && c != '\n') {
        at++;
        if (c == '\\' && at < source->len && source->text[at] != '\n')
            at++;
    }
    if (c == quote)
        return (struct cfg_token){CFG_STRING, start, at + 1};
    if (at > start + 1 && source->text[at - 1] == '\r')
        at--;
    return (struct cfg_token){CFG_UNCLOSED, start, at};
}

static enum cfg_token_kind mark_kind(char c)
{
    switch (c) {
    case '\n':
        return CFG_NEWLINE;
    case ';':
        return CFG_SEMICOLON;
    case ',':
        return CFG_COMMA;
    case '[':
        return CFG_OPEN;
    case ']':
        return CFG_CLOSE;
    case '=':
        return CFG_SET;
    default:
        return CFG_JUNK;
    }
}

static struct cfg_token lex_here(const struct source *source, size_t start)
{
    int c = char_at(source, start);

    if (c < 0)
        return (struct cfg_token){CFG_END, start, start};
    if (c == '"' || c == '\'')
        return lex_string(source, start);
    if (c == '+' && char_at(source, start + 1) == '=')
        return (struct cfg_token){CFG_ADD, start, start + 2};
    if (is_word_char(c))
        return lex_word(source, start);
    return (struct cfg_token){mark_kind((char)c), start, start + 1};
}

struct cfg_token cfg_lex(const struct source *source, size_t *at)
{
    struct cfg_token token;
    size_t start = skip_blanks(source, *at);

    if (char_at(source, start) == '#')
        start = line_end(source, start);
    token = lex_here(source, start);
    *at = token.end;
    return token;
}

/* ---- strings ----------------------------------------------------------- */

/* How many of the LEN characters behind a backslash are an octal escape, as
 * libxlutil has it: a digit below 8, then two or three more characters that
 * strtol takes for a number. 0: none. */
static size_t octal_len(const char *s, size_t len)
{
    size_t n = 1, digits;

    if (len > 4)
        len = 4;
    if (!len || s[0] < '0' || s[0] > '7')
        return 0;
    while (n < len && isspace((unsigned char)s[n]))
        n++;
    if (n < len && (s[n] == '+' || s[n] == '-'))
        n++;
    for (digits = n; n < len && isdigit((unsigned char)s[n]);)
        n++;
    return n > digits && n >= 3 ? n : 0;
}

/* Adds what the escape behind the backslash at START stands for; returns how
 * many characters that takes, backslash included. */
static size_t add_escape(const struct source *source, size_t start, size_t end,
                         struct str *out, struct diags *diags)
{
    static const char letters[] = "abfnrtv\\'\"";
    static const char meanings[] = "\a\b\f\n\r\t\v\\'\"";
    const char *s = source->text + start + 1;
    const char *letter = strchr(letters, s[0]);
    struct place place = {source, start, start + 2};
    size_t octal = octal_len(s, end - start - 1);

    if (letter) {
        str_addc(out, meanings[letter - letters]);
        return 2;
    }
    if (octal) {
        place.end = start + 1 + octal;
        diag_warning(diags, place,
                     "an octal escape stands for nothing, in "
                     "stock xl too: write the character itself");
        return 1 + octal;
    }
    if (s[0] == 'x' || isdigit((unsigned char)s[0]))
        diag_error(diags, place,
                   "characters cannot be written as numbers: "
                   "write the character itself");
    else
        diag_error(diags, place,
                   "expected one of a b f n r t v \\ ' \" after "
                   "the backslash: write \\\\ for a backslash");
    return 2;
}

static struct value *string_value(struct pool *p, const struct source *source,
                                  struct cfg_token token, struct diags *diags)
{
    size_t start = token.start + 1, end = token.end - 1;
    AUTO_STR struct str text = STR_INIT(token.end - token.start);
    struct value *v;

    if (!memchr(source->text + start, '\\', end - start)) {
        v = value_stringn(p, source->text + start, end - start);
        v->s.verbatim = true;
        v->s.text_start = start;
        return v;
    }
    for (size_t at = start; at < end;) {
        if (source->text[at] == '\\')
            at += add_escape(source, at, end, &text, diags);
        else
            str_addc(&text, source->text[at++]);
    }
    return value_stringn(p, str_text(&text), text.len);
}

struct value *cfg_lex_value(struct pool *p, const struct source *source,
                            struct cfg_token token, struct diags *diags)
{
    struct value *v;

    if (token.kind == CFG_STRING) {
        v = string_value(p, source, token, diags);
    } else {
        v = value_stringn(p, source->text + token.start,
                          token.end - token.start);
        v->s.verbatim = true;
        v->s.text_start = token.start;
    }
    v->place = (struct place){source, token.start, token.end};
    return v;
}

/* ---- looking ahead, to go on after a mistake --------------------------- */

bool cfg_lex_starts_setting(const struct source *source, size_t at)
{
    at = skip_blanks(source, at);
    if (!is_name_char(char_at(source, at)))
        return false;
    while (is_name_char(char_at(source, at)))
        at++;
    at = skip_blanks(source, at);
    return char_at(source, at) == '=' ||
           (char_at(source, at) == '+' && char_at(source, at + 1) == '=');
}

size_t cfg_lex_closed_later(const struct source *source, struct cfg_token token)
{
    char quote = source->text[token.start];
    size_t at = line_end(source, token.start) + 1;

    for (int i = 0; i < LINES_LOOKED_AHEAD && at < source->len; i++) {
        size_t end = line_end(source, at), n = 0, first = 0;

        if (cfg_lex_starts_setting(source, at))
            return 0;
        for (size_t j = at; j < end; j++) {
            if (source->text[j] == quote && !n++)
                first = j;
        }
        if (n)
            return n % 2 ? first + 1 : 0;
        at = end + 1;
    }
    return 0;
}
