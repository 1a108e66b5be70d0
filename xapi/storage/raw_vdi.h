/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw_vdi: PUT /import_raw_vdi and GET /export_raw_vdi: what is in a disk, as
 * raw bytes or as an image (format=raw|vhd|qcow2). */
#ifndef XAPI_RAW_VDI_H
#define XAPI_RAW_VDI_H

#include "xapi/call/gate.h"
#include "xapi/storage/transfer.h"

struct raw_vdi {
    struct server *server;
    struct transfer_all *all;
    struct gate gates[2];
};

void raw_vdi_serve(struct http *http, struct raw_vdi *r);

#endif
