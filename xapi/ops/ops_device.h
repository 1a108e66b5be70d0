/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_device: rules that VBDs and VIFs share; see ops.h. */
#ifndef XAPI_OPS_DEVICE_H
#define XAPI_OPS_DEVICE_H

#include "xapi/ops/ops.h"

enum {
    DEVICE_LIVE = 1 << 0,        /* the guest has to run, and be able to */
    DEVICE_CONNECTS = 1 << 1,    /* it must not have the device yet */
    DEVICE_DISCONNECTS = 1 << 2, /* it has to have it */
    DEVICE_ASKS = 1 << 3,        /* the guest has to listen */
    DEVICE_HIDDEN = 1 << 4,      /* never advertised */
};

struct device_check {
    const struct db *db;
    const struct object *o, *vm;
    unsigned op, flags;
    bool attached, strict;
    /* What the guest says of it, VM_guest_metrics.can_use_hotplug_... */
    enum VM_guest_metrics_tristate can;
};
/* Others run on the device itself. */
struct err *device_check_others(const struct device_check *c) MUST_USE;
/* Power state, attached or not, operations of the VM, what the guest can. */
struct err *device_check_live(const struct device_check *c) MUST_USE;

#endif
