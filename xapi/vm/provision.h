/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * provision: what a template wants made (VM.other_config:disks), an XML text:
 *
 *   <provision>
 *     <disk device="0" size="21474836480" sr="" bootable="true" type="system"/>
 *   </provision>
 *
 * Read by libxml2's events, with no document type and no entities but XML's
 * own. Knows no database.
 */
#ifndef XAPI_PROVISION_H
#define XAPI_PROVISION_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/pool.h"

#define PROVISION_DISKS_MAX 255
#define PROVISION_MAX 65536 /* of the text */

struct provision_disk {
    const char *device; /* userdevice of its VBD */
    int64_t size;       /* bytes */
    const char *sr;     /* uuid; "": the pool's default */
    bool bootable;
    const char *type; /* of VDI.type, "system" when it is not said */
};

/* The list is in P. Errors say line:column and what would be right. */
struct err *provision_read(struct pool *p, const char *text,
                           struct provision_disk **ret, size_t *ret_n) MUST_USE;

#endif
