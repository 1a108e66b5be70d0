/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp: questions to the qemu of a domain, which is its device model and the
 * backend of its disks: JSON, a line each, as QEMU's interop/qmp-spec says.
 * The socket is the one that libxl makes for statistics: it answers one caller
 * at a time, and on the other libxl is the caller. So keep it short.
 */
#ifndef XL_DOMAIN_QMP_H
#define XL_DOMAIN_QMP_H

#include "lib/value.h"

struct qmp;

/* Waits while others are answered, for half a minute at the most (an error of
 * kind timeout); one of kind not_found when the domain has no qemu. It is
 * closed with P. */
struct err *qmp_open(struct pool *p, uint32_t domid, struct qmp **ret) MUST_USE;
/* The same on a connected descriptor, which is Q's from now on. */
struct err *qmp_new(struct pool *p, int fd, struct qmp **ret) MUST_USE;
/* RET (may be NULL): what the command returns, in the pool of Q. ARGS may be
 * NULL. A command that qemu refuses is an error of kind input, with qemu's
 * words; after any other error whether it was obeyed is not known, and Q is of
 * no more use. */
struct err *qmp_ask(struct qmp *q, const char *command, struct value *args,
                    struct value **ret) MUST_USE;

/* The text of a member, or "". */
const char *qmp_text(const struct value *strct, const char *name);

#endif
