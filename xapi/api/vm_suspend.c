/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_suspend: guests whose memory lies in a VDI meanwhile. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/vm/vm_domain.h"
#include "xapi/vm/vm_memory.h"

static struct err *suspend(struct job *j, void *arg)
{
    return vm_suspend(j, arg, "VM_SUSPENDED");
}

struct err *VM_suspend(struct call *c, const struct VM_suspend_args *a)
{
    (void)a;
    return ops_run(
        c, VM_operations_suspend,
        &(const struct ops_body){.work = suspend, .also = vm_memory_hold});
}

static struct err *go_on(struct job *j, const struct ops_work *w, bool paused)
{
    TRY(vm_check_host(job_db(j), w->self, w->host));
    return vm_resume(j, w, paused, "VM_RESUMED");
}

static struct err *resume(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    return go_on(j, w, vm_arg(w->call, 1).i);
}

struct err *VM_resume(struct call *c, const struct VM_resume_args *a)
{
    (void)a;
    return ops_run(
        c, VM_operations_resume,
        &(const struct ops_body){.work = resume, .also = vm_hold_devices});
}

/* There is one host to go on. */
static struct err *resume_on(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    return go_on(j, w, vm_arg(w->call, 2).i);
}

struct err *VM_resume_on(struct call *c, const struct VM_resume_on_args *a)
{
    if (!db_find(c->db, &model_classes[CLASS_host], a->host))
        return db_no_object(&model_classes[CLASS_host], a->host);
    return ops_run(
        c, VM_operations_resume_on,
        &(const struct ops_body){.work = resume_on, .also = vm_hold_devices});
}

/* ---- another memory ------------------------------------------------------ */

#define PIECE 65536

struct change {
    const struct ops_work *work;
    struct object *vdi; /* or NULL: as if nothing had been saved */
};

/* All of both, to the end. */
static struct err *compare(FILE *a, FILE *b, bool *ret_same)
{
    char bytes[2][PIECE];
    size_t n;

    do {
        TRY(job_sleep(0));
        n = fread(bytes[0], 1, PIECE, a);
        *ret_same =
            n == fread(bytes[1], 1, PIECE, b) && !memcmp(bytes[0], bytes[1], n);
    } while (*ret_same && n == PIECE);
    return ferror(a) || ferror(b) ? ERR("saved memory cannot be read") : NULL;
}

static struct err *open_vdi(struct job *j, struct object *vdi, const char *user,
                            FILE **ret)
{
    struct disk_path path;

    TRY(disk_attach(j, vdi, user, false, &path));
    *ret = fopen(path.path, "re");
    return *ret ? NULL : err_errno(errno, "%s", path.path);
}

static struct err *same_content(struct job *j, const struct object *vm,
                                struct object *old, struct object *new,
                                bool *ret)
{
    const char *user = get_VM_uuid(vm);
    AUTO_FILE FILE *a = NULL;
    AUTO_FILE FILE *b = NULL;

    TRY(open_vdi(j, old, user, &a));
    TRY(open_vdi(j, new, user, &b));
    TRY(compare(a, b, ret));
    TRY(disk_detach(j, old, user));
    return disk_detach(j, new, user);
}

static struct err *check_change(struct job *j, const struct change *c)
{
    struct object *old = get_VM_suspend_VDI(c->work->self);
    const char *words[] = {old ? object_ref(old) : NULL, object_ref(c->vdi)};
    bool same = true;

    if (get_VDI_type(c->vdi) != VDI_type_suspend)
        return err_VDI_INCOMPATIBLE_TYPE(
            object_ref(c->vdi),
            model_fields[VDI_type].type->enum_->values[get_VDI_type(c->vdi)]);
    if (old && old != c->vdi)
        TRY(same_content(j, c->work->self, old, c->vdi, &same));
    return same ? NULL
                : err_SUSPEND_VDI_REPLACEMENT_IS_NOT_IDENTICAL(
                      words, ARRAY_LEN(words));
}

static struct err *write_change(struct txn *txn, void *arg)
{
    const struct change *c = arg;

    return set_VM_suspend_VDI(txn, c->work->self, c->vdi);
}

static struct err *change(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct change c = {
        w, db_find(job_db(j), &model_classes[CLASS_VDI], vm_arg(w->call, 1).s)};

    if (c.vdi)
        TRY(check_change(j, &c));
    return job_commit(j, write_change, &c);
}

/* The memory moves to another VDI, which has it already. Of the operations that
 * there are, this is the one of suspended VMs alone. */
struct err *VM_set_suspend_VDI(struct call *c,
                               const struct VM_set_suspend_VDI_args *a)
{
    const struct model_class *class = &model_classes[CLASS_VDI];

    if (a->value && !db_find(c->db, class, a->value))
        return db_no_object(class, a->value);
    return ops_run(c, VM_operations_csvm,
                   &(const struct ops_body){.work = change});
}
