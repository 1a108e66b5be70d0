/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backup_restore: PUT /host_restore: a backup comes, is held against its
 * manifest and chosen. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/model/errors_gen.h"
#include "xapi/storage/backup.h"
#include "xapi/storage/chosen.h"
#include "xapi/storage/transfer.h"
#include "xapi/storage/unpack.h"

#define PIECE (1u << 20)

/* ---- what comes ---------------------------------------------------------- */

struct taking {
    struct pool *pool;
    const struct backup_taker *taker;
    const struct manifest_root *roots;
    const char *folder;
    struct unpack tar;
    struct manifest manifest;
};

static struct err *bad(struct taking *t, const char *what)
{
    return err_RESTORE_SCRIPT_FAILED(
        pool_printf(t->pool, "'%s' %s", t->tar.name, what));
}

static struct err *next(struct taking *t)
{
    TRY(t->taker->step(t->taker->arg));
    return unpack_next(&t->tar);
}

static struct err *take_manifest(struct taking *t)
{
    const char *path = pool_printf(t->pool, "%s/" MANIFEST_NAME, t->folder);
    AUTO_FREE char *text = NULL;
    size_t n;

    TRY(next(t));
    if (t->tar.over || strcmp(t->tar.name, MANIFEST_NAME) != 0)
        return err_RESTORE_SCRIPT_FAILED(
            "it is no backup of a host: it does not begin with " MANIFEST_NAME);
    if (t->tar.size > MANIFEST_BYTES)
        return bad(t, "is too large");
    text = xcalloc(1, t->tar.size + 1);
    TRY(unpack_read(&t->tar, text, t->tar.size, &n));
    TRY(manifest_read(t->pool, t->roots, text, n, &t->manifest));
    return file_write(path, text, n, 0600);
}

static struct err *take_bytes(struct taking *t, int fd)
{
    AUTO_FREE char *piece = xcalloc(1, PIECE);
    size_t n;

    do {
        TRY(t->taker->step(t->taker->arg));
        TRY(unpack_read(&t->tar, piece, PIECE, &n));
        TRY(file_write_all(fd, piece, n));
    } while (n == PIECE);
    return NULL;
}

static struct err *check_sum(struct taking *t, const char *path,
                             const struct manifest_file *f)
{
    struct files_map *bytes;
    char sum[MANIFEST_SUM_SIZE];

    TRY(files_map(path, &bytes));
    manifest_sum(bytes->at, bytes->len, sum);
    files_unmap(bytes);
    return strcmp(sum, f->sum) ? bad(t, "is not what was backed up") : NULL;
}

static struct err *take_file(struct taking *t, size_t i)
{
    const struct manifest_file *f = &t->manifest.files[i];
    const char *path = f->root ? chosen_file(t->pool, t->folder, i)
                               : chosen_database(t->pool, t->folder);
    AUTO_FD int fd = -1;

    TRY(next(t));
    if (t->tar.over)
        return err_RESTORE_SCRIPT_FAILED(
            pool_printf(t->pool, "'%s' is missing", f->name));
    if (strcmp(t->tar.name, f->name) != 0)
        return bad(t, "is not due");
    if (t->tar.size != f->size)
        return bad(t, "is not as large as its manifest says");
    TRY(chosen_create(path, &fd));
    TRY(take_bytes(t, fd));
    return check_sum(t, path, f);
}

static struct err *take_all(struct taking *t)
{
    TRY(unpack_begin(&t->tar));
    TRY(take_manifest(t));
    for (size_t i = 0; i < t->manifest.n; i++)
        if (!t->manifest.files[i].link)
            TRY(take_file(t, i));
    TRY(next(t));
    return t->tar.over ? NULL : bad(t, "is not in its manifest");
}

struct err *backup_take(struct pool *p, const struct backup_taker *taker,
                        const struct manifest_root *roots, const char *folder)
{
    struct taking t = {.pool = p,
                       .taker = taker,
                       .roots = roots,
                       .folder = folder,
                       .tar = {.read = taker->read,
                               .arg = taker->arg,
                               .bad = err_RESTORE_SCRIPT_FAILED}};
    struct err *e = take_all(&t);

    unpack_end(&t.tar);
    return e;
}

/* ---- the worker ---------------------------------------------------------- */

struct wish {
    const struct backup *backup;
    bool dry_run;
};

static struct err *read_transfer(void *arg, void *into, size_t len, size_t *ret)
{
    return transfer_read(arg, into, len, ret);
}

static struct err *look(void *arg)
{
    (void)arg;
    return job_sleep(0);
}

static struct err *take(struct job *j, void *arg)
{
    struct transfer *t = arg;
    const struct wish *w = t->arg;
    const char *state = w->backup->files->state, *folder;

    TRY(chosen_begin(j, state, &folder));
    TRY(backup_take(job_pool(j),
                    &(const struct backup_taker){t, read_transfer, look},
                    w->backup->roots, folder));
    TRY(chosen_check(folder));
    TRY(chosen_try(folder, w->backup->roots));
    return chosen_end(state, !w->dry_run);
}

/* A reason without a code has one then. */
static struct err *work(struct job *j, void *arg)
{
    struct err *e = take(j, arg), *code;
    size_t n;

    if (!e)
        return NULL;
    transfer_drain(arg);
    if (err_is(e, &err_kind_interrupted) || err_words(e, &n))
        return e;
    code = err_RESTORE_SCRIPT_FAILED(err_text(e));
    err_free(e);
    return code;
}

/* ---- the request --------------------------------------------------------- */

static void restart(struct server *server)
{
    log_info("xapid", "a backup of a host has come");
    server->restart(server);
}

void backup_put(struct http_request *r, void *arg)
{
    const struct backup *b = arg;
    struct wish *w = pool_new_of(r->pool, struct wish);
    struct transfer_start s = {
        .request = r, .title = "Host restore", .work = work, .arg = w};

    *w = (struct wish){b, text_eq(http_param(r, "dry_run"), "true")};
    if (!w->dry_run)
        s.done = restart;
    transfer_begin(b->files->transfers, &s);
}
