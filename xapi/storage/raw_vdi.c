/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw_vdi: see raw_vdi.h. An image is not what can be read or written in one
 * go, so all but raw bytes of a raw disk goes through a spool. */
#include "xapi/storage/raw_vdi.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"
#include "xapi/storage/disk_impl.h"
#include "xapi/model/errors_gen.h"
#include "xapi/storage/image.h"
#include "xapi/ops/ops_sr.h"
#include "xapi/storage/spool.h"

/* What was asked for; in the request's pool. */
struct wish {
    const char *format;
    bool chunked;
    bool into_new; /* the object is an SR */
};

/* ---- in ------------------------------------------------------------------ */

struct target {
    struct disk_path where;
    int64_t size;
    bool blank;
};

static struct err *receive(struct job *j, struct transfer *t, int fd,
                           int64_t max, bool blank)
{
    const struct wish *wish = t->arg;

    return wish->chunked ? spool_receive_chunks(j, t, fd, max)
                         : spool_receive(j, t, fd, max, blank);
}

static struct err *receive_raw(struct job *j, struct transfer *t,
                               const struct target *to)
{
    AUTO_FD int fd = open(to->where.path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return err_errno(errno, "'%s'", to->where.path);
    TRY(receive(j, t, fd, to->size, to->blank));
    return fsync(fd) ? err_errno(errno, "'%s'", to->where.path) : NULL;
}

/* A qcow2 or VHD file is larger than what is in it, by its tables. */
static int64_t max_of(const struct target *to, const char *format)
{
    return strcmp(format, "raw") ? to->size + to->size / 64 + (64 << 20)
                                 : to->size;
}

static struct err *receive_image(struct job *j, struct transfer *t,
                                 const struct target *to)
{
    const struct wish *wish = t->arg;
    struct pool *p = job_pool(j);
    struct spool spool;
    struct image image;

    TRY(spool_make(p, to->where.path, &spool));
    TRY(receive(j, t, spool.fd, max_of(to, wish->format), true));
    TRY(image_look(p, spool.path, wish->format, &image));
    if (image.parent)
        return ERR("it is an overlay of '%s', which is not sent with it",
                   image.parent);
    if (image.size > to->size)
        return ERR("it is of %lld bytes, %lld at the most",
                   (long long)image.size, (long long)to->size);
    return image_copy(spool.path, wish->format, to->where.path,
                      to->where.format, to->blank);
}

static struct err *fill(struct job *j, struct transfer *t,
                        const struct target *to)
{
    const struct wish *wish = t->arg;
    bool direct =
        !strcmp(wish->format, "raw") && !strcmp(to->where.format, "raw");

    return direct ? receive_raw(j, t, to) : receive_image(j, t, to);
}

static struct err *import_new(struct job *j, struct transfer *t)
{
    const struct disk_spec spec = {.sr = t->object,
                                   .size = (int64_t)t->length,
                                   .type = VDI_type_user,
                                   .name_label = "Imported"};
    struct target to = {.size = spec.size, .blank = true};
    struct disk *disk;

    TRY(disk_create(j, &spec, &disk));
    TRY(disk_new_where(disk, &to.where));
    TRY(disk_fill_error(fill(j, t, &to), disk));
    TRY(job_commit(j, disk_write, disk));
    job_say(j, disk->ref);
    return NULL;
}

static struct err *import_into(struct job *j, struct transfer *t)
{
    struct object *vdi = t->object;
    struct target to = {.size = get_VDI_virtual_size(vdi)};
    const char *user = disk_new_uuid(job_pool(j));
    struct disk *disk;

    TRY(vdi_check_unused(job_db(j), vdi, "import"));
    TRY(disk_attach(j, vdi, user, false, &to.where));
    TRY(disk_error(fill(j, t, &to), get_VDI_SR(vdi), vdi));
    TRY(disk_detach(j, vdi, user));
    TRY(disk_look(j, vdi, &disk));
    TRY(job_commit(j, disk_write, disk));
    job_say(j, object_ref(vdi));
    return NULL;
}

static struct err *import(struct job *j, void *arg)
{
    struct transfer *t = arg;
    const struct wish *wish = t->arg;

    struct err *e = wish->into_new ? import_new(j, t) : import_into(j, t);

    if (e)
        transfer_drain(t);
    return e;
}

/* ---- out ----------------------------------------------------------------- */

static struct err *send_disk(struct job *j, struct transfer *t,
                             const struct disk_path *from)
{
    const struct wish *wish = t->arg;
    struct pool *p = job_pool(j);
    struct spool spool;

    if (!strcmp(wish->format, "raw") && !strcmp(from->format, "raw")) {
        AUTO_FD int fd = open(from->path, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? err_errno(errno, "'%s'", from->path)
                      : spool_send(j, t, fd, get_VDI_virtual_size(t->object));
    }
    TRY(spool_make(p, from->path, &spool));
    TRY(image_convert(from->path, from->format, spool.path, wish->format));
    return spool_send(j, t, spool.fd, lseek(spool.fd, 0, SEEK_END));
}

static struct err *export(struct job *j, void *arg)
{
    struct transfer *t = arg;
    const char *user = disk_new_uuid(job_pool(j));
    struct disk_path from;
    struct err *e;

    TRY(disk_attach(j, t->object, user, false, &from));
    e = disk_error(send_disk(j, t, &from), get_VDI_SR(t->object), t->object);
    return err_join(e, disk_detach(j, t->object, user));
}

/* ---- requests ------------------------------------------------------------ */

/* By a parameter that is a reference or a uuid. */
static struct object *find(const struct server *server, unsigned class,
                           const char *name)
{
    struct object *o =
        name ? db_find(server->db, &model_classes[class], name) : NULL;

    return o || !name ? o : db_by_uuid(server->db, &model_classes[class], name);
}

/* NULL: answered. */
static struct wish *wish_of(struct http_request *r)
{
    struct wish *wish = pool_new_of(r->pool, struct wish);
    const char *format = http_param(r, "format");
    const char *const *f = image_formats;

    wish->chunked = http_param(r, "chunked") != NULL;
    while (format && *f && strcmp(*f, format))
        f++;
    wish->format = *f;
    if (!wish->format || http_param(r, "base"))
        http_page(r, 501, "This can be raw, vhd or qcow2, and whole.");
    else if (http_header(r, "transfer-encoding"))
        http_page(r, 403, "A body in chunks of HTTP cannot be read.");
    else if (wish->chunked && strcmp(wish->format, "raw"))
        http_page(r, 400, "Only raw bytes come in chunks.");
    else
        return wish;
    return NULL;
}

static void put(struct http_request *r, void *arg)
{
    const struct raw_vdi *raw = arg;
    struct wish *wish = wish_of(r);
    struct object *on[2] = {NULL};
    struct transfer_start s = {.request = r,
                               .objects = on,
                               .op = VDI_operations_blocked,
                               .title = "VDI.import_raw",
                               .work = import,
                               .arg = wish};

    if (!wish)
        return;
    on[0] = find(raw->server, CLASS_VDI, http_param(r, "vdi"));
    if (!on[0]) {
        on[0] = find(raw->server, CLASS_SR,
                     http_param(r, "sr_id") ? http_param(r, "sr_id")
                                            : http_param(r, "sr_uuid"));
        s.op = SR_operations_vdi_create;
        wish->into_new = true;
    }
    if (!on[0])
        http_page(r, 404, "There is no such disk, and no such repository.");
    else if (wish->into_new && (!r->has_length || strcmp(wish->format, "raw")))
        http_page(r, 411,
                  "A new disk is made of raw bytes, and of so many as "
                  "Content-Length says.");
    else
        transfer_begin(raw->all, &s);
}

static void get(struct http_request *r, void *arg)
{
    const struct raw_vdi *raw = arg;
    struct wish *wish = wish_of(r);
    struct object *on[2] = {NULL};
    struct transfer_start s = {.request = r,
                               .objects = on,
                               .op = VDI_operations_copy,
                               .title = "VDI.export_raw",
                               .content_type = "application/octet-stream",
                               .work = export,
                               .arg = wish};

    if (!wish)
        return;
    on[0] = find(raw->server, CLASS_VDI, http_param(r, "vdi"));
    if (!strcmp(wish->format, "vhd"))
        s.content_type = "application/vhd";
    if (!strcmp(wish->format, "qcow2"))
        s.content_type = "application/x-qemu-disk";
    if (on[0])
        transfer_begin(raw->all, &s);
    else
        http_page(r, 404, "There is no such disk.");
}

void raw_vdi_serve(struct http *http, struct raw_vdi *r)
{
    r->gates[0] =
        (struct gate){.action = "put_import_raw_vdi", .fn = put, .arg = r};
    r->gates[1] =
        (struct gate){.action = "get_export_raw_vdi", .fn = get, .arg = r};
    gate_serve(http, &r->gates[0], r->server, GATE_STREAM);
    gate_serve(http, &r->gates[1], r->server, 0);
}
