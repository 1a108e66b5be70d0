/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/command: xe's commands that are no generated ones. Each is a row; most
 * are nothing but a call of the API and where its arguments come from.
 *
 * PARAMS are words, one for each argument of the call (or, when that takes a
 * record, for each field that is set):
 *
 *     uuid               the value of uuid=, which has to be there
 *     [sr-uuid]          it may be missing: the argument is empty then
 *     [mode=RW]          ... or RW
 *     =Disk              always Disk
 *     =%host             always this host; %pool, %sr: its pool, and that one's
 *                        default SR
 *     @                  the object that the command is run on
 *     snapshot-uuid|uuid one of the two
 *     [device-config:]   a map, out of device-config:KEY=VALUE
 *     <filename          the content of the client's file of that name
 *     ~filename          the last part of its name
 *     VM/vm-uuid         in a record: the field VM (else it has the parameter's
 *                        name, with _ for -)
 *     >x/[new-x]         no argument: is set in the result, by its set_x
 *     !x                 no argument: what is shown is the object at its x
 *     ?[timeout]         no argument: the body asks for it, or nobody does
 *
 * What a value means says the type of the argument: references are uuids, sets
 * have commas, sizes may have units. Results are printed as their types say.
 * A command with a body of its own has its parameters in the same way, for help
 * and completion, and asks for them by cli_param.
 */
#ifndef XAPI_CLI_COMMAND_H
#define XAPI_CLI_COMMAND_H

#include "xapi/cli/cli.h"

enum cli_command_flag {
    /* It is run on objects that filters choose (vm=, name-label= ...). */
    CLI_VMS = 1, /* VMs that are neither templates nor domain 0 */
    CLI_HOSTS = 2,
    CLI_SRS = 4,
    CLI_TEMPLATES = 8, /* with CLI_VMS: these, too */
    CLI_CONTROL = 16,  /* ... domain 0, too */
    CLI_COMMON = 32,   /* in the short help */
    CLI_SECRET = 64,   /* in none */
    CLI_FORCED = 128,  /* refused without --force */
    CLI_CONFIRM = 256, /* asks for a "yes", unless --force */
    CLI_ONCE = 512,    /* RUN is called once, and chooses the objects itself */
};

struct cli_command {
    const char *name, *params;
    const char *call; /* "VM.pause"; NULL: RUN does all */
    unsigned flags;
    const char *forced; /* the call in its place with --force */
    /* SELF: the object it is run on, or NULL. */
    struct err *(*run)(struct cli *c, const struct cli_command *cmd,
                       const struct object *self);
    const char *doc; /* NULL: the call's own sentence */
};

/* Tables, each ends with a row without a name; the last is NULL. */
extern const struct cli_command *const cli_commands[];
#define cli_each_command(cmd)                                             \
    for (const struct cli_command *const *table_ = cli_commands; *table_; \
         table_++)                                                        \
        for (const struct cli_command *cmd = *table_; cmd->name; cmd++)

extern const struct cli_command cli_commands_vm[], cli_commands_disk[],
    cli_commands_net[], cli_commands_host[], cli_commands_pool[],
    cli_commands_other[];

const struct cli_command *cli_command_find(const char *name);
/* Its sentence. */
const char *cli_command_doc(const struct cli_command *cmd);
/* On each of the objects that it is to be run on. */
struct err *cli_command_run(struct cli *c,
                            const struct cli_command *cmd) MUST_USE;

/* ---- words of PARAMS: cli/args.c ----------------------------------------- */

struct cli_word {
    const char *field;         /* of a record; never NULL */
    const char *param, *other; /* OTHER: the second of two, or NULL */
    const char *initial;       /* or NULL */
    bool optional, self, constant, file, base, after, shown, ignored;
};
/* The next word; false behind the last. */
bool cli_word_next(struct pool *p, const char **at, struct cli_word *ret);
/* "device-config:" has many parameters. */
bool cli_word_is_map(const struct cli_word *w);
/* NAME is one of the parameters. */
bool cli_command_takes(const struct cli_command *cmd, const char *name);

/* The arguments of CALL as CMD says. */
struct err *cli_arguments(struct cli *c, const struct cli_command *cmd,
                          const struct model_call *call,
                          const struct object *self,
                          struct value **ret) MUST_USE;
/* What is set in the object REF afterwards. */
struct err *cli_set_after(struct cli *c, const struct cli_command *cmd,
                          const struct model_class *class,
                          const char *ref) MUST_USE;
/* What is shown of a result. */
const struct object *cli_shown(struct cli *c, const struct cli_command *cmd,
                               const struct object *o);
void cli_print_result(struct cli *c, const struct model_type *type,
                      const struct value *v);

/* ---- objects: cli/select.c ----------------------------------------------- */

struct cli_selector {
    unsigned flag;
    const char *class, *plural;
    const char *help;     /* "<vm-selectors>" */
    const char *names[4]; /* fields that vm= names it by, then NULL */
};
/* NULL: none is chosen. */
const struct cli_selector *cli_selector_of(const struct cli_command *cmd);
/* It is of those that CMD can be run on, whatever its fields are. */
bool cli_selectable(const struct cli_command *cmd, const struct object *o);
/* Their refs, at least one. */
struct err *cli_select(struct cli *c, const struct cli_command *cmd,
                       const char ***ret, size_t *ret_n) MUST_USE;

/* ---- for bodies ---------------------------------------------------------- */

/* FN on each of the objects, SELF being the I-th. Of several, one that fails
 * does not keep the others from it; who has gone meanwhile is left out. */
typedef struct err *cli_each_fn(struct cli *c, size_t i,
                                const struct object *self, void *arg);
struct err *cli_on_each(struct cli *c, const char *const *refs, size_t n,
                        cli_each_fn *fn, void *arg) MUST_USE;

/* The call of the row with ARGS, and its result printed. */
struct err *cli_command_call(struct cli *c, const struct cli_command *cmd,
                             struct value *args) MUST_USE;
/* Asks for a "yes", unless --force; an error of kind reported without one. */
struct err *cli_confirm(struct cli *c) MUST_USE;

#endif
