/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files_restore: PUT /pool/xmldbdump. A worker has the copy of a database come
 * and looks whether it is one; the daemon then begins anew, and what it begins
 * with is that copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/storage/files.h"
#include "xapi/call/job.h"
#include "xapi/storage/spool.h"
#include "xapi/db/store.h"
#include "xapi/storage/transfer.h"

#define COPY_MAX ((int64_t)16 << 30)

static const char *coming_path(struct pool *p, const char *state)
{
    return pool_printf(p, "%s/coming.db", state);
}

static const char *chosen_path(struct pool *p, const char *state)
{
    return pool_printf(p, "%s/chosen.db", state);
}

/* ---- in the worker ------------------------------------------------------- */

struct wish {
    const char *coming, *chosen;
    bool dry_run;
};

static struct err *remove_coming(void *arg)
{
    const struct wish *w = arg;

    return store_sqlite_remove(w->coming);
}

static struct err *receive(struct job *j, struct transfer *t, const char *path)
{
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(errno, "'%s'", path);
    return spool_receive(j, t, fd, COPY_MAX, true);
}

/* All of it can be read, and it is of a host. */
static struct err *check(const char *path)
{
    struct db *db = db_new();
    struct store *store;
    struct err *e = store_sqlite_open(path, &store);

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

/* As one step: from here on it is what the daemon begins with. */
static struct err *choose(const struct wish *w)
{
    AUTO_FD int fd = open(w->coming, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) || rename(w->coming, w->chosen))
        return err_errno(errno, "'%s'", w->chosen);
    return store_sqlite_remove(w->coming);
}

static struct err *take_copy(struct job *j, void *arg)
{
    struct transfer *t = arg;
    struct wish *w = t->arg;

    TRY(store_sqlite_remove(w->coming));
    job_undo(j, remove_coming, w);
    TRY(receive(j, t, w->coming));
    TRY(check(w->coming));
    return w->dry_run ? store_sqlite_remove(w->coming) : choose(w);
}

static struct err *work(struct job *j, void *arg)
{
    struct err *e = take_copy(j, arg);

    if (e)
        transfer_drain(arg);
    return e;
}

/* ---- in the loop --------------------------------------------------------- */

static void restart(struct server *server)
{
    log_info("xapid", "another database has come");
    server->restart(server);
}

void files_put_database(struct http_request *r, void *arg)
{
    const struct files *f = arg;
    struct wish *w = pool_new_of(r->pool, struct wish);
    struct transfer_start s = {
        .request = r, .title = "Restore database", .work = work, .arg = w};

    *w = (struct wish){coming_path(r->pool, f->state),
                       chosen_path(r->pool, f->state),
                       text_eq(http_param(r, "dry_run"), "true")};
    if (!w->dry_run)
        s.done = restart;
    transfer_begin(f->transfers, &s);
}

struct err *files_take_chosen(const char *state, const char *database)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *chosen = chosen_path(p, state);

    if (!file_exists(chosen))
        return NULL;
    log_info("xapid", "'%s' takes the place of '%s'", chosen, database);
    TRY(store_sqlite_restore(database, chosen));
    return store_sqlite_remove(chosen);
}
