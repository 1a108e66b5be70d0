/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl: what one call of xl carries: the global options, xl.conf, and the
 * connection to Xen, opened when a command first asks for it. Commands get it
 * as their `app`. No globals.
 */
#ifndef XL_XL_H
#define XL_XL_H

#include "lib/cmd.h"
#include "xl/conf.h"
#include "xl/domain/host.h"

struct xl {
    struct pool *pool;
    int verbose;      /* -v, counted */
    bool force;       /* -f */
    bool dry_run;     /* -N */
    bool progress_cr; /* -t: progress overwrites itself on any output */
    bool timestamps;  /* -T */
    struct conf conf;
    struct host host; /* through xl_host */
};

/* The connection, opened on first use; the same one after that. */
struct err *xl_host(struct xl *xl, struct host **ret) MUST_USE;

/* The same for guest_defaults.host_cpus: only configs with cpus= need Xen. */
struct err *xl_host_cpus(void *xl, struct pool *p,
                         struct host_cpus *ret) MUST_USE;

/* The connection for host->xc and host->store alone. */
struct err *xl_host_quick(struct xl *xl, struct host **ret) MUST_USE;

/* In a forked child: the connection is the parent's, another can be opened. */
void xl_forked(struct xl *xl);

/* Closes what xl_host opened. */
void xl_done(struct xl *xl);

/* Rows of all families (cmds.h), NULL at the end. */
extern const struct cmd *const xl_families[];
/* Options before the command. */
extern const struct slot xl_global_opts[];

/* `xl help`: the commands with their sentences, on standard output. */
struct err *xl_show_help(void) MUST_USE;

/* Says that there is no such command, and the nearest. */
struct err *xl_unknown_command(const char *name) MUST_USE;

/* Writes to standard output, or says why it cannot. */
struct err *xl_print(const struct str *text) MUST_USE;

/* ---- find.c -------------------------------------------------------------- */

/* A domain by name, domid or uuid (a word of digits is a domid first). A miss
 * is kind not_found and names the nearest domain. */
struct domain;
struct domains;
/* The same within a list that was read (domains.h); may fill in its names. */
struct err *find_in(struct xl *xl, struct domains *ds, const char *word,
                    struct domain **ret) MUST_USE;
struct err *find_domain(struct xl *xl, const char *word,
                        uint32_t *ret_domid) MUST_USE;
/* The same, and the connection to do something to it: host_err then explains
 * what libxl says from here on. */
struct err *find_and_open(struct xl *xl, const char *word, uint32_t *ret_domid,
                          struct host **ret_host) MUST_USE;

#endif
