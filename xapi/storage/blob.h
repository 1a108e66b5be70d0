/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * blob: what clients store with objects: records by the calls of class blob and
 * create_new_blob, bytes by GET and PUT /blob?ref= or uuid=. They are files of
 * STATE/blobs, named by uuid; a file without a record goes at the next start.
 */
#ifndef XAPI_BLOB_H
#define XAPI_BLOB_H

#include "xapi/storage/transfer.h"
#include "xapi/call/gate.h"

#define BLOB_MAX (32u << 20)

struct blobs {
    struct server *server;
    struct transfer_all *transfers;
    struct gate gates[2];
};

/* B's SERVER and TRANSFERS are set, and it stays as long as HTTP. */
struct err *blob_serve(struct http *http, struct blobs *b) MUST_USE;

/* Where the bytes of the blob O are, in P. */
const char *blob_path(struct pool *p, const struct server *server,
                      const struct object *o);

#endif
