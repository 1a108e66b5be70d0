/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli: the server's side of xe: one command of one client. cli_door.c takes the
 * words in and brings the answers out, cli_run.c finds the command, the others
 * are its body. What a command changes it changes by calls of the API, with the
 * client's session.
 */
#ifndef XAPI_CLI_H
#define XAPI_CLI_H

#include "lib/pool.h"
#include "lib/str.h"
#include "xapi/call.h"
#include "xapi/cli_fields.h"

struct cli_param {
    const char *name, *value;
};

struct cli {
    struct pool *pool;
    struct server *server;
    struct db *db;
    struct caller caller;
    const char *session; /* ref */
    const char *command;
    struct cli_param *params;
    size_t n_params;
    bool minimal;
    struct str out;       /* messages to the client */
    struct str collected; /* of --minimal, printed at the end */
    bool any;             /* something is in COLLECTED */
};

/* Of all that one command prints. */
#define CLI_OUT_MAX (256u << 20)

/* ---- words --------------------------------------------------------------- */

/* The value of NAME, or NULL. */
const char *cli_param(const struct cli *c, const char *name);
bool cli_flag(const struct cli *c, const char *name); /* --NAME, NAME=true */
/* The value, or the error that xe prints for one that is not there. */
struct err *cli_need(const struct cli *c, const char *name,
                     const char **ret) MUST_USE;
/* LINES are a body of POST /cli: a word a line. */
struct err *cli_words(struct cli *c, const char *lines, size_t len) MUST_USE;
/* true, t, yes, y, 1 and their opposites. */
struct err *cli_bool(const char *text, bool *ret) MUST_USE;

/* ---- output -------------------------------------------------------------- */

void cli_print(struct cli *c, const char *line);  /* a line */
void cli_stderr(struct cli *c, const char *text); /* as it is */
/* E as xe prints it; frees it. */
void cli_print_error(struct cli *c, struct err *e);

/* Fields of one object: labels with their marks, values as texts. */
struct cli_line {
    const char *label, *value;
};
void cli_print_record(struct cli *c, const struct cli_line *lines, size_t n);
void cli_print_minimal(struct cli *c); /* what --minimal has collected */

/* ---- values -------------------------------------------------------------- */

/* What FIELD of O is in xe. */
const char *cli_value(struct cli *c, const struct cli_field *field,
                      const struct object *o);
/* It is a set, and one of its items is shown as ITEM. */
bool cli_has_item(struct cli *c, const struct cli_field *field,
                  const struct object *o, const char *item);
/* The field of the model at a path's end, and the object it is of (NULL: there
 * is none). */
const struct model_field *cli_field_of(struct cli *c,
                                       const struct model_class *class,
                                       const char *path, const struct object *o,
                                       const struct object **ret);
const struct cli_field *cli_field_find(const struct cli_class *class,
                                       const char *name);

/* ---- commands ------------------------------------------------------------ */

/* An API call with the client's session in front of ARGS (a list; its items are
 * the call's from now on). */
struct err *cli_call(struct cli *c, const char *method,
                     struct value *args) MUST_USE;

struct cli_verb {
    const char *name; /* "param-list" */
    unsigned needs;   /* of cli_class_flag; 0: every class has it */
    struct err *(*run)(struct cli *c, const struct cli_class *class);
    const char *required, *optional, *doc;
};
extern const struct cli_verb cli_verbs[];
/* "vm-param-list" in its two halves, or false. */
bool cli_find_generated(const char *command, const struct cli_class **ret_class,
                        const struct cli_verb **ret_verb);

struct err *cli_help(struct cli *c) MUST_USE;
/* Finds and runs c->command. *RET is xe's exit status. */
void cli_run(struct cli *c, int *ret);

/* ---- the door ------------------------------------------------------------ */

struct http;
/* Adds POST /cli. ROUTE has to stay as long as HTTP. */
struct http_route;
void cli_serve(struct http *http, struct http_route *route,
               struct server *server);

#endif
