/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_sim_file: the files of a simulated host (hv.h says what they look like),
 * and its consoles (hv_sim_console.c); of hv_sim alone. */
#ifndef XAPI_HV_SIM_FILE_H
#define XAPI_HV_SIM_FILE_H

#include "xapi/hv.h"
#include "xapi/sim.h"

#define SIM_DOMIDS 32752

/* The text of a domain that is there. */
struct err *sim_read(const struct hv *hv, struct pool *p, uint32_t domid,
                     char **ret) MUST_USE;

/* A new domain of TEXT, under the first number that nobody has. */
struct err *sim_create(const struct hv *hv, const char *text,
                       uint32_t *ret_domid) MUST_USE;
struct err *sim_remove(const struct hv *hv, uint32_t domid) MUST_USE;
/* The domain's first line that begins with KEY is KEY and VALUE (NULL: is gone)
 * from now on, and the last. */
struct err *sim_set(const struct hv *hv, uint32_t domid, const char *key,
                    const char *value) MUST_USE;

/* hv.h's verb. */
struct err *sim_console(const struct hv *hv, uint32_t domid,
                        enum hv_console kind, int *ret_fd);

/* sim_fault. */
struct err *sim_obey(const struct hv *hv, const char *verb,
                     bool *ret_ignores) MUST_USE;

#endif
