/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * expiry: messages about certificates (of the host's own, of what is trusted)
 * that end within 30, 14 or 7 days, or have ended: one of each, its newest.
 */
#ifndef XAPI_EXPIRY_H
#define XAPI_EXPIRY_H

#include <stdint.h>

#include "xapi/db/txn.h"

#define EXPIRY_SECONDS 86400 /* between looks */

/* What is said SECONDS before the end: "EXPIRING_14", or NULL: nothing yet. */
const char *expiry_word(int64_t seconds);
/* Messages say what is true now, and no longer what was. */
struct err *expiry_tell(struct txn *txn) MUST_USE;

#endif
