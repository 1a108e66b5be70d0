/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files: what the daemon keeps, for who may GET it: the audit log
 * (/audit_log?since=DATETIME) and a copy of the database (/pool/xmldbdump),
 * which is one that `xapid --restore` takes, or the daemon itself by PUT.
 */
#ifndef XAPI_FILES_H
#define XAPI_FILES_H

#include "xapi/call/gate.h"

struct files {
    struct server *server;
    struct transfer_all *transfers;
    const char *state; /* folder, for copies on their way */
    struct gate gates[3];
    bool dumping;
};

/* The file at PATH as (more of) a body: it is sent from where it is, and needs
 * its name no more. */
struct err *files_refer(const char *path, struct body *body) MUST_USE;

/* PUT: a copy that can be read is chosen, and the daemon begins anew with it
 * (not with dry_run=true). What is written in between is lost. */
gate_fn files_put_database;

/* The database is copied, and FN(R, ARG) called with the copy, BYTES that are
 * its own to free (files_unmap); E: that failed. One at a time, else R is
 * answered so. */
struct files_map {
    void *at;
    size_t len;
};
typedef void files_copied_fn(struct http_request *r, void *arg,
                             struct files_map *bytes, struct err *e);
void files_copy(struct files *f, struct http_request *r, files_copied_fn *fn,
                void *arg);
void files_unmap(void *map); /* NULL is fine */
struct err *files_map(const char *path, struct files_map **ret) MUST_USE;

/* F's SERVER, TRANSFERS and STATE are set, and it stays as long as HTTP. */
void files_serve(struct http *http, struct files *f);

#endif
