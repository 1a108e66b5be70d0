/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* db: finding and reading. */
#include "xapi/db/db.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "xapi/db/db_impl.h"

struct db *db_new(void)
{
    struct db *db = xcalloc(1, sizeof(*db));

    if (getrandom(&db->seed, sizeof(db->seed), 0) != sizeof(db->seed))
        abort();
    while (model_classes[db->n_classes].name)
        db->n_classes++;
    db->tables = xcalloc(db->n_classes, sizeof(*db->tables));
    db->cache_limit = DB_CACHE_BYTES;
    db->next_number = 1;
    return db;
}

static void free_links(struct table *t)
{
    for (struct object *o = t->first; o; o = o->next)
        while (o->links)
            links_remove(o, o->links->list->field);
}

static void free_objects(struct table *t)
{
    struct object *o;

    while ((o = t->last)) {
        object_remove(o);
        object_changed_remove(o);
        object_free(o);
    }
}

void db_free(struct db *db)
{
    if (!db)
        return;
    assert(!db->txn);
    db_store_close(db);
    event_forget_all(db);
    for (unsigned i = 0; i < db->n_classes; i++)
        free_links(&db->tables[i]);
    for (unsigned i = 0; i < db->n_classes; i++)
        free_objects(&db->tables[i]);
    graves_free(db);
    free(db->tables);
    hash_done(&db->uuids);
    hash_done(&db->names);
    hash_done(&db->waits);
    assert(!db->texts.n); /* each string was given back */
    hash_done(&db->texts);
    free(db);
}

struct table *db_table(const struct db *db, const struct model_class *class)
{
    return &db->tables[class - model_classes];
}

void db_on_commit(struct db *db, db_commit_fn *fn, void *arg)
{
    db->on_commit = fn;
    db->on_commit_arg = arg;
}

void db_detach(struct db *db)
{
    event_forget_all(db);
    db_store_detach(db);
    db->detached = true;
    db->on_commit = NULL;
}

/* ---- finding ------------------------------------------------------------- */

struct object *db_find(const struct db *db, const struct model_class *class,
                       const char *ref)
{
    struct text *t = ref ? text_find(db, ref) : NULL;

    if (!t || !t->object || (class && t->object->class != class))
        return NULL;
    return t->object;
}

struct err *db_no_object(const struct model_class *class, const char *ref)
{
    const char *const args[] = {class->name, ref ? ref : DATUM_REF_NULL};

    return err_code("HANDLE_INVALID", args, ARRAY_LEN(args));
}

/* Names and uuids are compared as interned strings: by their address. */
static struct object *uuid_entry(const struct hash_node *node)
{
    return hash_entry(node, struct object, by_uuid);
}

static struct object *name_entry(const struct hash_node *node)
{
    return hash_entry(node, struct object, by_name);
}

struct object *db_by_uuid(const struct db *db, const struct model_class *class,
                          const char *uuid)
{
    struct text *t = class->uuid ? text_find(db, uuid) : NULL;
    struct hash_node *node;
    struct object *o;

    if (!t)
        return NULL;
    node = hash_first(&db->uuids, hash_pointers(class, t->s));
    for (; (o = uuid_entry(node)); node = hash_next(node))
        if (o->class == class && object_atom(o, class->uuid).s == t->s)
            return o;
    return NULL;
}

struct object *db_by_name(const struct db *db, const struct model_class *class,
                          const char *name_label, const struct object *after)
{
    struct text *t = class->name_label ? text_find(db, name_label) : NULL;
    struct hash_node *node;
    struct object *o;

    if (!t)
        return NULL;
    node = after ? hash_next(&after->by_name)
                 : hash_first(&db->names, hash_pointers(class, t->s));
    for (; (o = name_entry(node)); node = hash_next(node))
        if (o->class == class && object_atom(o, class->name_label).s == t->s)
            return o;
    return NULL;
}

struct object *db_first(const struct db *db, const struct model_class *class)
{
    return db_table(db, class)->first;
}

struct object *object_next(const struct object *o)
{
    return o->next;
}

unsigned db_count(const struct db *db, const struct model_class *class)
{
    return db_table(db, class)->n;
}

/* ---- reading ------------------------------------------------------------- */

const struct model_class *object_class(const struct object *o)
{
    return o->class;
}

const char *object_ref(const struct object *o)
{
    return o->ref;
}

static struct many *make_computed(const struct object *o,
                                  const struct model_field *field)
{
    const struct referrers *r = object_referrers(o, field->inverse);
    struct many *m;

    if (!r)
        return NULL;
    m = xcalloc(1, sizeof(*m) + r->n * sizeof(m->atoms[0]));
    for (const struct link *l = r->first; l; l = l->next)
        m->atoms[m->n++].s = l->source->ref;
    return m;
}

struct model_value object_get(const struct object *o,
                              const struct model_field *field)
{
    struct cell *cell = (struct cell *)&o->cells[field->index];

    assert(field->class == o->class);
    if (field->computed && !cell->content.many)
        cell->content.many = make_computed(o, field);
    return content_get(field->type, &cell->content);
}

union model_atom object_atom(const struct object *o,
                             const struct model_field *field)
{
    assert(field->class == o->class && datum_is_scalar(field->type));
    return o->cells[field->index].content.atom;
}

struct object *object_follow(const struct object *o,
                             const struct model_field *field)
{
    const char *ref = object_atom(o, field).s;

    return ref ? text_of(ref)->object : NULL;
}

/* ---- generations --------------------------------------------------------- */

uint64_t db_generation(const struct db *db)
{
    return db->generation;
}

uint64_t object_created(const struct object *o)
{
    return o->created;
}

uint64_t object_changed(const struct object *o)
{
    return o->changed;
}

uint64_t object_field_changed(const struct object *o,
                              const struct model_field *field)
{
    return o->cells[field->index].changed;
}
