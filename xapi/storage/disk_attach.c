/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* disk_attach: paths for domains; and those domains that have one already. */
#include "xapi/storage/disk_impl.h"
#include "xapi/model/errors_gen.h"
#include "xapi/hv/hv.h"
#include "xapi/hv/plan.h"

/* ---- paths --------------------------------------------------------------- */

struct attached {
    struct sr sr;
    const char *location, *user;
};

static struct err *undo_attach(void *arg)
{
    const struct attached *a = arg;

    return a->sr.type->detach(&a->sr, a->location, a->user);
}

struct err *disk_attach(struct job *j, struct object *vdi, const char *user,
                        bool writable, struct disk_path *ret)
{
    struct pool *p = job_pool(j);
    struct attached *a = pool_new_of(p, struct attached);
    const struct object *sr = get_VDI_SR(vdi);
    const struct sr_use use = {.user = pool_str(p, user),
                               .writes = writable,
                               .forgets =
                                   get_VDI_on_boot(vdi) == VDI_on_boot_reset};
    struct sr_path path;

    TRY(disk_sr(p, job_db(j), sr, &a->sr));
    if (writable && (get_VDI_read_only(vdi) || a->sr.type->discs))
        return err_VDI_READONLY(object_ref(vdi));
    a->location = pool_str(p, get_VDI_location(vdi));
    a->user = use.user;
    TRY(disk_error(a->sr.type->attach(&a->sr, p, a->location, &use, &path), sr,
                   vdi));
    job_undo(j, undo_attach, a);
    *ret = (struct disk_path){path.path, path.format};
    return NULL;
}

static bool is_unplugged(const struct err *e)
{
    size_t n;
    const char *const *words = err_words(e, &n);

    return words && (text_eq(words[0], "SR_NOT_ATTACHED") ||
                     text_eq(words[0], "SR_HAS_NO_PBDS"));
}

struct err *disk_detach(struct job *j, struct object *vdi, const char *user)
{
    const struct object *of = get_VDI_SR(vdi);
    struct sr sr;
    struct err *e = disk_sr(job_pool(j), job_db(j), of, &sr);

    if (e && is_unplugged(e)) {
        err_drop(e, "nothing there is attached");
        return NULL;
    }
    TRY(e);
    return disk_error(sr.type->detach(&sr, get_VDI_location(vdi), user), of,
                      vdi);
}

struct err *disk_where(struct job *j, struct object *vdi, struct disk_path *ret)
{
    const struct object *of = get_VDI_SR(vdi);
    struct sr_path path;
    struct sr sr;

    TRY(disk_sr(job_pool(j), job_db(j), of, &sr));
    TRY(disk_error(
        sr.type->where(&sr, job_pool(j), get_VDI_location(vdi), &path), of,
        vdi));
    *ret = (struct disk_path){path.path, path.format};
    return NULL;
}

/* ---- living domains ------------------------------------------------------ */

struct live {
    struct sr_live pub;
    const struct hv *hv;
    const struct object *sr;
    uint32_t domid;
    bool runs;
    struct plan_disk disk;
};

static struct err *hold(void *arg)
{
    const struct live *l = arg;

    return l->runs ? l->hv->pause(l->hv, l->domid) : NULL;
}

static struct err *release(void *arg)
{
    const struct live *l = arg;

    return l->runs ? l->hv->unpause(l->hv, l->domid) : NULL;
}

static struct err *switch_to(void *arg, const char *path, const char *format)
{
    struct live *l = arg;

    if (!l->hv->switch_disk)
        return err_SR_OPERATION_NOT_SUPPORTED(object_ref(l->sr));
    l->disk.path = path;
    l->disk.format = format;
    return l->hv->switch_disk(l->hv, l->domid, &l->disk);
}

static struct err *resize(void *arg, const char *path, const char *format,
                          int64_t size)
{
    struct live *l = arg;

    if (!l->hv->resize_disk)
        return err_SR_OPERATION_NOT_SUPPORTED(object_ref(l->sr));
    l->disk.path = path;
    l->disk.format = format;
    return l->hv->resize_disk(l->hv, l->domid, &l->disk, size);
}

static const struct object *find_writer(struct job *j, const struct object *vdi)
{
    struct model_value vbds = get_VDI_VBDs(vdi);

    for (unsigned i = 0; i < vbds.n; i++) {
        const struct object *vbd =
            db_find(job_db(j), &model_classes[CLASS_VBD], vbds.keys[i].s);

        if (get_VBD_currently_attached(vbd) &&
            get_VBD_mode(vbd) == VBD_mode_RW && get_VBD_VM(vbd) &&
            get_VM_domid(get_VBD_VM(vbd)) > 0)
            return vbd;
    }
    return NULL;
}

struct sr_live *disk_live(struct job *j, const struct hv *hv,
                          const struct object *vdi)
{
    struct pool *p = job_pool(j);
    const struct object *vbd = hv ? find_writer(j, vdi) : NULL;
    const struct object *vm = vbd ? get_VBD_VM(vbd) : NULL;
    struct live *l;

    if (!vm)
        return NULL;
    l = pool_new_of(p, struct live);
    *l = (struct live){
        .pub = {l, hold, release, switch_to, resize},
        .hv = hv,
        .sr = get_VDI_SR(vdi),
        .domid = (uint32_t)get_VM_domid(vm),
        .runs = get_VM_power_state(vm) == VM_power_state_Running,
        .disk = {.vbd = pool_str(p, get_VBD_uuid(vbd)),
                 .device = pool_str(p, get_VBD_device(vbd)),
                 .bootable = get_VBD_bootable(vbd),
                 .writable = true},
    };
    return &l->pub;
}
