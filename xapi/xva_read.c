/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_read: an XVA as it comes: the tar, pieces of disks, their checksums. What
 * it says is not trusted: sizes have limits, names are held against what is
 * due. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "xapi/disk_impl.h"
#include "xapi/errors_gen.h"
#include "xapi/image.h"
#include "xapi/ops_sr.h"
#include "xapi/spool.h"
#include "xapi/xva_import.h"

#define NAME_SIZE 128
#define SUM_SIZE 64
#define BUFFER 262144

struct reading {
    struct xva_import pub;
    struct transfer *transfer;
    struct archive *tar;
    struct err *error; /* of the connection */
    char *buffer;
    char name[NAME_SIZE]; /* of the member that has begun */
    size_t size;
    bool over;   /* there is no more */
    double told; /* how far it is */
    /* The disk that comes. */
    struct xva_item *item;
    struct spool spool;
    struct disk_path where;
    int64_t limit, at; /* its size; what is behind the last piece */
    int64_t number;    /* of the last piece, or -1 */
    int64_t step;      /* size of the first */
    bool bad_sums;
};

/* ---- members ------------------------------------------------------------- */

static la_ssize_t receive(struct archive *a, void *arg, const void **ret)
{
    struct reading *r = arg;
    size_t n = 0;

    r->error = transfer_read(r->transfer, r->buffer, BUFFER, &n);
    if (r->error) {
        archive_set_error(a, EPIPE, "the client has gone");
        return -1;
    }
    *ret = r->buffer;
    return (la_ssize_t)n;
}

static struct err *tar_error(struct reading *r)
{
    const char *why = archive_error_string(r->tar);

    if (r->error)
        return take_ptr(r->error);
    return err_IMPORT_ERROR(why ? why : "no tar");
}

/* Each hundredth. */
static void tell(struct reading *r)
{
    const struct transfer *t = r->transfer;
    double share =
        t->has_length && t->length ? (double)t->taken / (double)t->length : 0;

    if (share < r->told + 0.01)
        return;
    r->told = share;
    job_progress(r->pub.job, share);
}

static struct err *next(struct reading *r)
{
    struct archive_entry *entry;
    int status = archive_read_next_header(r->tar, &entry);
    const char *name;

    TRY(job_sleep(0));
    tell(r);
    r->over = status == ARCHIVE_EOF;
    if (r->over)
        return NULL;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
        return tar_error(r);
    name = archive_entry_pathname(entry);
    if (!name || strlen(name) >= NAME_SIZE || archive_entry_size(entry) < 0)
        return err_IMPORT_ERROR("a member with a name that cannot be");
    snprintf(r->name, sizeof(r->name), "%s", name);
    r->size = (size_t)archive_entry_size(entry);
    return NULL;
}

/* The member's bytes, in INTO, which has room for MAX. */
static struct err *content(struct reading *r, void *into, size_t max)
{
    la_ssize_t n;

    if (r->size > max)
        return err_IMPORT_ERROR("a member that is too large");
    n = archive_read_data(r->tar, into, r->size);
    if (n < 0)
        return tar_error(r);
    return (size_t)n == r->size ? NULL : err_IMPORT_ERROR_PREMATURE_EOF();
}

static struct err *unexpected(const struct reading *r, const char *expected)
{
    return err_IMPORT_ERROR_UNEXPECTED_FILE(expected, r->name);
}

/* ---- a disk -------------------------------------------------------------- */

static struct err *begin_disk(struct reading *r, struct xva_item *item)
{
    struct disk_spec spec;

    TRY(xva_describe_disk(&r->pub, item, &spec));
    TRY(disk_create(r->pub.job, &spec, &item->disk));
    TRY(disk_new_where(item->disk, &r->where));
    TRY(spool_make(job_pool(r->pub.job), r->where.path, &r->spool));
    r->item = item;
    r->limit = spec.size;
    r->at = r->step = 0;
    r->number = -1;
    return ftruncate(r->spool.fd, spec.size) ? err_errno(errno, "a new disk")
                                             : NULL;
}

static struct err *end_disk(struct reading *r)
{
    struct xva_item *item = r->item;

    if (!item)
        return NULL;
    r->item = NULL;
    TRY(disk_error(
        image_copy(r->spool.path, "raw", r->where.path, r->where.format, true),
        r->pub.sr, NULL));
    close(r->spool.fd);
    return NULL;
}

/* ID and number of a piece's name. */
static struct err *read_name(struct reading *r, char id[NAME_SIZE],
                             int64_t *ret_number)
{
    AUTO_ERR struct err *no_number = NULL;
    char *slash;

    memcpy(id, r->name, NAME_SIZE);
    slash = strchr(id, '/');
    if (!slash || strncmp(id, "Ref:", 4))
        return unexpected(r, "Ref:");
    *slash = '\0';
    no_number = text_to_int(slash + 1, 10, 0, INT32_MAX, ret_number);
    if (no_number)
        return unexpected(r, id);
    return NULL;
}

static struct err *find_disk(struct reading *r, const char *id)
{
    struct xva_item *item = xva_find(&r->pub, id);

    if (r->item && item == r->item)
        return NULL;
    TRY(end_disk(r));
    if (!item || item->disk || item->class != &model_classes[CLASS_VDI])
        return unexpected(r, "a disk's piece");
    return begin_disk(r, item);
}

/* Numbers that are left out are pieces of zeros; one without bytes is only a
 * number. */
static struct err *place(struct reading *r, const char *bytes, int64_t number)
{
    int64_t left_out = number - r->number - 1;

    if (left_out < 0)
        return unexpected(r, "a later piece");
    if (!r->step && left_out)
        return unexpected(r, "the first piece");
    r->number = number;
    if (left_out > (r->limit - r->at) / (r->step ? r->step : 1))
        return err_IMPORT_ERROR("a disk with more than its size");
    r->at += left_out * r->step;
    if ((int64_t)r->size > r->limit - r->at)
        return err_IMPORT_ERROR("a disk with more than its size");
    if (!r->step)
        r->step = (int64_t)r->size;
    TRY(spool_put(r->spool.fd, bytes, r->size, r->at, true));
    r->at += (int64_t)r->size;
    return NULL;
}

/* ---- checksums ----------------------------------------------------------- */

static void sha1(const char *bytes, size_t len, char text[SUM_SIZE])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    EVP_Digest(bytes, len, sum, &n, EVP_sha1(), NULL);
    for (unsigned i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
}

static struct err *check_sum(struct reading *r, const char *piece,
                             const char *bytes, size_t len)
{
    size_t stem = strlen(piece);
    char is[SUM_SIZE] = "", said[SUM_SIZE] = "";

    TRY(next(r));
    if (r->over)
        return err_IMPORT_ERROR_PREMATURE_EOF();
    if (strncmp(r->name, piece, stem))
        return unexpected(r, piece);
    TRY(content(r, said, sizeof(said) - 1));
    if (!strcmp(r->name + stem, ".xxhash"))
        snprintf(is, sizeof(is), "%016llX",
                 (unsigned long long)XXH64(bytes, len, 0));
    else if (!strcmp(r->name + stem, ".checksum"))
        sha1(bytes, len, is);
    else
        return unexpected(r, piece);
    r->bad_sums |= strcasecmp(is, said) != 0;
    return NULL;
}

static struct err *read_piece(struct reading *r, char *bytes)
{
    char id[NAME_SIZE], piece[NAME_SIZE];
    int64_t number = 0;
    size_t len = r->size;

    TRY(read_name(r, id, &number));
    memcpy(piece, r->name, NAME_SIZE);
    TRY(find_disk(r, id));
    TRY(content(r, bytes, XVA_PIECE));
    TRY(place(r, bytes, number));
    return check_sum(r, piece, bytes, len);
}

/* ---- all of it ----------------------------------------------------------- */

static struct err *read_records(struct reading *r)
{
    char *text;

    TRY(next(r));
    if (r->over || strcmp(r->name, XVA_RECORDS))
        return unexpected(r, XVA_RECORDS);
    if (r->size > XVA_RECORDS_MAX)
        return err_IMPORT_ERROR(XVA_RECORDS " is too large");
    text = pool_alloc(job_pool(r->pub.job), r->size + 1);
    TRY(content(r, text, r->size));
    return xva_read_records(&r->pub, text, r->size);
}

static struct err *read_disks(struct reading *r)
{
    AUTO_FREE char *bytes = xcalloc(1, XVA_PIECE);

    TRY(next(r));
    while (!r->over) {
        TRY(read_piece(r, bytes));
        TRY(next(r));
    }
    TRY(end_disk(r));
    if (r->bad_sums && !r->pub.wish->force)
        return err_IMPORT_ERROR_SOME_CHECKSUMS_FAILED();
    return xva_check_disks(&r->pub);
}

static struct err *read_all(struct reading *r)
{
    archive_read_support_format_tar(r->tar);
    archive_read_support_filter_gzip(r->tar);
    archive_read_support_filter_zstd(r->tar);
    if (archive_read_open(r->tar, r, NULL, receive, NULL) != ARCHIVE_OK)
        return tar_error(r);
    TRY(read_records(r));
    return read_disks(r);
}

/* The task's result: a set of VMs. */
static void say(const struct xva_import *x)
{
    AUTO_STR struct str s = STR_INIT(1u << 20);

    str_add(&s, "<array><data>");
    for (size_t i = 0; i < x->n; i++)
        if (x->items[i].object)
            str_addf(&s, "<value>%s</value>", object_ref(x->items[i].object));
    str_add(&s, "</data></array>");
    job_say(x->job, str_text(&s));
}

static struct err *import(struct job *j, void *arg)
{
    struct transfer *t = arg;
    struct reading r = {.pub = {.job = j, .wish = t->arg, .sr = t->object},
                        .transfer = t,
                        .tar = archive_read_new(),
                        .buffer = pool_alloc(job_pool(j), BUFFER)};
    struct err *e;

    if (!r.tar)
        abort();
    e = read_all(&r);
    archive_read_free(r.tar);
    err_free(r.error);
    if (!e)
        e = job_commit(j, xva_write, &r.pub);
    if (e)
        transfer_drain(t);
    else
        say(&r.pub);
    return e;
}

/* ---- the request --------------------------------------------------------- */

static struct object *find_sr(const struct server *server,
                              struct http_request *r)
{
    const struct model_class *class = &model_classes[CLASS_SR];
    const char *ref = http_param(r, "sr_id"), *uuid = http_param(r, "sr_uuid");
    const struct object *pool =
        db_find(server->db, &model_classes[CLASS_pool], server->pool);

    if (ref)
        return db_find(server->db, class, ref);
    if (uuid)
        return db_by_uuid(server->db, class, uuid);
    return get_pool_default_SR(pool);
}

void xva_put(struct http_request *r, void *arg)
{
    const struct xva *xva = arg;
    struct xva_wish *wish = pool_new_of(r->pool, struct xva_wish);
    struct transfer_start s = {.request = r,
                               .op = SR_operations_vdi_create,
                               .title = "VM.import",
                               .work = import,
                               .arg = wish};

    wish->restore = text_eq(http_param(r, "restore"), "true");
    wish->force = text_eq(http_param(r, "force"), "true");
    s.object = find_sr(xva->server, r);
    if (!s.object)
        http_page(r, 404,
                  "There is no such repository, or no default one is set.");
    else if (text_eq(get_SR_content_type(s.object), "iso"))
        http_page(r, 400, "A repository of ISO images takes no disks.");
    else if (http_header(r, "transfer-encoding"))
        http_page(r, 403, "A body in chunks of HTTP cannot be read.");
    else
        transfer_begin(xva->all, &s);
}

void xva_serve(struct http *http, struct xva *x)
{
    x->gates[0] =
        (struct gate){.action = "get_export", .fn = xva_get, .arg = x};
    x->gates[1] =
        (struct gate){.action = "put_import", .fn = xva_put, .arg = x};
    gate_serve(http, &x->gates[0], x->server, 0);
    gate_serve(http, &x->gates[1], x->server, GATE_STREAM);
}
