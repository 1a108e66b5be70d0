/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xva: VMs as files: GET /export, PUT /import, and their records alone: GET
 * /export_metadata, PUT /import_metadata. An XVA is a tar: ova.xml (the
 * records, XML-RPC) and, disk by disk, pieces of at most 1 MiB,
 * "Ref:7/00000000" and so on, each with a checksum behind it; pieces of zeros
 * are left out, but for the first and the last.
 */
#ifndef XAPI_XVA_H
#define XAPI_XVA_H

#include "xapi/call/gate.h"
#include "xapi/storage/transfer.h"
#include "xapi/vm/xva_tar.h"

struct xva {
    struct server *server;
    struct transfer_all *all;
    struct gate gates[4];
};

void xva_serve(struct http *http, struct xva *x);

/* xva_export.c's and xva_put.c's: a struct xva. */
void xva_get(struct http_request *r, void *arg);
void xva_get_records(struct http_request *r, void *arg);
void xva_put(struct http_request *r, void *arg);
void xva_put_records(struct http_request *r, void *arg);

#endif
