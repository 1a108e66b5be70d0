/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/select: the objects that a command is run on: those that pass all
 * filters; more than one only with --multiple. */
#include <string.h>

#include "lib/near.h"
#include "xapi/cli/command.h"
#include "xapi/model/model_gen.h"

/* clang-format off */
static const struct cli_selector selectors[] = {
    {CLI_VMS,   "vm",   "VMs",   "<vm-selectors>",   {"uuid", "name_label"}},
    {CLI_HOSTS, "host", "hosts", "<host-selectors>", {"uuid", "name_label", "hostname"}},
    {CLI_SRS,   "sr",   "SRs",   "<sr-selectors>",   {"uuid", "name_label"}},
};
/* clang-format on */

const struct cli_selector *cli_selector_of(const struct cli_command *cmd)
{
    for (size_t i = 0; i < ARRAY_LEN(selectors); i++)
        if (cmd->flags & selectors[i].flag)
            return &selectors[i];
    return NULL;
}

bool cli_selectable(const struct cli_command *cmd, const struct object *o)
{
    if (!(cmd->flags & CLI_VMS))
        return true;
    if (object_atom(o, &model_fields[VM_is_a_template]).i)
        return cmd->flags & CLI_TEMPLATES;
    return !object_atom(o, &model_fields[VM_is_control_domain]).i ||
           cmd->flags & CLI_CONTROL;
}

/* A filter that is none may have been meant as a parameter. */
static void suggest(struct cli *c, const struct cli_command *cmd,
                    const char *name)
{
    struct near near = {.word = name};
    const char *at = cmd->params;
    struct cli_word w;

    while (cli_word_next(c->pool, &at, &w))
        if (*w.param)
            near_try(&near, w.param);
    if (near.best && !strchr(name, ':'))
        cli_stderr(c, pool_printf(c->pool, "Did you mean '%s'?\n", near.best));
}

static struct err *parse(struct cli *c, const struct cli_command *cmd,
                         const struct cli_selector *s, struct cli_filter **ret,
                         size_t *ret_n)
{
    const struct cli_class *class = cli_class_find(s->class);
    struct cli_filter *list = NULL;
    size_t n = 0;

    for (size_t i = 0; i < c->n_params; i++) {
        const char *name = c->params[i].name;

        if (cli_is_global(name) || !strcmp(name, s->class) ||
            cli_command_takes(cmd, name))
            continue;
        if (!cli_field_find(class, name))
            suggest(c, cmd, name);
        TRY(cli_filter_parse(c, class, name, c->params[i].value,
                             pool_push(c->pool, list, n)));
    }
    *ret = list;
    *ret_n = n;
    return NULL;
}

/* vm=NAME */
static bool is_named(const struct cli_selector *s, const struct object *o,
                     const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(s->names) && s->names[i]; i++)
        if (!strcmp(cli_text(o, s->names[i]), name))
            return true;
    return false;
}

struct err *cli_select(struct cli *c, const struct cli_command *cmd,
                       const char ***ret, size_t *ret_n)
{
    const struct cli_selector *s = cli_selector_of(cmd);
    const char *name = cli_param(c, s->class);
    const struct model_class *model =
        model_class_find(cli_class_find(s->class)->model);
    struct cli_filter *filters;
    const char **refs = NULL;
    size_t n_filters, n = 0;

    TRY(parse(c, cmd, s, &filters, &n_filters));
    for (const struct object *o = db_first(c->db, model); o; o = object_next(o))
        if (cli_selectable(cmd, o) && (!name || is_named(s, o, name)) &&
            cli_filter_match(c, filters, n_filters, o))
            *pool_push(c->pool, refs, n) = pool_str(c->pool, object_ref(o));
    if (!n)
        return ERR("No matching %s found", s->plural);
    if (n > 1 && !cli_flag(c, "multiple"))
        return ERR("%zu %s match; --multiple does it to all of them", n,
                   s->plural);
    *ret = refs;
    *ret_n = n;
    return NULL;
}
