/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device: see device.h. */
#include "xapi/vm/device.h"

#include <stdio.h>
#include <string.h>
#include <uuid/uuid.h>

#include "xapi/storage/disk.h"
#include "xapi/hv/hv.h"
#include "xapi/vm/network.h"
#include "xapi/ops/ops_queue.h"

/* ---- on the host --------------------------------------------------------- */

struct err *vbd_attach_disk(struct job *j, const struct object *vbd,
                            struct object *vdi, struct plan_disk *ret)
{
    struct plan_disk disk;
    struct disk_path where;

    plan_disk(job_pool(j), vbd, &disk);
    TRY(disk_attach(j, vdi, disk.vbd, disk.writable, &where));
    disk.path = where.path;
    disk.format = where.format;
    *ret = disk;
    return NULL;
}

struct err *vbd_attach(struct job *j, struct object *vbd, struct plan_disk *ret)
{
    struct object *vdi = get_VBD_VDI(vbd);

    if (vdi)
        return vbd_attach_disk(j, vbd, vdi, ret);
    plan_disk(job_pool(j), vbd, ret);
    return NULL;
}

struct err *vbd_release(struct job *j, struct object *vbd)
{
    struct object *vdi = get_VBD_VDI(vbd);

    return vdi ? disk_detach(j, vdi, get_VBD_uuid(vbd)) : NULL;
}

struct attached_nic {
    struct job *job;
    const struct ops_work *work;
    const struct object *vif;
};

static struct err *undo_nic(void *arg)
{
    const struct attached_nic *a = arg;

    return vif_release(a->job, a->work, a->vif);
}

static struct err *attach_network(struct job *j, const struct ops_work *w,
                                  const struct object *vif,
                                  struct object *network)
{
    struct attached_nic *a = pool_new_of(job_pool(j), struct attached_nic);

    *a = (struct attached_nic){j, w, vif};
    if (w->net) {
        TRY(network_up(j, w->net, network, w->host, vif));
        job_undo(j, undo_nic, a);
    }
    return NULL;
}

struct err *vif_attach_network(struct job *j, const struct ops_work *w,
                               const struct object *vif, struct object *network,
                               struct plan_nic *ret)
{
    struct plan_nic nic;

    if (!network)
        return db_no_object(&model_classes[CLASS_network], NULL);
    TRY(attach_network(j, w, vif, network));
    plan_nic(job_pool(j), vif, &nic);
    plan_lock(job_pool(j), vif, network, &nic);
    nic.bridge = pool_str(job_pool(j), get_network_bridge(network));
    *ret = nic;
    return NULL;
}

struct err *vif_attach(struct job *j, const struct ops_work *w,
                       const struct object *vif, struct plan_nic *ret)
{
    return vif_attach_network(j, w, vif, get_VIF_network(vif), ret);
}

struct err *vif_release(struct job *j, const struct ops_work *w,
                        const struct object *vif)
{
    const struct object *network = get_VIF_network(vif);

    return w->net && network ? network_down(j, w->net, network, vif) : NULL;
}

struct err *vif_tell(struct job *j, const struct ops_work *w,
                     const struct object *vif, const struct plan_nic *nic,
                     uint32_t domid)
{
    struct plan_pair pairs[PLAN_TOLD];
    struct plan_ip ips[PLAN_IPS];

    if (nic->lock != PLAN_UNLOCKED)
        TRY(w->hv->lock_nic(w->hv, domid, nic));
    plan_ips(job_pool(j), vif, ips);
    if (!ips[PLAN_IPV4].address && !ips[PLAN_IPV6].address)
        return NULL;
    plan_told(job_pool(j), vif, ips, pairs);
    return w->hv->set_data(w->hv, domid, pairs, PLAN_TOLD);
}

struct err *vif_unlock(const struct ops_work *w, const struct plan_nic *nic,
                       uint32_t domid)
{
    struct plan_nic open = *nic;

    open.lock = PLAN_UNLOCKED;
    return nic->lock != PLAN_UNLOCKED ? w->hv->lock_nic(w->hv, domid, &open)
                                      : NULL;
}

/* ---- records ------------------------------------------------------------- */

struct err *vbd_set_attached(struct txn *txn, struct object *vbd, bool attached)
{
    AUTO_POOL struct pool *p = pool_new();
    struct plan_disk disk;

    plan_disk(p, vbd, &disk);
    TRY(set_VBD_currently_attached(txn, vbd, attached));
    TRY(set_VBD_device(txn, vbd, attached ? disk.device : ""));
    TRY(set_VBD_status_code(txn, vbd, 0));
    TRY(set_VBD_status_detail(txn, vbd, ""));
    return ops_update(txn, vbd);
}

struct err *vif_set_attached(struct txn *txn, struct object *vif, bool attached)
{
    TRY(set_VIF_currently_attached(txn, vif, attached));
    TRY(set_VIF_status_code(txn, vif, 0));
    TRY(set_VIF_status_detail(txn, vif, ""));
    return ops_update(txn, vif);
}

/* ---- addresses ----------------------------------------------------------- */

/* Of those that nobody was assigned, to one machine. */
void vif_make_address(const struct object *vm, const char *device,
                      char ret[MAC_SIZE])
{
    const char *seed = datum_map_get(get_VM_other_config(vm), "mac_seed");
    uuid_t space, made;

    if (!seed || uuid_parse(seed, space))
        uuid_parse(get_VM_uuid(vm), space);
    uuid_generate_sha1(made, space, device, strlen(device));
    snprintf(ret, MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x",
             (made[0] & 0xfc) | 2, made[1], made[2], made[3], made[4], made[5]);
}
