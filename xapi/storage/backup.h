/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backup: what it takes for this host's daemon to come back: GET /host_backup,
 * a tar.gz of its database, its secrets, its settings and folders of the
 * administrator's (manifest.h); PUT /host_restore takes that back: all of it is
 * held against its manifest, then the daemon begins anew with it (chosen.h), or
 * nothing has changed. dry_run=true: nothing does, whatever it is.
 */
#ifndef XAPI_BACKUP_H
#define XAPI_BACKUP_H

#include "xapi/call/gate.h"
#include "xapi/storage/files.h"
#include "xapi/storage/manifest.h"

struct backup {
    struct files *files; /* that make copies of the database */
    const struct manifest_root *roots;
    struct gate gates[2];
};

/* B's FILES and ROOTS are set, and it stays as long as HTTP. */
void backup_serve(struct http *http, struct backup *b);

gate_fn backup_put; /* backup_restore.c */

/* Takes a backup that comes by READ(ARG) into the folder and holds it against
 * its manifest, all but the database's content. STEP(ARG) before each file.
 * Knows no worker. */
struct backup_taker {
    void *arg;
    struct err *(*read)(void *arg, void *into, size_t len, size_t *ret);
    struct err *(*step)(void *arg);
};
struct err *backup_take(struct pool *p, const struct backup_taker *taker,
                        const struct manifest_root *roots,
                        const char *folder) MUST_USE;

#endif
