/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model: what XenAPI is, as constant tables. modelc makes them out of
 * xapi/model/<class>.json (build/gen/xapi/model/model_gen.c); the database, the
 * generic surface, the dispatcher, roles, codecs, xe's commands and the
 * reference are all derived from them. docs/model.md says how to add a field
 * or a call.
 *
 * Names of the API are used as they are: ids in xapi/model/model_gen.h are
 * CLASS_VM, VM_name_label (a field), VM_power_state_Running (a value of an
 * enum) and CALL_VM_start. An id is the index of its row here.
 *
 * Knows neither database nor wire.
 */
#ifndef XAPI_MODEL_H
#define XAPI_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model_class;
struct model_field;
struct model_error;

/* ---- types --------------------------------------------------------------- */

enum model_kind {
    MODEL_VOID, /* results only */
    MODEL_STRING,
    MODEL_INT, /* 64 bits */
    MODEL_FLOAT,
    MODEL_BOOL,
    MODEL_DATETIME, /* whole seconds, UTC */
    MODEL_ENUM,
    MODEL_REF,
    MODEL_RECORD, /* all fields of an object; in calls only (and sr_stat) */
    MODEL_SET,    /* no order promised, no duplicates */
    MODEL_MAP,
    MODEL_OPTION, /* of a record member: there or left out */
};

/* One row a type: types are equal when their pointers are. A field's set or map
 * is of atoms (everything before MODEL_RECORD, key and value), so it fits a
 * model_value; only two maps have sets of strings as values, which are strings
 * there, the set's text form. The parameters and results of calls nest. */
struct model_type {
    enum model_kind kind;
    const char *name;                /* "(VM ref -> string set) map" */
    const struct model_enum *enum_;  /* MODEL_ENUM */
    const struct model_class *class; /* MODEL_REF, MODEL_RECORD */
    const struct model_type *key;    /* MODEL_MAP */
    const struct model_type *item;   /* sets, options, the values of maps */
};

struct model_enum {
    const char *name;                /* "VM.power_state" */
    const struct model_class *class; /* that declares it */
    const char *const *values;       /* on the wire, in order of their ids */
    unsigned n_values;
};

/* ---- values -------------------------------------------------------------- */

union model_atom {
    int64_t i;     /* int; datetime: seconds since 1970; bool; enum: index */
    double d;      /* float */
    const char *s; /* string; ref: "OpaqueRef:...", NULL is the null ref */
};

/* Constant values that the model states: defaults. A scalar has one key and no
 * values, a set N keys, a map N of both. */
struct model_value {
    unsigned n;
    const union model_atom *keys, *values;
};

/* ---- roles --------------------------------------------------------------- */

/* A set of roles: bit N is model_roles[N], from the highest (pool-admin) down.
 * No bit: only root on this machine and other hosts of the pool. */
typedef unsigned model_role_bits;

struct model_role {
    const char *name; /* "vm-operator" */
    const char *uuid; /* where clients know it, or NULL */
    bool internal;    /* nobody can be given it */
    const char *doc;
};

/* Who may add and remove one key of a map, instead of those who may the map. */
struct model_key_role {
    const char *key; /* a * at its end stands for anything */
    model_role_bits roles;
};

/* A permission that is no message of its own: "task.destroy/any". */
struct model_permission {
    const char *name;
    model_role_bits roles;
};

/* ---- classes and fields -------------------------------------------------- */

enum model_state {
    MODEL_PUBLISHED,
    MODEL_PROTOTYPE, /* may still change */
    MODEL_DEPRECATED,
    MODEL_REMOVED, /* fields are still in records; calls: MESSAGE_REMOVED */
};

enum model_mode {
    MODEL_RW,      /* given at creation, set by clients */
    MODEL_STATIC,  /* given at creation */
    MODEL_DYNAMIC, /* the server's */
};

struct model_field {
    const char *name; /* "name_label": records, messages, events */
    const char *path; /* "name__label": filters */
    const struct model_class *class;
    const struct model_type *type;
    unsigned index; /* in its class */
    enum model_mode mode;
    enum model_state state;
    bool on_wire;  /* else the server's alone: in no record, no message */
    bool persist;  /* survives a restart */
    bool required; /* has to be given at creation */
    bool secret;   /* never in logs */
    /* Both ends of a relation name each other, else NULL. A computed field is
     * the end that is not stored: the refs of all objects whose INVERSE names
     * this one. Of two sets (many to many) one is stored. */
    const struct model_field *inverse;
    bool computed;
    struct model_value initial; /* of objects made without it */
    model_role_bits getter_roles, setter_roles;
    const struct model_key_role *key_roles;
    unsigned n_key_roles;
    const char *doc; /* a sentence, or NULL */
};

struct model_class {
    const char *name;  /* "VM" */
    const char *lower; /* "vm": events */
    const struct model_field *fields;
    unsigned n_fields;
    const struct model_call *calls; /* sorted by message */
    unsigned n_calls;
    const struct model_enum *enums; /* it declares */
    unsigned n_enums;
    enum model_state state;
    bool in_database;   /* else only a shape of records (event) */
    bool persist;       /* some of it survives a restart */
    bool events;        /* changes are sent as events */
    bool constructor;   /* create and destroy are derived */
    bool task_per_call; /* calls show as tasks: not those of task, event */
    bool in_model;      /* read-only: its objects are the model's (role) */
    const struct model_field *uuid, *name_label; /* or NULL */
    model_role_bits roles;                       /* of calls and setters */
    model_role_bits read_roles;                  /* of getters */
    const char *doc;
};

/* ---- calls --------------------------------------------------------------- */

/* All but MODEL_CUSTOM are derived: what they do, the kind says, but for the
 * few that have a body of their OWN. */
enum model_call_kind {
    MODEL_CUSTOM,
    MODEL_GET_FIELD,             /* get_x(self) */
    MODEL_SET_FIELD,             /* set_x(self, value) */
    MODEL_ADD,                   /* add_x(self, value): set */
    MODEL_REMOVE,                /* remove_x(self, value): set */
    MODEL_ADD_TO,                /* add_to_x(self, key, value): map */
    MODEL_REMOVE_FROM,           /* remove_from_x(self, key): map */
    MODEL_GET_BY_UUID,           /* (uuid) */
    MODEL_GET_BY_NAME_LABEL,     /* (label): set */
    MODEL_GET_RECORD,            /* (self) */
    MODEL_GET_ALL,               /* (): set of refs */
    MODEL_GET_ALL_WHERE,         /* (expr): set of refs */
    MODEL_GET_ALL_RECORDS,       /* (): map of refs to records */
    MODEL_GET_ALL_RECORDS_WHERE, /* (expr): the same */
    MODEL_CREATE,                /* (args: record) */
    MODEL_DESTROY,               /* (self) */
};

struct model_param {
    const char *name;
    const struct model_type *type;
    bool optional; /* may be left out from here on: INITIAL then */
    bool secret;   /* never in logs */
    struct model_value initial;
};

struct model_call {
    const char *name;    /* "VM.start"; "VM_start" is accepted too */
    const char *message; /* "start" */
    const struct model_class *class;
    enum model_call_kind kind;
    enum model_state state;
    const struct model_field *field;  /* the accessors' */
    const struct model_param *params; /* after the session */
    unsigned n_params, n_required;
    const struct model_type *result;
    model_role_bits roles;
    const struct model_key_role *key_roles; /* for its KEY parameter */
    unsigned n_key_roles;
    const struct model_error *const *errors; /* that it is known for */
    unsigned n_errors;
    bool session;       /* the first parameter is the session */
    bool async;         /* also Async.VM.start */
    bool internal;      /* other hosts of the pool only */
    bool hidden;        /* not in the reference */
    bool secret;        /* its parameters are never in logs */
    bool emergency;     /* answered by a host without its master */
    bool local;         /* a member answers it itself, does not pass it on */
    bool unlisted;      /* not in current_operations while it runs */
    bool own;           /* a body of its own: every custom call, VM.create */
    bool unimplemented; /* no body yet: answers NOT_IMPLEMENTED */
    bool partial;    /* its checks are there, then it answers NOT_IMPLEMENTED */
    bool refused;    /* the same for ever: the original does it too */
    const char *doc; /* a sentence, or NULL */
};

/* ---- the rest ------------------------------------------------------------ */

struct model_error {
    const char *name;          /* "VM_BAD_POWER_STATE" */
    const char *const *params; /* what its arguments are */
    unsigned n_params;
    bool any_params; /* any number may follow */
    const char *doc; /* a sentence */
};

/* Types of message objects. */
struct model_alert {
    const char *name; /* "VM_STARTED" */
    int priority;     /* 1 is the gravest, 5 news */
};

struct model_http {
    const char *name; /* "put_import"; its permission is "http/put_import" */
    const char *method, *path;
    model_role_bits roles;
    bool unchecked; /* the handler itself decides */
};

/* The version that the API says it is. */
struct model_version {
    int major, minor;
    const char *vendor;
    int schema_major, schema_minor;
};

/* ---- tables; each ends with a row of zeros ------------------------------- */

extern const struct model_class model_classes[]; /* by name */
extern const struct model_field model_fields[];  /* by class, declared */
extern const struct model_call model_calls[];    /* by class, message */
extern const struct model_enum model_enums[];    /* by class, declared */
extern const struct model_error model_errors[];  /* by name */
extern const struct model_role model_roles[];    /* highest first */
extern const struct model_permission model_permissions[];
extern const struct model_alert model_alerts[];
extern const struct model_http model_http[];
extern const struct model_version model_version;

/* ---- look-ups; NULL (-1) when there is no such --------------------------- */

const struct model_class *model_class_find(const char *name);
/* By name or path. */
const struct model_field *model_field_find(const struct model_class *class,
                                           const char *name);
/* "VM.start" or "VM_start". In constant time. */
const struct model_call *model_call_find(const char *name);
const struct model_call *model_call_find_in(const struct model_class *class,
                                            const char *message);
/* Letter case is free, as it is in the original. */
int model_enum_find(const struct model_enum *e, const char *value);
const struct model_error *model_error_find(const char *code);
const struct model_role *model_role_find(const char *name);
const struct model_permission *model_permission_find(const char *name);

/* The roles that may add and remove KEY of a map. */
model_role_bits model_key_roles(const struct model_call *call, const char *key);
/* The lowest role of a set by name, "local-root-only" for none. */
const char *model_role_name(model_role_bits roles);

#endif
