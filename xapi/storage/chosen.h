/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chosen: what the daemon begins anew with: a database, and perhaps files of
 * the host (manifest.h). It comes into a folder of the state, where it is held
 * against what it should be; renaming that folder chooses it. The next start
 * puts all of it in its places, or nothing; one that is killed in between goes
 * on at the next.
 */
#ifndef XAPI_CHOSEN_H
#define XAPI_CHOSEN_H

#include "xapi/call/job.h"
#include "xapi/storage/manifest.h"

/* ---- in a worker --------------------------------------------------------- */

/* An empty folder in STATE, gone when J fails. *RET, in J's pool. */
struct err *chosen_begin(struct job *j, const char *state,
                         const char **ret) MUST_USE;
/* A file of the folder. */
const char *chosen_database(struct pool *p, const char *folder);
const char *chosen_file(struct pool *p, const char *folder, size_t i);
/* A new one, to be written; *RET_FD. */
struct err *chosen_create(const char *path, int *ret_fd) MUST_USE;

/* The folder's database can be read as a whole, and is of a host. Else
 * RESTORE_INCOMPATIBLE_VERSION; the log says why. */
struct err *chosen_check(const char *folder) MUST_USE;
/* What is in it could be put in its places: it is written beside what is there,
 * and that taken back. */
struct err *chosen_try(const char *folder,
                       const struct manifest_root *roots) MUST_USE;
/* As one step: from here on it is what the daemon begins with. KEEP false: it
 * goes, and nothing has changed. */
struct err *chosen_end(const char *state, bool keep) MUST_USE;

/* ---- at the start -------------------------------------------------------- */

/* What was chosen in STATE, if something was, takes its places, its database
 * that of the file DATABASE, which stays beside it. *RET_TAKEN: settings and
 * all else may be new. What cannot be put in place is dropped, and said in the
 * log, as long as that is still possible. */
struct err *chosen_take(const char *state, const char *database,
                        const struct manifest_root *roots,
                        bool *ret_taken) MUST_USE;

#endif
