/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modelc_kinds: see modelc_kinds.h. */
#include "xapi/modelc/modelc_kinds.h"

#include <string.h>

/* Kept as it is; its kind is the row's min (0: any). */
static struct err *value_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    (void)f;
    if (slot->min && value->kind != (enum value_kind)slot->min)
        return ERR_AS(input, "want a %s, not a %s",
                      value_kind_name((enum value_kind)slot->min),
                      value_kind_name(value->kind));
    *(const struct value **)field = value;
    return NULL;
}

static const char *const *mark_words(const struct slot *slot, struct pool *p)
{
    return slot_choice_words(slot->more, p);
}

static struct err *marks_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    char **words;
    size_t n;

    if (value->kind != VALUE_STRING)
        return ERR_AS(input, "want a string, not a %s",
                      value_kind_name(value->kind));
    words = text_split(f->pool, value->s.text, ' ', &n);
    for (size_t i = 0; i < n; i++) {
        const struct slot_choice *c = slot->more;

        if (!*words[i])
            continue;
        while (c->name && strcmp(c->name, words[i]))
            c++;
        if (!c->name)
            return slot_bad_word(words[i], mark_words(slot, f->pool), f->pool);
        *(unsigned *)field |= (unsigned)c->value;
    }
    return NULL;
}

static struct err *roles_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    (void)slot;
    *(model_role_bits *)field = modelc_roles(f->app, value);
    return NULL;
}

const struct slot_kind modelc_kind_value = {.name = "value",
                                            .read = value_read};
const struct slot_kind modelc_kind_marks = {
    .name = "words", .read = marks_read, .words = mark_words};
const struct slot_kind modelc_kind_roles = {.name = "role", .read = roles_read};

bool modelc_fill(struct modelc *m, const struct slot_table *table, void *base,
                 const struct value *record)
{
    struct fill f = {
        .pool = m->pool, .diags = &m->diags, .base = base, .app = m};

    if (record->kind != VALUE_STRUCT) {
        diag_error(&m->diags, record->place, "want a struct, not a %s",
                   value_kind_name(record->kind));
        return false;
    }
    slot_fill(table, record, 0, &f);
    return true;
}

/* ---- roles --------------------------------------------------------------- */

static int role_index(const struct modelc *m, const char *name)
{
    for (size_t i = 0; i < m->n_roles; i++) {
        if (!strcmp(m->roles[i].name, name))
            return (int)i;
    }
    return -1;
}

model_role_bits modelc_roles(struct modelc *m, const struct value *v)
{
    char **parts;
    size_t n;
    model_role_bits bits = 0;

    if (v->kind != VALUE_STRING) {
        diag_error(&m->diags, v->place, "want the name of a role");
        return 0;
    }
    if (!strcmp(v->s.text, "none"))
        return 0;
    parts = text_split(m->pool, v->s.text, '+', &n);
    for (size_t i = 0; i < n; i++) {
        const char *name = text_trim(m->pool, parts[i]);
        int index = role_index(m, name);

        if (index < 0)
            diag_error(&m->diags, v->place, "unknown role '%s'", name);
        else /* the first with all above it, others by themselves */
            bits |= i ? 1u << index : (2u << index) - 1;
    }
    return bits;
}
