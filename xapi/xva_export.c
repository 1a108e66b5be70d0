/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_export: a VM into an XVA; see xva.h. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "xapi/body.h"
#include "xapi/codec.h"
#include "xapi/disk_impl.h"
#include "xapi/fields_gen.h"
#include "xapi/host_about.h"
#include "xapi/image.h"
#include "xapi/record.h"
#include "xapi/spool.h"
#include "xapi/vm_copy.h"
#include "xapi/xmlrpc.h"
#include "xapi/xva.h"

#define ID_SIZE 32

/* What was asked for; in the request's pool. */
struct wish {
    int filter;       /* of libarchive */
    bool keeps_state; /* a suspended VM with its memory */
};

struct exporting {
    struct job *job;
    struct transfer *transfer;
    const struct wish *wish;
    struct archive *tar;
    struct err *error; /* of the connection */
    struct object **objects;
    size_t n;
    uint64_t total, done; /* bytes of disks */
    double told;          /* how far it is */
};

/* ---- which objects ------------------------------------------------------- */

static int id_of(const struct exporting *x, const char *ref)
{
    for (size_t i = 0; ref && i < x->n; i++)
        if (!strcmp(object_ref(x->objects[i]), ref))
            return (int)i;
    return -1;
}

static void add(struct exporting *x, struct object *o)
{
    if (o && id_of(x, object_ref(o)) < 0)
        *pool_push(job_pool(x->job), x->objects, x->n) = o;
}

static void collect(struct exporting *x, struct object *vm)
{
    struct db *db = job_db(x->job);
    struct model_value vbds = get_VM_VBDs(vm), vifs = get_VM_VIFs(vm);

    add(x, vm);
    for (unsigned i = 0; i < vbds.n; i++) {
        struct object *vbd =
            db_find(db, &model_classes[CLASS_VBD], vbds.keys[i].s);

        add(x, vbd);
        add(x, get_VBD_VDI(vbd));
        if (get_VBD_VDI(vbd))
            add(x, get_VDI_SR(get_VBD_VDI(vbd)));
    }
    for (unsigned i = 0; i < vifs.n; i++) {
        struct object *vif =
            db_find(db, &model_classes[CLASS_VIF], vifs.keys[i].s);

        add(x, vif);
        add(x, get_VIF_network(vif));
    }
    if (x->wish->keeps_state && get_VM_suspend_VDI(vm))
        add(x, get_VM_suspend_VDI(vm));
    add(x, get_VM_guest_metrics(vm));
    add(x, get_VM_metrics(vm));
}

/* ---- the records --------------------------------------------------------- */

static void write_ref(const struct exporting *x, struct writer *w,
                      const char *ref)
{
    char id[ID_SIZE];

    snprintf(id, sizeof(id), "Ref:%d", id_of(x, ref));
    writer_string(w, id_of(x, ref) < 0 ? DATUM_REF_NULL : id);
}

static void write_none(struct writer *w)
{
    writer_struct_open(w);
    writer_struct_close(w);
}

/* Maps with references are of blobs, which are left out. */
static void write_refs(const struct exporting *x, struct writer *w,
                       const struct model_type *type, struct model_value d)
{
    if (type->kind == MODEL_REF) {
        write_ref(x, w, d.keys[0].s);
        return;
    }
    if (type->kind == MODEL_MAP) {
        write_none(w);
        return;
    }
    writer_list_open(w);
    for (unsigned i = 0; i < d.n; i++)
        if (id_of(x, d.keys[i].s) >= 0)
            write_ref(x, w, d.keys[i].s);
    writer_list_close(w);
}

static void write_field(const struct exporting *x, struct writer *w,
                        const struct object *o, const struct model_field *field)
{
    struct model_value d = object_get(o, field);

    writer_name(w, field->name);
    if (field == &model_fields[VM_power_state] && !x->wish->keeps_state)
        writer_string(w, "Halted");
    else if (!strcmp(field->name, "current_operations"))
        write_none(w);
    else if (datum_has_refs(field->type))
        write_refs(x, w, field->type, d);
    else
        record_write_datum(w, field->type, d);
}

static void write_object(const struct exporting *x, struct writer *w, size_t i)
{
    const struct object *o = x->objects[i];
    const struct model_class *class = object_class(o);
    char id[ID_SIZE];

    snprintf(id, sizeof(id), "Ref:%zu", i);
    writer_struct_open(w);
    writer_name(w, "class");
    writer_string(w, class->name);
    writer_name(w, "id");
    writer_string(w, id);
    writer_name(w, "snapshot");
    writer_struct_open(w);
    for (unsigned f = 0; f < class->n_fields; f++)
        if (class->fields[f].on_wire &&
            class->fields[f].type->kind != MODEL_OPTION)
            write_field(x, w, o, &class->fields[f]);
    writer_struct_close(w);
    writer_struct_close(w);
}

static void write_version(const struct exporting *x, struct writer *w)
{
    const struct object *host =
        db_first(job_db(x->job), &model_classes[CLASS_host]);
    const char *const members[][2] = {
        {"hostname", get_host_hostname(host)},
        {"date", ""},
        {"product_version", ""},
        {"product_brand", "dom0kit"},
        {"build_number", ""},
        {"xapi_major", "1"},
        {"xapi_minor", "0"},
        {"export_vsn", "2"},
    };

    writer_name(w, "version");
    writer_struct_open(w);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        writer_name(w, members[i][0]);
        writer_string(w, members[i][1]);
    }
    writer_struct_close(w);
}

static void write_records(const struct exporting *x, struct str *out)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};

    writer_struct_open(&w);
    write_version(x, &w);
    writer_name(&w, "objects");
    writer_list_open(&w);
    for (size_t i = 0; i < x->n; i++)
        write_object(x, &w, i);
    writer_list_close(&w);
    writer_struct_close(&w);
    body_flatten(&body, out);
}

/* ---- the tar ------------------------------------------------------------- */

static la_ssize_t send_on(struct archive *a, void *arg, const void *bytes,
                          size_t len)
{
    struct exporting *x = arg;

    x->error = transfer_write(x->transfer, bytes, len);
    if (!x->error)
        return (la_ssize_t)len;
    archive_set_error(a, EPIPE, "the client has gone");
    return -1;
}

static struct err *tar_error(struct exporting *x)
{
    return x->error ? take_ptr(x->error)
                    : ERR("%s", archive_error_string(x->tar));
}

static struct err *add_file(struct exporting *x, const char *name,
                            const void *bytes, size_t len)
{
    struct archive_entry *entry = archive_entry_new();
    bool fits;

    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)len);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    fits = archive_write_header(x->tar, entry) == ARCHIVE_OK &&
           archive_write_data(x->tar, bytes, len) == (la_ssize_t)len;
    archive_entry_free(entry);
    return fits ? NULL : tar_error(x);
}

static struct err *add_piece(struct exporting *x, const char *id,
                             unsigned number, const void *bytes, size_t len)
{
    char name[ID_SIZE + 32], sum[32];

    snprintf(name, sizeof(name), "%s/%08u", id, number);
    TRY(add_file(x, name, bytes, len));
    snprintf(name, sizeof(name), "%s/%08u.xxhash", id, number);
    snprintf(sum, sizeof(sum), "%016llX",
             (unsigned long long)XXH64(bytes, len, 0));
    return add_file(x, name, sum, strlen(sum));
}

/* ---- disks --------------------------------------------------------------- */

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
    struct object *vdi = x->objects[i];
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

static struct err *add_disks(struct exporting *x, const struct object *vm)
{
    struct vm_copy copy = {.from = vm, .memory = x->wish->keeps_state};
    size_t n;
    struct object **vdis =
        vm_copy_list(job_pool(x->job), job_db(x->job), &copy, &n);
    size_t *ids = pool_alloc(job_pool(x->job), (n + 1) * sizeof(*ids));

    for (size_t i = 0; i < n; i++) {
        ids[i] = (size_t)id_of(x, object_ref(vdis[i]));
        x->total += (uint64_t)get_VDI_virtual_size(vdis[i]);
    }
    qsort(ids, n, sizeof(*ids), by_id);
    for (size_t i = 0; i < n; i++)
        TRY(add_disk(x, ids[i]));
    return NULL;
}

/* ---- all of it ----------------------------------------------------------- */

static struct err *write_all(struct exporting *x, struct object *vm)
{
    AUTO_STR struct str records = STR_INIT(XVA_RECORDS_MAX);

    archive_write_set_format_ustar(x->tar);
    archive_write_add_filter(x->tar, x->wish->filter);
    archive_write_set_bytes_in_last_block(x->tar, 1);
    if (archive_write_open(x->tar, x, NULL, send_on, NULL) != ARCHIVE_OK)
        return tar_error(x);
    collect(x, vm);
    write_records(x, &records);
    if (str_full(&records))
        return ERR("records of over %u bytes", XVA_RECORDS_MAX);
    TRY(add_file(x, XVA_RECORDS, str_text(&records), records.len));
    TRY(add_disks(x, vm));
    return archive_write_close(x->tar) == ARCHIVE_OK ? NULL : tar_error(x);
}

static struct err *export(struct job *j, void *arg)
{
    struct transfer *t = arg;
    struct exporting x = {
        .job = j, .transfer = t, .wish = t->arg, .tar = archive_write_new()};
    struct err *e;

    if (!x.tar)
        abort();
    e = write_all(&x, t->object);
    if (e) /* what is written is not made to look whole */
        archive_write_fail(x.tar);
    archive_write_free(x.tar);
    err_free(x.error);
    return e;
}

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

void xva_get(struct http_request *r, void *arg)
{
    const struct xva *xva = arg;
    struct wish *wish = pool_new_of(r->pool, struct wish);
    const struct model_class *class = &model_classes[CLASS_VM];
    const char *ref = http_param(r, "ref"), *uuid = http_param(r, "uuid");
    struct transfer_start s = {.request = r,
                               .op = VM_operations_export,
                               .title = "VM.export",
                               .content_type = "application/octet-stream",
                               .work = export,
                               .arg = wish};

    s.object = ref    ? db_find(xva->server->db, class, ref)
               : uuid ? db_by_uuid(xva->server->db, class, uuid)
                      : NULL;
    wish->keeps_state = text_eq(http_param(r, "preserve_power_state"), "true");
    if (!s.object)
        http_page(r, 404, "There is no such VM.");
    else if (!read_filter(http_param(r, "use_compression"), &wish->filter))
        http_page(r, 400, "use_compression is true, gzip, zstd or false.");
    else {
        http_set_header(r, "content-disposition",
                        "attachment; filename=\"export.xva\"");
        transfer_begin(xva->all, &s);
    }
}
