/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_export: VMs into an XVA, with their disks or as records alone; see
 * xva.h. */
#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "xapi/storage/disk_impl.h"
#include "xapi/storage/image.h"
#include "xapi/storage/pack.h"
#include "xapi/storage/spool.h"
#include "xapi/vm/vm_copy.h"
#include "xapi/vm/xva.h"
#include "xapi/vm/xva_records.h"

#define ID_SIZE 32

struct exporting {
    struct job *job;
    struct xva_records records;
    struct pack pack;
    uint64_t total, done; /* bytes of disks */
    double told;          /* how far it is */
};

/* ---- disks --------------------------------------------------------------- */

static struct err *add_piece(struct exporting *x, const char *id,
                             unsigned number, const void *bytes, size_t len)
{
    char name[ID_SIZE + 32], sum[32];

    snprintf(name, sizeof(name), "%s/%08u", id, number);
    TRY(pack_add(&x->pack, name, bytes, len));
    snprintf(name, sizeof(name), "%s/%08u.xxhash", id, number);
    snprintf(sum, sizeof(sum), "%016llX",
             (unsigned long long)XXH64(bytes, len, 0));
    return pack_add(&x->pack, name, sum, strlen(sum));
}

/* The next piece from AT on that may have more than zeros, or the last. Where
 * holes cannot be asked for, that is the one at AT. */
static uint64_t next_piece(int fd, uint64_t at, uint64_t size)
{
    uint64_t last = (size - 1) / XVA_PIECE * XVA_PIECE;
    off_t data = at && at < last ? lseek(fd, (off_t)at, SEEK_DATA) : (off_t)at;

    if (data < 0)
        return errno == ENXIO ? last : at;
    return (uint64_t)data / XVA_PIECE * XVA_PIECE;
}

static struct err *read_piece(int fd, char *bytes, size_t len, uint64_t at)
{
    ssize_t n = pread(fd, bytes, len, (off_t)at);

    if (n < 0)
        return err_errno(errno, "a disk");
    memset(bytes + n, 0, len - (size_t)n);
    return NULL;
}

static void tell(struct exporting *x, uint64_t done)
{
    double share = (double)done / (double)x->total;

    if (share < x->told + 0.01)
        return;
    x->told = share;
    job_progress(x->job, share);
}

static struct err *add_pieces(struct exporting *x, const char *id, int fd,
                              uint64_t size)
{
    AUTO_FREE char *bytes = xcalloc(1, XVA_PIECE);

    for (uint64_t at = 0; at < size; at += XVA_PIECE) {
        size_t len;
        bool edge;

        at = next_piece(fd, at, size);
        len = size - at < XVA_PIECE ? (size_t)(size - at) : XVA_PIECE;
        edge = !at || at + XVA_PIECE >= size;
        TRY(read_piece(fd, bytes, len, at));
        if (edge || !spool_is_zero(bytes, len))
            TRY(add_piece(x, id, (unsigned)(at / XVA_PIECE), bytes, len));
        TRY(job_sleep(0));
        tell(x, x->done + at);
    }
    x->done += size;
    return NULL;
}

static struct err *add_content(struct exporting *x, const struct object *vdi,
                               const char *id, const struct disk_path *from)
{
    AUTO_FD int fd = -1;
    struct spool spool;

    if (strcmp(from->format, "raw")) {
        TRY(spool_make(job_pool(x->job), from->path, &spool));
        fd = spool.fd;
        TRY(image_convert(from->path, from->format, spool.path, "raw"));
    } else {
        fd = open(from->path, O_RDONLY | O_CLOEXEC);
    }
    return fd < 0 ? err_errno(errno, "'%s'", from->path)
                  : add_pieces(x, id, fd, (uint64_t)get_VDI_virtual_size(vdi));
}

static struct err *add_disk(struct exporting *x, size_t i)
{
    struct object *vdi = x->records.list[i]->object;
    const char *user = disk_new_uuid(job_pool(x->job));
    const char *id = pool_printf(job_pool(x->job), "Ref:%zu", i);
    struct disk_path from;
    struct err *e;

    TRY(disk_attach(x->job, vdi, user, false, &from));
    e = disk_error(add_content(x, vdi, id, &from), get_VDI_SR(vdi), vdi);
    return err_join(e, disk_detach(x->job, vdi, user));
}

static int by_id(const void *a, const void *b)
{
    char ids[2][ID_SIZE];

    snprintf(ids[0], ID_SIZE, "Ref:%zu", *(const size_t *)a);
    snprintf(ids[1], ID_SIZE, "Ref:%zu", *(const size_t *)b);
    return strcmp(ids[0], ids[1]);
}

struct ids {
    size_t *list, n;
};

/* Those of disks of VM that are not in it yet. */
static void list_disks(struct exporting *x, const struct object *vm,
                       struct ids *ids)
{
    struct pool *p = job_pool(x->job);
    struct vm_copy copy = {.from = vm,
                           .memory = xva_keeps_memory(&x->records, vm)};
    size_t n, id;
    struct object **vdis = vm_copy_list(p, job_db(x->job), &copy, &n);

    for (size_t i = 0; i < n; i++) {
        bool listed = !xva_id(&x->records, object_ref(vdis[i]), &id);

        for (size_t k = 0; k < ids->n && !listed; k++)
            listed = ids->list[k] == id;
        if (listed)
            continue;
        *pool_push(p, ids->list, ids->n) = id;
        x->total += (uint64_t)get_VDI_virtual_size(vdis[i]);
    }
}

static struct err *add_disks(struct exporting *x)
{
    struct ids ids = {NULL, 0};

    for (size_t i = 0; i < x->records.n; i++) {
        const struct object *o = x->records.list[i]->object;

        if (object_class(o) == &model_classes[CLASS_VM])
            list_disks(x, o, &ids);
    }
    if (ids.n)
        qsort(ids.list, ids.n, sizeof(*ids.list), by_id);
    for (size_t i = 0; i < ids.n; i++)
        TRY(add_disk(x, ids.list[i]));
    return NULL;
}

/* ---- all of it ----------------------------------------------------------- */

static struct err *add_records(struct exporting *x)
{
    AUTO_STR struct str text = STR_INIT(XVA_RECORDS_MAX);

    TRY(xva_write_records(&x->records, &text));
    return pack_add(&x->pack, XVA_RECORDS, str_text(&text), text.len);
}

/* All but templates that came with us, and snapshots, which go with their VM.
 */
static void collect_all(struct xva_records *x)
{
    for (struct object *vm = db_first(x->db, &model_classes[CLASS_VM]); vm;
         vm = object_next(vm))
        if (!get_VM_is_default_template(vm) && !get_VM_snapshot_of(vm) &&
            (x->request->dom0 || !get_VM_is_control_domain(vm)))
            xva_collect(x, vm);
}

static struct err *write_all(struct exporting *x, bool disks)
{
    const struct xva_request *q = x->records.request;

    TRY(pack_begin(&x->pack, PACK_TAR, q->filter));
    if (q->vm)
        xva_collect(&x->records, q->vm);
    else
        collect_all(&x->records);
    TRY(add_records(x));
    return disks ? add_disks(x) : NULL;
}

/* To T, or INTO a text. */
static struct err *write_tar(struct job *j, struct transfer *t,
                             struct str *into)
{
    struct exporting x = {
        .job = j,
        .records = {.pool = job_pool(j), .db = job_db(j), .request = t->arg},
        .pack = {.to = t, .into = into}};
    struct err *e = pack_end(&x.pack, write_all(&x, !into));

    hash_done(&x.records.index);
    return e;
}

static struct err *export(struct job *j, void *arg)
{
    return write_tar(j, arg, NULL);
}

/* Its length is known, and told. */
static struct err *export_records(struct job *j, void *arg)
{
    AUTO_STR struct str tar = STR_INIT(2 * XVA_RECORDS_MAX);
    struct transfer *t = arg;
    struct err *e = write_tar(j, t, &tar);

    if (e)
        return err_join(e, transfer_head(t, 500, 0));
    TRY(transfer_head(t, 200, (int64_t)tar.len));
    return transfer_write(t, str_text(&tar), tar.len);
}

/* ---- the requests -------------------------------------------------------- */

static bool read_filter(const char *word, int *ret)
{
    static const struct {
        const char *word;
        int filter;
    } filters[] = {
        {"true", ARCHIVE_FILTER_GZIP},
        {"gzip", ARCHIVE_FILTER_GZIP},
        {"zstd", ARCHIVE_FILTER_ZSTD},
        {"false", ARCHIVE_FILTER_NONE},
    };

    *ret = ARCHIVE_FILTER_NONE;
    for (size_t i = 0; word && i < ARRAY_LEN(filters); i++)
        if (!strcmp(word, filters[i].word)) {
            *ret = filters[i].filter;
            return true;
        }
    return !word;
}

static bool is_excluded(struct http_request *r, const char *type)
{
    const char *list = http_param(r, "excluded_device_types");
    size_t n;
    char **words = text_split(r->pool, list ? list : "", ',', &n);

    for (size_t i = 0; i < n; i++)
        if (!strcmp(words[i], type))
            return true;
    return false;
}

/* INITIAL: what it is when it is not said. */
static bool flag(struct http_request *r, const char *name, bool initial)
{
    const char *word = http_param(r, name);

    return word ? text_eq(word, "true") : initial;
}

static bool read_request(const struct xva *xva, struct http_request *r,
                         bool alone, struct xva_request *ret)
{
    const struct model_class *class = &model_classes[CLASS_VM];
    const char *ref = http_param(r, "ref"), *uuid = http_param(r, "uuid");
    bool all = alone && flag(r, "all", false);

    *ret = (struct xva_request){
        .vm = all    ? NULL
              : ref  ? db_find(xva->server->db, class, ref)
              : uuid ? db_by_uuid(xva->server->db, class, uuid)
                     : NULL,
        .dom0 = flag(r, "include_dom0", true),
        .keeps_state = alone || flag(r, "preserve_power_state", false),
        .snapshots = flag(r, "export_snapshots", alone),
        .vbds = !is_excluded(r, "vbd"),
        .vifs = !is_excluded(r, "vif"),
    };
    if (!ret->vm && !all)
        http_page(r, 404, "There is no such VM.");
    else if (!read_filter(http_param(r, "use_compression"), &ret->filter))
        http_page(r, 400, "use_compression is true, gzip, zstd or false.");
    else
        return true;
    return false;
}

/* VM and what goes with it; the list ends with NULL. */
static struct object **held_with(const struct server *server, struct pool *p,
                                 const struct xva_request *q)
{
    struct model_value set = get_VM_snapshots(q->vm);
    struct object **list = NULL;
    size_t n = 0;

    *pool_push(p, list, n) = q->vm;
    for (unsigned i = 0; q->snapshots && i < set.n; i++)
        *pool_push(p, list, n) =
            db_find(server->db, &model_classes[CLASS_VM], set.keys[i].s);
    pool_push(p, list, n);
    return list;
}

void xva_get(struct http_request *r, void *arg)
{
    const struct xva *xva = arg;
    struct xva_request *q = pool_new_of(r->pool, struct xva_request);
    struct transfer_start s = {.request = r,
                               .op = VM_operations_export,
                               .title = "VM.export",
                               .content_type = "application/octet-stream",
                               .work = export,
                               .arg = q};

    if (!read_request(xva, r, false, q))
        return;
    http_set_header(r, "content-disposition",
                    "attachment; filename=\"export.xva\"");
    s.objects = held_with(xva->server, r->pool, q);
    transfer_begin(xva->all, &s);
}

/* The database is of one moment, whatever goes on with the VMs: it is no
 * operation on them. */
void xva_get_records(struct http_request *r, void *arg)
{
    const struct xva *xva = arg;
    struct xva_request *q = pool_new_of(r->pool, struct xva_request);

    if (read_request(xva, r, true, q))
        transfer_begin(xva->all, &(const struct transfer_start){
                                     .request = r,
                                     .title = "VM.export_metadata",
                                     .content_type = "application/octet-stream",
                                     .late_head = true,
                                     .work = export_records,
                                     .arg = q});
}
