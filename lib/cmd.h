/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd: subcommands as rows. A row says its name, its options, whether it
 * changes anything and one sentence; the body receives a filled struct and
 * never sees argc. Usage, help, manuals and completion come from the rows.
 */
#ifndef LIB_CMD_H
#define LIB_CMD_H

#include "lib/opt.h"

enum cmd_flag {
    CMD_MODIFIES = 1, /* changes state: takes back debris first, obeys locks */
    CMD_HIDDEN = 2,   /* for programs, not in lists */
    CMD_DRY_RUN = 4,  /* knows the global dry-run option */
};

/* APP is the program's own context, ARGS the struct its opts fill (zeroed
 * first). Exit status 0 or the error's. */
typedef struct err *cmd_fn(void *app, const void *args, struct pool *p);

struct cmd {
    const char *name;
    const char *alias; /* another name of it, or NULL */
    cmd_fn *run;
    const struct slot *opts;
    size_t args_size;
    unsigned flags;
    const char *doc;  /* one sentence */
    const char *more; /* further paragraphs for the manual, or NULL */
    /* Sets defaults of ARGS before the options are read; may be NULL. */
    void (*defaults)(void *args);
};

/* A family's rows end with a row without a name; families end with NULL. */
const struct cmd *cmd_find(const struct cmd *const *families, const char *name);
const char *cmd_nearest(const struct cmd *const *families, const char *name);

/* Parses argv[1..] (argv[0] is the subcommand) and runs it. -h prints help on
 * stdout. PROGRAM is for usage lines. */
struct err *cmd_run(const struct cmd *cmd, const char *program, void *app,
                    int argc, char *const argv[], struct pool *p) MUST_USE;

/* "Usage: xl pause [-w] DOMAIN\n\n<sentence>\n\nOptions: ..." */
void cmd_help(const struct cmd *cmd, const char *program, struct str *out);
/* One aligned line a command. */
void cmd_list(const struct cmd *const *families, struct str *out);

#endif
