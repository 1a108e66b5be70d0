/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/command: from a row to what it does; see cli/command.h. */
#include "xapi/cli/command.h"

#include <string.h>

#include "lib/near.h"
#include "xapi/model/errors_gen.h"

const struct cli_command *const cli_commands[] = {
    cli_commands_vm,
    cli_commands_disk,
    cli_commands_net,
    cli_commands_host,
    cli_commands_pool,
    cli_commands_other,
    NULL,
};

const struct cli_command *cli_command_find(const char *name)
{
    cli_each_command(cmd) if (!strcmp(cmd->name, name)) return cmd;
    return NULL;
}

const char *cli_command_doc(const struct cli_command *cmd)
{
    const struct model_call *call =
        cmd->call ? model_call_find(cmd->call) : NULL;

    if (cmd->doc)
        return cmd->doc;
    return call && call->doc ? call->doc : cmd->call;
}

/* ---- before it begins ---------------------------------------------------- */

/* What is missing is said before anything is done. */
static struct err *check_required(struct cli *c, const struct cli_command *cmd)
{
    const char *at = cmd->params;
    struct cli_word w;

    while (cli_word_next(c->pool, &at, &w)) {
        if (w.optional || w.constant || w.self || w.initial || w.shown)
            continue;
        if (!cli_param(c, w.param) && !(w.other && cli_param(c, w.other)))
            return ERR_AS(usage, "Required parameter not found: %s", w.param);
    }
    return NULL;
}

static void try_names(struct cli *c, const struct cli_command *cmd,
                      struct near *near, bool *ret_known)
{
    const char *at = cmd->params;
    struct cli_word w;

    while (cli_word_next(c->pool, &at, &w)) {
        if (cli_word_is_map(&w) &&
            !strncmp(near->word, w.param, strlen(w.param) - 1))
            *ret_known = true;
        if (*w.param)
            near_try(near, w.param);
        if (w.other)
            near_try(near, w.other);
    }
    *ret_known |= near->best && !near->best_distance;
}

/* Scripts give parameters that no command knows, and always could: only what
 * looks like a slip is told. */
static void warn_of_slips(struct cli *c, const struct cli_command *cmd)
{
    for (size_t i = 0; i < c->n_params; i++) {
        struct near near = {.word = c->params[i].name};
        bool known = cli_is_global(near.word);

        try_names(c, cmd, &near, &known);
        if (!known && near.best)
            cli_stderr(c, pool_printf(c->pool,
                                      "%s takes no '%s': it is ignored. Did "
                                      "you mean '%s'?\n",
                                      cmd->name, near.word, near.best));
    }
}

struct err *cli_confirm(struct cli *c)
{
    const char *word;

    if (cli_flag(c, "force"))
        return NULL;
    cli_print(c, "Type 'yes' to continue");
    TRY(cli_prompt(c, &word));
    if (!strcmp(word, "yes"))
        return NULL;
    cli_stderr(c, pool_printf(c->pool, "Aborted (you typed: '%s')\n", word));
    return ERR_AS(reported, "not confirmed");
}

static struct err *check_force(struct cli *c, const struct cli_command *cmd)
{
    if (cmd->flags & CLI_FORCED && !cli_flag(c, "force"))
        return ERR("%s may do harm: it must be forced (use --force)",
                   cmd->name);
    if (!(cmd->flags & CLI_CONFIRM))
        return NULL;
    cli_print(c, cli_command_doc(cmd));
    return cli_confirm(c);
}

/* ---- doing it ------------------------------------------------------------ */

static const struct model_call *row_of(struct cli *c,
                                       const struct cli_command *cmd)
{
    return model_call_find(cmd->forced && cli_flag(c, "force") ? cmd->forced
                                                               : cmd->call);
}

static struct err *print_object(struct cli *c, const struct cli_command *cmd,
                                const struct model_class *class,
                                const char *ref)
{
    const struct object *o = db_find(c->db, class, ref);

    o = o ? cli_shown(c, cmd, o) : NULL;
    if (o)
        cli_print(c, cli_text(o, "uuid"));
    return o ? NULL : db_no_object(class, ref);
}

struct err *cli_command_call(struct cli *c, const struct cli_command *cmd,
                             struct value *args)
{
    const struct model_call *row = row_of(c, cmd);
    bool is_ref = row->result->kind == MODEL_REF;
    struct value *result;

    TRY(cli_call(c, row->name, args, &result));
    if (is_ref)
        TRY(cli_set_after(c, cmd, row->result->class, result->s.text));
    if (is_ref)
        return print_object(c, cmd, row->result->class, result->s.text);
    cli_print_result(c, row->result, result);
    return NULL;
}

static struct err *run_on(struct cli *c, size_t i, const struct object *self,
                          void *arg)
{
    const struct cli_command *cmd = *(const struct cli_command *const *)arg;
    struct value *args;

    (void)i;
    if (cmd->run)
        return cmd->run(c, cmd, self);
    TRY(cli_arguments(c, cmd, row_of(c, cmd), self, &args));
    return cli_command_call(c, cmd, args);
}

struct err *cli_on_each(struct cli *c, const char *const *refs, size_t n,
                        cli_each_fn *fn, void *arg)
{
    size_t failed = 0;

    if (n == 1)
        return fn(c, 0, db_find(c->db, NULL, refs[0]), arg);
    for (size_t i = 0; i < n; i++) {
        const struct object *self = db_find(c->db, NULL, refs[i]);
        AUTO_ERR struct err *e = NULL;
        const char *uuid;

        if (!self)
            continue;
        uuid = pool_str(c->pool, cli_text(self, "uuid"));
        e = fn(c, i, self, arg);
        if (e && c->gone)
            return take_ptr(e);
        if (!e)
            continue;
        failed++;
        cli_stderr(c, pool_printf(c->pool, "operation failed on %s: %s", uuid,
                                  cli_error_text(c, e)));
    }
    return failed ? ERR_AS(reported, "%zu of %zu failed", failed, n) : NULL;
}

struct err *cli_command_run(struct cli *c, const struct cli_command *cmd)
{
    const char **refs = NULL;
    size_t n;

    TRY(check_required(c, cmd));
    if (!cli_selector_of(cmd))
        warn_of_slips(c, cmd);
    else if (!(cmd->flags & CLI_ONCE))
        TRY(cli_select(c, cmd, &refs, &n));
    TRY(check_force(c, cmd));
    return refs ? cli_on_each(c, refs, n, run_on, &cmd)
                : run_on(c, 0, NULL, &cmd);
}
