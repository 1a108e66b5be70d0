/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host: the connection to this host's Xen: one libxl context and the sink
 * that libxl's own log goes through. The sink keeps what libxl said, so that
 * a failure can name its root cause in one sentence instead of libxl's chain.
 */
#ifndef XL_DOMAIN_HOST_H
#define XL_DOMAIN_HOST_H

#include <libxl.h>
#include <xenctrl.h>
#include <xentoollog.h>

#include "lib/err.h"
#include "lib/pool.h"
#include "xl/domain/guest.h"

struct sink;
struct store;

#define NO_DOMID ((uint32_t)INVALID_DOMID)

struct host {
    libxl_ctx *ctx;   /* after host_open */
    xc_interface *xc; /* these after host_open_quick */
    struct store *store;
    struct sink *sink;
};

/* LEVEL: least xentoollog level that is shown at once on standard error, in
 * the form stock xl shows it; HOST_QUIET: only what is critical, the rest is
 * kept for host_err. FLAGS are xentoollog's XTL_STDIOSTREAM_ ones. */
#define HOST_QUIET XTL_CRITICAL
struct err *host_open(struct host *h, xentoollog_level level,
                      unsigned flags) MUST_USE;
/* The same without libxl: a hypercall handle and a XenStore connection of our
 * own, which take a few requests where libxl takes many. A host may be opened
 * both ways, one after the other; twice the same way is once. */
struct err *host_open_quick(struct host *h, xentoollog_level level,
                            unsigned flags) MUST_USE;
void host_close(struct host *h); /* a zeroed host is fine */

/* The host's CPUs; with a struct host as its argument, guest_defaults.host_cpus
 * of who has one open. */
struct err *host_cpus_read(void *host, struct pool *p,
                           struct host_cpus *ret) MUST_USE;

/* Forgets what libxl said so far: call before an operation whose failure
 * host_err shall explain. */
void host_mark(struct host *h);

/* The sink as a logger, for what else of Xen's libraries wants one. */
xentoollog_logger *host_logger(struct host *h);

/* What libxl said behind FRONT in the first of its errors since host_mark that
 * has it; NULL: none has. Until the next host_mark. */
const char *host_said(const struct host *h, const char *front);

/*
 * An error for a libxl call that returned RC: the formatted sentence, then the
 * root cause: the first error libxl logged since host_mark (stripped of
 * "libxl: error: file.c:123:function:" and domain prefix), and where the log
 * points at output of QEMU or of a hotplug script, that output's last lines.
 */
struct err *host_err(struct host *h, int rc, const char *fmt, ...)
    PRINTF_LIKE(3, 4) MUST_USE;

#endif
