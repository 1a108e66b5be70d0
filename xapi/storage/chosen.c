/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* chosen: see chosen.h. */
#include "xapi/storage/chosen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/db/store.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"

#define COMING "coming." /* and whose it is */

static const char *coming_of(struct pool *p, const char *state)
{
    return pool_printf(p, "%s/" COMING "%d", state, (int)getpid());
}

static const char *chosen_of(struct pool *p, const char *state)
{
    return pool_printf(p, "%s/chosen", state);
}

const char *chosen_database(struct pool *p, const char *folder)
{
    return pool_printf(p, "%s/" MANIFEST_DATABASE, folder);
}

const char *chosen_file(struct pool *p, const char *folder, size_t i)
{
    return pool_printf(p, "%s/%zu", folder, i);
}

/* ---- the folder ---------------------------------------------------------- */

static struct err *remove_folder(const char *path)
{
    AUTO_POOL struct pool *p = pool_new();
    char **names;
    size_t n;

    if (!file_exists(path))
        return NULL;
    TRY(file_list(p, path, &names, &n));
    for (size_t i = 0; i < n; i++)
        TRY(file_remove(pool_printf(p, "%s/%s", path, names[i])));
    return rmdir(path) ? err_errno(errno, "'%s'", path) : NULL;
}

static struct err *undo_begin(void *arg)
{
    return remove_folder(arg);
}

struct err *chosen_begin(struct job *j, const char *state, const char **ret)
{
    char *folder = pool_str(job_pool(j), coming_of(job_pool(j), state));

    TRY(remove_folder(folder));
    job_undo(j, undo_begin, folder);
    *ret = folder;
    return file_make_dirs(folder, 0700);
}

struct err *chosen_create(const char *path, int *ret_fd)
{
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return *ret_fd < 0 ? err_errno(errno, "'%s'", path) : NULL;
}

static struct err *rename_folder(const char *state, const char *from,
                                 const char *to)
{
    if (rename(from, to))
        return err_errno(errno, "'%s'", to);
    return file_sync(state);
}

struct err *chosen_end(const char *state, bool keep)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *coming = coming_of(p, state), *chosen = chosen_of(p, state);
    char **names;
    size_t n;

    if (!keep)
        return remove_folder(coming);
    TRY(file_list(p, coming, &names, &n));
    for (size_t i = 0; i < n; i++)
        TRY(file_sync(pool_printf(p, "%s/%s", coming, names[i])));
    TRY(file_sync(coming));
    if (file_exists(chosen))
        return ERR("another copy was sent: the daemon begins anew with that");
    return rename_folder(state, coming, chosen);
}

struct err *chosen_check(const char *folder)
{
    AUTO_POOL struct pool *p = pool_new();
    struct db *db = db_new();
    struct store *store;
    struct err *e = store_sqlite_open(chosen_database(p, folder), &store);

    if (!e)
        e = db_open(db, store);
    if (!e && !db_first(db, &model_classes[CLASS_host]))
        e = ERR("there is no host in it");
    db_free(db);
    if (!e)
        return NULL;
    log_error("xapid", "no copy of a database: %s", err_text(e));
    err_free(e);
    return err_RESTORE_INCOMPATIBLE_VERSION();
}

/* ---- files in their places ----------------------------------------------- */

/* One, in the folder DIR it belongs in: as FRESH it is written beside NAME. */
struct spot {
    const struct manifest_file *file;
    const char *from; /* where it came to */
    int dir;
    const char *name, *fresh;
};
typedef struct err *place_fn(const struct spot *at);

/* The folder NAME of DIR, made if there is none; links lead nowhere. */
static struct err *enter(int *dir, const char *name)
{
    int next;

    if (mkdirat(*dir, name, 0755) && errno != EEXIST)
        return err_errno(errno, "'%s'", name);
    next = openat(*dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return err_errno(errno, "'%s'", name);
    close(*dir);
    *dir = next;
    return NULL;
}

/* Where F belongs: the folder, and what it is called there. */
static struct err *open_place(struct pool *p, const struct manifest_file *f,
                              int *ret_dir, const char **ret_name)
{
    char *rest = pool_str(p, *f->below ? f->below : f->root->path);
    const char *folder = f->root->path;

    if (!*f->below) {
        folder = dirname(pool_str(p, f->root->path));
        rest = basename(rest);
    }
    TRY(file_make_dirs(folder, 0755));
    *ret_dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_dir < 0)
        return err_errno(errno, "'%s'", folder);
    for (char *slash; (slash = strchr(rest, '/')); rest = slash + 1) {
        *slash = '\0';
        TRY(enter(ret_dir, rest));
    }
    *ret_name = rest;
    return NULL;
}

static struct err *at_place(const char *folder, const struct manifest *m,
                            size_t i, place_fn *fn)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int dir = -1;
    struct spot at = {.file = &m->files[i], .from = chosen_file(p, folder, i)};

    TRY(open_place(p, at.file, &dir, &at.name));
    at.dir = dir;
    at.fresh = pool_printf(p, ".%s.restoring", at.name);
    return fn(&at);
}

/* FN for each of them but the database. */
static struct err *each_place(const char *folder, const struct manifest *m,
                              place_fn *fn)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->files[i].root)
            TRY(err_wrap(at_place(folder, m, i, fn), "'%s'", m->files[i].name));
    return NULL;
}

static struct err *write_content(const struct spot *at)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int fd = -1;
    char *bytes;
    size_t len;

    TRY(file_read(p, at->from, MANIFEST_FILE_MAX, &bytes, &len));
    fd = openat(at->dir, at->fresh,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(errno, "cannot be written");
    TRY(file_write_all(fd, bytes, len));
    return fchmod(fd, at->file->mode) || fsync(fd)
               ? err_errno(errno, "cannot be written")
               : NULL;
}

static struct err *drop_fresh(const struct spot *at)
{
    return unlinkat(at->dir, at->fresh, 0) && errno != ENOENT
               ? err_errno(errno, "cannot be removed")
               : NULL;
}

static struct err *write_fresh(const struct spot *at)
{
    struct stat st;

    if (!fstatat(at->dir, at->name, &st, AT_SYMLINK_NOFOLLOW) &&
        S_ISDIR(st.st_mode))
        return ERR("there is a folder in its place");
    TRY(drop_fresh(at));
    if (!at->file->link)
        return write_content(at);
    return symlinkat(at->file->link, at->dir, at->fresh)
               ? err_errno(errno, "cannot be made")
               : NULL;
}

static struct err *take_place(const struct spot *at)
{
    return renameat(at->dir, at->fresh, at->dir, at->name) || fsync(at->dir)
               ? err_errno(errno, "cannot be put in its place")
               : NULL;
}

/* All of them beside their places, or none. */
static struct err *write_all(const char *folder, const struct manifest *m)
{
    struct err *e = each_place(folder, m, write_fresh);

    return e ? err_join(e, each_place(folder, m, drop_fresh)) : NULL;
}

/* Without a manifest there is a database and nothing else. */
static struct err *read_manifest(struct pool *p, const char *folder,
                                 const struct manifest_root *roots,
                                 struct manifest *ret)
{
    const char *path = pool_printf(p, "%s/" MANIFEST_NAME, folder);
    char *text;
    size_t len;

    *ret = (struct manifest){.n = 0};
    if (!file_exists(path))
        return NULL;
    TRY(file_read(p, path, MANIFEST_BYTES, &text, &len));
    return manifest_read(p, roots, text, len, ret);
}

struct err *chosen_try(const char *folder, const struct manifest_root *roots)
{
    AUTO_POOL struct pool *p = pool_new();
    struct manifest m;

    TRY(read_manifest(p, folder, roots, &m));
    TRY(write_all(folder, &m));
    return each_place(folder, &m, drop_fresh);
}

/* ---- at the start -------------------------------------------------------- */

/* The database is last of what can fail, and first of what changes: when the
 * folder has it no more, there is no way back. */
static struct err *take_all(const char *folder, const char *database,
                            const struct manifest_root *roots)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *copy = chosen_database(p, folder);
    struct manifest m;

    TRY(read_manifest(p, folder, roots, &m));
    TRY(write_all(folder, &m));
    if (file_exists(copy)) {
        struct err *e = store_sqlite_restore(database, copy);

        if (e)
            return err_join(e, each_place(folder, &m, drop_fresh));
        TRY(store_sqlite_remove(copy));
        TRY(file_sync(folder));
    }
    return each_place(folder, &m, take_place);
}

/* It has not begun to change anything. */
static bool is_whole(struct pool *p, const char *folder, const char *database)
{
    return file_exists(chosen_database(p, folder)) && file_exists(database);
}

/* One of a worker that was killed, perhaps while it tried (chosen_try). */
static struct err *give_up(const char *folder,
                           const struct manifest_root *roots)
{
    AUTO_POOL struct pool *p = pool_new();
    struct manifest m;
    struct err *e = read_manifest(p, folder, roots, &m);

    if (!e)
        e = each_place(folder, &m, drop_fresh);
    if (e)
        log_warning("xapid", "'%s': %s", folder, err_text(e));
    err_free(e);
    return remove_folder(folder);
}

static struct err *remove_coming(struct pool *p, const char *state,
                                 const struct manifest_root *roots)
{
    char **names;
    size_t n;

    TRY(file_list(p, state, &names, &n));
    for (size_t i = 0; i < n; i++)
        if (text_has_prefix(names[i], COMING))
            TRY(give_up(pool_printf(p, "%s/%s", state, names[i]), roots));
    return NULL;
}

struct err *chosen_take(const char *state, const char *database,
                        const struct manifest_root *roots, bool *ret_taken)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *folder = chosen_of(p, state);
    struct err *e;

    *ret_taken = false;
    if (!file_exists(folder))
        return remove_coming(p, state, roots);
    log_info("xapid", "what is in '%s' takes its places", folder);
    e = take_all(folder, database, roots);
    if (e && !is_whole(p, folder, database))
        return e;
    if (e)
        log_error("xapid", "it is dropped, and nothing has changed: %s",
                  err_text(e));
    else
        *ret_taken = true;
    err_free(e);
    TRY(rename_folder(state, folder, coming_of(p, state)));
    return remove_coming(p, state, roots);
}
