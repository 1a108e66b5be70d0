/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_sim_file: the files of a simulated host (hv.h says what they look like),
 * its consoles (hv_sim_console.c), moves (hv_sim_move.c) and
 * figures (hv_sim_measure.c); of hv_sim*.c
 * alone. */
#ifndef XAPI_HV_SIM_FILE_H
#define XAPI_HV_SIM_FILE_H

#include "xapi/hv/hv.h"
#include "xapi/hv/sim.h"

#define SIM_DOMIDS 32752
#define SIM_CPUS 64 /* of the host */

/* Words of the lines state and reason. */
#define SIM_STATES (HV_SHUT + 1)
#define SIM_REASONS (HV_SOFT_RESET + 1)
extern const char *const sim_states[SIM_STATES],
    *const sim_reasons[SIM_REASONS];

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

/* The guest has ended, for HV_SUSPEND; one that has ended by itself is an
 * error. */
struct err *sim_stop(const struct hv *hv, uint32_t domid) MUST_USE;
/* The same, as VERB's faults will have it. */
struct err *sim_suspend(const struct hv *hv, const char *verb,
                        uint32_t domid) MUST_USE;

/* sim_fault. */
struct err *sim_obey(const struct hv *hv, const char *verb,
                     bool *ret_ignores) MUST_USE;

/* ---- verbs of other files ------------------------------------------------ */

struct err *sim_console(const struct hv *hv, uint32_t domid,
                        enum hv_console kind, int *ret_fd);
struct err *sim_measure(const struct hv *hv, unsigned parts, struct pool *p,
                        const struct sample **ret);
struct err *sim_migrate(const struct hv *hv, uint32_t domid,
                        const struct hv_move *how, uint32_t *ret_domid);
struct err *sim_land(const struct hv *hv, uint32_t old, uint32_t domid);
struct err *sim_go_on(const struct hv *hv, uint32_t domid);

#endif
