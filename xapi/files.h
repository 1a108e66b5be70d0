/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files: what the daemon keeps, for who may GET it: the audit log
 * (/audit_log?since=DATETIME) and a copy of the database (/pool/xmldbdump),
 * which is one that `xapid --restore` takes.
 */
#ifndef XAPI_FILES_H
#define XAPI_FILES_H

#include "xapi/gate.h"

struct files {
    struct server *server;
    const char *state; /* folder, for copies on their way */
    struct gate gates[2];
    bool dumping;
};

/* The file at PATH as (more of) a body: it is sent from where it is, and needs
 * its name no more. */
struct err *files_refer(const char *path, struct body *body) MUST_USE;

/* F's SERVER and STATE are set, and it stays as long as HTTP. */
void files_serve(struct http *http, struct files *f);

#endif
