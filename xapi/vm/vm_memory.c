/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_memory: see vm_memory.h. */
#include "xapi/vm/vm_memory.h"

#include <string.h>

#include "lib/log.h"
#include "xapi/model/errors_gen.h"
#include "xapi/hv/hv.h"
#include "xapi/vm/vm_domain.h"

/* What the stream has beside the guest's memory: page tables, devices. */
#define MORE_SHARE 64 /* of the memory */
#define MORE_BYTES (INT64_C(64) << 20)

struct memory {
    struct job *job;
    const struct ops_work *work;
    struct object *vdi;
    struct disk *disk;
};

static struct memory *memory_new(struct job *j, const struct ops_work *w,
                                 struct object *vdi)
{
    struct memory *m = pool_new_of(job_pool(j), struct memory);

    *m = (struct memory){.job = j, .work = w, .vdi = vdi};
    return m;
}

/* ---- where it goes ------------------------------------------------------- */

struct object *vm_memory_sr(const struct db *db, const struct object *vm)
{
    const struct object *pool = db_first(db, &model_classes[CLASS_pool]);
    const struct object *host = get_VM_resident_on(vm);
    struct object *choice[] = {
        get_VM_suspend_SR(vm),
        host ? get_host_suspend_image_sr(host) : NULL,
        pool ? get_pool_suspend_image_SR(pool) : NULL,
        pool ? get_pool_default_SR(pool) : NULL,
    };

    for (size_t i = 0; i < ARRAY_LEN(choice); i++)
        if (choice[i])
            return choice[i];
    return NULL;
}

void vm_memory_hold(const struct call *c, const struct object *vm,
                    struct ops_more *more)
{
    const struct object *sr = vm_memory_sr(c->db, vm);

    if (sr)
        ops_hold(more, sr, SR_operations_vdi_create);
}

static struct err *attach(struct job *j, const struct object *vm,
                          struct object *vdi, bool writable,
                          const char **ret_path)
{
    struct disk_path path;

    TRY(disk_attach(j, vdi, get_VM_uuid(vm), writable, &path));
    if (strcmp(path.format, "raw"))
        return err_SUSPEND_IMAGE_NOT_ACCESSIBLE(object_ref(vdi));
    *ret_path = path.path;
    return NULL;
}

/* ---- suspend ------------------------------------------------------------- */

static struct err *write_new(struct txn *txn, void *arg)
{
    struct memory *m = arg;

    TRY(disk_write(txn, m->disk));
    m->vdi = m->disk->vdi;
    return set_VM_suspend_VDI(txn, m->work->self, m->vdi);
}

static struct err *write_none(struct txn *txn, void *arg)
{
    const struct memory *m = arg;

    TRY(set_VM_suspend_VDI(txn, m->work->self, NULL));
    txn_destroy(txn, m->vdi);
    return NULL;
}

/* Only of a guest that was not suspended after all. */
static struct err *undo_new(void *arg)
{
    const struct memory *m = arg;

    if (get_VM_power_state(m->work->self) == VM_power_state_Suspended)
        return NULL;
    return job_commit(m->job, write_none, arg);
}

/* There before it is written: its path is needed. */
static struct err *make(struct job *j, struct memory *m)
{
    const struct object *vm = m->work->self;
    int64_t bytes = get_VM_memory_static_max(vm);
    struct object *sr = vm_memory_sr(job_db(j), vm);
    const union model_atom type = {.s = "type"}, raw = {.s = "raw"};
    const struct disk_spec spec = {
        .sr = sr,
        .size = bytes + bytes / MORE_SHARE + MORE_BYTES,
        .type = VDI_type_suspend,
        .name_label = "Suspend image",
        .name_description =
            pool_printf(job_pool(j), "The memory of %s", get_VM_name_label(vm)),
        .sm_config = {1, &type, &raw},
    };

    if (!sr)
        return err_VM_NO_SUSPEND_SR(object_ref(vm));
    TRY(disk_create(j, &spec, &m->disk));
    TRY(job_commit(j, write_new, m));
    job_undo(j, undo_new, m);
    return NULL;
}

struct err *vm_suspend(struct job *j, const struct ops_work *w,
                       const char *news)
{
    struct memory *m = memory_new(j, w, NULL);
    const struct hv *hv = w->hv;
    const char *path;
    struct err *e;

    TRY(make(j, m));
    TRY(attach(j, w->self, m->vdi, true, &path));
    job_progress(j, 0.1);
    e = hv->suspend(hv, (uint32_t)get_VM_domid(w->self), path);
    if (e)
        return vm_not_suspended(j, w, e);
    job_progress(j, 0.9);
    e = vm_bring_down(j, w, VM_power_state_Suspended, news);
    e = err_join(e, disk_detach(j, m->vdi, get_VM_uuid(w->self)));
    if (e && get_VM_power_state(w->self) == VM_power_state_Suspended) {
        log_error("vm", "suspended, but %s", err_text(e));
        err_free(take_ptr(e));
    }
    return e;
}

/* ---- resume -------------------------------------------------------------- */

static struct err *write_back(struct txn *txn, void *arg)
{
    const struct memory *m = arg;

    return vm_set_down(txn, m->work->self, VM_power_state_Suspended);
}

static struct err *undo_up(void *arg)
{
    const struct memory *m = arg;

    return job_commit(m->job, write_back, arg);
}

struct err *vm_resume(struct job *j, const struct ops_work *w, bool paused,
                      const char *news)
{
    struct object *vdi = get_VM_suspend_VDI(w->self);
    struct memory *m = memory_new(j, w, vdi);
    const char *path;

    if (!vdi)
        return err_VM_HAS_NO_SUSPEND_VDI(object_ref(w->self));
    TRY(attach(j, w->self, vdi, false, &path));
    job_undo(j, undo_up, m);
    return vm_bring_up(
        j, w,
        &(const struct vm_up){.from = path, .paused = paused, .news = news});
}

/* ---- of a guest that runs ------------------------------------------------ */

static struct err *write_gone(struct txn *txn, void *arg)
{
    const struct memory *m = arg;

    TRY(set_VM_suspend_VDI(txn, m->work->self, NULL));
    return disk_write(txn, m->disk);
}

struct err *vm_memory_drop(struct job *j, const struct ops_work *w)
{
    struct memory *m = memory_new(j, w, get_VM_suspend_VDI(w->self));

    if (!m->vdi)
        return NULL;
    TRY(disk_detach(j, m->vdi, get_VM_uuid(w->self)));
    TRY(disk_destroy(j, m->vdi, &m->disk));
    return job_commit(j, write_gone, m);
}
