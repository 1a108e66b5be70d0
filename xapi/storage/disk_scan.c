/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* disk_scan: see disk_scan.h. */
#include "xapi/storage/disk_scan.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "xapi/storage/disk_impl.h"
#include "xapi/ops/ops.h"
#include "xapi/ops/ops_sr.h"

#define BATCH 500 /* VDIs a txn */

/* ---- what the database knows --------------------------------------------- */

struct known {
    const struct db *db;
    char **locations; /* of SR's VDIs, sorted */
    size_t n;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool knows_volume(const void *arg, const char *location)
{
    const struct known *k = arg;

    return k->n &&
           bsearch(&location, k->locations, k->n, sizeof(char *), by_text);
}

/* A VBD that a guest has. */
static bool knows_user(const void *arg, const char *user)
{
    const struct known *k = arg;
    const struct object *vbd =
        db_by_uuid(k->db, &model_classes[CLASS_VBD], user);

    return vbd && get_VBD_currently_attached(vbd);
}

static struct object *vdi_at(const struct db *db, struct model_value vdis,
                             unsigned i)
{
    return db_find(db, &model_classes[CLASS_VDI], vdis.keys[i].s);
}

static struct err *tidy(struct job *j, const struct sr *sr,
                        const struct object *of)
{
    struct model_value vdis = get_SR_VDIs(of);
    struct known known = {.db = job_db(j)};
    const struct sr_known how = {&known, knows_volume, knows_user};

    for (unsigned i = 0; i < vdis.n; i++)
        *pool_push(job_pool(j), known.locations, known.n) =
            pool_str(job_pool(j), get_VDI_location(vdi_at(known.db, vdis, i)));
    if (known.n)
        qsort(known.locations, known.n, sizeof(char *), by_text);
    return sr->type->tidy ? sr->type->tidy(sr, &how) : NULL;
}

/* ---- differences --------------------------------------------------------- */

/* A VDI and its volume, either of which may be NULL. */
struct pair {
    struct object *vdi;
    const struct sr_volume *volume;
};

struct scan {
    struct job *job;
    struct object *of;
    struct sr sr;
    struct sr_volume *volumes;
    size_t n_volumes;
    struct pair *pairs; /* that differ */
    size_t n_pairs, at;
    struct sr_space space;
    bool lost; /* something that was there is not */
};

static int by_location(const void *a, const void *b)
{
    const struct sr_volume *x = a, *y = b;

    return strcmp(x->location, y->location);
}

static bool differs(const struct scan *s, const struct object *vdi,
                    const struct sr_volume *v)
{
    if (!v)
        return !vdi_is_attached(job_db(s->job), vdi) || !get_VDI_missing(vdi);
    return get_VDI_missing(vdi) || get_VDI_virtual_size(vdi) != v->size ||
           get_VDI_physical_utilisation(vdi) != v->used;
}

static void compare_vdis(struct scan *s, bool *seen)
{
    struct model_value vdis = get_SR_VDIs(s->of);

    for (unsigned i = 0; i < vdis.n; i++) {
        struct object *vdi = vdi_at(job_db(s->job), vdis, i);
        struct sr_volume key = {.location = get_VDI_location(vdi)}, *v;

        v = s->n_volumes ? bsearch(&key, s->volumes, s->n_volumes, sizeof(key),
                                   by_location)
                         : NULL;
        if (v)
            seen[v - s->volumes] = true;
        else
            s->lost = true; /* a base may be its, if it comes back */
        if (!(v && v->pending) && differs(s, vdi, v))
            *pool_push(job_pool(s->job), s->pairs, s->n_pairs) =
                (struct pair){vdi, v};
    }
}

static void compare(struct scan *s)
{
    bool *seen = pool_alloc(job_pool(s->job), s->n_volumes + 1);

    if (s->n_volumes)
        qsort(s->volumes, s->n_volumes, sizeof(*s->volumes), by_location);
    compare_vdis(s, seen);
    for (size_t i = 0; i < s->n_volumes; i++)
        if (!seen[i] && !s->volumes[i].pending)
            *pool_push(job_pool(s->job), s->pairs, s->n_pairs) =
                (struct pair){NULL, &s->volumes[i]};
}

/* ---- the database -------------------------------------------------------- */

/* A uuid that is another disk's is not this one's. */
static const char *free_uuid(const struct txn *txn, const struct sr_volume *v)
{
    return v->uuid &&
                   !db_by_uuid(txn_db(txn), &model_classes[CLASS_VDI], v->uuid)
               ? v->uuid
               : NULL;
}

static const char *base_name(const char *location)
{
    const char *slash = strrchr(location, '/');

    return slash ? slash + 1 : location;
}

static struct err *write_found(struct txn *txn, const struct scan *s,
                               const struct sr_volume *v)
{
    bool disc = s->sr.type->discs;
    struct object *vdi;

    TRY(txn_create(txn, &model_classes[CLASS_VDI], NULL, free_uuid(txn, v),
                   &vdi));
    TRY(set_VDI_SR(txn, vdi, s->of));
    TRY(set_VDI_name_label(txn, vdi, v->uuid ? "" : base_name(v->location)));
    TRY(set_VDI_type(txn, vdi, VDI_type_user));
    TRY(set_VDI_location(txn, vdi, v->location));
    TRY(set_VDI_managed(txn, vdi, true));
    TRY(set_VDI_read_only(txn, vdi, disc));
    TRY(set_VDI_sharable(txn, vdi, disc));
    TRY(set_VDI_virtual_size(txn, vdi, v->size));
    TRY(set_VDI_physical_utilisation(txn, vdi, v->used));
    return ops_update(txn, vdi);
}

static struct err *write_pair(struct txn *txn, const struct scan *s,
                              const struct pair *pair)
{
    struct object *vdi = pair->vdi;

    if (!vdi)
        return write_found(txn, s, pair->volume);
    if (!pair->volume && vdi_is_attached(txn_db(txn), vdi))
        return set_VDI_missing(txn, vdi, true);
    if (!pair->volume)
        return disk_forget(txn, vdi);
    TRY(set_VDI_missing(txn, vdi, false));
    TRY(set_VDI_virtual_size(txn, vdi, pair->volume->size));
    return set_VDI_physical_utilisation(txn, vdi, pair->volume->used);
}

static struct err *write_batch(struct txn *txn, void *arg)
{
    struct scan *s = arg;

    for (size_t n = 0; n < BATCH && s->at < s->n_pairs; n++)
        TRY(write_pair(txn, s, &s->pairs[s->at++]));
    return disk_write_space(txn, s->of, &s->space);
}

/* Drives are empty then, disks not there any more. */
static struct err *drop_medium(struct txn *txn, struct object *vbd)
{
    if (get_VBD_type(vbd) == VBD_type_CD)
        return set_VBD_empty(txn, vbd, true);
    txn_destroy(txn, vbd);
    return NULL;
}

struct err *disk_forget(struct txn *txn, struct object *vdi)
{
    struct model_value vbds = get_VDI_VBDs(vdi);
    AUTO_POOL struct pool *p = pool_new();
    struct object **list =
        pool_alloc(p, (vbds.n + 1) * sizeof(struct object *));
    unsigned n = vbds.n;

    for (unsigned i = 0; i < n; i++)
        list[i] =
            db_find(txn_db(txn), &model_classes[CLASS_VBD], vbds.keys[i].s);
    for (unsigned i = 0; i < n; i++) {
        struct object *vm = get_VBD_VM(list[i]);

        TRY(drop_medium(txn, list[i]));
        list[i] = vm;
    }
    txn_destroy(txn, vdi);
    for (unsigned i = 0; i < n; i++)
        if (list[i])
            TRY(ops_update(txn, list[i]));
    return NULL;
}

/* ---- the work ------------------------------------------------------------ */

static struct err *read_space(struct scan *s)
{
    TRY(disk_sr(job_pool(s->job), job_db(s->job), s->of, &s->sr));
    return disk_error(s->sr.type->space(&s->sr, &s->space), s->of, NULL);
}

struct err *disk_scan(struct job *j, struct object *sr)
{
    struct scan s = {.job = j, .of = sr};

    TRY(read_space(&s));
    TRY(disk_error(tidy(j, &s.sr, sr), sr, NULL));
    TRY(disk_error(
        s.sr.type->list(&s.sr, job_pool(j), &s.volumes, &s.n_volumes), sr,
        NULL));
    compare(&s);
    do
        TRY(job_commit(j, write_batch, &s));
    while (s.at < s.n_pairs);
    return s.sr.type->merge && !s.lost
               ? disk_error(s.sr.type->merge(&s.sr), sr, NULL)
               : NULL;
}

struct err *disk_scan_space(struct job *j, struct object *sr)
{
    struct scan s = {.job = j, .of = sr};

    TRY(read_space(&s));
    return job_commit(j, write_batch, &s);
}

/* ---- the daemon's start -------------------------------------------------- */

static struct err *write_unplugged(struct txn *txn, void *pbd)
{
    return set_PBD_currently_attached(txn, pbd, false);
}

static struct err *plug_again(struct job *j, struct object *sr)
{
    struct sr opened;

    TRY(disk_sr(job_pool(j), job_db(j), sr, &opened));
    TRY(opened.type->plug(&opened));
    return tidy(j, &opened, sr);
}

struct err *disk_settle(struct job *j, void *unused)
{
    (void)unused;
    for (struct object *pbd = db_first(job_db(j), &model_classes[CLASS_PBD]);
         pbd; pbd = object_next(pbd)) {
        struct object *sr = get_PBD_SR(pbd);
        struct err *e = NULL;

        if (!sr || !get_PBD_currently_attached(pbd))
            continue;
        e = plug_again(j, sr);
        if (!e)
            continue;
        log_warning("sr", "'%s' is not connected: %s", get_SR_name_label(sr),
                    err_text(e));
        err_free(e);
        TRY(job_commit(j, write_unplugged, pbd));
    }
    return NULL;
}
