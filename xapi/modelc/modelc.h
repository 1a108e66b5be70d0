/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc: the model's compiler, run by the build: xapi/model/<class>.json into
 * C. It fills the very tables of model.h in memory (modelc_read, modelc_type),
 * derives what rules say (modelc_derive), looks at the whole (modelc_check) and
 * prints the tables (modelc_write) and typed functions (modelc_code). What is
 * wrong with a file is said with file, line and column, all of it at once.
 */
#ifndef XAPI_MODELC_H
#define XAPI_MODELC_H

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/slot.h"
#include "lib/str.h"
#include "xapi/model/model.h"

/* Marks of classes, fields and calls: the words of "is". */
enum modelc_mark {
    MARK_PROTOTYPE = 1 << 0,
    MARK_DEPRECATED = 1 << 1,
    MARK_REMOVED = 1 << 2,
    MARK_TRANSIENT = 1 << 3,
    MARK_INTERNAL = 1 << 4,
    MARK_SECRET = 1 << 5,
    /* classes */
    MARK_CONSTRUCTOR = 1 << 6,
    MARK_NO_DATABASE = 1 << 7,
    MARK_EVENTS = 1 << 8,
    MARK_NO_EVENTS = 1 << 9,
    MARK_NO_TASKS = 1 << 10,
    MARK_NO_GET_ALL = 1 << 11,
    MARK_NO_GET_BY_NAME_LABEL = 1 << 12,
    MARK_IN_MODEL = 1 << 13,
    /* fields */
    MARK_RW = 1 << 14,
    MARK_STATIC = 1 << 15,
    MARK_REQUIRED = 1 << 16,
    /* calls */
    MARK_ASYNC = 1 << 17,
    MARK_NO_SESSION = 1 << 18,
    MARK_HIDDEN = 1 << 19,
    MARK_EMERGENCY = 1 << 20,
    MARK_LOCAL = 1 << 21,
    MARK_UNLISTED = 1 << 22,
    MARK_OWN = 1 << 23,
    MARK_UNIMPLEMENTED = 1 << 24,
    MARK_REFUSED = 1 << 26,
    MARK_PARTIAL = 1 << 27,
    /* HTTP */
    MARK_UNCHECKED = 1 << 25,
};

/* What a class's file says, beside what goes straight into the class. */
struct modelc_class {
    struct model_class row;
    unsigned marks;
    const struct value *enums, *fields, *calls;
    struct place place;
};

struct modelc_field {
    struct model_field row;
    unsigned marks;
    const struct value *initial, *inverse, *getter, *setter, *keys;
    struct place place;
};

struct modelc_call {
    struct model_call row;
    unsigned marks;
    const struct value *params, *result, *errors, *role;
    struct place place;
};

struct modelc {
    struct pool *pool;
    struct diags diags;
    struct modelc_class *classes; /* by name */
    size_t n_classes;
    struct modelc_field *fields; /* by class */
    size_t n_fields;
    struct modelc_call **calls; /* by class and message once all are there */
    size_t n_calls;
    struct model_enum *enums;
    size_t n_enums;
    struct model_type **types;
    size_t n_types;
    struct model_error *errors;
    size_t n_errors;
    struct model_role *roles;
    size_t n_roles;
    struct model_permission *permissions;
    size_t n_permissions;
    struct model_alert *alerts;
    size_t n_alerts;
    struct model_http *http;
    size_t n_http;
    struct model_version version;
    const struct value *sentences; /* of fields that many classes have */
};

/* ---- modelc_read --------------------------------------------------------- */

/* All files of a folder. Errors are of files that cannot be read; complaints go
 * to M->diags. */
struct err *modelc_read(struct modelc *m, const char *folder) MUST_USE;
/* One call of a file, as far as it can be read by itself; NULL after a
 * complaint. */
struct modelc_call *modelc_read_call(struct modelc *m, const struct value *v);
/* "vm-operator", "pool-operator + client-cert", "none". */
model_role_bits modelc_roles(struct modelc *m, const struct value *v);

/* ---- modelc_rest --------------------------------------------------------- */

void modelc_read_roles(struct modelc *m, const struct value *list);
void modelc_read_rest(struct modelc *m, const struct value *root);

/* ---- modelc_type --------------------------------------------------------- */

/* The type that TEXT names in CLASS, NULL after a complaint. */
const struct model_type *modelc_type(struct modelc *m,
                                     const struct modelc_class *class,
                                     const char *text, struct place place);
/* V as a value of TYPE; NULL: the type's own first value. */
struct model_value modelc_value(struct modelc *m, const struct model_type *type,
                                const struct value *v);

/* ---- modelc_derive ------------------------------------------------------- */

/* All calls: those that follow from classes and fields and those of the files;
 * sorted. */
void modelc_derive(struct modelc *m);

/* ---- modelc_check -------------------------------------------------------- */

void modelc_check(struct modelc *m);
/* Complains when DOC is no sentence: it begins with a capital, and ends. */
void modelc_check_doc(struct modelc *m, const char *doc, const char *what,
                      struct place place);

/* ---- modelc_write, modelc_code: the insides of the files made ------------ */

typedef void modelc_write_fn(struct modelc *m, struct str *out);

modelc_write_fn modelc_write_header, modelc_write_tables; /* model_gen */
modelc_write_fn modelc_write_fields, modelc_write_errors;
modelc_write_fn modelc_write_calls_header, modelc_write_calls;

/* A name with all that C does not take in one as '_'. */
const char *modelc_identifier(struct modelc *m, const char *name);

#endif
