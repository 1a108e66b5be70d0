/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/print: what a command says, as messages to its client. */
#include <string.h>

#include "lib/json.h"
#include "xapi/cli/cli.h"
#include "xapi/cli/wire.h"

#define INDENT 4

static void message(struct cli *c, enum cli_kind kind, const char *text)
{
    cli_put_int(&c->out, (uint32_t)strlen(text) + 12);
    cli_put_int(&c->out, CLI_COMMAND);
    cli_put_int(&c->out, kind);
    cli_put_text(&c->out, text);
}

/* In lists of --minimal a comma is between values. */
static void collect(struct cli *c, const char *value)
{
    if (c->any)
        str_addc(&c->collected, ',');
    c->any = true;
    for (; *value; value++) {
        if (*value == ',' || *value == '\\')
            str_addc(&c->collected, '\\');
        str_addc(&c->collected, *value);
    }
}

void cli_print(struct cli *c, const char *line)
{
    if (c->minimal)
        collect(c, line);
    else
        message(c, CLI_PRINT, line);
}

void cli_stderr(struct cli *c, const char *text)
{
    message(c, CLI_PRINT_STDERR, text);
}

/* As json_print prints a list. What is collected is its last item so far. */
static void print_json(struct cli *c)
{
    if (c->any)
        message(c, CLI_PRINT, str_text(&c->collected));
    message(c, CLI_PRINT, c->any ? "]" : "[]");
}

void cli_print_rest(struct cli *c)
{
    if (c->minimal)
        message(c, CLI_PRINT, str_text(&c->collected));
    else if (c->json)
        print_json(c);
}

static void collect_json(struct cli *c, const struct value *record)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);
    const char *line, *end;

    if (c->any)
        str_addc(&c->collected, ',');
    message(c, CLI_PRINT, c->any ? str_text(&c->collected) : "[");
    str_clear(&c->collected);
    json_print(record, true, &text);
    for (line = str_text(&text); (end = strchr(line, '\n')); line = end + 1)
        str_addf(&c->collected, "%s    %.*s",
                 line == str_text(&text) ? "" : "\n", (int)(end - line), line);
    c->any = true;
}

static void collect_record(struct cli *c, const struct cli_line *lines,
                           size_t n)
{
    struct value *record = value_struct(c->pool);

    for (size_t i = 0; i < n; i++)
        value_add(record, lines[i].name ? lines[i].name : lines[i].label,
                  lines[i].data ? lines[i].data
                                : value_string(c->pool, lines[i].value));
    collect_json(c, record);
}

void cli_print_record(struct cli *c, const struct cli_line *lines, size_t n)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);
    size_t width = 0;

    if (c->minimal) {
        if (n)
            collect(c, lines[0].value);
        return;
    }
    if (c->json) {
        collect_record(c, lines, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (strlen(lines[i].label) > width)
            width = strlen(lines[i].label);
    width += INDENT;
    for (size_t i = 0; i < n; i++)
        str_addf(&text, i ? "%*s: %s\n" : "%-*s: %s\n", (int)width,
                 lines[i].label, lines[i].value);
    str_addc(&text, '\n');
    cli_print(c, str_text(&text));
}

/* ---- errors -------------------------------------------------------------- */

/* "<uuid> (<name>)" in the place of a reference. */
static const char *readable(struct cli *c, const char *word)
{
    const struct object *o = db_find(c->db, NULL, word);
    const struct model_class *class = o ? object_class(o) : NULL;

    if (!o || !class->uuid)
        return word;
    if (!class->name_label)
        return object_atom(o, class->uuid).s;
    return pool_printf(c->pool, "%s (%s)", object_atom(o, class->uuid).s,
                       object_atom(o, class->name_label).s);
}

static const char *describe(struct cli *c, const struct model_error *error,
                            const char *const *words, size_t n)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);
    size_t n_args = n - 1;

    str_addf(&text, "%s\n", error->doc);
    for (size_t i = 0; i < n_args || i < error->n_params; i++)
        str_addf(&text, "%s: %s\n",
                 i < error->n_params ? error->params[i] : "<extra>",
                 i < n_args ? readable(c, words[i + 1]) : "<unknown>");
    return pool_strn(c->pool, str_text(&text), text.len);
}

const char *cli_error_text(struct cli *c, const struct err *e)
{
    size_t n;
    const char *const *words = err_words(e, &n);
    const struct model_error *error = words ? model_error_find(words[0]) : NULL;

    if (error && error->doc)
        return describe(c, error, words, n);
    if (words)
        return pool_printf(c->pool, "Error code: %s\nError parameters: %s\n",
                           words[0],
                           text_join(c->pool, words + 1, n - 1, ", ", ", "));
    if (err_is(e, &err_kind_usage))
        return pool_printf(c->pool, "%s\nFor usage run: 'xe help'\n",
                           err_text(e));
    return pool_printf(c->pool, "Error: %s\n", err_text(e));
}

/* With --trace, what a program would have got. */
static void print_trace(struct cli *c, const struct err *e)
{
    cli_stderr(c, pool_printf(c->pool, "Raised %s\nBacktrace:\n", err_text(e)));
}

void cli_print_error(struct cli *c, struct err *e)
{
    if (!err_is(e, &err_kind_reported))
        cli_stderr(c, cli_error_text(c, e));
    if (cli_flag(c, "trace"))
        print_trace(c, e);
    err_free(e);
}
