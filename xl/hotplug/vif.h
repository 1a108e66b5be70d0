/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vif: what all kinds of NICs share: which interface of Dom0's a call is about,
 * and its name. */
#ifndef XL_HOTPLUG_VIF_H
#define XL_HOTPLUG_VIF_H

#include "xl/hotplug/hotplug.h"
#include "xl/hotplug/link.h"

struct vif {
    struct hotplug *h;
    struct links *links;
    const char *dev; /* as it is called now */
    bool is_tap;     /* of the emulated NIC, beside the backend's */
    bool comes;      /* else it goes */
    /* of the backend's nodes, NULL for what is not there */
    const char *bridge, *mtu, *ip, *handle, *gateway;
    int64_t domid, devid;
};

/* BODY, with all that comes before and after. */
struct err *vif_run(struct hotplug *h,
                    struct err *(*body)(struct vif *v)) MUST_USE;
/* Down; gone already is fine. */
struct err *vif_down(const struct vif *v) MUST_USE;
/* Dom0 answers for the guest's addresses. */
struct err *vif_proxy_arp(const struct vif *v) MUST_USE;

#endif
