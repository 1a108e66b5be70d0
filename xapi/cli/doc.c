/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/doc: the manual of xe, out of the rows of its commands. */
#include "xapi/cli/doc.h"

#include <string.h>

#include "xapi/cli/help.h"

#define TEXT_MAX (1u << 20)

static const struct {
    const struct cli_command *commands;
    const char *heading;
} groups[] = {
    {cli_commands_vm, "VMs, snapshots, templates"},
    {cli_commands_disk, "Storage"},
    {cli_commands_net, "Networks"},
    {cli_commands_host, "Hosts and their devices"},
    {cli_commands_pool, "The pool"},
    {cli_commands_other, "Users, tasks, messages and others"},
};

/* "uuid, config:, <vm-selectors>" as one would write them.
 */
static void add_params(struct pool *p, const char *names, bool optional,
                       struct str *out)
{
    size_t n;
    char **list = text_split(p, names, ',', &n);

    for (size_t i = 0; i < n; i++) {
        const char *name = text_trim(p, list[i]);
        const char *end = text_has_suffix(name, ":") ? "KEY=..." : "=...";

        if (*name)
            str_addf(out, " %s%s%s%s", optional ? "[" : "", name,
                     *name == '<' ? "" : end, optional ? "]" : "");
    }
}

static void write_usage(struct doc *d, struct pool *p, const char *name,
                        const struct cli_usage *u)
{
    AUTO_STR struct str term = STR_INIT(TEXT_MAX);

    str_add(&term, name);
    add_params(p, u->required, false, &term);
    add_params(p, u->optional, true, &term);
    doc_term(d, str_text(&term), u->doc);
}

static void write_group(struct doc *d, size_t i)
{
    AUTO_POOL struct pool *p = pool_new();
    struct cli c = {.pool = p};
    struct cli_usage u;

    doc_heading(d, groups[i].heading);
    for (const struct cli_command *cmd = groups[i].commands; cmd->name; cmd++)
        if (!(cmd->flags & CLI_SECRET) && cli_usage(&c, cmd->name, &u))
            write_usage(d, p, cmd->name, &u);
}

static void write_generated(struct doc *d)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str classes = STR_INIT(TEXT_MAX);

    doc_heading(d, "Lists and fields");
    for (const struct cli_class *k = cli_classes; k->name; k++)
        str_addf(&classes, "%s%s", k == cli_classes ? "" : ", ", k->name);
    doc_para(d, "Each class of objects has these, as far as its fields can be "
                "changed. CLASS is one of the following; `xe help "
                "CLASS-list` names the fields.");
    doc_para(d, str_text(&classes));
    for (const struct cli_verb *v = cli_verbs; v->name; v++) {
        const struct cli_usage u = {v->required, v->optional, v->doc};

        write_usage(d, p, pool_printf(p, "CLASS-%s", v->name), &u);
    }
}

static void write_intro(struct doc *d)
{
    doc_para(d, "xe COMMAND [NAME=VALUE...] [--FLAG...]");
    doc_para(d, "Speaks to the daemon that manages this host or another "
                "one; `xe --help` says how to name it and how to log in.");
    doc_para(d, "<vm-selectors>, <host-selectors> and <sr-selectors> choose "
                "what a command is run on: vm= (host=, sr=) is a name or a "
                "uuid, and any field of vm-list (host-list, sr-list) is a "
                "filter: power-state=running, tags:contains=web, "
                "other-config:key=value. More than one object needs "
                "--multiple.");
    doc_para(d, "Numbers of bytes may have a unit: 512MiB, 20GiB. "
                "--minimal prints values alone, with commas between them; "
                "--format=json prints records as JSON; params=a,b chooses "
                "the fields of lists, params=all shows all.");
    doc_para(d, "The exit status is 0, or 1 when something went wrong.");
}

static void write_xe(struct doc *d)
{
    write_intro(d);
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        write_group(d, i);
    write_generated(d);
}

const struct doc_page cli_doc_page = {"xe", 1, "the command of XenAPI",
                                      write_xe};
