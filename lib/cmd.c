/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd: see cmd.h. */
#include "lib/cmd.h"

#include <string.h>

#include "lib/near.h"

const struct cmd *cmd_find(const struct cmd *const *families, const char *name)
{
    for (; *families; families++) {
        for (const struct cmd *c = *families; c->name; c++) {
            if (!strcmp(c->name, name) || text_eq(c->alias, name))
                return c;
        }
    }
    return NULL;
}

const char *cmd_nearest(const struct cmd *const *families, const char *name)
{
    struct near near = {.word = name};

    for (; *families; families++) {
        for (const struct cmd *c = *families; c->name; c++) {
            if (!(c->flags & CMD_HIDDEN))
                near_try(&near, c->name);
        }
    }
    return near.best;
}

struct err *cmd_run(const struct cmd *cmd, const char *program, void *app,
                    int argc, char *const argv[], struct pool *p)
{
    void *args = pool_alloc(p, cmd->args_size);
    struct opt_parse parse = {0};
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct err *e;

    if (cmd->defaults)
        cmd->defaults(args);
    e = opt_parse(cmd->opts, argc, argv, args, p, &parse);
    if (e) {
        str_addf(&text, "%s\nusage: %s %s", err_text(e), program, cmd->name);
        opt_usage(cmd->opts, &text);
        err_free(e);
        return err_wrap(ERR_AS(usage, "%s", str_text(&text)), "%s", cmd->name);
    }
    if (parse.help) {
        cmd_help(cmd, program, &text);
        fputs(str_text(&text), stdout);
        return NULL;
    }
    return cmd->run(app, args, p);
}

void cmd_help(const struct cmd *cmd, const char *program, struct str *out)
{
    str_addf(out, "Usage: %s %s", program, cmd->name);
    opt_usage(cmd->opts, out);
    str_addf(out, "\n\n%s\n", cmd->doc);
    if (cmd->opts->name) {
        str_add(out, "\nOptions:\n\n");
        opt_help(cmd->opts, out);
    }
}

#define NAME_COLUMN 20

void cmd_list(const struct cmd *const *families, struct str *out)
{
    for (; *families; families++) {
        for (const struct cmd *c = *families; c->name; c++) {
            if (!(c->flags & CMD_HIDDEN))
                str_addf(out, " %-*s%s\n", NAME_COLUMN, c->name, c->doc);
        }
    }
}
