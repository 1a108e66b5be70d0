/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc_code: the C that server code includes: typed functions of fields
 * (fields_gen.h), makers of errors with the right number of arguments
 * (errors_gen.h), and of every call that has a body its arguments as a struct,
 * its prototype and the way from the dispatcher to it (calls_gen.h,
 * calls_gen.c): a call without a body is a link error.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "xapi/modelc/modelc.h"

/* How a type looks in C: as one value, and as an atom. */
struct c_type {
    const char *name; /* "const char *": ends where an identifier can follow */
    const char *member;
    const char *atom; /* the macro of fields.h */
};

static struct c_type c_type(struct modelc *m, const struct model_type *type)
{
    switch (type->kind) {
    case MODEL_STRING:
        return (struct c_type){"const char *", "s", "FIELD_S_"};
    case MODEL_REF:
        return (struct c_type){"struct object *", "s", "FIELD_O_"};
    case MODEL_FLOAT:
        return (struct c_type){"double ", "d", "FIELD_D_"};
    case MODEL_BOOL:
        return (struct c_type){"bool ", "i", "FIELD_I_"};
    case MODEL_ENUM:
        return (struct c_type){
            pool_printf(m->pool, "enum %s ",
                        modelc_identifier(m, type->enum_->name)),
            "i", "FIELD_I_"};
    case MODEL_RECORD:
        return (struct c_type){"const struct value *", NULL, NULL};
    case MODEL_SET:
    case MODEL_MAP:
    case MODEL_OPTION:
        return (struct c_type){"struct model_value ", NULL, NULL};
    default:
        return (struct c_type){"int64_t ", "i", "FIELD_I_"};
    }
}

/* ---- fields -------------------------------------------------------------- */

static void write_scalar(struct modelc *m, struct str *out,
                         const struct model_field *f, const char *names)
{
    struct c_type type = c_type(m, f->type);

    if (strcmp(type.atom, "FIELD_O_"))
        str_addf(out, "FIELD_GET(%s, %s, %s)\n", names, type.name, type.member);
    else
        str_addf(out, "FIELD_GET_O(%s)\n", names);
    str_addf(out, "FIELD_SET(%s, %s, %s)\n", names, type.name, type.atom);
}

static void write_many(struct modelc *m, struct str *out,
                       const struct model_field *f, const char *names)
{
    const struct model_type *value = f->type->item;
    struct c_type item, key;

    str_addf(out, "FIELD_GET_MANY(%s)\n", names);
    if (f->computed)
        return;
    str_addf(out, "FIELD_SET_MANY(%s)\n", names);
    if (value->kind == MODEL_SET) /* in a map: its text form */
        item = (struct c_type){"const char *", "s", "FIELD_S_"};
    else
        item = c_type(m, value);
    if (f->type->kind == MODEL_SET) {
        str_addf(out, "FIELD_ITEMS(%s, %s, %s)\n", names, item.name, item.atom);
        return;
    }
    key = c_type(m, f->type->key);
    str_addf(out, "FIELD_KEYS(%s, %s, %s, %s, %s)\n", names, key.name, key.atom,
             item.name, item.atom);
}

void modelc_write_fields(struct modelc *m, struct str *out)
{
    str_add(out, "#include \"xapi/db/fields.h\"\n\n");
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct model_field *f = &m->fields[i].row;
        const char *names =
            pool_printf(m->pool, "%s, %s", f->class->name, f->name);

        if (!f->class->in_database)
            continue;
        if (f->type->kind < MODEL_RECORD)
            write_scalar(m, out, f, names);
        else
            write_many(m, out, f, names);
    }
}

/* ---- errors -------------------------------------------------------------- */

/* The name of argument I: in small letters, which no id is, and not one of
 * those before it. */
static const char *argument(struct modelc *m, const struct model_error *e,
                            unsigned i)
{
    char *name = pool_str(m->pool, modelc_identifier(m, e->params[i]));

    text_lower(name);
    for (unsigned k = 0; k < i; k++) {
        if (!strcasecmp(e->params[k], e->params[i]))
            return pool_printf(m->pool, "%s_%u", name, i);
    }
    return name;
}

static void write_maker(struct modelc *m, struct str *out,
                        const struct model_error *e)
{
    str_addf(out, "\nstatic inline MUST_USE struct err *err_%s(", e->name);
    if (e->any_params)
        str_add(out, "const char *const *args, size_t n");
    for (unsigned i = 0; i < e->n_params; i++)
        str_addf(out, "%sconst char *%s", i ? ", " : "", argument(m, e, i));
    str_addf(out, "%s)\n{\n    return err_code(\"%s\", ",
             e->n_params || e->any_params ? "" : "void", e->name);
    if (e->any_params) {
        str_add(out, "args, n);\n}\n");
        return;
    }
    if (!e->n_params) {
        str_add(out, "NULL, 0);\n}\n");
        return;
    }
    str_add(out, "(const char *const[]){");
    for (unsigned i = 0; i < e->n_params; i++)
        str_addf(out, "%s%s", i ? ", " : "", argument(m, e, i));
    str_addf(out, "}, %u);\n}\n", e->n_params);
}

void modelc_write_errors(struct modelc *m, struct str *out)
{
    str_add(out, "#include \"lib/err.h\"\n");
    for (size_t i = 0; i < m->n_errors; i++)
        write_maker(m, out, &m->errors[i]);
}

/* ---- calls --------------------------------------------------------------- */

static bool has_body(const struct model_call *call)
{
    return call->own && !call->unimplemented && call->state != MODEL_REMOVED;
}

static const char *function(struct modelc *m, const struct model_call *call)
{
    return modelc_identifier(m, call->name);
}

/* References stay texts: the object may go while the call waits. */
static struct c_type arg_type(struct modelc *m, const struct model_type *type)
{
    if (type->kind == MODEL_REF)
        return (struct c_type){"const char *", "s", NULL};
    return c_type(m, type);
}

static void write_args(struct modelc *m, struct str *out,
                       const struct model_call *call)
{
    if (!call->n_params)
        return;
    str_addf(out, "\nstruct %s_args {\n", function(m, call));
    for (unsigned i = 0; i < call->n_params; i++)
        str_addf(out, "    %s%s;\n", arg_type(m, call->params[i].type).name,
                 modelc_identifier(m, call->params[i].name));
    str_add(out, "};\n");
}

static void write_prototype(struct modelc *m, struct str *out,
                            const struct model_call *call)
{
    const char *name = function(m, call);

    if (call->n_params)
        str_addf(out,
                 "struct err *%s(struct call *c, const struct %s_args *a) "
                 "MUST_USE;\n",
                 name, name);
    else
        str_addf(out, "\nstruct err *%s(struct call *c) MUST_USE;\n", name);
}

void modelc_write_calls_header(struct modelc *m, struct str *out)
{
    str_add(
        out,
        "#include \"xapi/call/call.h\"\n#include \"xapi/model/model_gen.h\"\n");
    for (size_t i = 0; i < m->n_calls; i++) {
        if (has_body(&m->calls[i]->row)) {
            write_args(m, out, &m->calls[i]->row);
            write_prototype(m, out, &m->calls[i]->row);
        }
    }
}

/* One argument out of the call's data. */
static void write_decode(struct modelc *m, struct str *out,
                         const struct model_param *param, unsigned i)
{
    struct c_type c = arg_type(m, param->type);

    str_addf(out, "        .%s = ", modelc_identifier(m, param->name));
    if (param->type->kind == MODEL_RECORD)
        str_add(out, "c->record,\n");
    else if (!c.member)
        str_addf(out, "c->args[%u],\n", i);
    else
        str_addf(out, "c->args[%u].keys[0].%s,\n", i, c.member);
}

static void write_runner(struct modelc *m, struct str *out,
                         const struct model_call *call)
{
    const char *name = function(m, call);

    if (!call->n_params)
        return;
    str_addf(out,
             "\nstatic struct err *run_%s(struct call *c)\n{\n"
             "    const struct %s_args a = {\n",
             name, name);
    for (unsigned i = 0; i < call->n_params; i++)
        write_decode(m, out, &call->params[i], i);
    str_addf(out, "    };\n\n    return %s(c, &a);\n}\n", name);
}

void modelc_write_calls(struct modelc *m, struct str *out)
{
    str_add(out, "#include \"xapi/model/calls_gen.h\"\n");
    for (size_t i = 0; i < m->n_calls; i++) {
        if (has_body(&m->calls[i]->row))
            write_runner(m, out, &m->calls[i]->row);
    }
    str_add(out, "\ncall_body_fn *const call_bodies[MODEL_N_CALLS] = {\n"
                 "    [0] = NULL,\n");
    for (size_t i = 0; i < m->n_calls; i++) {
        const struct model_call *call = &m->calls[i]->row;
        const char *name = function(m, call);

        if (has_body(call))
            str_addf(out, "    [CALL_%s] = %s%s,\n", name,
                     call->n_params ? "run_" : "", name);
    }
    str_add(out, "};\n");
}
