/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doc: the writer, and rows written with it; completion is in doc_bash.c. */
#include "lib/doc.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* ---- the writer ---------------------------------------------------------- */

/* groff would make other characters of these. */
static void add_man_char(struct str *out, char c)
{
    static const char special[] = "\\-^~'\"";
    static const char *const names[] = {"\\e",   "\\-",   "\\(ha",
                                        "\\(ti", "\\(aq", "\\(dq"};
    const char *at = c ? strchr(special, c) : NULL;

    if (at)
        str_add(out, names[at - special]);
    else
        str_addc(out, c);
}

static void add_man(struct str *out, const char *text, size_t len)
{
    bool code = false, line_start = true;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '`') {
            code = !code;
            str_add(out, code ? "\\fB" : "\\fR");
            line_start = false;
            continue;
        }
        if (line_start && text[i] == '.')
            str_add(out, "\\&");
        add_man_char(out, text[i]);
        line_start = text[i] == '\n';
    }
}

static void add_markdown(struct str *out, const char *text, size_t len)
{
    bool code = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '`')
            code = !code;
        else if (!code && strchr("\\*_<>[]|#", text[i]))
            str_addc(out, '\\');
        str_addc(out, text[i]);
    }
}

static void add_text(struct doc *d, const char *text, size_t len)
{
    if (d->format == DOC_MAN)
        add_man(d->out, text, len);
    else
        add_markdown(d->out, text, len);
}

static void add(struct doc *d, const char *text)
{
    add_text(d, text, strlen(text));
}

static void add_upper(struct str *out, const char *text)
{
    for (; *text; text++)
        str_addc(out, (char)toupper((unsigned char)*text));
}

void doc_title(struct doc *d, const char *name, int section,
               const char *summary)
{
    if (d->format == DOC_MAN) {
        str_add(d->out, ".TH ");
        add_upper(d->out, name);
        str_addf(d->out, " %d \"\" dom0kit\n", section);
        doc_heading(d, "NAME");
        add(d, name);
        str_add(d->out, " \\- ");
    } else {
        str_addf(d->out, "# %s(%d)\n\n", name, section);
    }
    add(d, summary);
    str_add(d->out, "\n");
}

static void head(struct doc *d, const char *man, const char *markdown,
                 const char *text)
{
    str_add(d->out, d->format == DOC_MAN ? man : markdown);
    if (d->format == DOC_MAN)
        str_add(d->out, "\"");
    add(d, text);
    str_add(d->out, d->format == DOC_MAN ? "\"\n" : "\n");
}

void doc_heading(struct doc *d, const char *text)
{
    head(d, ".SH ", "\n## ", text);
}

void doc_subheading(struct doc *d, const char *text)
{
    head(d, ".SS ", "\n### ", text);
}

void doc_para(struct doc *d, const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t len = end ? (size_t)(end - text) : strlen(text);

        str_add(d->out, d->format == DOC_MAN ? ".PP\n" : "\n");
        add_text(d, text, len);
        str_add(d->out, "\n");
        text += len + (end ? 2 : 0);
    }
}

void doc_code(struct doc *d, const char *text)
{
    if (d->format == DOC_MAN) {
        str_add(d->out, ".PP\n.RS 4\n.nf\n");
        add(d, text);
        str_add(d->out, "\n.fi\n.RE\n");
        return;
    }
    str_addf(d->out, "\n```\n%s\n```\n", text);
}

void doc_term(struct doc *d, const char *term, const char *text)
{
    if (d->format == DOC_MAN) {
        str_add(d->out, ".TP\n\\fB");
        add(d, term);
        str_add(d->out, "\\fR\n");
    } else {
        str_addf(d->out, "- `%s`: ", term);
    }
    add(d, text);
    str_add(d->out, "\n");
}

/* ---- slots --------------------------------------------------------------- */

static bool is_choice(const struct slot *slot)
{
    return slot->kind == &slot_kind_choice;
}

static const char *form_of(const struct slot *slot)
{
    return slot->kind->form ? slot->kind->form(slot) : slot->kind->name;
}

/* Words of a truth value say nothing that its kind does not. */
static void add_words(const struct slot *slot, struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *const *words =
        slot->kind->words && !text_eq(form_of(slot), slot_kind_bool.name)
            ? slot->kind->words(slot, p)
            : NULL;

    if (!words || !words[0] || is_choice(slot))
        return;
    str_add(out, " One of:");
    for (size_t i = 0; words[i]; i++)
        str_addf(out, "%s `%s`", i ? "," : "", words[i]);
    str_add(out, ".");
}

static void add_choices(const struct slot *slot, struct str *out)
{
    const struct slot_choice *c = is_choice(slot) ? slot->more : NULL;

    for (; c && c->name; c++) {
        if (c->doc)
            str_addf(out, " `%s`: %s", c->name, c->doc);
        else
            str_addf(out, " `%s`%s", c->name, c[1].name ? "," : ".");
    }
}

/* What a field of 32 bits can hold is no news. */
static void add_range(const struct slot *slot, struct str *out)
{
    if (slot->kind != &slot_kind_int && slot->kind != &slot_kind_uint)
        return;
    if (slot->max && slot->max < INT32_MAX)
        str_addf(out, " From %" PRId64 " to %" PRId64 ".", slot->min,
                 slot->max);
    else if (slot->min > 0)
        str_addf(out, " At least %" PRId64 ".", slot->min);
}

void doc_slot_text(const struct slot *slot, const struct slot_table *table,
                   struct str *out)
{
    str_add(out, slot->doc ? slot->doc : "");
    add_words(slot, out);
    add_choices(slot, out);
    add_range(slot, out);
    if (table && slot->where && table->where_name)
        str_addf(out, " For %s only.", table->where_name(slot->where));
    if (slot->instead)
        str_addf(out, " Deprecated: use `%s`.", slot->instead);
    if (slot->flags & SLOT_IGNORED)
        str_add(out, " Accepted, without effect in this version.");
}

static void add_value_name(const struct slot *slot, struct str *out)
{
    const char *name = slot->unit ? slot->unit : form_of(slot);

    if (text_eq(name, slot_kind_flag.name))
        return;
    str_add(out, "=");
    for (; *name; name++)
        str_addc(out, slot->unit     ? *name
                      : *name == ' ' ? '-'
                                     : (char)toupper((unsigned char)*name));
}

void doc_table(struct doc *d, const struct slot_table *table)
{
    for (const struct slot *s = table->rows; s->name; s++) {
        AUTO_STR struct str term = STR_INIT(1000);
        AUTO_STR struct str text = STR_INIT(STR_MAX);

        if (s->flags & SLOT_HIDDEN)
            continue;
        str_add(&term, s->name);
        add_value_name(s, &term);
        doc_slot_text(s, table, &text);
        doc_term(d, str_text(&term), str_text(&text));
    }
}

void doc_opts(struct doc *d, const struct slot *rows)
{
    for (; rows->name; rows++) {
        AUTO_STR struct str term = STR_INIT(1000);
        AUTO_STR struct str text = STR_INIT(STR_MAX);

        if (rows->flags & SLOT_HIDDEN)
            continue;
        opt_term(rows, &term);
        doc_slot_text(rows, NULL, &text);
        doc_term(d, str_text(&term), str_text(&text));
    }
}

/* ---- commands ------------------------------------------------------------ */

static void write_cmd(struct doc *d, const char *program, const struct cmd *cmd)
{
    AUTO_STR struct str usage = STR_INIT(STR_MAX);

    doc_subheading(d, cmd->name);
    str_addf(&usage, "%s %s", program, cmd->name);
    opt_usage(cmd->opts, &usage);
    doc_code(d, str_text(&usage));
    doc_para(d, cmd->doc);
    if (cmd->alias) {
        AUTO_STR struct str alias = STR_INIT(1000);

        str_addf(&alias, "Also called `%s`.", cmd->alias);
        doc_para(d, str_text(&alias));
    }
    if (cmd->more)
        doc_para(d, cmd->more);
    if (d->format == DOC_MARKDOWN && cmd->opts->name)
        str_add(d->out, "\n");
    doc_opts(d, cmd->opts);
}

void doc_cmds(struct doc *d, const char *program,
              const struct cmd *const *families)
{
    for (; *families; families++) {
        for (const struct cmd *c = *families; c->name; c++) {
            if (!(c->flags & CMD_HIDDEN))
                write_cmd(d, program, c);
        }
    }
}
