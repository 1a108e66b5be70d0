/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * disk: what operations do to VDIs, in workers (job.h): the records of the
 * database on one side, sr.h on the other. Everything here blocks, fails with
 * the API's errors, and is taken back when the work fails (job_undo); what can
 * wait for success waits for it (job_after), such as to delete a file.
 *
 * A verb that makes, changes or takes away a VDI leaves the database alone: it
 * gives a struct disk, which the operation writes by disk_write, in the same
 * txn (job_commit) as all else that it writes. So an operation on many disks is
 * all there or not at all, also when worker, daemon or host die in its middle:
 * what the database does not know is cleaned away.
 *
 *     TRY(disk_clone(j, vdi, &clone));              one that is alone
 *     return job_commit(j, disk_write, clone);
 *
 *     for (i = 0; i < n; i++)                       one of many
 *         TRY(disk_copy(j, vdi[i], sr, &copies[i]));
 *     return job_commit(j, write_all, ...);         each: disk_write, then the
 *                                                   VBD, with disk->ref in it
 *
 * Pools are the job's. Which operations may begin is ops.h's, before; here only
 * storage is asked. Used by api_sr, api_vdi and by operations on VMs and VBDs.
 */
#ifndef XAPI_DISK_H
#define XAPI_DISK_H

#include "xapi/model/fields_gen.h"
#include "xapi/call/job.h"

struct hv;
struct sr;

/* ---- attached: a path for a domain --------------------------------------- */

struct disk_path {
    const char *path;   /* file or device of Dom0 */
    const char *format; /* "raw", "qcow2", "vhd", as plan.h takes them */
};

/*
 * Makes VDI ready for USER, the uuid of the VBD (or of the VM, for its suspend
 * image), until disk_detach with the same; a second time is fine. One that is
 * to be reset on boot (VDI.on_boot) begins anew with each attach that writes.
 * Its undo is disk_detach. VDI_READONLY, SR_HAS_NO_PBDS, VDI_MISSING, ...
 */
struct err *disk_attach(struct job *j, struct object *vdi, const char *user,
                        bool writable, struct disk_path *ret) MUST_USE;
/* No domain uses it (any more). Not attached is fine; so is an SR that is not
 * plugged. Nothing takes it back. */
struct err *disk_detach(struct job *j, struct object *vdi,
                        const char *user) MUST_USE;
/* Where it is while it is attached. */
struct err *disk_where(struct job *j, struct object *vdi,
                       struct disk_path *ret) MUST_USE;

/* ---- made, changed, taken away ------------------------------------------- */

#define DISK_SIZE_MAX (INT64_C(64) << 40) /* bytes */

struct disk {
    const char *ref, *uuid; /* VDI's; known before it is in the database */
    struct object *vdi;     /* a new one's: set by disk_write */
    struct disk_made *made; /* disk.c's */
};

struct disk_spec {
    struct object *sr;
    int64_t size; /* bytes; rounded up to what the SR can */
    enum VDI_type type;
    const char *name_label, *name_description;      /* NULL: "" */
    bool sharable, read_only;                       /* for guests */
    struct model_value other_config, xenstore_data; /* maps; none: {0} */
    struct model_value sm_config;                   /* type=raw|qcow2|vhd */
    struct model_value tags;
};

/* All zeros. */
struct err *disk_create(struct job *j, const struct disk_spec *spec,
                        struct disk **ret) MUST_USE;
/* A new one with the same content, which shares with VDI what it can. Name,
 * type, maps and flags are those of VDI; it is no snapshot. */
struct err *disk_clone(struct job *j, struct object *vdi,
                       struct disk **ret) MUST_USE;
/* The same as a snapshot of VDI (is_a_snapshot, snapshot_of, snapshot_time).
 * HV (NULL: none) is asked when a living domain writes to it. */
struct err *disk_snapshot(struct job *j, const struct hv *hv,
                          struct object *vdi, struct disk **ret) MUST_USE;
/* Where a new one is, until the work is over: for who fills it. */
struct err *disk_new_where(const struct disk *disk,
                           struct disk_path *ret) MUST_USE;
/* A full copy in SR, which shares nothing. */
struct err *disk_copy(struct job *j, struct object *vdi, struct object *sr,
                      struct disk **ret) MUST_USE;
/* Deletes it, when all has succeeded. */
struct err *disk_destroy(struct job *j, struct object *vdi,
                         struct disk **ret) MUST_USE;
/* To SIZE bytes or a bit more; never smaller (VDI_TOO_SMALL, as it stands). HV
 * as above. */
struct err *disk_resize(struct job *j, const struct hv *hv, struct object *vdi,
                        int64_t size, struct disk **ret) MUST_USE;

/* All of VDI over what is in INTO, which is at least as large. */
struct err *disk_copy_into(struct job *j, struct object *vdi,
                           struct object *into, struct disk **ret) MUST_USE;
/* Its sizes as they are. */
struct err *disk_look(struct job *j, struct object *vdi,
                      struct disk **ret) MUST_USE;

/* Writes what was done: the record of a new one (then disk->vdi), its end, its
 * new sizes. A job_write_fn: DISK is a struct disk. */
struct err *disk_write(struct txn *txn, void *disk) MUST_USE;

/* ---- the repository ------------------------------------------------------ */

/* SR as sr.h knows it, by a PBD that is plugged: SR_HAS_NO_PBDS,
 * SR_NOT_ATTACHED, SR_UNKNOWN_DRIVER. */
struct err *disk_sr(struct pool *p, const struct db *db,
                    const struct object *sr, struct sr *ret) MUST_USE;
/* The same by CONFIG, a device_config, whether it is plugged or not:
 * SR_UNKNOWN_DRIVER, INVALID_VALUE. Texts are in P. */
struct err *disk_sr_of(struct pool *p, const char *type, const char *uuid,
                       struct model_value config, struct sr *ret) MUST_USE;

#endif
