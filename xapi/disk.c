/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* disk: see disk.h. No row of sr.h is there yet: each SR's driver is unknown.
 */
#include "xapi/disk.h"

#include "xapi/errors_gen.h"

struct err *disk_sr(struct pool *p, const struct object *sr, struct sr *ret)
{
    (void)p, (void)ret;
    return err_SR_UNKNOWN_DRIVER(get_SR_type(sr));
}

static struct err *unknown(const struct object *vdi)
{
    return disk_sr(NULL, get_VDI_SR(vdi), NULL);
}

struct err *disk_attach(struct job *j, struct object *vdi, const char *user,
                        bool writable, struct disk_path *ret)
{
    (void)j, (void)user, (void)writable, (void)ret;
    return unknown(vdi);
}

struct err *disk_detach(struct job *j, struct object *vdi, const char *user)
{
    (void)j, (void)user;
    return unknown(vdi);
}

struct err *disk_where(struct job *j, struct object *vdi, struct disk_path *ret)
{
    (void)j, (void)ret;
    return unknown(vdi);
}

struct err *disk_create(struct job *j, const struct disk_spec *spec,
                        struct disk **ret)
{
    (void)j, (void)ret;
    return disk_sr(NULL, spec->sr, NULL);
}

struct err *disk_clone(struct job *j, struct object *vdi, struct disk **ret)
{
    (void)j, (void)ret;
    return unknown(vdi);
}

struct err *disk_snapshot(struct job *j, const struct hv *hv,
                          struct object *vdi, struct disk **ret)
{
    (void)j, (void)hv, (void)ret;
    return unknown(vdi);
}

struct err *disk_copy(struct job *j, struct object *vdi, struct object *sr,
                      struct disk **ret)
{
    (void)j, (void)sr, (void)ret;
    return unknown(vdi);
}

struct err *disk_destroy(struct job *j, struct object *vdi, struct disk **ret)
{
    (void)j, (void)ret;
    return unknown(vdi);
}

struct err *disk_resize(struct job *j, const struct hv *hv, struct object *vdi,
                        int64_t size, struct disk **ret)
{
    (void)j, (void)hv, (void)size, (void)ret;
    return unknown(vdi);
}

struct err *disk_write(struct txn *txn, void *disk)
{
    (void)txn, (void)disk;
    return NULL;
}
