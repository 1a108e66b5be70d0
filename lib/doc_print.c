/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doc_print: all that a program's `__doc` command prints; see doc.h. */
#include <string.h>

#include "lib/doc.h"

enum form { FORM_MAN, FORM_MARKDOWN, FORM_BASH, FORM_KEYS, FORM_PAGES };

/* clang-format off */
static const struct slot_choice forms[] = {
    {"man",      FORM_MAN,      "A manual page for man(1)."},
    {"markdown", FORM_MARKDOWN, "The same as Markdown."},
    {"bash",     FORM_BASH,     "A completion script for bash."},
    {"keys",     FORM_KEYS,     "The keys of its configuration, each with an equals sign."},
    {"pages",    FORM_PAGES,    "The names of all pages, with their sections."},
    {NULL},
};

const struct slot doc_args_rows[] = {
    ARG("form", SLOT_CHOICE(struct doc_args, form, forms),
        .doc = "What to print."),
    ARG_OPTIONAL("page", SLOT_WORD(struct doc_args, page),
        .doc = "Which page: the program's own unless given."),
    OPT_END,
};
/* clang-format on */

static struct err *write_page(const struct doc_page *pages, const char *name,
                              enum doc_format format, struct str *out)
{
    struct doc d = {.format = format, .out = out};

    for (; pages->name; pages++) {
        if (name && strcmp(pages->name, name))
            continue;
        doc_title(&d, pages->name, pages->section, pages->summary);
        pages->write(&d);
        return NULL;
    }
    return ERR_AS(not_found, "there is no page '%s'", name);
}

static void write_keys(const struct slot_table *keys, struct str *out)
{
    for (const struct slot *s = keys ? keys->rows : NULL; s && s->name; s++) {
        if (!s->instead && !(s->flags & SLOT_HIDDEN))
            str_addf(out, "%s=\n", s->name);
    }
}

struct err *doc_print(const struct doc_program *program,
                      const struct doc_args *args, struct str *out)
{
    switch ((enum form)args->form) {
    case FORM_MAN:
        return write_page(program->pages, args->page, DOC_MAN, out);
    case FORM_MARKDOWN:
        return write_page(program->pages, args->page, DOC_MARKDOWN, out);
    case FORM_BASH:
        doc_bash(program->name, program->global_opts, program->families,
                 program->sources, out);
        break;
    case FORM_KEYS:
        write_keys(program->keys, out);
        break;
    case FORM_PAGES:
        for (const struct doc_page *page = program->pages; page->name; page++)
            str_addf(out, "%s %d\n", page->name, page->section);
        break;
    }
    return NULL;
}
