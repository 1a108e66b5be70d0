/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * audit: who changed what, as a line of JSON for each call that changes
 * something or that was refused to somebody who tried to; what everybody may do
 * and changes nothing is in no line, nor are fields that do not survive a
 * restart. Secrets (as the model marks them), what not everybody may read, and
 * references of sessions are in none either.
 *
 * A line waits for audit_write, which is called before the client is told. It
 * is not synced: the end of the daemon loses none of what was told, the
 * machine's may lose the last.
 */
#ifndef XAPI_AUDIT_H
#define XAPI_AUDIT_H

#include "xapi/db/txn.h"

struct audit;
struct call;

#define AUDIT_BYTES (16u << 20) /* of the file; then it becomes .1 */
#define AUDIT_FILES 4           /* older ones: .1 to .4 */

struct err *audit_begin(const char *path, size_t bytes, unsigned files,
                        struct audit **ret) MUST_USE;
void audit_free(struct audit *a); /* NULL is fine */

/* Appends the lines, older files' too, that are not older than SINCE. */
struct err *audit_read(struct audit *a, int64_t since,
                       struct str *out) MUST_USE;

/* Keeps what TXN has changed with the call it is done for. */
void audit_note(struct call *c, const struct txn *txn);
/* C has its answer; true when that is a line. A may be NULL in both. */
bool audit_call(struct audit *a, const struct call *c);
void audit_write(struct audit *a);

#endif
