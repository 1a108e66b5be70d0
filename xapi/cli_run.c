/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli_run: from a command's name to its body, and calls of the API. */
#include <string.h>

#include "lib/near.h"
#include "xapi/cli.h"

/* ---- calls --------------------------------------------------------------- */

struct answer {
    struct err *failure;
};

static void take(struct call *c, void *arg)
{
    struct answer *a = arg;

    a->failure = c->failure;
}

struct err *cli_call(struct cli *c, const char *method, struct value *args)
{
    struct answer a = {NULL};
    struct value *all = value_list(c->pool);
    struct call *waits;

    value_append(all, value_string(c->pool, c->session));
    for (struct value *v = args->kids.first, *next; v; v = next) {
        next = v->next;
        v->next = NULL;
        value_append(all, v);
    }
    waits = call_start(c->server, c->pool, &c->caller, method, all, take, &a);
    if (waits) {
        call_give_up(waits);
        return ERR("%s takes long: xe cannot wait for it yet", method);
    }
    return a.failure;
}

/* ---- commands ------------------------------------------------------------ */

static const char *nearest(struct cli *c)
{
    struct near near = {.word = c->command};

    for (const struct cli_class *k = cli_classes; k->name; k++)
        for (const struct cli_verb *v = cli_verbs; v->name; v++)
            if ((v->needs & k->flags) == v->needs)
                near_try(&near,
                         pool_printf(c->pool, "%s-%s", k->name, v->name));
    return near.best;
}

static struct err *unknown(struct cli *c)
{
    const char *near = nearest(c);

    if (near)
        cli_stderr(c, pool_printf(c->pool, "Did you mean '%s'?\n", near));
    return ERR_AS(usage, "Unknown command: %s", c->command);
}

static struct err *run(struct cli *c)
{
    const struct cli_class *class;
    const struct cli_verb *verb;

    if (!strcmp(c->command, "help"))
        return cli_help(c);
    if (!cli_find_generated(c->command, &class, &verb))
        return unknown(c);
    return verb->run(c, class);
}

void cli_run(struct cli *c, int *ret)
{
    struct err *e = run(c);

    *ret = e ? 1 : 0;
    if (e)
        cli_print_error(c, e);
    else
        cli_print_minimal(c);
}
