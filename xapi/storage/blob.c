/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* blob: see blob.h. */
#include "xapi/storage/blob.h"

#include <time.h>

#include "lib/file.h"
#include "xapi/model/fields_gen.h"
#include "xapi/storage/files.h"

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

static struct err *write_record(struct txn *txn, struct object *o, size_t len)
{
    TRY(set_blob_size(txn, o, (int64_t)len));
    return set_blob_last_updated(txn, o, time(NULL));
}

static struct err *store(const struct blobs *b, const struct http_request *r,
                         struct object *o)
{
    struct txn *txn;

    TRY(file_write(blob_path(r->pool, b->server, o), r->body, r->body_len,
                   0600));
    txn = txn_begin(b->server->db);
    return txn_end(txn, write_record(txn, o, r->body_len));
}

static void put(struct http_request *r, void *arg)
{
    const struct blobs *b = arg;
    struct object *o = find(b->server, r);
    AUTO_BODY struct body nothing = BODY_INIT;

    if (!o)
        http_page(r, 404, "There is no such blob.");
    else
        answer(r, 200, NULL, &nothing, store(b, r, o));
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
    gate_serve(http, &b->gates[1], b->server, BLOB_MAX);
    return NULL;
}
