/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modelc_check: what every row has to have, whatever its kind. */
#include <ctype.h>
#include <string.h>

#include "xapi/modelc/modelc.h"

static bool is_atom(const struct model_type *type)
{
    return type && type->kind != MODEL_VOID && type->kind < MODEL_RECORD;
}

static bool is_strings(const struct model_type *type)
{
    return type && type->kind == MODEL_SET && type->item &&
           type->item->kind == MODEL_STRING;
}

/* What fits a model_value. */
static bool is_flat(const struct model_type *type)
{
    switch (type->kind) {
    case MODEL_SET:
        return is_atom(type->item);
    case MODEL_MAP:
        return is_atom(type->key) &&
               (is_atom(type->item) || is_strings(type->item));
    default:
        return is_atom(type);
    }
}

void modelc_check_doc(struct modelc *m, const char *doc, const char *what,
                      struct place place)
{
    size_t len = doc ? strlen(doc) : 0;

    if (!len)
        diag_error(&m->diags, place, "%s has no sentence (doc)", what);
    else if (doc[len - 1] != '.' || islower((unsigned char)doc[0]))
        diag_error(&m->diags, place,
                   "%s: want a sentence with a capital and a full stop", what);
}

static void check_field(struct modelc *m, const struct modelc_field *field)
{
    const struct model_field *row = &field->row;
    const struct model_class *class = row->class;
    const char *what = pool_printf(m->pool, "%s.%s", class->name, row->name);

    if (row->type && class->in_database && !is_flat(row->type))
        diag_error(&m->diags, field->place,
                   "%s: the database keeps no values of type %s", what,
                   row->type->name);
    if (row->n_key_roles && row->type && row->type->kind != MODEL_MAP)
        diag_error(&m->diags, field->place, "%s: keys are for maps", what);
    if (row->required && (!class->constructor || row->mode == MODEL_DYNAMIC))
        diag_error(&m->diags, field->place,
                   "%s: nobody can give what is required", what);
    if (field->setter && row->mode != MODEL_RW)
        diag_error(&m->diags, field->place,
                   "%s: a setter's role is for RW fields", what);
    if (row->doc || (row->on_wire && row->state != MODEL_REMOVED))
        modelc_check_doc(m, row->doc, what, field->place);
}

static void check_call(struct modelc *m, const struct modelc_call *call)
{
    const struct model_call *row = &call->row;

    if (row->state == MODEL_REMOVED && row->own && row->unimplemented)
        diag_error(&m->diags, call->place,
                   "%s: what is removed answers MESSAGE_REMOVED: 'removed' "
                   "alone will do",
                   row->name);
    if (row->doc || (row->kind == MODEL_CUSTOM && row->state != MODEL_REMOVED))
        modelc_check_doc(m, row->doc, row->name, call->place);
}

static void check_class(struct modelc *m, size_t i)
{
    const struct modelc_class *class = &m->classes[i];
    const char *name = class->row.name;

    modelc_check_doc(m, class->row.doc, name, class->place);
    if (i && !strcmp(m->classes[i - 1].row.name, name))
        diag_error(&m->diags, class->place, "%s has two files", name);
}

void modelc_check(struct modelc *m)
{
    for (size_t i = 0; i < m->n_classes; i++)
        check_class(m, i);
    for (size_t i = 0; i < m->n_fields; i++)
        check_field(m, &m->fields[i]);
    for (size_t i = 0; i < m->n_calls; i++)
        check_call(m, m->calls[i]);
    if (!m->version.vendor)
        diag_error(&m->diags, (struct place){.source = NULL},
                   "no file says the version of the API");
}
