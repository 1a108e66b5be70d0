/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfg_parser: what cfg.c and cfg_mend.c share. cfg.c knows the grammar,
 * cfg_mend.c what to say of a text that is not of it, and where to go on so
 * that one mistake is one complaint.
 */
#ifndef XL_DOMAIN_CFG_PARSER_H
#define XL_DOMAIN_CFG_PARSER_H

#include "xl/domain/cfg_lex.h"

/* A string that += made: its room, so that many additions are not quadratic. */
struct cfg_sum {
    struct value *value;
    char *text;
    size_t size;
};

struct cfg_parser {
    struct pool *pool;
    const struct source *source;
    struct value *record;
    struct diags *diags;
    size_t at;              /* behind the token */
    struct cfg_token token; /* the next one */
    size_t last_end;        /* end of the one before that is no newline */
    size_t n_settings, n_again;
    size_t errors_before; /* complaints that are not ours */
    bool open_explained;  /* a complaint explains that a ] is missing */
    bool list_open;       /* in this setting a ] was missing */
    bool lost;            /* the setting before was not understood */
    struct cfg_sum *sums;
    size_t n_sums;
};

void cfg_next(struct cfg_parser *p);
bool cfg_at(const struct cfg_parser *p, enum cfg_token_kind kind);
struct place cfg_token_place(const struct cfg_parser *p);
/* Just behind the token before. */
struct place cfg_last_place(const struct cfg_parser *p);
const char *cfg_token_text(const struct cfg_parser *p);
/* The token in words, for "expected this, not THAT". */
const char *cfg_describe(const struct cfg_parser *p);
size_t cfg_line_of(struct place place);

/* To the end of the setting, or of the list's item. */
void cfg_skip_setting(struct cfg_parser *p);
void cfg_skip_item(struct cfg_parser *p);

/* No value stands here. */
void cfg_complain_of_value(struct cfg_parser *p, bool in_list);
/* Neither comma nor ] stands behind an item. */
void cfg_complain_of_end(struct cfg_parser *p);
/* Skips newlines; whether the list, opened at OPEN, cannot go on here: at the
 * end, or where a setting begins. Complains of it, once in a setting. */
bool cfg_list_is_cut(struct cfg_parser *p, size_t open);

#endif
