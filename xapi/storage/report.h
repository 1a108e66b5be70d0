/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report: what this host says of itself to who shall help: GET /system-status
 * (entries=KEY,..., all by itself; output=tar, tar.bz2 or zip) and GET
 * /host_logs_download, its logs as a tar.gz. Made in a worker: files, of which
 * the end counts, and what programs say. What could not be had is in a file of
 * its own, missing.txt. The database is in none: it has secrets.
 */
#ifndef XAPI_REPORT_H
#define XAPI_REPORT_H

#include "xapi/call/gate.h"
#include "xapi/storage/transfer.h"

struct report {
    struct server *server;
    struct transfer_all *all;
    const char *log; /* the daemon's, or NULL */
    struct gate gates[2];
};

void report_serve(struct http *http, struct report *r);
/* All of it as a tar.bz2 into the file FD; in a worker. */
struct err *report_write(struct job *j, const struct report *r,
                         int fd) MUST_USE;
/* The entries, as XML. */
void report_capabilities(struct str *out);

#endif
