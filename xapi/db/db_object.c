/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * db_object: making objects, putting them into the database and taking them
 * out, and changing a field; all without an undo, which is txn.c's.
 */
#include <string.h>

#include "xapi/db/db_impl.h"

/* ---- contents ------------------------------------------------------------ */

static bool is_text(const struct model_type *type)
{
    return type->kind == MODEL_STRING || type->kind == MODEL_REF ||
           type->kind == MODEL_SET;
}

static struct err *check_ref(struct db *db, const struct model_field *field,
                             const struct model_type *type, const char *ref)
{
    if (!ref || !*ref || !strcmp(ref, DATUM_REF_NULL) ||
        db_find(db, type->class, ref))
        return NULL;
    return err_wrap(db_no_object(type->class, ref), "%s.%s", field->class->name,
                    field->name);
}

static struct err *check_atoms(struct db *db, const struct model_field *field,
                               const struct model_type *type,
                               const union model_atom *atoms, unsigned n,
                               bool missing_is_null)
{
    for (unsigned i = 0; i < n; i++) {
        if (type->kind == MODEL_ENUM &&
            (atoms[i].i < 0 || atoms[i].i >= (int64_t)type->enum_->n_values))
            return ERR("%s.%s: there is no value %lld of %s",
                       field->class->name, field->name, (long long)atoms[i].i,
                       type->enum_->name);
        if (type->kind == MODEL_REF && !missing_is_null)
            TRY(check_ref(db, field, type, atoms[i].s));
    }
    return NULL;
}

/* What the text form takes at most: every character escaped, in quotes. */
static size_t text_size(const struct model_type *type,
                        const union model_atom *atoms, unsigned n)
{
    size_t size = 0;

    for (unsigned i = 0; i < n; i++)
        size += is_text(type) && atoms[i].s ? 2 * strlen(atoms[i].s) + 6 : 64;
    return size;
}

static struct err *check_many(struct db *db, const struct model_field *field,
                              struct model_value d, bool missing_is_null)
{
    const struct model_type *type = field->type;
    bool map = type->kind == MODEL_MAP;
    const struct model_type *key = map ? type->key : type->item;
    size_t size = text_size(key, d.keys, d.n);

    if (map)
        size += text_size(type->item, d.values, d.n);
    if (size > DATUM_MAX)
        return ERR_AS(input, "%s.%s: longer than %u bytes", field->class->name,
                      field->name, DATUM_MAX);
    if (map)
        TRY(check_atoms(db, field, type->item, d.values, d.n, missing_is_null));
    return check_atoms(db, field, key, d.keys, d.n, missing_is_null);
}

static struct err *check(struct db *db, const struct model_field *field,
                         struct model_value d, bool missing_is_null)
{
    const struct model_type *type = field->type;

    if (!datum_is_scalar(type))
        return check_many(db, field, d, missing_is_null);
    if (d.n != 1)
        return ERR("%s.%s: %u values where one belongs", field->class->name,
                   field->name, d.n);
    if (is_text(type) && d.keys[0].s && strlen(d.keys[0].s) >= DATUM_MAX)
        return ERR_AS(input, "%s.%s: longer than %u bytes", field->class->name,
                      field->name, DATUM_MAX);
    return check_atoms(db, field, type, d.keys, 1, missing_is_null);
}

/* The atom as it is kept: RET is the null reference if there is no object. */
static union model_atom keep_atom(struct db *db, const struct model_type *type,
                                  union model_atom atom)
{
    struct object *target;

    if (type->kind == MODEL_REF) {
        target = db_find(db, type->class, atom.s);
        return (union model_atom){.s = target ? text_intern(db, target->ref)
                                              : NULL};
    }
    if (is_text(type))
        return (union model_atom){.s = text_intern(db, atom.s ? atom.s : "")};
    if (type->kind == MODEL_BOOL)
        return (union model_atom){.i = atom.i != 0};
    return atom;
}

static void drop_atom(struct db *db, const struct model_type *type,
                      union model_atom atom)
{
    if (is_text(type))
        text_drop(db, atom.s);
}

static struct many *keep_set(struct db *db, const struct model_type *item,
                             struct model_value d)
{
    struct many *m = xcalloc(1, sizeof(*m) + d.n * sizeof(m->atoms[0]));
    union model_atom atom;

    for (unsigned i = 0; i < d.n; i++) {
        atom = keep_atom(db, item, d.keys[i]);
        if (item->kind != MODEL_REF || atom.s)
            m->atoms[m->n++] = atom;
    }
    return m;
}

static struct many *keep_map(struct db *db, const struct model_type *type,
                             struct model_value d)
{
    struct many *m = xcalloc(1, sizeof(*m) + 2 * d.n * sizeof(m->atoms[0]));
    union model_atom atom;
    unsigned n = 0;

    for (unsigned i = 0; i < d.n; i++) {
        atom = keep_atom(db, type->key, d.keys[i]);
        if (type->key->kind == MODEL_REF && !atom.s)
            continue;
        m->atoms[n] = atom;
        m->atoms[d.n + n++] = keep_atom(db, type->item, d.values[i]);
    }
    memmove(m->atoms + n, m->atoms + d.n, n * sizeof(m->atoms[0]));
    m->n = n;
    return m;
}

static struct many *keep_many(struct db *db, const struct model_type *type,
                              struct model_value d)
{
    struct many *m;

    if (!d.n)
        return NULL;
    m = type->kind == MODEL_SET ? keep_set(db, type->item, d)
                                : keep_map(db, type, d);
    if (m->n)
        return m;
    free(m);
    return NULL;
}

static bool is_indexed(const struct model_field *field)
{
    return field == field->class->uuid || field == field->class->name_label;
}

static union content keep(struct db *db, const struct model_field *field,
                          struct model_value d)
{
    const struct model_type *type = field->type;
    union content content = {0};

    if (type->kind == MODEL_STRING && !is_indexed(field))
        content.atom.s = text_keep(db, d.keys[0].s ? d.keys[0].s : "");
    else if (datum_is_scalar(type))
        content.atom = keep_atom(db, type, d.keys[0]);
    else
        content.many = keep_many(db, type, d);
    return content;
}

struct err *content_make(struct db *db, const struct model_field *field,
                         struct model_value d, bool missing_is_null,
                         union content *ret)
{
    TRY(check(db, field, d, missing_is_null));
    *ret = keep(db, field, d);
    return NULL;
}

void content_free(struct db *db, const struct model_type *type,
                  union content content)
{
    struct many *m = content.many;

    if (datum_is_scalar(type)) {
        drop_atom(db, type, content.atom);
        return;
    }
    for (unsigned i = 0; m && i < m->n; i++)
        if (type->kind == MODEL_SET) {
            drop_atom(db, type->item, m->atoms[i]);
        } else {
            drop_atom(db, type->key, m->atoms[i]);
            drop_atom(db, type->item, m->atoms[m->n + i]);
        }
    free(m);
}

struct model_value content_get(const struct model_type *type,
                               const union content *content)
{
    const struct many *m = content->many;

    if (datum_is_scalar(type))
        return (struct model_value){1, &content->atom, NULL};
    if (!m)
        return DATUM_EMPTY;
    return (struct model_value){
        m->n, m->atoms, type->kind == MODEL_MAP ? m->atoms + m->n : NULL};
}

/* ---- indices ------------------------------------------------------------- */

static void index_one(struct hash *index, struct hash_node *node,
                      const struct object *o, const struct model_field *field)
{
    if (field)
        hash_add(index, node, hash_pointers(o->class, object_atom(o, field).s));
}

static void index_add(struct object *o)
{
    index_one(&o->db->uuids, &o->by_uuid, o, o->class->uuid);
    index_one(&o->db->names, &o->by_name, o, o->class->name_label);
}

static void index_remove(struct object *o)
{
    if (o->class->uuid)
        hash_remove(&o->db->uuids, &o->by_uuid);
    if (o->class->name_label)
        hash_remove(&o->db->names, &o->by_name);
}

union content object_swap(struct object *o, const struct model_field *field,
                          union content content)
{
    bool indexed = is_indexed(field);
    struct cell *cell = &o->cells[field->index];
    union content old = cell->content;

    if (indexed)
        index_remove(o);
    if (field_has_refs(field))
        links_remove(o, field);
    cell->content = content;
    if (field_has_refs(field))
        links_add(o, field);
    if (indexed)
        index_add(o);
    cache_drop(o);
    return old;
}

/* ---- objects ------------------------------------------------------------- */

struct object *object_new(struct db *db, const struct model_class *class,
                          const char *ref)
{
    struct object *o =
        xcalloc(1, sizeof(*o) + class->n_fields * sizeof(o->cells[0]));
    const struct model_field *f = class->fields;

    o->db = db;
    o->class = class;
    o->ref = text_intern(db, ref);
    for (; f < class->fields + class->n_fields; f++)
        if (!f->computed)
            o->cells[f->index].content = keep(db, f, f->initial);
    return o;
}

void object_free(struct object *o)
{
    const struct model_field *f = o->class->fields;

    cache_drop(o);
    for (; f < o->class->fields + o->class->n_fields; f++)
        if (f->computed)
            free(o->cells[f->index].content.many);
        else
            content_free(o->db, f->type, o->cells[f->index].content);
    text_drop(o->db, o->ref);
    free(o);
}

static void join_table(struct object *o)
{
    struct table *t = db_table(o->db, o->class);

    *(o->prev ? &o->prev->next : &t->first) = o;
    *(o->next ? &o->next->prev : &t->last) = o;
    t->n++;
}

void object_insert(struct object *o)
{
    o->prev = db_table(o->db, o->class)->last;
    o->next = NULL;
    object_put_back(o);
}

void object_put_back(struct object *o)
{
    const struct model_field *f = o->class->fields;

    text_of(o->ref)->object = o;
    join_table(o);
    index_add(o);
    for (; f < o->class->fields + o->class->n_fields; f++)
        if (field_has_refs(f))
            links_add(o, f);
}

void object_remove(struct object *o)
{
    struct table *t = db_table(o->db, o->class);

    while (o->links)
        links_remove(o, o->links->list->field);
    index_remove(o);
    *(o->prev ? &o->prev->next : &t->first) = o->next;
    *(o->next ? &o->next->prev : &t->last) = o->prev;
    t->n--;
    text_of(o->ref)->object = NULL;
}

/* ---- the order of changes ------------------------------------------------ */

void object_changed_remove(struct object *o)
{
    struct table *t = db_table(o->db, o->class);

    if (!o->older && t->oldest != o)
        return; /* not in it yet */
    *(o->older ? &o->older->newer : &t->oldest) = o->newer;
    *(o->newer ? &o->newer->older : &t->newest) = o->older;
    o->older = o->newer = NULL;
}

void object_changed_last(struct object *o)
{
    struct table *t = db_table(o->db, o->class);

    object_changed_remove(o);
    o->older = t->newest;
    *(o->older ? &o->older->newer : &t->oldest) = o;
    t->newest = o;
}
