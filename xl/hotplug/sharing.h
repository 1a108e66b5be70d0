/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sharing: who uses a block device already. The rules are those of
 * xl-disk-configuration(5): what is written to has one user; what is only read
 * has as many as like, if none of them writes; a guest may share with itself
 * (two of a VM that migrates on one host, a guest and its stub domain).
 * Mode w!, which only a backend of another toolstack can have, asks nothing.
 */
#ifndef XL_HOTPLUG_SHARING_H
#define XL_HOTPLUG_SHARING_H

#include <sys/types.h>

#include "xl/hotplug/hotplug.h"

/* Where to look; a test has others. */
struct sharing_places {
    const char *backends; /* sysfs: the backends in this domain */
    const char *mounts;   /* proc: mountinfo */
    const char *swaps;
};
extern const struct sharing_places sharing_places;

struct sharing_use {
    const char *what;     /* "'/dev/vg/disk'", for sentences */
    const dev_t *devices; /* N of them are the same thing */
    size_t n;
    bool writes;
    int64_t domid; /* the guest it is for */
    int64_t devid;
};

/* An error of kind hotplug_busy, and who it is, when USE is against the rules.
 * The caller holds the lock, so that nobody begins meanwhile. */
struct err *sharing_check(const struct hotplug *h,
                          const struct sharing_places *places,
                          const struct sharing_use *use) MUST_USE;

#endif
