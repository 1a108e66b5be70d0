/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xva: VMs as files: GET /export and PUT /import. An XVA is a tar: ova.xml (the
 * records, XML-RPC) and, disk by disk, pieces of at most 1 MiB,
 * "Ref:7/00000000" and so on, each with a checksum behind it; pieces of zeros
 * are left out.
 */
#ifndef XAPI_XVA_H
#define XAPI_XVA_H

#include "xapi/gate.h"
#include "xapi/transfer.h"

#define XVA_RECORDS "ova.xml"
#define XVA_RECORDS_MAX (16u << 20)
#define XVA_VERSION 2
#define XVA_PIECE (1u << 20)

struct xva {
    struct server *server;
    struct transfer_all *all;
    struct gate gates[2];
};

void xva_serve(struct http *http, struct xva *x);

/* xva_export.c's and xva_import.c's: a struct xva. */
void xva_get(struct http_request *r, void *arg);
void xva_put(struct http_request *r, void *arg);

#endif
