/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* blob: see blob.h. */
#include "xapi/storage/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "xapi/model/fields_gen.h"
#include "xapi/storage/files.h"
#include "xapi/storage/spool.h"

static const char *dir_of(struct pool *p, const struct server *server)
{
    return pool_printf(p, "%s/blobs", server->state);
}

const char *blob_path(struct pool *p, const struct server *server,
                      const struct object *o)
{
    return pool_printf(p, "%s/%s", dir_of(p, server), get_blob_uuid(o));
}

static struct object *find(const struct server *server, struct http_request *r)
{
    const char *ref = http_param(r, "ref"), *uuid = http_param(r, "uuid");
    const struct model_class *class = &model_classes[CLASS_blob];

    if (ref)
        return db_find(server->db, class, ref);
    return uuid ? db_by_uuid(server->db, class, uuid) : NULL;
}

static void answer(struct http_request *r, int status, const char *mime,
                   struct body *body, struct err *e)
{
    if (e)
        http_page(r, 500, err_text(e));
    else
        http_answer(r, status, mime, body);
    err_free(e);
}

/* One that nothing was put into is empty. */
static void get(struct http_request *r, void *arg)
{
    const struct blobs *b = arg;
    const struct object *o = find(b->server, r);
    AUTO_BODY struct body body = BODY_INIT;
    struct err *e = NULL;

    if (!o) {
        http_page(r, 404, "There is no such blob.");
        return;
    }
    if (get_blob_size(o))
        e = files_refer(blob_path(r->pool, b->server, o), &body);
    answer(r, 200,
           *get_blob_mime_type(o) ? get_blob_mime_type(o)
                                  : "application/octet-stream",
           &body, e);
}

/* ---- PUT ----------------------------------------------------------------- */

struct putting {
    struct object *blob;
    const char *path;
    uint64_t size;
};

static struct err *write_record(struct txn *txn, void *arg)
{
    const struct putting *x = arg;

    TRY(set_blob_size(txn, x->blob, (int64_t)x->size));
    return set_blob_last_updated(txn, x->blob, time(NULL));
}

static struct err *remove_part(void *arg)
{
    return file_remove(arg);
}

/* The old bytes stay until all of the new ones are there. */
static struct err *receive(struct job *j, struct transfer *t,
                           const struct putting *x)
{
    const char *part = pool_printf(job_pool(j), "%s.new", x->path);
    AUTO_FD int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(errno, "'%s'", part);
    job_undo(j, remove_part, pool_str(job_pool(j), part));
    TRY(spool_receive(j, t, fd, BLOB_MAX, true));
    if (t->taken < x->size)
        return ERR("the client has ended early");
    if (ftruncate(fd, (off_t)x->size) || fsync(fd) || rename(part, x->path))
        return err_errno(errno, "'%s'", x->path);
    return NULL;
}

static struct err *work(struct job *j, void *arg)
{
    struct transfer *t = arg;
    struct err *e = receive(j, t, t->arg);

    if (e)
        transfer_drain(t);
    return e ? e : job_commit(j, write_record, t->arg);
}

/* Clients of xe's protocol send the bytes when they have an answer. */
static void put(struct http_request *r, void *arg)
{
    const struct blobs *b = arg;
    struct object *o = find(b->server, r);
    struct putting *x = pool_new_of(r->pool, struct putting);

    if (!o) {
        http_page(r, 404, "There is no such blob.");
        return;
    }
    if (!r->has_length || r->length > BLOB_MAX) {
        http_page(r, r->has_length ? 413 : 411,
                  "A blob has as many bytes as Content-Length says, 32 MB at "
                  "the most.");
        return;
    }
    *x = (struct putting){o, blob_path(r->pool, b->server, o), r->length};
    transfer_begin(
        b->transfers,
        &(const struct transfer_start){
            .request = r, .title = "Blob upload", .work = work, .arg = x});
}

static bool is_public(struct http_request *r, void *arg)
{
    const struct blobs *b = arg;
    const struct object *o = find(b->server, r);

    return o && get_blob_public(o);
}

/* ---- the start ----------------------------------------------------------- */

static struct err *remove_strays(const struct server *server)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *dir = dir_of(p, server);
    char **names;
    size_t n;

    TRY(file_make_dirs(dir, 0700));
    TRY(file_list(p, dir, &names, &n));
    for (size_t i = 0; i < n; i++)
        if (!db_by_uuid(server->db, &model_classes[CLASS_blob], names[i]))
            TRY(file_remove(pool_printf(p, "%s/%s", dir, names[i])));
    return NULL;
}

struct err *blob_serve(struct http *http, struct blobs *b)
{
    TRY(remove_strays(b->server));
    b->gates[0] = (struct gate){
        .action = "get_blob", .fn = get, .arg = b, .is_open = is_public};
    b->gates[1] = (struct gate){.action = "put_blob", .fn = put, .arg = b};
    gate_serve(http, &b->gates[0], b->server, 0);
    gate_serve(http, &b->gates[1], b->server, GATE_STREAM);
    return NULL;
}
