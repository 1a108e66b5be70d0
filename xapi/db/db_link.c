/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * db_link: who points at whom. A reference is in the list of its target for
 * its field; the other end of a relation, if the model declares one, is that
 * list.
 */
#include "xapi/db/db_impl.h"

static bool is_ref(const struct model_type *type)
{
    return type && type->kind == MODEL_REF;
}

bool field_has_refs(const struct model_field *field)
{
    return !field->computed &&
           (is_ref(field->type) || is_ref(field->type->key) ||
            is_ref(field->type->item));
}

struct referrers *object_referrers(const struct object *o,
                                   const struct model_field *field)
{
    struct referrers *r = o->referrers;

    while (r && r->field != field)
        r = r->next;
    return r;
}

static struct referrers *make_referrers(struct object *o,
                                        const struct model_field *field)
{
    struct referrers *r = object_referrers(o, field);

    if (r)
        return r;
    r = xcalloc(1, sizeof(*r));
    r->field = field;
    r->target = o;
    r->next = o->referrers;
    o->referrers = r;
    return r;
}

/* A target without referrers in a field has no list for it. */
static void drop_referrers(struct referrers *gone)
{
    struct referrers **at = &gone->target->referrers;

    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    free(gone);
}

/* What was made of the list for reading is no longer right. */
static void forget_computed(const struct referrers *r)
{
    const struct model_field *inverse = r->field->inverse;
    struct cell *cell;

    if (!inverse || !inverse->computed)
        return;
    cell = &r->target->cells[inverse->index];
    free(cell->content.many);
    cell->content.many = NULL;
    cache_drop(r->target);
}

static void link_add(struct object *o, const struct model_field *field,
                     const char *ref)
{
    struct object *target = ref ? text_of(ref)->object : NULL;
    struct referrers *r;
    struct link *l;

    if (!target)
        return;
    r = make_referrers(target, field);
    l = xcalloc(1, sizeof(*l));
    *l = (struct link){.source = o, .list = r};
    l->prev = r->last;
    l->sibling = o->links;
    o->links = l;
    if (r->last)
        r->last->next = l;
    else
        r->first = l;
    r->last = l;
    r->n++;
    forget_computed(r);
}

static void add_all(struct object *o, const struct model_field *field,
                    const union model_atom *atoms, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        link_add(o, field, atoms[i].s);
}

void links_add(struct object *o, const struct model_field *field)
{
    const struct model_type *type = field->type;
    struct model_value d = object_get(o, field);

    if (is_ref(type) || is_ref(type->key) ||
        (type->kind == MODEL_SET && is_ref(type->item)))
        add_all(o, field, d.keys, d.n);
    if (type->kind == MODEL_MAP && is_ref(type->item))
        add_all(o, field, d.values, d.n);
}

static void link_free(struct link *l)
{
    struct referrers *r = l->list;

    forget_computed(r);
    if (l->prev)
        l->prev->next = l->next;
    else
        r->first = l->next;
    if (l->next)
        l->next->prev = l->prev;
    else
        r->last = l->prev;
    if (!--r->n)
        drop_referrers(r);
    free(l);
}

void links_remove(struct object *o, const struct model_field *field)
{
    struct link **at = &o->links, *l;

    while ((l = *at))
        if (l->list->field == field) {
            *at = l->sibling;
            link_free(l);
        } else {
            at = &l->sibling;
        }
}
