/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan: what a VM's record comes to as a domain: plain structs that hv.h's
 * bodies build from. What needs storage or a network first (the path of a disk,
 * the bridge of a NIC) is there already when a plan is made. Knows no libxl.
 */
#ifndef XAPI_PLAN_H
#define XAPI_PLAN_H

#include "lib/pool.h"
#include "xapi/db/db.h"

struct plan_disk {
    const char *vbd;    /* uuid */
    const char *device; /* "xvda", "hdc", ... */
    const char *path;   /* file or device of Dom0; NULL: an empty drive */
    const char *format; /* "raw", "qcow2", "vhd" */
    bool cdrom, writable, bootable;
};

/* What a guest may send. */
enum plan_lock {
    PLAN_UNLOCKED, /* all */
    PLAN_LOCKED,   /* of its own address, and of those that it is allowed */
    PLAN_DISABLED, /* nothing, and it gets nothing */
};

struct plan_nic {
    const char *vif; /* uuid */
    int64_t devid;
    const char *mac;
    const char *bridge;
    int64_t mtu;
    int64_t rate; /* kilobytes a second, 0: no limit */
    enum plan_lock lock;
    const char *const *allowed; /* IPv4 and IPv6 */
    size_t n_allowed;
};

struct plan_pair {
    const char *name, *value;
};

struct plan {
    const char *uuid, *name;
    const char *type;           /* "pv", "pvh", "hvm", "pv_in_pvh" */
    int64_t memory, memory_max; /* bytes */
    int64_t shadow; /* bytes for page tables; 0: as Xen finds right */
    int64_t vcpus, vcpus_max;
    int64_t weight, cap; /* of the scheduler; 0: as it says */
    const char *cpus;    /* "0,2-3", "": any */
    /* Not of firmware: a kernel of Dom0, or a bootloader that finds one. */
    const char *kernel, *ramdisk, *args;
    const char *bootloader, *bootloader_args;
    /* Of firmware: */
    const char *boot;                 /* "cdn" */
    const char *firmware;             /* "bios", "uefi" */
    uint64_t generation[2];           /* VM.generation_id; 0, 0: none */
    const struct plan_pair *platform; /* VM.platform */
    size_t n_platform;
    /* Paths below the domain's own: VM.xenstore_data, and (of plan_make) what
     * the firmware finds of VM.bios_strings. */
    const struct plan_pair *xenstore_data;
    size_t n_xenstore_data;
    const struct plan_disk *disks;
    size_t n_disks;
    const struct plan_nic *nics;
    size_t n_nics;
};

#define PLAN_WEIGHT_MAX 65535
#define PLAN_CAP_MAX 65535 /* per cent of a processor */

/* Of VM, without devices; texts are in P, "" for none. A setting that makes no
 * sense is INVALID_VALUE. */
struct err *plan_make(struct pool *p, const struct object *vm,
                      struct plan *ret) MUST_USE;

/* More is no size of a guest's memory, nor of what Xen needs for it. */
#define PLAN_MEMORY_MAX (INT64_C(1) << 50)

/* What VM, if it is no PV guest, needs for the page tables that Xen keeps of
 * it, MULTIPLIER times, with that much memory. */
int64_t plan_shadow(const struct object *vm, double multiplier,
                    int64_t memory_max);

/* Of a map as VM.xenstore_data is, PLAN's xenstore_data alone. */
void plan_data(struct pool *p, struct model_value map, struct plan *plan);

/* Of a VBD, as an empty drive: path and format are the attached disk's; of a
 * VIF on its network, without the bridge. */
void plan_disk(struct pool *p, const struct object *vbd, struct plan_disk *ret);
void plan_nic(struct pool *p, const struct object *vif, struct plan_nic *ret);

/* Of NIC, which is VIF on NETWORK, what it may send. */
void plan_lock(struct pool *p, const struct object *vif,
               const struct object *network, struct plan_nic *nic);

/* What VIF's guest agent is told of addresses: IPv4 and IPv6. */
enum { PLAN_IPV4, PLAN_IPV6, PLAN_IPS };
struct plan_ip {
    const char *address, *gateway; /* "192.0.2.1/24"; NULL: none */
};
void plan_ips(struct pool *p, const struct object *vif,
              struct plan_ip ret[PLAN_IPS]);
/* The same as paths below the domain's own; a value of NULL: it goes. */
#define PLAN_TOLD 9
void plan_told(struct pool *p, const struct object *vif,
               const struct plan_ip ips[PLAN_IPS],
               struct plan_pair ret[PLAN_TOLD]);

/* The place among a guest's disks that a userdevice ("3", "xvdd", "hdd") stands
 * for, or -1. */
#define PLAN_DISKS 255
int64_t plan_disk_place(const char *userdevice);
/* In the order of their places. */
void plan_sort_disks(struct plan_disk *disks, size_t n);

#endif
