/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfg_lex: the words of the cfg language. For cfg.c only. */
#ifndef XL_DOMAIN_CFG_LEX_H
#define XL_DOMAIN_CFG_LEX_H

#include "lib/diag.h"
#include "lib/value.h"

enum cfg_token_kind {
    CFG_END,
    CFG_NEWLINE,
    CFG_SEMICOLON,
    CFG_COMMA,
    CFG_OPEN,  /* [ */
    CFG_CLOSE, /* ] */
    CFG_SET,   /* = */
    CFG_ADD,   /* += */
    CFG_NAME,
    CFG_NUMBER,
    CFG_STRING,   /* with its quotes */
    CFG_UNCLOSED, /* a quote and all behind it on its line */
    CFG_WORD,     /* a run that is neither name nor number */
    CFG_JUNK,     /* any other character */
};

struct cfg_token {
    enum cfg_token_kind kind;
    size_t start, end;
};

/* The token at *AT, which moves behind it. Blanks and comments do not count. */
struct cfg_token cfg_lex(const struct source *source, size_t *at);

/* What a CFG_STRING or CFG_NUMBER stands for; bad escapes go to DIAGS. */
struct value *cfg_lex_value(struct pool *p, const struct source *source,
                            struct cfg_token token, struct diags *diags);

/* Whether `name =` or `name +=` stands at AT, behind blanks. */
bool cfg_lex_starts_setting(const struct source *source, size_t at);

/* Where the string that TOKEN leaves open seems to go on to: just behind a
 * quote on one of the next lines; 0 when nothing looks so. */
size_t cfg_lex_closed_later(const struct source *source,
                            struct cfg_token token);

#endif
