/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* disk: VDIs made, changed and taken away; see disk.h. */
#include "xapi/storage/disk.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "xapi/storage/disk_impl.h"
#include "xapi/storage/disk_scan.h"
#include "xapi/model/errors_gen.h"
#include "xapi/storage/image.h"
#include "xapi/ops/ops.h"

struct disk_made {
    struct disk pub;
    struct job *job;
    struct sr sr;
    struct object *of;  /* the SR */
    struct object *vdi; /* that there is: the original, or the one changed */
    struct disk_spec spec;
    struct sr_volume volume;
    struct sr_space space;
    enum {
        CREATED,
        SNAPSHOT,
        RESIZED,
        DESTROYED,
    } what;
};

/* ---- what all have in common --------------------------------------------- */

static struct err *begin(struct job *j, struct object *of, struct object *vdi,
                         struct disk_made **ret)
{
    struct pool *p = job_pool(j);
    struct disk_made *m = pool_new_of(p, struct disk_made);

    *m = (struct disk_made){.job = j, .of = of, .vdi = vdi};
    m->pub.made = m;
    TRY(disk_sr(p, job_db(j), of, &m->sr));
    *ret = m;
    return NULL;
}

static struct err *not_supported(const struct disk_made *m)
{
    return err_SR_OPERATION_NOT_SUPPORTED(object_ref(m->of));
}

/* Too little space has an error of its own; NEEDED is what for. */
static struct err *failed(const struct disk_made *m, struct err *e,
                          int64_t needed)
{
    struct pool *p = job_pool(m->job);
    struct sr_space space = {0, 0};

    if (!e || !strstr(err_text(e), strerror(ENOSPC)))
        return disk_error(e, m->of, m->vdi);
    err_free(e);
    TRY(disk_error(m->sr.type->space(&m->sr, &space), m->of, NULL));
    return err_SR_FULL(
        pool_printf(p, "%lld", (long long)needed),
        pool_printf(p, "%lld", (long long)(space.size - space.used)));
}

struct err *disk_fill_error(struct err *e, const struct disk *disk)
{
    return failed(disk->made, e, disk->made->spec.size);
}

static struct err *settle(const struct disk_made *m, bool stays)
{
    return m->sr.type->settle(&m->sr, m->volume.location, stays);
}

static struct err *let_stay(void *arg)
{
    return settle(arg, true);
}

static struct err *let_go(void *arg)
{
    return settle(arg, false);
}

/* The work's success or failure decides what becomes of it. */
static struct err *await(struct disk_made *m, struct disk **ret)
{
    bool goes = m->what == DESTROYED;

    job_undo(m->job, goes ? let_stay : let_go, m);
    job_after(m->job, goes ? let_go : let_stay, m);
    TRY(disk_error(m->sr.type->space(&m->sr, &m->space), m->of, NULL));
    *ret = &m->pub;
    return NULL;
}

/* ---- new ones ------------------------------------------------------------ */

static void name_it(struct disk_made *m)
{
    struct pool *p = job_pool(m->job);

    m->pub.uuid = disk_new_uuid(p);
    m->pub.ref = pool_printf(p, DATUM_REF_PREFIX "%s", disk_new_uuid(p));
    m->volume.uuid = m->pub.uuid;
}

/* The format that is asked for, or the kind's own. */
static struct err *choose_format(const struct disk_made *m, const char **ret)
{
    const char *wanted = datum_map_get(m->spec.sm_config, "type");
    const char *const *formats = m->sr.type->formats;

    *ret = formats[0];
    if (!wanted)
        return NULL;
    while (*formats && strcmp(*formats, wanted))
        formats++;
    if (!*formats)
        return err_INVALID_VALUE("sm_config:type", wanted);
    *ret = *formats;
    return NULL;
}

static struct err *make(struct disk_made *m, const char *format)
{
    struct pool *p = job_pool(m->job);

    name_it(m);
    m->volume.size = m->spec.size;
    m->volume.format = format;
    return failed(m, m->sr.type->create(&m->sr, p, &m->volume), m->spec.size);
}

struct err *disk_create(struct job *j, const struct disk_spec *spec,
                        struct disk **ret)
{
    struct disk_made *m;
    const char *format;

    TRY(begin(j, spec->sr, NULL, &m));
    m->spec = *spec;
    if (!m->sr.type->create)
        return not_supported(m);
    if (spec->size <= 0 || spec->size > DISK_SIZE_MAX)
        return err_INVALID_VALUE(
            "virtual_size",
            pool_printf(job_pool(j), "%lld", (long long)spec->size));
    TRY(choose_format(m, &format));
    TRY(make(m, format));
    return await(m, ret);
}

struct err *disk_new_where(const struct disk *disk, struct disk_path *ret)
{
    const struct disk_made *m = disk->made;
    struct sr_path path;

    TRY(disk_error(
        m->sr.type->where(&m->sr, job_pool(m->job), m->volume.location, &path),
        m->of, NULL));
    *ret = (struct disk_path){path.path, path.format};
    return NULL;
}

/* What a copy has of its original. */
static struct disk_spec spec_of(struct object *vdi, struct object *sr)
{
    return (struct disk_spec){
        .sr = sr,
        .size = get_VDI_virtual_size(vdi),
        .type = get_VDI_type(vdi),
        .name_label = get_VDI_name_label(vdi),
        .name_description = get_VDI_name_description(vdi),
        .sharable = get_VDI_sharable(vdi),
        .other_config = get_VDI_other_config(vdi),
        .xenstore_data = get_VDI_xenstore_data(vdi),
        .sm_config = get_VDI_sm_config(vdi),
        .tags = get_VDI_tags(vdi),
    };
}

static struct err *branch(struct job *j, struct object *vdi,
                          const struct sr_live *live, struct disk_made **ret)
{
    struct disk_made *m;

    TRY(begin(j, get_VDI_SR(vdi), vdi, &m));
    if (!m->sr.type->branch)
        return not_supported(m);
    m->spec = spec_of(vdi, m->of);
    name_it(m);
    TRY(failed(m,
               m->sr.type->branch(&m->sr, job_pool(j), get_VDI_location(vdi),
                                  live, &m->volume),
               m->spec.size));
    *ret = m;
    return NULL;
}

struct err *disk_clone(struct job *j, struct object *vdi, struct disk **ret)
{
    struct disk_made *m;

    TRY(branch(j, vdi, NULL, &m));
    return await(m, ret);
}

struct err *disk_snapshot(struct job *j, const struct hv *hv,
                          struct object *vdi, struct disk **ret)
{
    struct disk_made *m;

    TRY(branch(j, vdi, disk_live(j, hv, vdi), &m));
    m->what = SNAPSHOT;
    return await(m, ret);
}

/* ---- copies -------------------------------------------------------------- */

/* What VDI has into the new, empty volume of M. */
static struct err *fill(const struct disk_made *m, struct object *vdi)
{
    struct pool *p = job_pool(m->job);
    struct object *from_sr = get_VDI_SR(vdi);
    struct sr_use use = {.user = m->pub.uuid};
    struct sr_path from, to;
    struct sr sr;
    struct err *e;

    TRY(disk_sr(p, job_db(m->job), from_sr, &sr));
    TRY(disk_error(sr.type->attach(&sr, p, get_VDI_location(vdi), &use, &from),
                   from_sr, vdi));
    e = m->sr.type->where(&m->sr, p, m->volume.location, &to);
    if (!e)
        e = image_copy(from.path, from.format, to.path, to.format,
                       m->what == CREATED);
    return err_join(failed(m, e, m->spec.size),
                    sr.type->detach(&sr, get_VDI_location(vdi), use.user));
}

/* That of the original where the SR has it too. */
static const char *format_of_copy(const struct disk_made *m,
                                  const struct object *vdi)
{
    const char *format = image_format_of(get_VDI_location(vdi));
    const char *const *f = m->sr.type->formats;

    while (*f && !text_eq(*f, format))
        f++;
    return *f ? *f : m->sr.type->formats[0];
}

struct err *disk_copy(struct job *j, struct object *vdi, struct object *sr,
                      struct disk **ret)
{
    struct disk_made *m;
    struct err *e;

    TRY(begin(j, sr, vdi, &m));
    if (!m->sr.type->create)
        return not_supported(m);
    m->spec = spec_of(vdi, sr);
    TRY(make(m, format_of_copy(m, vdi)));
    e = fill(m, vdi);
    return e ? err_join(e, let_go(m)) : await(m, ret);
}

/* ---- changes ------------------------------------------------------------- */

struct err *disk_destroy(struct job *j, struct object *vdi, struct disk **ret)
{
    struct disk_made *m;
    struct err *e;

    TRY(begin(j, get_VDI_SR(vdi), vdi, &m));
    if (!m->sr.type->remove)
        return not_supported(m);
    m->what = DESTROYED;
    m->volume.location = pool_str(job_pool(j), get_VDI_location(vdi));
    e = m->sr.type->remove(&m->sr, m->volume.location);
    if (e && err_is(e, &err_kind_not_found))
        err_drop(e, "somebody has removed it by hand");
    else
        TRY(disk_error(e, m->of, vdi));
    return await(m, ret);
}

/* Its sizes are to be written. */
static struct err *look_again(struct disk_made *m, struct disk **ret)
{
    struct pool *p = job_pool(m->job);

    m->what = RESIZED;
    TRY(disk_error(
        m->sr.type->look(&m->sr, p, get_VDI_location(m->vdi), &m->volume),
        m->of, m->vdi));
    TRY(disk_error(m->sr.type->space(&m->sr, &m->space), m->of, NULL));
    *ret = &m->pub;
    return NULL;
}

struct err *disk_resize(struct job *j, const struct hv *hv, struct object *vdi,
                        int64_t size, struct disk **ret)
{
    struct pool *p = job_pool(j);
    int64_t now = get_VDI_virtual_size(vdi);
    struct disk_made *m;

    TRY(begin(j, get_VDI_SR(vdi), vdi, &m));
    if (!m->sr.type->resize)
        return not_supported(m);
    if (size < now)
        return err_VDI_TOO_SMALL(object_ref(vdi),
                                 pool_printf(p, "%lld", (long long)now));
    if (size > DISK_SIZE_MAX)
        return err_VDI_TOO_LARGE(
            object_ref(vdi), pool_printf(p, "%lld", (long long)DISK_SIZE_MAX));
    TRY(failed(m,
               m->sr.type->resize(&m->sr, get_VDI_location(vdi),
                                  disk_live(j, hv, vdi), size),
               size));
    return look_again(m, ret);
}

struct err *disk_look(struct job *j, struct object *vdi, struct disk **ret)
{
    struct disk_made *m;

    TRY(begin(j, get_VDI_SR(vdi), vdi, &m));
    return look_again(m, ret);
}

struct err *disk_copy_into(struct job *j, struct object *vdi,
                           struct object *into, struct disk **ret)
{
    struct disk_made *m;
    int64_t size = get_VDI_virtual_size(vdi);

    TRY(begin(j, get_VDI_SR(into), into, &m));
    if (get_VDI_virtual_size(into) < size)
        return err_VDI_TOO_SMALL(
            object_ref(into),
            pool_printf(job_pool(j), "%lld", (long long)size));
    m->what = RESIZED;
    m->pub.uuid = disk_new_uuid(job_pool(j)); /* a user of VDI */
    m->spec = spec_of(vdi, m->of);
    m->volume.location = pool_str(job_pool(j), get_VDI_location(into));
    TRY(fill(m, vdi));
    return look_again(m, ret);
}

/* ---- the database -------------------------------------------------------- */

static struct err *write_snapshot(struct txn *txn, const struct disk_made *m,
                                  struct object *vdi)
{
    TRY(set_VDI_is_a_snapshot(txn, vdi, true));
    TRY(set_VDI_snapshot_of(txn, vdi, m->vdi));
    TRY(set_VDI_snapshot_time(txn, vdi, time(NULL)));
    TRY(set_VDI_read_only(txn, vdi, true));
    return ops_update(txn, m->vdi);
}

static struct err *write_spec(struct txn *txn, const struct disk_spec *s,
                              struct object *vdi)
{
    TRY(set_VDI_SR(txn, vdi, s->sr));
    TRY(set_VDI_name_label(txn, vdi, s->name_label ? s->name_label : ""));
    TRY(set_VDI_name_description(
        txn, vdi, s->name_description ? s->name_description : ""));
    TRY(set_VDI_type(txn, vdi, s->type));
    TRY(set_VDI_sharable(txn, vdi, s->sharable));
    TRY(set_VDI_read_only(txn, vdi, s->read_only));
    TRY(set_VDI_other_config(txn, vdi, s->other_config));
    TRY(set_VDI_xenstore_data(txn, vdi, s->xenstore_data));
    TRY(set_VDI_sm_config(txn, vdi, s->sm_config));
    return set_VDI_tags(txn, vdi, s->tags);
}

static struct err *write_sizes(struct txn *txn, const struct disk_made *m,
                               struct object *vdi)
{
    TRY(set_VDI_virtual_size(txn, vdi, m->volume.size));
    return set_VDI_physical_utilisation(txn, vdi, m->volume.used);
}

static struct err *write_new(struct txn *txn, struct disk_made *m)
{
    struct object *vdi = NULL;

    TRY(txn_create(txn, &model_classes[CLASS_VDI], m->pub.ref, m->pub.uuid,
                   &vdi));
    TRY(write_spec(txn, &m->spec, vdi));
    TRY(write_sizes(txn, m, vdi));
    TRY(set_VDI_location(txn, vdi, m->volume.location));
    TRY(set_VDI_managed(txn, vdi, true));
    if (m->what == SNAPSHOT)
        TRY(write_snapshot(txn, m, vdi));
    m->pub.vdi = vdi;
    return ops_update(txn, vdi);
}

struct err *disk_write_space(struct txn *txn, struct object *sr,
                             const struct sr_space *space)
{
    struct model_value vdis = get_SR_VDIs(sr);
    int64_t sum = 0;

    for (unsigned i = 0; i < vdis.n; i++)
        sum += get_VDI_virtual_size(
            db_find(txn_db(txn), &model_classes[CLASS_VDI], vdis.keys[i].s));
    TRY(set_SR_virtual_allocation(txn, sr, sum));
    TRY(set_SR_physical_size(txn, sr, space->size));
    return set_SR_physical_utilisation(txn, sr, space->used);
}

static struct err *write_it(struct txn *txn, struct disk_made *m)
{
    switch (m->what) {
    case CREATED:
    case SNAPSHOT:
        return write_new(txn, m);
    case RESIZED:
        return write_sizes(txn, m, m->vdi);
    case DESTROYED:
        return disk_forget(txn, m->vdi);
    }
    return NULL;
}

struct err *disk_write(struct txn *txn, void *disk)
{
    struct disk_made *m = ((struct disk *)disk)->made;

    TRY(write_it(txn, m));
    return disk_write_space(txn, m->of, &m->space);
}
