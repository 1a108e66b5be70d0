/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli: the server's side of xe: one command of one client. cli/door.c takes the
 * words in and brings the answers out, cli/run.c finds the command, the others
 * are its body. What a command changes it changes by calls of the API, with the
 * client's session.
 */
#ifndef XAPI_CLI_H
#define XAPI_CLI_H

#include "lib/pool.h"
#include "lib/str.h"
#include "xapi/call/call.h"
#include "xapi/cli/fields.h"

struct cli_param {
    const char *name, *value;
};

/* A call that takes back what a command did, should it fail. */
struct cli_step {
    const char *method, *ref, *word;
};

struct cli_talk;

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
    bool terminal;          /* the client shows what it is told as it goes on */
    struct str out;         /* messages to the client */
    struct str collected;   /* of --minimal, printed at the end */
    bool any;               /* something is in COLLECTED */
    bool json;              /* --format=json: COLLECTED is the last record */
    struct cli_step *steps; /* to take back */
    size_t n_steps;
    bool gone;    /* nobody reads what is printed any more */
    bool undoing; /* takes back what it did: gone or not */
    struct cli_talk *talk;
};

/* Of all that one command prints. */
#define CLI_OUT_MAX (256u << 20)
/* Of a file that a client sends with a command. */
#define CLI_LOAD_MAX (32u << 20)

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
/* A number, or one of bytes with a unit behind it: 1GiB, 512 MB. */
struct err *cli_size(const char *text, int64_t *ret) MUST_USE;
/* Of every command: connection, output. They are no filters. */
bool cli_is_global(const char *name);

/* ---- output -------------------------------------------------------------- */

void cli_print(struct cli *c, const char *line);  /* a line */
void cli_stderr(struct cli *c, const char *text); /* as it is */
/* E as xe prints it; frees it. */
void cli_print_error(struct cli *c, struct err *e);
/* The same as one text, for the middle of another. */
const char *cli_error_text(struct cli *c, const struct err *e);

/* Fields of one object: labels with their marks, values as texts. */
struct cli_line {
    const char *label, *value;
    /* for JSON; NULL: as LABEL and VALUE */
    const char *name;
    struct value *data;
};
void cli_print_record(struct cli *c, const struct cli_line *lines, size_t n);
/* What --minimal or --format=json have collected. */
void cli_print_rest(struct cli *c);

/* ---- values -------------------------------------------------------------- */

/* What FIELD of O is in xe. */
const char *cli_value(struct cli *c, const struct cli_field *field,
                      const struct object *o);
/* The same as JSON has it: numbers, lists, structs. */
struct value *cli_data(struct cli *c, const struct cli_field *field,
                       const struct object *o);
/* What the call behind a CLI_EXPENSIVE field says, as LINE's value and data. */
struct err *cli_compute(struct cli *c, const struct cli_field *field,
                        const struct object *o, struct cli_line *line) MUST_USE;
#define CLI_TOO_EXPENSIVE "<expensive field>"
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
const struct cli_class *cli_class_find(const char *name);
/* xe's word for a value of an enum, and the API's for WORD, which may be either
 * one's, in any case. */
const char *cli_enum_text(struct cli *c, const struct model_enum *e, int64_t i);
struct err *cli_enum_read(struct cli *c, const struct model_enum *e,
                          const char *word, const char **ret) MUST_USE;
/* "uuid", "name_label" of an object: "" for a null reference. */
const char *cli_text(const struct object *o, const char *field);
/* A copy of its reference, for when it was waited. */
const char *cli_ref(struct cli *c, const struct object *o);

/* TEXT as an argument of TYPE: references are uuids, sets have commas. */
struct err *cli_read_value(struct cli *c, const struct model_type *type,
                           const char *text, struct value **ret) MUST_USE;
/* The object of CLASS ("VM") with that uuid. */
struct err *cli_by_uuid(struct cli *c, const char *class, const char *uuid,
                        struct object **ret) MUST_USE;
/* The one that the parameter NAME names by its uuid. */
struct err *cli_object(struct cli *c, const char *class, const char *name,
                       struct object **ret) MUST_USE;

/* ---- filters ------------------------------------------------------------- */

/* `name-label=x`, `other-config:key=x`, `tags:contains=x`. */
struct cli_filter {
    const struct cli_field *field;
    const char *key; /* of a map; NULL: the whole */
    bool contains;
    const char *value;
};
struct err *cli_filter_parse(struct cli *c, const struct cli_class *class,
                             const char *name, const char *value,
                             struct cli_filter *ret) MUST_USE;
bool cli_filter_match(struct cli *c, const struct cli_filter *list, size_t n,
                      const struct object *o);
/* Of `other-config:key` the field, and the key. */
const struct cli_field *cli_field_with_key(const struct cli_class *class,
                                           const char *word,
                                           const char **ret_key);
/* The value of KEY, or NULL: it is no map, or has no such. */
const char *cli_map_value(struct cli *c, const struct cli_field *field,
                          const struct object *o, const char *key);
struct err *cli_no_field(struct cli *c, const struct cli_class *class,
                         const char *name) MUST_USE;

/* ---- waiting ------------------------------------------------------------- */

/*
 * A command runs as a straight line in a fiber. These wait without holding the
 * daemon up; when the client has gone meanwhile, what is waited for is
 * cancelled and they fail, from then on at once: then the command returns.
 *
 * An API call with the client's session in front of ARGS (a list; its items are
 * the call's from now on). *RET (RET may be NULL) is its result as JSON-RPC has
 * it. Objects may be gone and fields have changed behind it.
 */
struct err *cli_call(struct cli *c, const char *method, struct value *args,
                     struct value **ret) MUST_USE;
/* The same with its result in P. */
struct err *cli_call_in(struct cli *c, struct pool *p, const char *method,
                        struct value *args, struct value **ret) MUST_USE;
/* Its arguments are all texts (references, too); N of them. */
struct err *cli_call_texts(struct cli *c, const char *method,
                           const char *const *texts, size_t n,
                           struct value **ret) MUST_USE;
#define CLI_CALL(c, method, ret, ...)                             \
    cli_call_texts(c, method, (const char *const[]){__VA_ARGS__}, \
                   ARRAY_LEN(((const char *const[]){__VA_ARGS__})), ret)
/* METHOD(REF, WORD) is called if the command fails from here on; WORD NULL:
 * with REF alone. */
void cli_undo(struct cli *c, const char *method, const char *ref,
              const char *word);
void cli_undo_all(struct cli *c);

/* What was printed goes out and others go on first, if the command has kept
 * them waiting for a while. */
struct err *cli_breathe(struct cli *c) MUST_USE;

/* A line from the client's standard input. */
struct err *cli_prompt(struct cli *c, const char **ret) MUST_USE;
/* A file of the client's. */
struct err *cli_load(struct cli *c, const char *file, const char **ret,
                     size_t *ret_len) MUST_USE;
/* The client's terminal is at URL until it ends that. */
struct err *cli_connect(struct cli *c, const char *url) MUST_USE;

/* ---- commands ------------------------------------------------------------ */

/* Of the generated commands. */
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
/* O as CLASS-list prints it with params=PARAMS (NULL: those that lists have).
 */
void cli_print_object(struct cli *c, const struct cli_class *class,
                      const struct object *o, const char *params);

/* Finds and runs c->command, in a fiber. *RET is xe's exit status. */
void cli_run(struct cli *c, int *ret);

/* ---- the door ------------------------------------------------------------ */

struct http;
struct cli_door;
/* Adds POST /cli. */
struct cli_door *cli_door_new(struct http *http, struct server *server);
/* Commands that still run fail; before the parts that they wait for go. */
void cli_door_free(struct cli_door *d); /* NULL is fine */

#endif
