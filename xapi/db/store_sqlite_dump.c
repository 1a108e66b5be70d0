/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite_dump: a copy of the file that is whole or not there, and putting
 * one in the place of a file that nobody has open.
 */
#include <errno.h>
#include <stdio.h>

#include "lib/file.h"
#include "xapi/db/store_sqlite.h"

/* For good: the folder is on disk too. */
static struct err *rename_to(const char *from, const char *to)
{
    AUTO_POOL struct pool *p = pool_new();

    if (rename(from, to))
        return err_errno(errno, "'%s'", to);
    return file_sync(file_folder(p, to));
}

struct err *file_db_dump_begin(struct file_db *f, const char *path,
                               sqlite3 **ret_to, sqlite3_backup **ret_backup)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *part = pool_printf(p, "%s.part", path);
    int rc;

    TRY(file_remove(part));
    TRY(file_db_create(part));
    rc = sqlite3_open(part, ret_to);
    if (rc == SQLITE_OK)
        *ret_backup = sqlite3_backup_init(*ret_to, "main", f->sqlite, "main");
    if (!*ret_backup)
        return ERR("'%s': %s", part,
                   *ret_to ? sqlite3_errmsg(*ret_to) : sqlite3_errstr(rc));
    return NULL;
}

struct err *file_db_dump_end(const char *path, sqlite3 *to,
                             sqlite3_backup *backup, bool good)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *part = pool_printf(p, "%s.part", path);
    int rc = sqlite3_backup_finish(backup);

    /* One file, without a WAL beside it. */
    if (good && rc == SQLITE_OK)
        rc = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    sqlite3_close(to);
    if (!good || rc != SQLITE_OK) {
        TRY(file_remove(part));
        return good ? ERR("'%s': %s", path, sqlite3_errstr(rc)) : NULL;
    }
    return rename_to(part, path);
}

/* The generation of a file that may not be there. */
static struct err *generation_of(const char *path, int64_t *ret)
{
    AUTO(file_db_close) struct file_db f = {0};

    *ret = 0;
    if (!file_exists(path))
        return NULL;
    TRY(file_db_open(&f, path, &file_db_layout));
    return file_db_generation(&f, ret);
}

/* PART is a copy of the dump: its generation is not to be older than the
 * present one, and no client's token is good any more. */
static struct err *mark_restored(const char *part, int64_t generation)
{
    AUTO(file_db_close) struct file_db f = {0};
    int64_t dumped;

    TRY(file_db_open(&f, part, &file_db_layout));
    TRY(file_db_generation(&f, &dumped));
    TRY(file_db_begin(&f));
    TRY(file_db_write(
        &f, &(struct row){.op = ROW_SET, .field = "*", .value = "restored"}));
    TRY(file_db_set_generation(
        &f, (uint64_t)(dumped > generation ? dumped : generation)));
    return file_db_commit(&f, 0);
}

/* Leaves FROM as it is. */
static struct err *copy_file(const char *from, const char *to)
{
    AUTO(file_db_close) struct file_db f = {.path = xstrdup(from)};
    sqlite3_backup *backup = NULL;
    sqlite3 *target = NULL;
    struct err *e;
    int rc;

    if (sqlite3_open_v2(from, &f.sqlite, SQLITE_OPEN_READONLY, NULL) !=
        SQLITE_OK)
        return ERR("'%s': %s", from, sqlite3_errmsg(f.sqlite));
    TRY(file_db_dump_begin(&f, to, &target, &backup));
    rc = sqlite3_backup_step(backup, -1);
    e = rc == SQLITE_DONE ? NULL : ERR("'%s': %s", from, sqlite3_errstr(rc));
    return err_join(e, file_db_dump_end(to, target, backup, !e));
}

/* What is beside it belongs to it. */
static const char *const parts[] = {"", "-wal", "-shm", FILE_DB_REDO};

struct err *file_db_remove(const char *path)
{
    AUTO_POOL struct pool *p = pool_new();

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        TRY(file_remove(pool_printf(p, "%s%s", path, parts[i])));
    return NULL;
}

/* Goes on where it was interrupted. */
static struct err *move_away(struct pool *p, const char *path)
{
    bool begins = file_exists(path);

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const char *from = pool_printf(p, "%s%s", path, parts[i]);
        const char *to = pool_printf(p, "%s.before-restore%s", path, parts[i]);

        if (begins)
            TRY(file_remove(to));
        if (rename(from, to) && errno != ENOENT)
            return err_errno(errno, "'%s'", from);
    }
    return NULL;
}

struct err *file_db_restore(const char *path, const char *dump)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *fresh = pool_printf(p, "%s.restore", path);
    AUTO_ERR struct err *e = NULL;
    int64_t generation;

    TRY(file_remove(fresh));
    TRY(copy_file(dump, fresh));
    e = generation_of(path, &generation); /* a damaged one has none */
    TRY(mark_restored(fresh, e ? 0 : generation));
    TRY(move_away(p, path));
    return rename_to(fresh, path);
}
