/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_sim_file: the files of a simulated host (hv.h says what they look like);
 * of hv_sim alone. */
#ifndef XAPI_HV_SIM_FILE_H
#define XAPI_HV_SIM_FILE_H

#include "lib/str.h"
#include "xapi/hv.h"

#define SIM_FILE_BYTES 65536
#define SIM_DOMIDS 32752

/* The text of a domain that is there. */
struct err *sim_read(const struct hv *hv, struct pool *p, uint32_t domid,
                     char **ret) MUST_USE;
/* What stands behind KEY and a blank in the first line that begins with them,
 * or NULL. */
const char *sim_line(struct pool *p, const char *text, const char *key);
/* Adds KEY and VALUE (whose newlines become blanks) as a line. */
void sim_add(struct str *text, const char *key, const char *value);

/* A new domain of TEXT, under the first number that nobody has. */
struct err *sim_create(const struct hv *hv, const char *text,
                       uint32_t *ret_domid) MUST_USE;
struct err *sim_remove(const struct hv *hv, uint32_t domid) MUST_USE;
/* The domain's first line that begins with KEY is KEY and VALUE (NULL: is gone)
 * from now on, and the last. */
struct err *sim_set(const struct hv *hv, uint32_t domid, const char *key,
                    const char *value) MUST_USE;

/* ---- faults -------------------------------------------------------------- */

/* What a test wants of VERB: it takes a while, or fails. IGNORES (or NULL):
 * the guest does not hear it. */
struct err *sim_obey(const struct hv *hv, const char *verb,
                     bool *ret_ignores) MUST_USE;

#endif
