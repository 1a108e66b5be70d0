/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_copy: a VM made out of another, in a worker: first its disks, one by one
 * (disk.h), then in one txn the record, its devices and what disks were made.
 * Used by clone and copy, snapshot and checkpoint, and by revert, which goes
 * the other way round.
 */
#ifndef XAPI_VM_COPY_H
#define XAPI_VM_COPY_H

#include "xapi/storage/disk.h"
#include "xapi/ops/ops_queue.h"

struct vm_copy {
    const struct object *from;
    struct model_value ignored; /* VDIs that are left out, a set */
    bool memory;                /* of a suspended VM goes along */
    bool same_addresses;
    /* Made by vm_copy_disks: the disks, and what became of each. */
    struct object **vdis;
    struct disk **disks;
    size_t n;
};

/* ---- disks --------------------------------------------------------------- */

/* Makes another VDI out of VDI: disk.h's verbs. */
typedef struct err *vm_disk_fn(struct job *j, struct object *vdi, void *arg,
                               struct disk **ret);
/* Of disks clones, of memory a copy: a stream stays as it is. */
struct err *vm_copy_clone(struct job *j, struct object *vdi, void *arg,
                          struct disk **ret) MUST_USE;
/* Calls FN(ARG) for each disk (media in drives are none), and for the memory.
 */
struct err *vm_copy_disks(struct job *j, struct vm_copy *copy, vm_disk_fn *fn,
                          void *arg) MUST_USE;
/* What that would be called for now, each once; the list is in P. */
struct object **vm_copy_list(struct pool *p, const struct db *db,
                             const struct vm_copy *copy, size_t *ret_n);
/* What became of VDI, or NULL. */
struct disk *vm_copy_find(const struct vm_copy *copy, const struct object *vdi);
/* For ops_body.also: VDI_OP on what vm_copy_disks would find now, SR_OP on the
 * repositories it is in. */
void vm_copy_hold(const struct call *c, const struct vm_copy *copy,
                  enum VDI_operations vdi_op, enum SR_operations sr_op,
                  struct ops_more *more);

/* ---- records ------------------------------------------------------------- */

/* The fields of FROM (of any class) that a copy of it has too. */
struct err *vm_copy_fields(struct txn *txn, const struct object *from,
                           struct object *to) MUST_USE;
/* Writes the disks, then VBDs and VIFs of TO as FROM has them, with the new
 * disks in the place of the old ones; VBDs of disks that were ignored are left
 * out. TO has the memory, and is suspended, or is halted. */
struct err *vm_copy_devices(struct txn *txn, const struct vm_copy *copy,
                            struct object *to) MUST_USE;
/* A new VM, REF, with all of that. The caller completes it (vm_complete). */
struct err *vm_copy_write(struct txn *txn, const struct vm_copy *copy,
                          const char *ref, const char *name,
                          struct object **ret) MUST_USE;

#endif
