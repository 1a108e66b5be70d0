/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doc: manuals (man pages and Markdown) and bash completion out of the rows of
 * commands and slot tables. A writer with a few elements, and functions that
 * write rows with it. Knows no program's names.
 *
 * In texts, `x` is something to type; the rest is plain and is escaped.
 */
#ifndef LIB_DOC_H
#define LIB_DOC_H

#include "lib/cmd.h"

enum doc_format {
    DOC_MAN,
    DOC_MARKDOWN,
};

struct doc {
    enum doc_format format;
    struct str *out;
};

/* Begins a page: title and "NAME - SUMMARY". */
void doc_title(struct doc *d, const char *name, int section,
               const char *summary);
void doc_heading(struct doc *d, const char *text);
void doc_subheading(struct doc *d, const char *text);
/* Paragraphs; an empty line in TEXT is between two. */
void doc_para(struct doc *d, const char *text);
/* Lines shown as they are. */
void doc_code(struct doc *d, const char *text);
/* An item of a list: what it is about (as code), and a paragraph. */
void doc_term(struct doc *d, const char *term, const char *text);

/* ---- rows ---------------------------------------------------------------- */

/* A slot's sentence and what else its row says: range, words, guest types,
 * what to use instead. */
void doc_slot_text(const struct slot *slot, const struct slot_table *table,
                   struct str *out);
/* `NAME=VALUE` and text of every row. */
void doc_table(struct doc *d, const struct slot_table *table);
/* Options and arguments of a command line. */
void doc_opts(struct doc *d, const struct slot *rows);
/* A subheading, the usage and all that is known of each command. */
void doc_cmds(struct doc *d, const char *program,
              const struct cmd *const *families);

/* ---- completion ---------------------------------------------------------- */

/* Where words of an argument or of an option's value come from: for rows whose
 * unit, or an alternative in it ("FILE|KEY=VALUE"), or whose name is NAME
 * (letter case is free), SHELL prints them one a line; NULL: file names. */
struct doc_source {
    const char *name;
    const char *shell;
};

/* A script to source from bash. SOURCES end with a NULL name. */
void doc_bash(const char *program, const struct slot *global_opts,
              const struct cmd *const *families,
              const struct doc_source *sources, struct str *out);

/* ---- a program's own `__doc FORM [PAGE]` --------------------------------- */

struct doc_page {
    const char *name;
    int section;
    const char *summary;
    void (*write)(struct doc *d); /* what comes after "NAME - SUMMARY" */
};

struct doc_program {
    const char *name;
    const struct slot *global_opts;
    const struct cmd *const *families;
    const struct doc_source *sources; /* end with a NULL name */
    const struct doc_page *pages;     /* end with a NULL name */
    const struct slot_table *keys;    /* of its configuration, or NULL */
};

struct doc_args {
    int form;
    const char *page;
};
/* FORM: man, markdown, bash, keys or pages; PAGE: the first unless given. */
extern const struct slot doc_args_rows[];

struct err *doc_print(const struct doc_program *program,
                      const struct doc_args *args, struct str *out) MUST_USE;

#endif
