/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/run: from a command's name to its body. */
#include <string.h>

#include "lib/near.h"
#include "xapi/cli/command.h"
#include "xapi/cli/help.h"
#include "xapi/model/errors_gen.h"

/* ---- objects ------------------------------------------------------------- */

const char *cli_text(const struct object *o, const char *field)
{
    const char *text =
        object_atom(o, model_field_find(object_class(o), field)).s;

    return text ? text : "";
}

const char *cli_ref(struct cli *c, const struct object *o)
{
    return pool_str(c->pool, object_ref(o));
}

struct err *cli_by_uuid(struct cli *c, const char *class, const char *uuid,
                        struct object **ret)
{
    struct object *o = db_by_uuid(c->db, model_class_find(class), uuid);

    if (!o)
        return err_UUID_INVALID(class, uuid);
    *ret = o;
    return NULL;
}

struct err *cli_object(struct cli *c, const char *class, const char *name,
                       struct object **ret)
{
    const char *uuid;

    TRY(cli_need(c, name, &uuid));
    return cli_by_uuid(c, class, uuid, ret);
}

/* ---- commands ------------------------------------------------------------ */

static struct err *unknown(struct cli *c)
{
    struct near near = {.word = c->command};
    size_t n;
    const char *const *names = cli_command_names(c, true, &n);

    for (size_t i = 0; i < n; i++)
        near_try(&near, names[i]);
    if (near.best)
        cli_stderr(c, pool_printf(c->pool, "Did you mean '%s'?\n", near.best));
    return ERR_AS(usage, "Unknown command: %s", c->command);
}

static struct err *read_format(struct cli *c)
{
    const char *format = cli_param(c, "format");

    if (!strcmp(format, "json"))
        c->json = true;
    else if (strcmp(format, "text"))
        return ERR_AS(usage, "Unknown format '%s': text or json are wanted",
                      format);
    return NULL;
}

static struct err *run(struct cli *c)
{
    const struct cli_command *cmd;
    const struct cli_class *class;
    const struct cli_verb *verb;
    bool help = !strcmp(c->command, "help");

    cmd = cli_command_find(c->command);
    if (!help && !cmd && !cli_find_generated(c->command, &class, &verb))
        return unknown(c);
    /* of a few commands it is the format of a disk */
    if (cli_param(c, "format") && (!cmd || !cli_command_takes(cmd, "format")))
        TRY(read_format(c));
    if (help)
        return cli_help(c);
    return cmd ? cli_command_run(c, cmd) : verb->run(c, class);
}

void cli_run(struct cli *c, int *ret)
{
    struct err *e = run(c);

    *ret = e ? 1 : 0;
    if (e)
        cli_undo_all(c);
    if (e)
        cli_print_error(c, e);
    else
        cli_print_rest(c);
}
