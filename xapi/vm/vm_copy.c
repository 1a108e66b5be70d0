/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_copy: see vm_copy.h. */
#include "xapi/vm/vm_copy.h"

#include "xapi/vm/device.h"

static struct object *vbd_at(const struct db *db, const struct object *vm,
                             unsigned i)
{
    return db_find(db, &model_classes[CLASS_VBD], get_VM_VBDs(vm).keys[i].s);
}

static struct object *disk_of(const struct object *vbd)
{
    return get_VBD_type(vbd) == VBD_type_Disk ? get_VBD_VDI(vbd) : NULL;
}

static struct object *memory_of(const struct vm_copy *copy)
{
    if (!copy->memory ||
        get_VM_power_state(copy->from) != VM_power_state_Suspended)
        return NULL;
    return get_VM_suspend_VDI(copy->from);
}

/* ---- disks --------------------------------------------------------------- */

static bool is_ignored(const struct vm_copy *copy, const struct object *vdi)
{
    return datum_find(model_fields[SR_VDIs].type, copy->ignored,
                      (union model_atom){.s = object_ref(vdi)}) >= 0;
}

static bool is_listed(struct object **list, size_t n, const struct object *vdi)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == vdi)
            return true;
    return false;
}

struct object **vm_copy_list(struct pool *p, const struct db *db,
                             const struct vm_copy *copy, size_t *ret_n)
{
    unsigned n_vbds = get_VM_VBDs(copy->from).n;
    struct object **list = pool_alloc(p, (n_vbds + 1) * sizeof(*list));
    struct object *vdi;
    size_t n = 0;

    for (unsigned i = 0; i < n_vbds; i++) {
        vdi = disk_of(vbd_at(db, copy->from, i));
        if (vdi && !is_ignored(copy, vdi) && !is_listed(list, n, vdi))
            list[n++] = vdi;
    }
    vdi = memory_of(copy);
    if (vdi)
        list[n++] = vdi;
    *ret_n = n;
    return list;
}

struct err *vm_copy_clone(struct job *j, struct object *vdi, void *arg,
                          struct disk **ret)
{
    (void)arg;
    return get_VDI_type(vdi) == VDI_type_suspend
               ? disk_copy(j, vdi, get_VDI_SR(vdi), ret)
               : disk_clone(j, vdi, ret);
}

struct err *vm_copy_disks(struct job *j, struct vm_copy *copy, vm_disk_fn *fn,
                          void *arg)
{
    copy->vdis = vm_copy_list(job_pool(j), job_db(j), copy, &copy->n);
    copy->disks = pool_alloc(job_pool(j), (copy->n + 1) * sizeof(*copy->disks));
    for (size_t i = 0; i < copy->n; i++) {
        TRY(fn(j, copy->vdis[i], arg, &copy->disks[i]));
        job_progress(j, 0.9 * (double)(i + 1) / (double)copy->n);
    }
    return NULL;
}

struct disk *vm_copy_find(const struct vm_copy *copy, const struct object *vdi)
{
    for (size_t i = 0; i < copy->n; i++)
        if (copy->vdis[i] == vdi)
            return copy->disks[i];
    return NULL;
}

void vm_copy_hold(const struct call *c, const struct vm_copy *copy,
                  enum VDI_operations vdi_op, enum SR_operations sr_op,
                  struct ops_more *more)
{
    size_t n;
    struct object **vdis = vm_copy_list(c->pool, c->db, copy, &n);

    for (size_t i = 0; i < n; i++) {
        ops_hold(more, vdis[i], vdi_op);
        ops_hold(more, get_VDI_SR(vdis[i]), sr_op);
    }
}

/* ---- fields -------------------------------------------------------------- */

/* What clients give at creation, and a copy does not have of its original. */
static const unsigned own_fields[] = {
    VM_name_label,
    VM_power_state,
    VM_suspend_VDI,
    VM_ha_always_run,
    VM_protection_policy,
    VM_is_snapshot_from_vmpp,
    VM_snapshot_schedule,
    VM_is_vmss_snapshot,
    VM_appliance,
    VM_version,
    VBD_VM,
    VBD_VDI,
    VBD_currently_attached,
    VIF_VM,
    VIF_MAC,
    VIF_currently_attached,
};

static bool is_own(const struct model_field *field)
{
    return field_is_among(field, own_fields, ARRAY_LEN(own_fields)) ||
           field->mode == MODEL_DYNAMIC || field->computed;
}

struct err *vm_copy_fields(struct txn *txn, const struct object *from,
                           struct object *to)
{
    const struct model_class *class = object_class(from);

    for (unsigned i = 0; i < class->n_fields; i++)
        if (!is_own(&class->fields[i]))
            TRY(txn_set(txn, to, &class->fields[i],
                        object_get(from, &class->fields[i])));
    return NULL;
}

/* ---- devices ------------------------------------------------------------- */

static struct err *copy_vbd(struct txn *txn, const struct vm_copy *copy,
                            const struct object *from, struct object *vm)
{
    const struct object *vdi = disk_of(from);
    const struct disk *disk = vdi ? vm_copy_find(copy, vdi) : NULL;
    struct object *new;

    if (vdi && !disk)
        return NULL;
    TRY(txn_create(txn, &model_classes[CLASS_VBD], NULL, NULL, &new));
    TRY(vm_copy_fields(txn, from, new));
    TRY(set_VBD_VM(txn, new, vm));
    TRY(set_VBD_VDI(txn, new, disk ? disk->vdi : get_VBD_VDI(from)));
    return ops_update_alone(txn, new);
}

static struct err *copy_vif(struct txn *txn, const struct vm_copy *copy,
                            const struct object *from, struct object *vm)
{
    bool made_up = !copy->same_addresses || get_VIF_MAC_autogenerated(from);
    char address[MAC_SIZE];
    struct object *new;

    vif_make_address(vm, get_VIF_device(from), address);
    TRY(txn_create(txn, &model_classes[CLASS_VIF], NULL, NULL, &new));
    TRY(vm_copy_fields(txn, from, new));
    TRY(set_VIF_VM(txn, new, vm));
    TRY(set_VIF_MAC_autogenerated(txn, new, made_up));
    TRY(set_VIF_MAC(txn, new,
                    copy->same_addresses ? get_VIF_MAC(from) : address));
    return ops_update_alone(txn, new);
}

static struct err *copy_memory(struct txn *txn, const struct vm_copy *copy,
                               struct object *vm)
{
    const struct object *memory = memory_of(copy);
    bool suspended = copy->memory &&
                     get_VM_power_state(copy->from) == VM_power_state_Suspended;

    TRY(set_VM_suspend_VDI(txn, vm,
                           memory ? vm_copy_find(copy, memory)->vdi : NULL));
    return set_VM_power_state(
        txn, vm, suspended ? VM_power_state_Suspended : VM_power_state_Halted);
}

struct err *vm_copy_devices(struct txn *txn, const struct vm_copy *copy,
                            struct object *to)
{
    struct model_value vifs = get_VM_VIFs(copy->from);

    for (size_t i = 0; i < copy->n; i++)
        TRY(disk_write(txn, copy->disks[i]));
    for (unsigned i = 0; i < get_VM_VBDs(copy->from).n; i++)
        TRY(copy_vbd(txn, copy, vbd_at(txn_db(txn), copy->from, i), to));
    for (unsigned i = 0; i < vifs.n; i++)
        TRY(copy_vif(
            txn, copy,
            db_find(txn_db(txn), &model_classes[CLASS_VIF], vifs.keys[i].s),
            to));
    return copy_memory(txn, copy, to);
}

/* ---- a VM ---------------------------------------------------------------- */

struct err *vm_copy_write(struct txn *txn, const struct vm_copy *copy,
                          const char *ref, const char *name,
                          struct object **ret)
{
    const struct object *from = copy->from;
    struct object *vm;

    TRY(txn_create(txn, &model_classes[CLASS_VM], ref, NULL, &vm));
    TRY(vm_copy_fields(txn, from, vm));
    TRY(set_VM_name_label(txn, vm, name));
    TRY(set_VM_bios_strings(txn, vm, get_VM_bios_strings(from)));
    if (!copy->same_addresses) {
        TRY(remove_from_VM_other_config(txn, vm, "mac_seed"));
        TRY(vm_seed_addresses(txn, vm));
        TRY(vm_new_generation(txn, vm));
    }
    *ret = vm;
    return vm_copy_devices(txn, copy, vm);
}
