/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manifest: what a backup of a host has in it: the first member of its tar, as
 * JSON, which all others are held against. The database is one of its files;
 * the others are what the daemon and its administrator have set up: each is
 * below a root, and a root is a path of the host. A backup is for hosts whose
 * daemon has its roots where they were.
 */
#ifndef XAPI_MANIFEST_H
#define XAPI_MANIFEST_H

#include <stdint.h>

#include "lib/str.h"

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_BYTES (8u << 20)
#define MANIFEST_FILES 20000
#define MANIFEST_DATABASE "database"
/* The most bytes of the database, and of any other file. */
#define MANIFEST_DATABASE_MAX ((uint64_t)16 << 30)
#define MANIFEST_FILE_MAX (64u << 20)
#define MANIFEST_SUM_SIZE 65

/* A file, or a folder with all that is below it. A list of them ends with a
 * NULL name. */
struct manifest_root {
    const char *name; /* in the backup: "settings", "files/etc/xen" */
    const char *path; /* here; absolute */
};

struct manifest_file {
    const char *name;                 /* "settings", "files/etc/xen/xl.conf" */
    const struct manifest_root *root; /* NULL: the database */
    const char *below;                /* the path below the root; "": it */
    const char *link;                 /* what it points to; NULL: a file */
    unsigned mode;
    uint64_t size;
    char sum[MANIFEST_SUM_SIZE]; /* SHA-256 */
};

struct manifest {
    const char *made, *host; /* when, and the host's uuid */
    struct manifest_file *files;
    size_t n;
};

/* What comes of TEXT is not trusted: names stay below their roots, none is
 * another's folder, sizes have limits, and the database is there. Else
 * RESTORE_SCRIPT_FAILED with the reason, or RESTORE_INCOMPATIBLE_VERSION. */
struct err *manifest_read(struct pool *p, const struct manifest_root *roots,
                          const char *text, size_t len,
                          struct manifest *ret) MUST_USE;
void manifest_write(struct pool *p, const struct manifest_root *roots,
                    const struct manifest *m, struct str *out);

void manifest_sum(const void *bytes, size_t len, char ret[MANIFEST_SUM_SIZE]);

#endif
