/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conf: what xapid was told: by its command line, over its file of settings,
 * over what it does by itself. Every setting can stand in both, by one row:
 * --auth-delay=5 is auth_delay = 5 in the file, whose language is xl.cfg(5)'s.
 */
#ifndef XAPI_CONF_H
#define XAPI_CONF_H

#include "lib/doc.h"
#include "lib/opt.h"
#include "xapi/call/fetch.h"
#include "xapi/door/limits.h"
#include "xapi/storage/manifest.h"

#define CONF_PATH "/etc/xapi.conf" /* read when it is there */

struct conf {
    const char *state, *http, *https, *socket, *auth, *certificate, *log, *hv,
        *net, *nics, *plugins, *backup;
    unsigned auth_delay, audit_bytes, audit_files;
    bool verbose;
    struct fetch_how fetch;
    struct limits limits;
    /* on the command line only */
    const char *config; /* NULL: CONF_PATH, "": none */
    const char *restore;
    bool hash, check;
};

/* The body of net.h: what --net says, or what goes with --hv. */
const char *conf_net(const struct conf *c);

/* Where the certificate is. */
const char *conf_certificate(const struct conf *c, struct pool *p);
/* What a backup of this host takes, beside the database. Paths that are not
 * absolute are an error. */
struct err *conf_backup(const struct conf *c, struct pool *p,
                        const struct manifest_root **ret) MUST_USE;

/* Complaints about the file, all of them, go to standard error; one that is an
 * error gives err_silent(1). Texts are in P. */
struct err *conf_read(struct conf *c, int argc, char *const argv[],
                      struct pool *p, bool *ret_help) MUST_USE;
void conf_help(struct pool *p, struct str *out);
/* The rows, those of the file or those of the command line. */
const struct slot *conf_rows(struct pool *p, bool is_file);

/* xapi/conf_doc.c: manuals, ended by one without a name. */
extern const struct doc_page conf_doc_pages[];

#endif
