/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sr_chain: copies that share what is the same, of qcow2 files in a directory.
 * What two files share is in a third, named UUID.base.qcow2, which both are
 * overlays of and which nobody writes to any more. A base goes with the last
 * file that lies over it; one that only one file lies over is merged with it,
 * unless that is in use. One that nothing lies over for another reason stays:
 * somebody may have moved a file away for a while. The file a name stands for
 * always has the same content, killed at any moment or not. The directory is
 * locked (sr_mark.h) by who calls.
 */
#ifndef XAPI_SR_CHAIN_H
#define XAPI_SR_CHAIN_H

#include "xapi/storage/sr.h"

/* NAME is of a base. */
bool chain_is_base(const char *name);
/* TO, a new file, with what is in FROM; LIVE as in sr.h. */
struct err *chain_branch(const char *dir, const char *from, const char *to,
                         const struct sr_live *live) MUST_USE;
/* The file NAME goes, and what only it lay over; not there is fine. What it and
 * one other lay over is merged with that. Killed in between, it is to be done
 * again. */
struct err *chain_remove(const char *dir, const char *name) MUST_USE;
/* What a branch has left that was killed in its middle goes. */
struct err *chain_tidy(const char *dir) MUST_USE;
/* Merges what can be. */
struct err *chain_merge(const char *dir) MUST_USE;

#endif
