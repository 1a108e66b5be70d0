/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc_rest: the files that are not of one class: roles, errors, alerts, HTTP
 * actions, versions.
 */
#include <stdlib.h>
#include <string.h>

#include "xapi/modelc/modelc_kinds.h"

/* ---- what may stand where ------------------------------------------------ */

/* clang-format off */
static const struct slot_choice role_marks[] = {
    {"internal", MARK_INTERNAL, "Nobody can be given it."}, {NULL},
};

static const struct slot_choice http_marks[] = {
    {"unchecked", MARK_UNCHECKED, "The handler decides."}, {NULL},
};

struct role_file { struct model_role role; unsigned marks; };

static const struct slot role_rows[] = {
    {"name", WORD(role_file, role.name)},
    {"uuid", WORD(role_file, role.uuid)},
    {"is",   MARKS(role_file, marks, role_marks)},
    {"doc",  WORD(role_file, role.doc)},
    {NULL},
};

struct error_file { struct model_error error; const struct value *params; };

static const struct slot error_rows[] = {
    {"params", VALUE(error_file, params, VALUE_LIST)},
    {"doc",    WORD(error_file, error.doc)},
    {NULL},
};

struct http_file { struct model_http http; unsigned marks; };

static const struct slot http_rows[] = {
    {"method", WORD(http_file, http.method)},
    {"path",   WORD(http_file, http.path)},
    {"role",   ROLES(http_file, http.roles)},
    {"is",     MARKS(http_file, marks, http_marks)},
    {NULL},
};

/* What is not of one class. */
struct rest_file {
    const struct value *errors, *roles, *permissions, *alerts, *actions, *version, *schema, *fields;
    const char *vendor;
};

static const struct slot rest_rows[] = {
    {"errors",      VALUE(rest_file, errors, VALUE_STRUCT)},
    {"roles",       VALUE(rest_file, roles, VALUE_LIST)},
    {"permissions", VALUE(rest_file, permissions, VALUE_STRUCT)},
    {"alerts",      VALUE(rest_file, alerts, VALUE_STRUCT)},
    {"actions",     VALUE(rest_file, actions, VALUE_STRUCT)},
    {"version",     VALUE(rest_file, version, VALUE_LIST)},
    {"vendor",      WORD(rest_file, vendor)},
    {"schema",      VALUE(rest_file, schema, VALUE_LIST)},
    {"fields",      VALUE(rest_file, fields, VALUE_STRUCT)},
    {NULL},
};
/* clang-format on */

/* ---- each part ----------------------------------------------------------- */

void modelc_read_roles(struct modelc *m, const struct value *list)
{
    value_each(item, list)
    {
        struct role_file row = {.marks = 0};

        if (!modelc_fill(m, TABLE(role_rows, "setting"), &row, item))
            continue;
        row.role.internal = row.marks & MARK_INTERNAL;
        *pool_push(m->pool, m->roles, m->n_roles) = row.role;
        modelc_check_doc(m, row.role.doc, "a role", item->place);
    }
}

static int by_error(const void *a, const void *b)
{
    const struct model_error *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static void read_error(struct modelc *m, const struct value *v)
{
    struct error_file row = {.params = NULL};
    const char **params = NULL;
    size_t n = 0;

    if (!modelc_fill(m, TABLE(error_rows, "setting of an error"), &row, v))
        return;
    row.error.name = v->name;
    for (const struct value *p = row.params ? row.params->kids.first : NULL; p;
         p = p->next) {
        if (p->kind != VALUE_STRING)
            diag_error(&m->diags, p->place, "want a name");
        else if (!strcmp(p->s.text, "..."))
            row.error.any_params = true;
        else
            *pool_push(m->pool, params, n) = p->s.text;
    }
    row.error.params = params;
    row.error.n_params = (unsigned)n;
    *pool_push(m->pool, m->errors, m->n_errors) = row.error;
    modelc_check_doc(m, row.error.doc, v->name, v->name_place);
}

static void read_errors(struct modelc *m, const struct value *errors)
{
    value_each(v, errors)
    {
        read_error(m, v);
    }
    qsort(m->errors, m->n_errors, sizeof(*m->errors), by_error);
}

static void read_pair(struct modelc *m, const struct value *list, int *ret_a,
                      int *ret_b)
{
    if (list->kids.n != 2 || list->kids.first->kind != VALUE_INT ||
        list->kids.last->kind != VALUE_INT) {
        diag_error(&m->diags, list->place, "want two numbers");
        return;
    }
    *ret_a = (int)list->kids.first->i;
    *ret_b = (int)list->kids.last->i;
}

static void read_actions(struct modelc *m, const struct value *actions)
{
    value_each(v, actions)
    {
        struct http_file row = {.marks = 0};

        if (!modelc_fill(m, TABLE(http_rows, "setting"), &row, v))
            continue;
        row.http.name = v->name;
        row.http.unchecked = row.marks & MARK_UNCHECKED;
        if (!row.http.method || !row.http.path)
            diag_error(&m->diags, v->place, "no method or no path");
        *pool_push(m->pool, m->http, m->n_http) = row.http;
    }
}

static void read_alerts(struct modelc *m, const struct value *alerts)
{
    value_each(v, alerts)
    {
        if (v->kind != VALUE_INT || v->i < 1 || v->i > 5)
            diag_error(&m->diags, v->place, "want a priority from 1 to 5");
        else
            *pool_push(m->pool, m->alerts, m->n_alerts) =
                (struct model_alert){v->name, (int)v->i};
    }
}

void modelc_read_rest(struct modelc *m, const struct value *root)
{
    struct rest_file row = {.vendor = NULL};

    modelc_fill(m, TABLE(rest_rows, "part of the model"), &row, root);
    if (row.errors)
        read_errors(m, row.errors);
    if (row.actions)
        read_actions(m, row.actions);
    if (row.alerts)
        read_alerts(m, row.alerts);
    if (row.version)
        read_pair(m, row.version, &m->version.major, &m->version.minor);
    if (row.schema)
        read_pair(m, row.schema, &m->version.schema_major,
                  &m->version.schema_minor);
    if (row.vendor)
        m->version.vendor = row.vendor;
    if (row.fields)
        m->sentences = row.fields;
    for (const struct value *v = row.permissions ? row.permissions->kids.first
                                                 : NULL;
         v; v = v->next)
        *pool_push(m->pool, m->permissions, m->n_permissions) =
            (struct model_permission){v->name, modelc_roles(m, v)};
}
