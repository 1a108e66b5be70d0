/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/help: see cli/help.h. */
#include "xapi/cli/help.h"

#include <string.h>

#define WIDTH 74
#define INDENT "    "

/* ---- names --------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *cli_command_names(struct cli *c, bool all, size_t *ret_n)
{
    const char **list = NULL;
    size_t n = 0;

    cli_each_command(cmd) if (!(cmd->flags & CLI_SECRET) &&
                              (all || cmd->flags & CLI_COMMON)) *
        pool_push(c->pool, list, n) = cmd->name;
    for (const struct cli_class *k = cli_classes; k->name; k++)
        for (const struct cli_verb *v = cli_verbs; v->name; v++)
            if ((v->needs & k->flags) == v->needs &&
                (all ||
                 (k->flags & CLI_LIST_COMMON && !strcmp(v->name, "list"))))
                *pool_push(c->pool, list, n) =
                    pool_printf(c->pool, "%s-%s", k->name, v->name);
    qsort(list, n, sizeof(*list), compare);
    *ret_n = n;
    return list;
}

/* ---- parameters ---------------------------------------------------------- */

static void add_name(struct str *to, const char *name)
{
    str_addf(to, "%s%s", to->len ? ", " : "", name);
}

/* A parameter stands there once, however often the call wants it. */
static bool is_there(const struct str *list, const char *name)
{
    const char *at = str_text(list);
    size_t len = strlen(name);

    for (; (at = strstr(at, name)); at += len)
        if ((at == str_text(list) || at[-1] == ' ') &&
            (!at[len] || at[len] == ','))
            return true;
    return false;
}

static void add_word(const struct cli_word *w, struct str *required,
                     struct str *optional)
{
    bool needed = !w->optional && !w->initial && !w->other;
    struct str *to = needed ? required : optional;

    if (w->self || w->constant || w->shown)
        return;
    if (!is_there(to, w->param))
        add_name(to, w->param);
    if (w->other)
        add_name(to, w->other);
}

static struct cli_usage usage_of_row(struct cli *c,
                                     const struct cli_command *cmd)
{
    AUTO_STR struct str required = STR_INIT(CLI_OUT_MAX),
                        optional = STR_INIT(CLI_OUT_MAX);
    const char *at = cmd->params;
    struct cli_word w;

    while (cli_word_next(c->pool, &at, &w))
        add_word(&w, &required, &optional);
    if (cmd->forced || cmd->flags & (CLI_FORCED | CLI_CONFIRM))
        add_name(&optional, "force");
    if (cli_selector_of(cmd))
        add_name(&optional, cli_selector_of(cmd)->help);
    return (struct cli_usage){pool_str(c->pool, str_text(&required)),
                              pool_str(c->pool, str_text(&optional)),
                              cli_command_doc(cmd)};
}

static bool may_set(const struct cli_field *f)
{
    return strstr(f->mark, "RW") || f->flags & (CLI_WHOLE | CLI_PROPERTY);
}

/* Fields that the command takes, as well as its own parameters. */
static struct cli_usage usage_of_generated(struct cli *c,
                                           const struct cli_class *class,
                                           const struct cli_verb *verb)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);
    bool sets = verb->needs == CLI_SET, lists = !strcmp(verb->name, "list");

    str_add(&text, verb->optional);
    for (const struct cli_field *f = class->fields; f->name; f++) {
        if (f->flags & CLI_HIDDEN)
            continue;
        if (lists || (sets && may_set(f)))
            add_name(&text, f->name);
        if (sets && *f->mark == 'M' && may_set(f))
            str_addc(&text, ':');
        if (lists && *f->mark == 'S')
            str_addf(&text, ", %s:contains", f->name);
    }
    return (struct cli_usage){verb->required,
                              pool_strn(c->pool, str_text(&text), text.len),
                              verb->doc};
}

bool cli_usage(struct cli *c, const char *name, struct cli_usage *ret)
{
    const struct cli_command *cmd = cli_command_find(name);
    const struct cli_class *class;
    const struct cli_verb *verb;

    if (cmd)
        *ret = usage_of_row(c, cmd);
    else if (cli_find_generated(name, &class, &verb))
        *ret = usage_of_generated(c, class, verb);
    else
        return false;
    return true;
}

/* ---- help ---------------------------------------------------------------- */

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
    str_addc(&line, '\n');
    cli_print(c, str_text(&line));
}

/* Those that begin with one of two prefixes, or with none. */
static void print_group(struct cli *c, const char *title, const char *prefix,
                        const char *const *names, size_t n)
{
    const char **group = NULL;
    size_t n_group = 0;

    for (size_t i = 0; i < n; i++) {
        bool host = text_has_prefix(names[i], "host-");
        bool vm = text_has_prefix(names[i], "vm-");

        if (prefix ? text_has_prefix(names[i], prefix) : !host && !vm)
            *pool_push(c->pool, group, n_group) = names[i];
    }
    cli_print(c, title);
    print_wrapped(c, group, n_group);
}

static void print_all(struct cli *c)
{
    bool all = cli_flag(c, "all");
    size_t n;
    const char *const *names = cli_command_names(c, all, &n);

    if (c->minimal) {
        for (size_t i = 0; i < n; i++)
            cli_print(c, names[i]);
        return;
    }
    cli_print(c, "Usage: xe COMMAND [NAME=VALUE...]\n\n"
                 "`xe help COMMAND` explains a command, `xe help --all` lists "
                 "all of them.\n");
    if (!all) {
        cli_print(c, "Common commands:");
        print_wrapped(c, names, n);
        return;
    }
    print_group(c, "Hosts:", "host-", names, n);
    print_group(c, "VMs:", "vm-", names, n);
    print_group(c, "Others:", NULL, names, n);
}

static void print_command(struct cli *c, const char *name)
{
    struct cli_usage u;

    if (!cli_usage(c, name, &u)) {
        cli_print(c, pool_printf(c->pool, "Unknown command '%s'", name));
        return;
    }
    cli_print_record(c,
                     (const struct cli_line[]){
                         {"command name        ", name, "command name"},
                         {"reqd params     ", u.required, "reqd params"},
                         {"optional params ", u.optional, "optional params"},
                         {"description     ", u.doc, "description"}},
                     4);
}

struct err *cli_help(struct cli *c)
{
    bool any = false;

    for (size_t i = 0; i < c->n_params; i++)
        if (!*c->params[i].value && !cli_is_global(c->params[i].name)) {
            print_command(c, c->params[i].name);
            any = true;
        }
    if (!any)
        print_all(c);
    return NULL;
}
