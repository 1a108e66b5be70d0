/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli_help: `xe help`, of all commands and of one. */
#include <string.h>

#include "xapi/cli.h"

#define WIDTH 74
#define INDENT "    "

static const char **names(struct cli *c, size_t *ret_n)
{
    const char **list = NULL;
    size_t n = 0;

    for (const struct cli_class *k = cli_classes; k->name; k++)
        for (const struct cli_verb *v = cli_verbs; v->name; v++)
            if ((v->needs & k->flags) == v->needs)
                *pool_push(c->pool, list, n) =
                    pool_printf(c->pool, "%s-%s", k->name, v->name);
    *ret_n = n;
    return list;
}

static void print_wrapped(struct cli *c, const char *const *words, size_t n)
{
    AUTO_STR struct str line = STR_INIT(CLI_OUT_MAX);

    str_add(&line, INDENT);
    for (size_t i = 0; i < n; i++) {
        if (line.len + strlen(words[i]) > WIDTH) {
            cli_print(c, str_text(&line));
            str_clear(&line);
            str_add(&line, INDENT);
        }
        str_addf(&line, "%s%s", words[i], i + 1 < n ? ", " : "");
    }
    cli_print(c, str_text(&line));
}

static void print_all(struct cli *c)
{
    size_t n;
    const char **list = names(c, &n);

    if (c->minimal) {
        for (size_t i = 0; i < n; i++)
            cli_print(c, list[i]);
        return;
    }
    cli_print(c, "Usage: xe COMMAND [NAME=VALUE...]\n\n"
                 "`xe help COMMAND` explains a command.\n\nCommands:\n");
    print_wrapped(c, list, n);
}

/* Fields that the command takes, as well as its own parameters. */
static const char *optional_of(struct cli *c, const struct cli_class *class,
                               const struct cli_verb *verb)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);
    bool sets = verb->needs == CLI_SET;

    str_add(&text, verb->optional);
    for (const struct cli_field *f = class->fields; f->name; f++) {
        bool settable = strstr(f->mark, "RW") && *f->mark != 'S';

        if (!strcmp(verb->name, "list") || (sets && settable))
            str_addf(&text, "%s%s%s", text.len ? ", " : "", f->name,
                     sets && *f->mark == 'M' ? ":" : "");
    }
    return pool_strn(c->pool, str_text(&text), text.len);
}

static void print_command(struct cli *c, const char *name)
{
    const struct cli_class *class;
    const struct cli_verb *verb;

    if (!cli_find_generated(name, &class, &verb)) {
        cli_print(c, pool_printf(c->pool, "Unknown command '%s'", name));
        return;
    }
    cli_print_record(c,
                     (const struct cli_line[]){
                         {"command name", name},
                         {"reqd params", verb->required},
                         {"optional params", optional_of(c, class, verb)},
                         {"description", verb->doc}},
                     4);
}

struct err *cli_help(struct cli *c)
{
    bool any = false;

    for (size_t i = 0; i < c->n_params; i++)
        if (!*c->params[i].value) {
            print_command(c, c->params[i].name);
            any = true;
        }
    if (!any)
        print_all(c);
    return NULL;
}
