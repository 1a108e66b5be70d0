/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sim: what simulated hosts (hv.h, net.h) have in common: state in files with
 * lines "KEY TEXT", and faults that tests ask for: a file DIR/fault/VERB with
 * lines "fail TEXT", "delay SECONDS" or "ignore".
 */
#ifndef XAPI_SIM_H
#define XAPI_SIM_H

#include "lib/str.h"

#define SIM_FILE_BYTES 65536

/* LINE begins with KEY and a blank. */
bool sim_is(const char *line, const char *key);
/* What stands behind KEY and a blank in the first line that begins with them,
 * or NULL. */
const char *sim_line(struct pool *p, const char *text, const char *key);
/* Adds KEY and VALUE (whose newlines become blanks) as a line. */
void sim_add(struct str *text, const char *key, const char *value);

/* What a test wants of VERB: it takes a while (which ends when the file says
 * something else, or goes), or fails. IGNORES (or NULL): it is not to be
 * heard. */
struct err *sim_fault(const char *dir, const char *verb,
                      bool *ret_ignores) MUST_USE;

#endif
