/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc_write: the tables as C: ids into the header, rows into the source.
 * What is zero is left out.
 */
#include <inttypes.h>
#include <string.h>

#include "xapi/model/model_hash.h"
#include "xapi/modelc/modelc.h"

/* ---- ids ----------------------------------------------------------------- */

const char *modelc_identifier(struct modelc *m, const char *name)
{
    char *id = pool_str(m->pool, name);

    for (char *c = id; *c; c++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789_",
                    *c))
            *c = '_';
    }
    return id;
}

/* `enum TAG { PREFIXname, ... N };`; N is left out when it is NULL. */
static void add_ids(struct modelc *m, struct str *out, const char *tag,
                    const char *prefix, const char *const *names, size_t n,
                    const char *count)
{
    str_addf(out, "\nenum %s {\n", tag);
    for (size_t i = 0; i < n; i++)
        str_addf(out, "    %s%s,\n", prefix, modelc_identifier(m, names[i]));
    if (count)
        str_addf(out, "    %s,\n", count);
    str_add(out, "};\n");
}

/* The names of N rows of SIZE bytes, each a row's first member. */
static const char *const *names_of(struct modelc *m, const void *rows, size_t n,
                                   size_t size)
{
    const char **names = pool_alloc(m->pool, (n + 1) * sizeof(*names));

    for (size_t i = 0; i < n; i++)
        names[i] = *(const char *const *)((const char *)rows + i * size);
    return names;
}

static void add_field_ids(struct modelc *m, struct str *out)
{
    const char **names = NULL;
    size_t n = 0;

    for (size_t i = 0; i < m->n_fields; i++)
        *pool_push(m->pool, names, n) =
            pool_printf(m->pool, "%s_%s", m->fields[i].row.class->name,
                        m->fields[i].row.name);
    add_ids(m, out, "model_field_id", "", names, n, "MODEL_N_FIELDS");
}

static void add_call_ids(struct modelc *m, struct str *out)
{
    const char **names = NULL;
    size_t n = 0;

    for (size_t i = 0; i < m->n_calls; i++)
        *pool_push(m->pool, names, n) = m->calls[i]->row.name;
    add_ids(m, out, "model_call_id", "CALL_", names, n, "MODEL_N_CALLS");
}

static void add_enum_ids(struct modelc *m, struct str *out)
{
    for (size_t i = 0; i < m->n_enums; i++) {
        const struct model_enum *e = &m->enums[i];
        const char *tag = modelc_identifier(m, e->name);

        add_ids(m, out, tag, pool_printf(m->pool, "%s_", tag), e->values,
                e->n_values, NULL);
    }
}

void modelc_write_header(struct modelc *m, struct str *out)
{
    str_add(out, "#include \"xapi/model/model.h\"\n");
    add_ids(m, out, "model_class_id", "CLASS_",
            names_of(m, m->classes, m->n_classes, sizeof(*m->classes)),
            m->n_classes, "MODEL_N_CLASSES");
    add_field_ids(m, out);
    add_call_ids(m, out);
    add_enum_ids(m, out);
    add_ids(m, out, "model_role_id", "ROLE_",
            names_of(m, m->roles, m->n_roles, sizeof(*m->roles)), m->n_roles,
            "MODEL_N_ROLES");
    add_ids(m, out, "model_error_id", "ERROR_",
            names_of(m, m->errors, m->n_errors, sizeof(*m->errors)),
            m->n_errors, "MODEL_N_ERRORS");
    add_ids(m, out, "model_alert_id", "ALERT_",
            names_of(m, m->alerts, m->n_alerts, sizeof(*m->alerts)),
            m->n_alerts, "MODEL_N_ALERTS");
    add_ids(m, out, "model_http_id", "HTTP_",
            names_of(m, m->http, m->n_http, sizeof(*m->http)), m->n_http,
            "MODEL_N_HTTP");
}

/* ---- members of rows ----------------------------------------------------- */

static void add_quoted(struct str *out, const char *text)
{
    str_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            str_addc(out, '\\');
        str_addc(out, *text);
    }
    str_addc(out, '"');
}

static void add_text(struct str *out, const char *member, const char *text)
{
    if (!text)
        return;
    str_addf(out, ", .%s = ", member);
    add_quoted(out, text);
}

static void add_number(struct str *out, const char *member, unsigned n)
{
    if (n)
        str_addf(out, ", .%s = %u", member, n);
}

#define add_member(out, row, member) add_number((out), #member, (row)->member)

static void add_row_of(struct str *out, const char *member, const char *table,
                       const void *row, const void *rows, size_t size)
{
    if (row)
        str_addf(out, ", .%s = &%s[%zu]", member, table,
                 (size_t)((const char *)row - (const char *)rows) / size);
}

static void add_class(struct modelc *m, struct str *out,
                      const struct model_class *class)
{
    add_row_of(out, "class", "model_classes", class, m->classes,
               sizeof(*m->classes));
}

static void add_field(struct modelc *m, struct str *out, const char *member,
                      const struct model_field *field)
{
    add_row_of(out, member, "model_fields", field, m->fields,
               sizeof(*m->fields));
}

static void add_type(struct modelc *m, struct str *out, const char *member,
                     const struct model_type *type)
{
    for (size_t i = 0; type && i < m->n_types; i++) {
        if (m->types[i] == type)
            str_addf(out, ", .%s = &types[%zu]", member, i);
    }
}

static void add_atoms(struct str *out, const char *member,
                      const struct model_type *type,
                      const union model_atom *atoms, unsigned n)
{
    str_addf(out, ", .%s = (const union model_atom[]){", member);
    for (unsigned i = 0; i < n; i++) {
        if (type->kind == MODEL_FLOAT) {
            str_addf(out, "{.d = %.17g}, ", atoms[i].d);
        } else if (type->kind != MODEL_STRING && type->kind != MODEL_REF) {
            str_addf(out, "{.i = %" PRId64 "}, ", atoms[i].i);
        } else if (atoms[i].s) {
            str_add(out, "{.s = ");
            add_quoted(out, atoms[i].s);
            str_add(out, "}, ");
        } else {
            str_add(out, "{.s = 0}, ");
        }
    }
    str_add(out, "}");
}

static void add_value(struct str *out, const struct model_type *type,
                      const struct model_value *v)
{
    const struct model_type *key = type->kind == MODEL_MAP   ? type->key
                                   : type->kind == MODEL_SET ? type->item
                                                             : type;

    if (!v->n)
        return;
    str_addf(out, ", .initial = {.n = %u", v->n);
    add_atoms(out, "keys", key, v->keys, v->n);
    if (v->values)
        add_atoms(out, "values", type->item, v->values, v->n);
    str_add(out, "}");
}

static void add_words(struct str *out, const char *member,
                      const char *const *words, unsigned n)
{
    if (!n)
        return;
    str_addf(out, ", .%s = (const char *const[]){", member);
    for (unsigned i = 0; i < n; i++) {
        add_quoted(out, words[i]);
        str_add(out, ", ");
    }
    str_addf(out, "}, .n_%s = %u", member, n);
}

static void add_keys(struct str *out, const struct model_key_role *keys,
                     unsigned n)
{
    if (!n)
        return;
    str_add(out, ", .key_roles = (const struct model_key_role[]){");
    for (unsigned i = 0; i < n; i++) {
        str_add(out, "{");
        add_quoted(out, keys[i].key);
        str_addf(out, ", %u}, ", keys[i].roles);
    }
    str_addf(out, "}, .n_key_roles = %u", n);
}

/* ---- rows ---------------------------------------------------------------- */

static void begin_row(struct str *out, const char *name)
{
    str_add(out, "    {.name = ");
    add_quoted(out, name);
}

static void end_row(struct str *out)
{
    str_add(out, "},\n");
}

static void begin_table(struct str *out, const char *type, const char *name)
{
    str_addf(out, "\nconst struct %s %s[] = {\n", type, name);
}

static void end_table(struct str *out)
{
    str_add(out, "    {0},\n};\n");
}

static void write_types(struct modelc *m, struct str *out)
{
    str_addf(out, "\nstatic const struct model_type types[%zu] = {\n",
             m->n_types);
    for (size_t i = 0; i < m->n_types; i++) {
        const struct model_type *type = m->types[i];

        begin_row(out, type->name);
        add_member(out, type, kind);
        add_row_of(out, "enum_", "model_enums", type->enum_, m->enums,
                   sizeof(*m->enums));
        add_class(m, out, type->class);
        add_type(m, out, "key", type->key);
        add_type(m, out, "item", type->item);
        end_row(out);
    }
    str_add(out, "};\n");
}

static void write_enums(struct modelc *m, struct str *out)
{
    begin_table(out, "model_enum", "model_enums");
    for (size_t i = 0; i < m->n_enums; i++) {
        const struct model_enum *e = &m->enums[i];

        begin_row(out, e->name);
        add_class(m, out, e->class);
        add_words(out, "values", e->values, e->n_values);
        end_row(out);
    }
    end_table(out);
}

static void write_field(struct modelc *m, struct str *out,
                        const struct model_field *f)
{
    begin_row(out, f->name);
    add_text(out, "path", f->path);
    add_class(m, out, f->class);
    add_type(m, out, "type", f->type);
    add_member(out, f, index);
    add_member(out, f, mode);
    add_member(out, f, state);
    add_member(out, f, on_wire);
    add_member(out, f, persist);
    add_member(out, f, required);
    add_member(out, f, secret);
    add_field(m, out, "inverse", f->inverse);
    add_member(out, f, computed);
    add_value(out, f->type, &f->initial);
    add_member(out, f, getter_roles);
    add_member(out, f, setter_roles);
    add_keys(out, f->key_roles, f->n_key_roles);
    add_text(out, "doc", f->doc);
    end_row(out);
}

static void write_class(struct modelc *m, struct str *out,
                        const struct model_class *c, size_t first_call)
{
    char *lower = pool_str(m->pool, c->name);

    text_lower(lower);
    begin_row(out, c->name);
    if (c->n_fields)
        add_field(m, out, "fields", c->fields);
    add_member(out, c, n_fields);
    add_text(out, "lower", lower);
    str_addf(out, ", .calls = &model_calls[%zu]", first_call);
    add_member(out, c, n_calls);
    if (c->n_enums)
        add_row_of(out, "enums", "model_enums", c->enums, m->enums,
                   sizeof(*m->enums));
    add_member(out, c, n_enums);
    add_member(out, c, state);
    add_member(out, c, in_database);
    add_member(out, c, persist);
    add_member(out, c, events);
    add_member(out, c, constructor);
    add_member(out, c, task_per_call);
    add_member(out, c, in_model);
    add_field(m, out, "uuid", c->uuid);
    add_field(m, out, "name_label", c->name_label);
    add_member(out, c, roles);
    add_member(out, c, read_roles);
    add_text(out, "doc", c->doc);
    end_row(out);
}

static void add_params(struct modelc *m, struct str *out,
                       const struct model_call *c)
{
    if (!c->n_params)
        return;
    str_add(out, ",\n     .params = (const struct model_param[]){");
    for (unsigned i = 0; i < c->n_params; i++) {
        const struct model_param *p = &c->params[i];

        str_addf(out, "{.name = \"%s\"", p->name);
        add_type(m, out, "type", p->type);
        add_member(out, p, optional);
        add_member(out, p, secret);
        if (p->optional)
            add_value(out, p->type, &p->initial);
        str_add(out, "}, ");
    }
    str_addf(out, "}, .n_params = %u", c->n_params);
    add_member(out, c, n_required);
}

static void add_errors(struct modelc *m, struct str *out,
                       const struct model_call *c)
{
    if (!c->n_errors)
        return;
    str_add(out, ",\n     .errors = (const struct model_error *const[]){");
    for (unsigned i = 0; i < c->n_errors; i++)
        str_addf(out, "&model_errors[%zu], ",
                 (size_t)(c->errors[i] - m->errors));
    str_addf(out, "}, .n_errors = %u", c->n_errors);
}

static void write_call(struct modelc *m, struct str *out,
                       const struct model_call *c)
{
    begin_row(out, c->name);
    add_text(out, "message", c->message);
    add_class(m, out, c->class);
    add_member(out, c, kind);
    add_member(out, c, state);
    add_field(m, out, "field", c->field);
    add_params(m, out, c);
    add_type(m, out, "result", c->result);
    add_member(out, c, roles);
    add_keys(out, c->key_roles, c->n_key_roles);
    add_errors(m, out, c);
    add_member(out, c, session);
    add_member(out, c, async);
    add_member(out, c, internal);
    add_member(out, c, hidden);
    add_member(out, c, secret);
    add_member(out, c, emergency);
    add_member(out, c, local);
    add_member(out, c, unlisted);
    add_member(out, c, own);
    add_member(out, c, unimplemented);
    add_member(out, c, partial);
    add_member(out, c, refused);
    add_text(out, "doc", c->doc);
    end_row(out);
}

static void write_classes(struct modelc *m, struct str *out)
{
    size_t first_call = 0;

    begin_table(out, "model_field", "model_fields");
    for (size_t i = 0; i < m->n_fields; i++)
        write_field(m, out, &m->fields[i].row);
    end_table(out);
    begin_table(out, "model_call", "model_calls");
    for (size_t i = 0; i < m->n_calls; i++)
        write_call(m, out, &m->calls[i]->row);
    end_table(out);
    begin_table(out, "model_class", "model_classes");
    for (size_t i = 0; i < m->n_classes; i++) {
        write_class(m, out, &m->classes[i].row, first_call);
        first_call += m->classes[i].row.n_calls;
    }
    end_table(out);
}

static void write_slots(struct modelc *m, struct str *out)
{
    uint16_t slots[MODEL_HASH_SLOTS] = {0};

    for (size_t i = 0; i < m->n_calls; i++) {
        const char *name = m->calls[i]->row.name;
        unsigned at = model_hash(name) % MODEL_HASH_SLOTS;

        while (slots[at])
            at = (at + 1) % MODEL_HASH_SLOTS;
        slots[at] = (uint16_t)(i + 1);
    }
    str_add(out, "\nconst uint16_t model_hash_slots[MODEL_HASH_SLOTS] = {");
    for (size_t i = 0; i < MODEL_HASH_SLOTS; i++)
        str_addf(out, "%s%u,", i % 16 ? " " : "\n    ", slots[i]);
    str_add(out, "\n};\n");
}

static void write_errors(struct modelc *m, struct str *out)
{
    begin_table(out, "model_error", "model_errors");
    for (size_t i = 0; i < m->n_errors; i++) {
        const struct model_error *e = &m->errors[i];

        begin_row(out, e->name);
        add_words(out, "params", e->params, e->n_params);
        add_member(out, e, any_params);
        add_text(out, "doc", e->doc);
        end_row(out);
    }
    end_table(out);
}

static void write_roles(struct modelc *m, struct str *out)
{
    begin_table(out, "model_role", "model_roles");
    for (size_t i = 0; i < m->n_roles; i++) {
        begin_row(out, m->roles[i].name);
        add_text(out, "uuid", m->roles[i].uuid);
        add_member(out, &m->roles[i], internal);
        add_text(out, "doc", m->roles[i].doc);
        end_row(out);
    }
    end_table(out);
    begin_table(out, "model_permission", "model_permissions");
    for (size_t i = 0; i < m->n_permissions; i++) {
        begin_row(out, m->permissions[i].name);
        add_member(out, &m->permissions[i], roles);
        end_row(out);
    }
    end_table(out);
}

static void write_rest(struct modelc *m, struct str *out)
{
    begin_table(out, "model_alert", "model_alerts");
    for (size_t i = 0; i < m->n_alerts; i++) {
        begin_row(out, m->alerts[i].name);
        add_number(out, "priority", (unsigned)m->alerts[i].priority);
        end_row(out);
    }
    end_table(out);
    begin_table(out, "model_http", "model_http");
    for (size_t i = 0; i < m->n_http; i++) {
        begin_row(out, m->http[i].name);
        add_text(out, "method", m->http[i].method);
        add_text(out, "path", m->http[i].path);
        add_member(out, &m->http[i], roles);
        add_member(out, &m->http[i], unchecked);
        end_row(out);
    }
    end_table(out);
    str_addf(out,
             "\nconst struct model_version model_version = {\n    .major = %d, "
             ".minor = %d, .schema_major = %d, .schema_minor = %d",
             m->version.major, m->version.minor, m->version.schema_major,
             m->version.schema_minor);
    add_text(out, "vendor", m->version.vendor);
    str_add(out, "};\n");
}

void modelc_write_tables(struct modelc *m, struct str *out)
{
    str_add(out, "#include \"xapi/model/model_gen.h\"\n"
                 "#include \"xapi/model/model_hash.h\"\n");
    write_types(m, out);
    write_enums(m, out);
    write_errors(m, out);
    write_classes(m, out);
    write_slots(m, out);
    write_roles(m, out);
    write_rest(m, out);
}
