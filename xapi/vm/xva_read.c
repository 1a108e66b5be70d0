/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_read: what comes becomes disks, and at its end records; see
 * xva_import.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "xapi/storage/disk_impl.h"
#include "xapi/model/errors_gen.h"
#include "xapi/storage/image.h"
#include "xapi/ops/ops_sr.h"
#include "xapi/storage/spool.h"
#include "xapi/vm/xva_import.h"
#include "xapi/vm/xva_tar.h"

struct reading {
    struct xva_import import;
    const struct xva_source *from;
    uint64_t taken; /* bytes */
    double told;    /* how far it is */
    /* The disk that comes. */
    const struct disk *disk;
    struct spool spool;
    struct disk_path where;
};

static struct err *read_on(void *arg, void *into, size_t len, size_t *ret)
{
    struct reading *r = arg;

    TRY(r->from->read(r->from->arg, into, len, ret));
    r->taken += *ret;
    return NULL;
}

/* Each hundredth. */
static struct err *step(void *arg)
{
    struct reading *r = arg;
    uint64_t length = r->from->length(r->from->arg);
    double share = length ? (double)r->taken / (double)length : 0;

    TRY(job_sleep(0));
    if (share < r->told + 0.01)
        return NULL;
    r->told = share;
    job_progress(r->import.job, share);
    return NULL;
}

static struct err *records(void *arg, const char *text, size_t len)
{
    struct reading *r = arg;

    return xva_read_records(&r->import, text, len);
}

/* ---- a disk -------------------------------------------------------------- */

static struct err *begin(void *arg, const char *id, int64_t *ret_size)
{
    struct reading *r = arg;
    struct xva_item *item = xva_find(&r->import, id);
    struct disk_spec spec;

    if (!item || item->disk || item->class != &model_classes[CLASS_VDI])
        return err_IMPORT_ERROR_UNEXPECTED_FILE("a disk's piece", id);
    TRY(xva_describe_disk(&r->import, item, &spec));
    TRY(disk_create(r->import.job, &spec, &item->disk));
    r->disk = item->disk;
    TRY(disk_new_where(r->disk, &r->where));
    TRY(spool_make(r->import.pool, r->where.path, &r->spool));
    *ret_size = spec.size;
    return ftruncate(r->spool.fd, spec.size) ? err_errno(errno, "a new disk")
                                             : NULL;
}

static struct err *put(void *arg, const char *bytes, size_t len, int64_t at)
{
    const struct reading *r = arg;

    return disk_fill_error(spool_put(r->spool.fd, bytes, len, at, true),
                           r->disk);
}

static struct err *end(void *arg)
{
    struct reading *r = arg;
    struct err *e =
        image_copy(r->spool.path, "raw", r->where.path, r->where.format, true);

    close(r->spool.fd);
    return disk_fill_error(e, r->disk);
}

/* ---- all of it ----------------------------------------------------------- */

/* Not while it is unplugged, or of ISO images. */
static struct err *check_sr(const struct reading *r)
{
    const struct object *sr = r->import.wish->sr;

    if (text_eq(get_SR_content_type(sr), "iso"))
        return err_SR_OPERATION_NOT_SUPPORTED(object_ref(sr));
    return sr_check(job_db(r->import.job), sr, SR_operations_vdi_create);
}

static struct err *read_all(struct reading *r)
{
    const struct xva_taker taker = {
        .arg = r,
        .read = read_on,
        .step = step,
        .records = records,
        .begin = r->import.wish->alone ? NULL : begin,
        .put = put,
        .end = end,
    };
    bool bad_sums;

    if (!r->import.wish->alone)
        TRY(check_sr(r));
    TRY(xva_tar_read(&taker, &bad_sums));
    if (bad_sums && !r->import.wish->force)
        return err_IMPORT_ERROR_SOME_CHECKSUMS_FAILED();
    return xva_check_disks(&r->import);
}

/* All that could fail has been tried, and nothing stays. */
static struct err *write_dry(struct xva_import *x)
{
    struct txn *txn = txn_begin(job_db(x->job));
    struct err *e = xva_write(txn, x);

    txn_abort(txn);
    for (size_t i = 0; i < x->n; i++)
        x->items[i]->object = NULL;
    return e;
}

static struct model_value vms_of(const struct xva_import *x)
{
    union model_atom *refs = NULL;
    size_t n = 0;

    for (size_t i = 0; i < x->n; i++)
        if (x->items[i]->object)
            pool_push(x->pool, refs, n)->s = object_ref(x->items[i]->object);
    return (struct model_value){.n = (unsigned)n, .keys = refs};
}

struct err *xva_take(struct job *j, const struct xva_wish *wish,
                     const struct xva_source *from, struct model_value *ret)
{
    struct reading r = {.import = {.pool = job_pool(j), .job = j, .wish = wish},
                        .from = from};

    TRY(read_all(&r));
    TRY(wish->dry_run ? write_dry(&r.import)
                      : job_commit(j, xva_write, &r.import));
    *ret = vms_of(&r.import);
    return NULL;
}
