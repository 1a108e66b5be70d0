/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xva_import: VMs out of an XVA, in a worker: what comes (xva_tar.h) becomes
 * disks at once (xva_read.c), and in one step at its end the records become
 * objects (xva_import.c).
 */
#ifndef XAPI_XVA_IMPORT_H
#define XAPI_XVA_IMPORT_H

#include "lib/hash.h"
#include "xapi/storage/disk.h"
#include "xapi/door/http.h"

#define XVA_VERSION 2

/* What was asked for; in the request's pool. */
struct xva_wish {
    bool restore; /* uuids and addresses stay */
    bool force;
    bool alone;        /* records alone: the disks are here */
    bool dry_run;      /* nothing is written */
    struct object *sr; /* of disks that come */
    /* Of disks that are here: "vdi:UUID" is the uuid that one has here. */
    const struct http_pair *params;
    size_t n_params;
};

/* An object in the file. */
struct xva_item {
    const char *id;
    const struct model_class *class; /* NULL: not known here */
    const struct value *record;      /* a struct */
    struct object *object;           /* a VM's, once it is written */
    struct disk *disk;               /* a VDI's with content */
    struct hash_node node;
};

struct xva_import {
    struct pool *pool;
    struct job *job;
    const struct xva_wish *wish;
    struct xva_item **items;
    size_t n;
    struct hash index; /* of ids */
    uint64_t seed;     /* its own: strangers choose them */
};

/* ---- the records --------------------------------------------------------- */

/* Reads ova.xml. */
struct err *xva_read_records(struct xva_import *x, const char *text,
                             size_t len) MUST_USE;
struct xva_item *xva_find(const struct xva_import *x, const char *id);
/* The disk that ITEM, a VDI, becomes. */
struct err *xva_describe_disk(const struct xva_import *x,
                              const struct xva_item *item,
                              struct disk_spec *ret) MUST_USE;
/* Every disk that a VM has was in the file, or is here. */
struct err *xva_check_disks(const struct xva_import *x) MUST_USE;
/* Writes all: a job_write_fn. */
struct err *xva_write(struct txn *txn, void *x) MUST_USE;

/* ---- all of it ----------------------------------------------------------- */

struct xva_source {
    void *arg;
    /* Fills INTO; less, or 0, at the end. */
    struct err *(*read)(void *arg, void *into, size_t len, size_t *ret);
    /* Bytes in all, 0: not known (yet). */
    uint64_t (*length)(void *arg);
};
/* All that comes, written; *RET, in the job's pool, are the refs of the VMs. */
struct err *xva_take(struct job *j, const struct xva_wish *wish,
                     const struct xva_source *from,
                     struct model_value *ret) MUST_USE;

#endif
