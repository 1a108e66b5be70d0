/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_records: what goes out: which objects belong to VMs, and ova.xml. */
#ifndef XAPI_XVA_RECORDS_H
#define XAPI_XVA_RECORDS_H

#include "lib/hash.h"
#include "xapi/model/fields_gen.h"

/* What was asked for; in the request's pool. */
struct xva_request {
    struct object *vm; /* NULL: every one, Dom0 where DOM0 says so */
    bool dom0;
    bool keeps_state; /* a suspended VM stays so, with its memory */
    bool snapshots;   /* go with their VM */
    bool vbds, vifs;  /* go with it, too */
    int filter;       /* of libarchive */
};

struct xva_object {
    struct object *object;
    size_t id;
    struct hash_node node;
};

struct xva_records {
    struct pool *pool;
    const struct db *db;
    const struct xva_request *request;
    struct xva_object **list; /* by id */
    size_t n;
    struct hash index;
};

/* VM with all that belongs to it. A snapshot whose VM is not there goes as a
 * template. */
void xva_collect(struct xva_records *x, struct object *vm);
/* What a VM and its disks are called in the file; *RET 0 to n-1, or false. */
bool xva_id(const struct xva_records *x, const char *ref, size_t *ret);
/* Its memory goes, too. */
bool xva_keeps_memory(const struct xva_records *x, const struct object *vm);
/* XML-RPC, at most XVA_RECORDS_MAX bytes. */
struct err *xva_write_records(const struct xva_records *x,
                              struct str *out) MUST_USE;

#endif
