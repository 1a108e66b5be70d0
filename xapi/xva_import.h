/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_import: between xva_read.c (the file) and xva_import.c (its records). */
#ifndef XAPI_XVA_IMPORT_H
#define XAPI_XVA_IMPORT_H

#include "xapi/disk.h"
#include "xapi/xva.h"

/* What was asked for; in the request's pool. */
struct xva_wish {
    bool restore; /* uuids and addresses stay */
    bool force;
};

/* An object in the file. */
struct xva_item {
    const char *id;
    const struct model_class *class; /* NULL: not known here */
    const struct value *record;      /* a struct */
    struct object *object;           /* a VM's, once it is written */
    struct disk *disk;               /* a VDI's with content */
};

struct xva_import {
    struct job *job;
    const struct xva_wish *wish;
    struct object *sr;
    struct xva_item *items;
    size_t n;
};

/* Reads ova.xml. */
struct err *xva_read_records(struct xva_import *x, const char *text,
                             size_t len) MUST_USE;
struct xva_item *xva_find(const struct xva_import *x, const char *id);
/* The disk that ITEM, a VDI, becomes. */
struct err *xva_describe_disk(const struct xva_import *x,
                              const struct xva_item *item,
                              struct disk_spec *ret) MUST_USE;
struct err *xva_check_disks(const struct xva_import *x) MUST_USE;
/* Writes all: a job_write_fn. */
struct err *xva_write(struct txn *txn, void *x) MUST_USE;

#endif
