/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite: the file of SQLite itself, for store_sqlite.c: its layout and
 * its statements. One thread at a time.
 */
#ifndef XAPI_STORE_SQLITE_H
#define XAPI_STORE_SQLITE_H

#include <sqlite3.h>

#include "xapi/db/row.h"

enum file_db_statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_CREATE,
    STATEMENT_SET,
    STATEMENT_CLEAR,
    STATEMENT_DESTROY,
    STATEMENT_DESTROY_FIELDS,
    STATEMENT_GRAVE,
    STATEMENT_GENERATION,
    STATEMENT_REDO,
    STATEMENTS,
};

struct file_db {
    char *path;
    sqlite3 *sqlite;
    sqlite3_stmt *statements[STATEMENTS];
    uint64_t n_graves;
    uint64_t generation; /* in the file */
};

/* What the redo log's name ends in. */
#define FILE_DB_REDO "-redo"
/* For its owner only; there already is fine. */
struct err *file_db_create(const char *path) MUST_USE;
/* The tables of a file, as the steps that make them: a file of an older version
 * gets those it has not seen, each as a whole or not at all. */
struct file_db_layout {
    const char *const *steps; /* SQL */
    int version;              /* their number */
};
extern const struct file_db_layout file_db_layout; /* today's */
struct err *file_db_open(struct file_db *f, const char *path,
                         const struct file_db_layout *layout) MUST_USE;
void file_db_close(struct file_db *f);
struct err *file_db_load(struct file_db *f, row_fn *fn, void *arg,
                         uint64_t *ret_generation) MUST_USE;

struct err *file_db_generation(struct file_db *f, int64_t *ret) MUST_USE;

/* The number of the last record of the redo log that has been written here. */
struct err *file_db_redo(struct file_db *f, uint64_t *ret) MUST_USE;
struct err *file_db_set_redo(struct file_db *f, uint64_t number) MUST_USE;

/* An error in between leaves the transaction to file_db_rollback or
 * file_db_close. */
struct err *file_db_begin(struct file_db *f) MUST_USE;
void file_db_rollback(struct file_db *f);
struct err *file_db_write(struct file_db *f, const struct row *row) MUST_USE;
struct err *file_db_set_generation(struct file_db *f,
                                   uint64_t generation) MUST_USE;
struct err *file_db_commit(struct file_db *f, uint64_t generation) MUST_USE;

/* Into PATH.part, which becomes PATH at the end when it is GOOD. */
struct err *file_db_dump_begin(struct file_db *f, const char *path,
                               sqlite3 **ret_to,
                               sqlite3_backup **ret_backup) MUST_USE;
struct err *file_db_dump_end(const char *path, sqlite3 *to,
                             sqlite3_backup *backup, bool good) MUST_USE;
/* With the WAL and the redo log beside it. */
struct err *file_db_remove(const char *path) MUST_USE;
struct err *file_db_restore(const char *path, const char *dump) MUST_USE;

#endif
