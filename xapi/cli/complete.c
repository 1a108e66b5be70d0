/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/complete: what may stand in the place of a word of a command line, for
 * shells. `xe complete word=vm-start word=vm=` has all words before the cursor,
 * the last of them the one to complete; each candidate is a line, as it would
 * be written whole. A line "<file>" asks the shell for names of files.
 */
#include <string.h>

#include "xapi/cli/bodies.h"
#include "xapi/cli/help.h"

#define FILES "<file>"

/* Whom the words are for; candidates that do not begin with PREFIX are left
 * out. */
struct completion {
    struct cli *c;
    const char *command, *prefix;
};

static void offer(const struct completion *x, const char *before,
                  const char *word)
{
    const char *whole = pool_printf(x->c->pool, "%s%s", before, word);

    if (text_has_prefix(whole, x->prefix))
        cli_print(x->c, whole);
}

/* ---- commands and parameters --------------------------------------------- */

static void offer_commands(const struct completion *x)
{
    size_t n;
    const char *const *names = cli_command_names(x->c, true, &n);

    for (size_t i = 0; i < n; i++)
        offer(x, "", names[i]);
    offer(x, "", "help");
}

static bool is_there(const struct completion *x, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i + 1 < x->c->n_params; i++) {
        const char *word = x->c->params[i].value;

        if (!strncmp(word, name, len) && (!word[len] || word[len] == '='))
            return true;
    }
    return false;
}

static void offer_fields(const struct completion *x, const char *class)
{
    const struct cli_class *k = cli_class_find(class);

    for (const struct cli_field *f = k->fields; f->name; f++)
        if (!is_there(x, f->name))
            offer(x, "", pool_printf(x->c->pool, "%s=", f->name));
}

/* What help says of a parameter: "uuid", "device-config:", "force",
 * "<vm-selectors>". */
static void offer_param(const struct completion *x, const char *name)
{
    const struct cli_command *cmd = cli_command_find(x->command);
    bool map = text_has_suffix(name, ":");

    if (*name == '<') {
        const char *class = cli_selector_of(cmd)->class;

        offer(x, "", pool_printf(x->c->pool, "%s=", class));
        offer(x, "", "--multiple");
        offer_fields(x, class);
    } else if (!strcmp(name, "force") || !strcmp(name, "paused") ||
               !strcmp(name, "live") || !strcmp(name, "progress")) {
        offer(x, "", pool_printf(x->c->pool, "--%s", name));
    } else if (!is_there(x, name)) {
        offer(x, "", pool_printf(x->c->pool, "%s%s", name, map ? "" : "="));
    }
}

static void offer_list(const struct completion *x, const char *names)
{
    size_t n;
    char **list = text_split(x->c->pool, names, ',', &n);

    for (size_t i = 0; i < n; i++) {
        const char *name = text_trim(x->c->pool, list[i]);

        if (*name)
            offer_param(x, name);
    }
}

static void offer_params(const struct completion *x)
{
    struct cli_usage u;

    if (!cli_usage(x->c, x->command, &u))
        return;
    offer_list(x, u.required);
    offer_list(x, u.optional);
    if (text_has_suffix(x->command, "-list"))
        offer(x, "", "--format=json");
    offer(x, "", "--minimal");
}

/* ---- values -------------------------------------------------------------- */

static const struct model_class *model_of(const char *class)
{
    const struct cli_class *k = cli_class_find(class);

    return k ? model_class_find(k->model) : NULL;
}

/* uuids of a class, or names. */
static bool offer_objects(const struct completion *x, const char *before,
                          const char *class, const char *field)
{
    const struct model_class *model = model_of(class);

    if (!model || !model_field_find(model, field))
        return false;
    for (const struct object *o = db_first(x->c->db, model); o;
         o = object_next(o))
        offer(x, before, cli_text(o, field));
    return true;
}

/* The class that a generated command is about, the longest whose name it begins
 * with: "host-cpu-list". */
static const char *class_of(const char *command)
{
    const char *found = NULL;

    for (const struct cli_class *k = cli_classes; k->name; k++) {
        size_t len = strlen(k->name);

        if (!strncmp(command, k->name, len) && command[len] == '-' &&
            (!found || len > strlen(found)))
            found = k->name;
    }
    return found;
}

/* "network-uuid": of class network. */
static bool offer_uuids(const struct completion *x, const char *before,
                        const char *name)
{
    const char *class = class_of(x->command);
    const char *suffix = strstr(name, "-uuid");

    if (!strcmp(name, "uuid"))
        return class && offer_objects(x, before, class, "uuid");
    if (!suffix)
        return false;
    class = pool_strn(x->c->pool, name, (size_t)(suffix - name));
    if (!strcmp(class, "snapshot") || !strcmp(class, "template"))
        class = "vm";
    return offer_objects(x, before, class, "uuid");
}

static void offer_enum(const struct completion *x, const char *before,
                       const struct model_type *type)
{
    if (type->kind == MODEL_BOOL) {
        offer(x, before, "true");
        offer(x, before, "false");
    }
    for (unsigned i = 0; type->kind == MODEL_ENUM && i < type->enum_->n_values;
         i++)
        offer(x, before, type->enum_->values[i]);
}

/* Values of a field that objects of the class have now. */
static bool offer_field(const struct completion *x, const char *before,
                        const char *class, const char *name)
{
    const struct cli_class *k = class ? cli_class_find(class) : NULL;
    const struct cli_field *f = k ? cli_field_find(k, name) : NULL;
    const struct model_class *model = k ? model_class_find(k->model) : NULL;
    const struct object *of;

    if (!f || f->flags & CLI_EXPENSIVE)
        return false;
    offer_enum(x, before, cli_field_of(x->c, model, f->path, NULL, &of)->type);
    for (const struct object *o = db_first(x->c->db, model); o;
         o = object_next(o))
        offer(x, before, cli_value(x->c, f, o));
    return true;
}

static bool offer_field_names(const struct completion *x, const char *before,
                              const char *class)
{
    const struct cli_class *k = class ? cli_class_find(class) : NULL;

    for (const struct cli_field *f = k ? k->fields : NULL; f && f->name; f++)
        offer(x, before, f->name);
    return k;
}

/* The argument of the call that the parameter is, if it is one of few words. */
static bool offer_argument(const struct completion *x, const char *before,
                           const char *name)
{
    const struct cli_command *cmd = cli_command_find(x->command);
    const struct model_call *call =
        cmd && cmd->call ? model_call_find(cmd->call) : NULL;
    const char *at = cmd ? cmd->params : "";
    struct cli_word w;

    for (unsigned i = 0; call && cli_word_next(x->c->pool, &at, &w); i++) {
        const struct model_type *type;

        if (i >= call->n_params && call->params[0].type->kind != MODEL_RECORD)
            break;
        type =
            call->n_params && call->params[0].type->kind == MODEL_RECORD
                ? (model_field_find(call->params[0].type->class, w.field)
                       ? model_field_find(call->params[0].type->class, w.field)
                             ->type
                       : NULL)
                : call->params[i].type;
        if (type && !strcmp(w.param, name)) {
            offer_enum(x, before, type);
            return type->kind == MODEL_ENUM || type->kind == MODEL_BOOL;
        }
    }
    return false;
}

/* The names that vm= may have. */
static void offer_selectable(const struct completion *x, const char *before,
                             const struct cli_command *cmd,
                             const struct cli_selector *s)
{
    for (const struct object *o = db_first(x->c->db, model_of(s->class)); o;
         o = object_next(o))
        for (size_t i = 0; cli_selectable(cmd, o) && s->names[i]; i++)
            offer(x, before, cli_text(o, s->names[i]));
}

/* Behind NAME=. */
static void offer_values(const struct completion *x, const char *name)
{
    const struct cli_command *cmd = cli_command_find(x->command);
    const struct cli_selector *s = cmd ? cli_selector_of(cmd) : NULL;
    const char *before = pool_printf(x->c->pool, "%s=", name);
    const char *class = s ? s->class : class_of(x->command);

    if (strstr(name, "filename") || strstr(name, "file-name") ||
        strstr(name, "-file")) {
        cli_print(x->c, FILES);
        return;
    }
    if (!strcmp(name, "params") || !strcmp(name, "param-name")) {
        offer_field_names(x, before, class);
        return;
    }
    if (s && !strcmp(name, s->class)) {
        offer_selectable(x, before, cmd, s);
        return;
    }
    if (!strcmp(name, "class"))
        for (const struct cli_class *k = cli_classes; k->name; k++)
            offer(x, before, k->name);
    if (!strcmp(name, "template"))
        offer_field(x, before, "template", "name-label");
    if (!strcmp(name, "on") || !strcmp(name, "host"))
        offer_objects(x, before, "host", "name_label");
    if (offer_argument(x, before, name) || offer_uuids(x, before, name))
        return;
    offer_field(x, before, class, name);
}

/* ---- the command --------------------------------------------------------- */

struct err *cli_complete(struct cli *c, const struct cli_command *cmd,
                         const struct object *self)
{
    struct completion x = {.c = c};
    const char *equals;
    size_t n = 0;

    (void)cmd, (void)self;
    /* only words count, and login's follow them */
    while (n < c->n_params && !strcmp(c->params[n].name, "word"))
        n++;
    c->n_params = n;
    if (!n)
        return ERR_AS(usage, "Required parameter not found: word");
    x.prefix = c->params[n - 1].value;
    x.command = c->params[0].value;
    if (n == 1 || !strcmp(x.command, "help")) {
        offer_commands(&x);
        return NULL;
    }
    equals = strchr(x.prefix, '=');
    if (equals)
        offer_values(&x,
                     pool_strn(c->pool, x.prefix, (size_t)(equals - x.prefix)));
    else
        offer_params(&x);
    return NULL;
}
