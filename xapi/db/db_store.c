/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * db_store: the database and its store: loading, handing over commits, waiting
 * until they are on disk.
 */
#include <string.h>

#include "lib/log.h"
#include "xapi/db/db_impl.h"
#include "xapi/db/store.h"

/* ---- loading ------------------------------------------------------------- */

struct loader {
    struct db *db;
    struct pool *pool;    /* of one row */
    struct pool *objects; /* of the list */
    struct object **list; /* as they came: by number */
    size_t n, at;
    bool all_forgotten; /* no token is good any more */
    bool *forgotten;    /* by class */
};

static struct err *load_object(struct loader *l, const struct row *row)
{
    const struct model_class *class = model_class_find(row->class);
    struct object *o;

    if (!class || !class->in_database)
        return ERR("there is no class '%s' (of the object '%s') in this "
                   "version",
                   row->class, row->ref);
    o = object_new(l->db, class, row->ref);
    o->number = row->number;
    o->created = row->created;
    o->stored = true;
    if (l->db->next_number <= o->number)
        l->db->next_number = o->number + 1;
    object_insert(o);
    *pool_push(l->objects, l->list, l->n) = o;
    return NULL;
}

/* Object 0 is the database: what of it is forgotten. */
static struct err *load_forgotten(struct loader *l, const struct row *row)
{
    const struct model_class *class = model_class_find(row->field);

    if (class)
        l->forgotten[class - model_classes] = true;
    else
        l->all_forgotten = true;
    return NULL;
}

static struct err *load_value(struct loader *l, struct object *o,
                              const struct row *row)
{
    const struct model_field *field = model_field_find(o->class, row->field);
    union content content;
    struct model_value d;

    if (!field)
        return ERR("there is no such field in this version");
    TRY(datum_from_text(l->pool, field->type, row->value, &d));
    TRY(content_make(l->db, field, d, true, &content));
    if (!datum_equal(field->type, d, content_get(field->type, &content)))
        log_warning("db", "%s '%s', '%s': refers to what is not there",
                    o->class->name, o->ref, row->field);
    content_free(l->db, field->type, object_swap(o, field, content));
    return NULL;
}

static struct err *load_field(struct loader *l, const struct row *row)
{
    struct object *o;
    struct err *e;

    if (!row->number)
        return load_forgotten(l, row);
    while (l->at < l->n && l->list[l->at]->number < row->number)
        l->at++;
    if (l->at == l->n || l->list[l->at]->number != row->number)
        return ERR("a '%s' of object %llu, which there is not", row->field,
                   (unsigned long long)row->number);
    o = l->list[l->at];
    pool_free(l->pool);
    l->pool = pool_new();
    e = load_value(l, o, row);
    return err_wrap(e, "%s '%s', '%s'", o->class->name, o->ref, row->field);
}

static struct err *load_grave(struct loader *l, const struct row *row)
{
    const struct model_class *class = model_class_find(row->class);

    if (class)
        grave_dig(l->db, class, row->ref, row->created, row->destroyed);
    return NULL;
}

static struct err *load_row(void *arg, const struct row *row)
{
    struct loader *l = arg;

    switch (row->op) {
    case ROW_CREATE:
        return load_object(l, row);
    case ROW_SET:
        return load_field(l, row);
    default:
        return load_grave(l, row);
    }
}

/* All objects as just changed; what has not been made since is not known. */
static void stamp_all(struct loader *l)
{
    struct db *db = l->db;
    const struct grave *oldest = db->first_grave;

    for (size_t i = 0; i < l->n; i++) {
        struct object *o = l->list[i];

        o->changed = db->generation;
        for (unsigned f = 0; f < o->class->n_fields; f++)
            o->cells[f].changed = db->generation;
        object_changed_last(o);
    }
    for (unsigned i = 0; i < db->n_classes; i++)
        if (l->forgotten[i])
            db->tables[i].forgotten = db->generation;
    if (l->all_forgotten)
        db->forgotten = db->generation;
    else if (db->n_graves == ROW_GRAVES_MAX)
        db->forgotten = oldest->destroyed;
}

/* The marks of load_forgotten have been obeyed. */
static void write_start(struct loader *l)
{
    struct rows *rows = rows_new();

    for (unsigned i = 0; i < l->db->n_classes; i++)
        if (l->forgotten[i])
            rows_add(rows, &(struct row){.op = ROW_SET,
                                         .field = model_classes[i].name});
    rows_add(rows, &(struct row){.op = ROW_SET, .field = "*"});
    db_store_rows(l->db, rows);
}

static struct err *load(struct loader *l, struct store *store)
{
    struct db *db = l->db;
    uint64_t generation;

    TRY(store->ops->load(store, load_row, l, &generation));
    db->generation = db->loaded = generation + ROW_GENERATIONS;
    stamp_all(l);
    db->store = store;
    db->durable = generation;
    write_start(l);
    log_debug("db", "%zu objects, generation %llu", l->n,
              (unsigned long long)db->generation);
    return NULL;
}

struct err *db_open(struct db *db, struct store *store)
{
    AUTO_POOL struct pool *objects = pool_new();
    struct loader l = {
        .db = db,
        .pool = pool_new(),
        .objects = objects,
        .forgotten = pool_alloc(objects, db->n_classes * sizeof(bool)),
    };
    struct err *e = load(&l, store);

    pool_free(l.pool);
    if (e)
        store->ops->close(store);
    return e;
}

/* ---- commits ------------------------------------------------------------- */

void db_store_rows(struct db *db, struct rows *rows)
{
    if (!db->store || db->broken) {
        rows_free(rows);
        return;
    }
    db->store->ops->write(db->store, rows, db->generation);
    db->stored = db->generation;
}

static struct err *broken_err(const struct db *db)
{
    return ERR("the database cannot be written: %s", db->broken);
}

uint64_t db_waits_for(const struct db *db)
{
    return db->store && !db->broken && db->stored > db->durable ? db->stored
                                                                : 0;
}

void db_when_durable(struct db *db, db_durable_fn *fn, void *arg)
{
    struct durable_wait *w;

    if (db->broken) {
        fn(arg, broken_err(db));
        return;
    }
    if (!db_waits_for(db)) {
        fn(arg, NULL);
        return;
    }
    w = xcalloc(1, sizeof(*w));
    *w = (struct durable_wait){fn, arg, db->stored, NULL};
    *(db->last_wait ? &db->last_wait->next : &db->first_wait) = w;
    db->last_wait = w;
}

void db_on_reached(struct db *db, db_reached_fn *fn, void *arg)
{
    if (db->store)
        db->store->ops->on_reached(db->store, fn, arg);
}

int db_fd(const struct db *db)
{
    return db->store ? db->store->ops->fd(db->store) : -1;
}

static void answer_first(struct db *db)
{
    struct durable_wait *w = db->first_wait;

    db->first_wait = w->next;
    if (!w->next)
        db->last_wait = NULL;
    w->fn(w->arg, db->broken ? broken_err(db) : NULL);
    free(w);
}

/* The first failure is the one that is told. */
static void note_failure(struct db *db, struct err *e)
{
    if (e && !db->broken) {
        db->broken = xstrdup(err_text(e));
        log_error("db", "%s", db->broken);
    }
    err_free(e);
}

void db_poll(struct db *db)
{
    if (!db->store)
        return;
    note_failure(db, db->store->ops->poll(db->store, &db->durable));
    while (db->first_wait &&
           (db->broken || db->first_wait->generation <= db->durable))
        answer_first(db);
}

struct err *db_flush(struct db *db)
{
    if (db->store)
        db->store->ops->flush(db->store);
    db_poll(db);
    return db->broken ? broken_err(db) : NULL;
}

struct err *db_dump(struct db *db, const char *path, db_durable_fn *fn,
                    void *arg)
{
    if (!db->store)
        return ERR("the database is in memory only");
    return db->store->ops->dump(db->store, path, fn, arg);
}

static void drop_waits(struct db *db)
{
    struct durable_wait *w, *next;

    for (w = db->first_wait; w; w = next) {
        next = w->next;
        free(w);
    }
    db->first_wait = db->last_wait = NULL;
}

void db_store_detach(struct db *db)
{
    if (db->store)
        db->store->ops->detach(db->store);
    db->store = NULL;
    drop_waits(db);
}

static bool is_transient(const struct model_class *class)
{
    return class->in_database && class->events && !class->persist;
}

static void grave_row(struct rows *rows, const struct db *db,
                      const struct model_class *class, const char *ref,
                      uint64_t created)
{
    rows_add(rows, &(struct row){.op = ROW_DESTROY,
                                 .class = class->name,
                                 .ref = ref,
                                 .created = created,
                                 .destroyed = db->generation});
}

/*
 * Objects of classes that do not persist end here, and are remembered as
 * destroyed, as are those that ended before: who comes with a token after the
 * next start is told. (After a crash the marks of txn_commit say that there is
 * more than is known.)
 */
static void write_end(struct db *db)
{
    struct rows *rows = rows_new();

    db->generation++;
    for (const struct grave *g = db->first_grave; g; g = g->next)
        if (is_transient(g->class) && g->destroyed > db->loaded)
            grave_row(rows, db, g->class, g->ref, g->created);
    for (const struct model_class *c = model_classes; c->name; c++) {
        if (!is_transient(c))
            continue;
        for (const struct object *o = db_first(db, c); o; o = o->next)
            grave_row(rows, db, c, o->ref, o->created);
        rows_add(rows, &(struct row){.op = ROW_SET, .field = c->name});
    }
    db_store_rows(db, rows);
}

void db_store_close(struct db *db)
{
    if (db->store) {
        write_end(db);
        err_drop(db_flush(db), "it has been logged");
        db->store->ops->close(db->store);
    }
    free(db->broken);
}
