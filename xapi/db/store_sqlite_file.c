/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite_file: the layout of the file. `objects` has a row an object,
 * `fields` one for each field that is not as it begins (those of object 0 are
 * of the database itself), `graves` one a destroyed object, `redo` the number
 * of the last record of the redo log that is in the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/auto.h"
#include "xapi/db/store_sqlite.h"

/* The layout is brought up to date by the steps it has not seen; a step is
 * never changed once there are files that have seen it. */
static const char *const steps[] = {
    "CREATE TABLE objects (number INTEGER PRIMARY KEY, class TEXT NOT NULL,"
    " ref TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);"
    "CREATE TABLE fields (number INTEGER NOT NULL, field TEXT NOT NULL,"
    " value TEXT NOT NULL, PRIMARY KEY (number, field)) WITHOUT ROWID;"
    "CREATE TABLE graves (id INTEGER PRIMARY KEY, class TEXT NOT NULL,"
    " ref TEXT NOT NULL, created INTEGER NOT NULL,"
    " destroyed INTEGER NOT NULL);"
    "CREATE TABLE generation (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " generation INTEGER NOT NULL);"
    "INSERT INTO generation VALUES (1, 0);",
    "CREATE TABLE redo (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " number INTEGER NOT NULL);"
    "INSERT INTO redo VALUES (1, 0);",
};
const struct file_db_layout file_db_layout = {steps, ARRAY_LEN(steps)};

/* The generation that is kept is this much behind at most: one page less in
 * nearly every transaction. */
#define GENERATION_STEP (ROW_GENERATIONS / 2)
/* "xapi" in the header of the file. */
#define APPLICATION_ID 0x78617069

/* clang-format off */
static const char *const statements[STATEMENTS] = {
    [STATEMENT_BEGIN]          = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT]         = "COMMIT",
    [STATEMENT_ROLLBACK]       = "ROLLBACK",
    [STATEMENT_CREATE]         = "INSERT INTO objects VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_SET]            = "INSERT INTO fields VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = ?3",
    [STATEMENT_CLEAR]          = "DELETE FROM fields WHERE number = ?1 AND field = ?2",
    [STATEMENT_DESTROY]        = "DELETE FROM objects WHERE number = ?1",
    [STATEMENT_DESTROY_FIELDS] = "DELETE FROM fields WHERE number = ?1",
    [STATEMENT_GRAVE]          = "INSERT INTO graves (class, ref, created, destroyed) VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_GENERATION]     = "UPDATE generation SET generation = ?1",
    [STATEMENT_REDO]           = "UPDATE redo SET number = ?1",
};
/* clang-format on */

static struct err *failed(const struct file_db *f, const char *what)
{
    return ERR("'%s': %s: %s", f->path, what,
               f->sqlite ? sqlite3_errmsg(f->sqlite) : "out of memory");
}

static struct err *run(struct file_db *f, const char *sql)
{
    if (sqlite3_exec(f->sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
        return failed(f, "writing");
    return NULL;
}

static struct err *ask(struct file_db *f, const char *sql, struct str *ret)
{
    sqlite3_stmt *q = NULL;
    struct err *e = NULL;

    if (sqlite3_prepare_v2(f->sqlite, sql, -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW)
        e = failed(f, "reading");
    else
        str_add(ret, (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return e;
}

static struct err *ask_int(struct file_db *f, const char *sql, int64_t *ret)
{
    AUTO_STR struct str text = STR_INIT(64);

    TRY(ask(f, sql, &text));
    return text_to_int(str_text(&text), 10, INT64_MIN, INT64_MAX, ret);
}

/* ---- opening ------------------------------------------------------------- */

static struct err *check_whose(struct file_db *f,
                               const struct file_db_layout *layout,
                               int64_t version)
{
    int64_t application, n_tables;

    TRY(ask_int(f, "PRAGMA application_id", &application));
    TRY(ask_int(f, "SELECT count(*) FROM sqlite_master", &n_tables));
    if (application != APPLICATION_ID && (version || n_tables))
        return ERR("'%s' is a database of another program", f->path);
    if (version > layout->version)
        return ERR("'%s' has been written by a newer version (layout %lld; "
                   "this one knows %d)",
                   f->path, (long long)version, layout->version);
    return NULL;
}

static struct err *upgrade_step(struct file_db *f,
                                const struct file_db_layout *layout,
                                int version)
{
    AUTO_STR struct str sql = STR_INIT(STR_MAX);

    str_addf(&sql, "BEGIN IMMEDIATE;%s", layout->steps[version]);
    str_addf(&sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION_ID, version + 1);
    str_add(&sql, "COMMIT;");
    return run(f, str_text(&sql));
}

static struct err *upgrade(struct file_db *f,
                           const struct file_db_layout *layout, int64_t version)
{
    for (; version < layout->version; version++)
        TRY(err_wrap(upgrade_step(f, layout, (int)version), "layout %lld",
                     (long long)version + 1));
    return NULL;
}

static struct err *check(struct file_db *f)
{
    AUTO_STR struct str text = STR_INIT(4096);

    TRY(ask(f, "PRAGMA quick_check(1)", &text));
    if (strcmp(str_text(&text), "ok"))
        return ERR("'%s' is damaged: %s; restore a dump", f->path,
                   str_text(&text));
    return NULL;
}

static struct err *prepare(struct file_db *f)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(f->sqlite, statements[i], -1,
                               SQLITE_PREPARE_PERSISTENT, &f->statements[i],
                               NULL) != SQLITE_OK)
            return failed(f, statements[i]);
    return NULL;
}

struct err *file_db_create(const char *path)
{
    AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    return fd < 0 ? err_errno(errno, "'%s'", path) : NULL;
}

static struct err *open_file(struct file_db *f)
{
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW;

    TRY(file_db_create(f->path));
    if (sqlite3_open_v2(f->path, &f->sqlite, flags, NULL) != SQLITE_OK)
        return failed(f, "opening");
    sqlite3_extended_result_codes(f->sqlite, 1);
    return NULL;
}

struct err *file_db_open(struct file_db *f, const char *path,
                         const struct file_db_layout *layout)
{
    int64_t version;

    f->path = xstrdup(path);
    TRY(open_file(f));
    TRY(ask_int(f, "PRAGMA user_version", &version));
    TRY(check_whose(f, layout, version));
    TRY(check(f));
    TRY(run(f, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
               "PRAGMA trusted_schema = OFF;"
               "PRAGMA wal_autocheckpoint = 4000;"
               "PRAGMA journal_size_limit = 67108864;"));
    TRY(upgrade(f, layout, version));
    return prepare(f);
}

void file_db_close(struct file_db *f)
{
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(f->statements[i]);
    sqlite3_close(f->sqlite);
    free(f->path);
    *f = (struct file_db){0};
}

/* ---- loading ------------------------------------------------------------- */

typedef void read_fn(sqlite3_stmt *q, struct row *row);

static const char *text_at(sqlite3_stmt *q, int column)
{
    return (const char *)sqlite3_column_text(q, column);
}

static void read_object(sqlite3_stmt *q, struct row *row)
{
    row->op = ROW_CREATE;
    row->number = (uint64_t)sqlite3_column_int64(q, 0);
    row->class = text_at(q, 1);
    row->ref = text_at(q, 2);
    row->created = (uint64_t)sqlite3_column_int64(q, 3);
}

static void read_field(sqlite3_stmt *q, struct row *row)
{
    row->op = ROW_SET;
    row->number = (uint64_t)sqlite3_column_int64(q, 0);
    row->field = text_at(q, 1);
    row->value = text_at(q, 2);
}

static void read_grave(sqlite3_stmt *q, struct row *row)
{
    row->op = ROW_DESTROY;
    row->class = text_at(q, 0);
    row->ref = text_at(q, 1);
    row->created = (uint64_t)sqlite3_column_int64(q, 2);
    row->destroyed = (uint64_t)sqlite3_column_int64(q, 3);
}

static struct err *each_row(struct file_db *f, sqlite3_stmt *q, read_fn *read,
                            row_fn *fn, void *arg)
{
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        struct row row = {0};

        read(q, &row);
        TRY(fn(arg, &row));
    }
    return rc == SQLITE_DONE ? NULL : failed(f, "reading");
}

static struct err *read_table(struct file_db *f, const char *sql, read_fn *read,
                              row_fn *fn, void *arg)
{
    sqlite3_stmt *q = NULL;
    struct err *e;

    if (sqlite3_prepare_v2(f->sqlite, sql, -1, &q, NULL) != SQLITE_OK)
        return failed(f, sql);
    e = each_row(f, q, read, fn, arg);
    sqlite3_finalize(q);
    return e;
}

/* Those beyond the limit are left out, and deleted some time. */
static struct err *trim_graves(struct file_db *f)
{
    AUTO_STR struct str sql = STR_INIT(256);

    f->n_graves = ROW_GRAVES_MAX;
    str_addf(&sql,
             "DELETE FROM graves WHERE id <= (SELECT max(id) FROM graves) - %d",
             ROW_GRAVES_MAX);
    return run(f, str_text(&sql));
}

struct err *file_db_load(struct file_db *f, row_fn *fn, void *arg,
                         uint64_t *ret_generation)
{
    int64_t generation;

    TRY(file_db_generation(f, &generation));
    TRY(trim_graves(f));
    TRY(read_table(
        f, "SELECT number, class, ref, created FROM objects ORDER BY number",
        read_object, fn, arg));
    TRY(read_table(
        f, "SELECT number, field, value FROM fields ORDER BY number, field",
        read_field, fn, arg));
    TRY(read_table(
        f, "SELECT class, ref, created, destroyed FROM graves ORDER BY id",
        read_grave, fn, arg));
    *ret_generation = f->generation = (uint64_t)generation;
    return NULL;
}

/* ---- writing ------------------------------------------------------------- */

static void bind_int(sqlite3_stmt *q, int at, uint64_t number)
{
    sqlite3_bind_int64(q, at, (int64_t)number);
}

static void bind_text(sqlite3_stmt *q, int at, const char *text)
{
    sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

static struct err *step(struct file_db *f, enum file_db_statement which)
{
    sqlite3_stmt *q = f->statements[which];
    struct err *e = NULL;

    if (sqlite3_step(q) != SQLITE_DONE)
        e = failed(f, "writing");
    sqlite3_reset(q);
    return e;
}

struct err *file_db_begin(struct file_db *f)
{
    return step(f, STATEMENT_BEGIN);
}

void file_db_rollback(struct file_db *f)
{
    if (!sqlite3_get_autocommit(f->sqlite))
        err_drop(step(f, STATEMENT_ROLLBACK), "SQLite has done it itself");
}

static struct err *write_create(struct file_db *f, const struct row *row)
{
    sqlite3_stmt *q = f->statements[STATEMENT_CREATE];

    bind_int(q, 1, row->number);
    bind_text(q, 2, row->class);
    bind_text(q, 3, row->ref);
    bind_int(q, 4, row->created);
    return step(f, STATEMENT_CREATE);
}

static struct err *write_set(struct file_db *f, const struct row *row)
{
    enum file_db_statement which = row->value ? STATEMENT_SET : STATEMENT_CLEAR;
    sqlite3_stmt *q = f->statements[which];

    bind_int(q, 1, row->number);
    bind_text(q, 2, row->field);
    if (row->value)
        bind_text(q, 3, row->value);
    return step(f, which);
}

static struct err *write_grave(struct file_db *f, const struct row *row)
{
    sqlite3_stmt *q = f->statements[STATEMENT_GRAVE];

    bind_text(q, 1, row->class);
    bind_text(q, 2, row->ref);
    bind_int(q, 3, row->created);
    bind_int(q, 4, row->destroyed);
    TRY(step(f, STATEMENT_GRAVE));
    return ++f->n_graves > 2 * ROW_GRAVES_MAX ? trim_graves(f) : NULL;
}

static struct err *delete_object(struct file_db *f, uint64_t number)
{
    bind_int(f->statements[STATEMENT_DESTROY], 1, number);
    TRY(step(f, STATEMENT_DESTROY));
    bind_int(f->statements[STATEMENT_DESTROY_FIELDS], 1, number);
    return step(f, STATEMENT_DESTROY_FIELDS);
}

static struct err *write_destroy(struct file_db *f, const struct row *row)
{
    if (row->number)
        TRY(delete_object(f, row->number));
    return write_grave(f, row);
}

struct err *file_db_write(struct file_db *f, const struct row *row)
{
    switch (row->op) {
    case ROW_CREATE:
        return write_create(f, row);
    case ROW_SET:
        return write_set(f, row);
    case ROW_DESTROY:
        return write_destroy(f, row);
    default:
        return ERR("a row that is not for stores");
    }
}

struct err *file_db_generation(struct file_db *f, int64_t *ret)
{
    return ask_int(f, "SELECT generation FROM generation", ret);
}

struct err *file_db_set_generation(struct file_db *f, uint64_t generation)
{
    bind_int(f->statements[STATEMENT_GENERATION], 1, generation);
    TRY(step(f, STATEMENT_GENERATION));
    f->generation = generation;
    return NULL;
}

struct err *file_db_redo(struct file_db *f, uint64_t *ret)
{
    int64_t number;

    TRY(ask_int(f, "SELECT number FROM redo", &number));
    *ret = (uint64_t)number;
    return NULL;
}

struct err *file_db_set_redo(struct file_db *f, uint64_t number)
{
    bind_int(f->statements[STATEMENT_REDO], 1, number);
    return step(f, STATEMENT_REDO);
}

struct err *file_db_commit(struct file_db *f, uint64_t generation)
{
    if (generation >= f->generation + GENERATION_STEP)
        TRY(file_db_set_generation(f, generation));
    return step(f, STATEMENT_COMMIT);
}
