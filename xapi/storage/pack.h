/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pack: files into a tar or a zip on its way to a client, in workers; by
 * libarchive. */
#ifndef XAPI_PACK_H
#define XAPI_PACK_H

#include "lib/str.h"
#include "xapi/storage/transfer.h"

struct archive;

enum pack_format { PACK_TAR, PACK_ZIP };

struct pack {
    /* One of: */
    struct transfer *to;
    struct str *into;
    /* pack.c's */
    struct archive *archive;
    struct err *error; /* of the connection */
};

/* FILTER: libarchive's compression of a tar. P has where it goes; pack_end is
 * due then, even if this fails. */
struct err *pack_begin(struct pack *p, enum pack_format format,
                       int filter) MUST_USE;
struct err *pack_add(struct pack *p, const char *name, const void *bytes,
                     size_t len) MUST_USE;
/* E: what was to be in it could not be had; what is written is not made to look
 * whole then. */
struct err *pack_end(struct pack *p, struct err *e) MUST_USE;

#endif
