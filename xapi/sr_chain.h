/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sr_chain: copies that share what is the same, of qcow2 files in a directory.
 * What two files share is in a third, named UUID.base.qcow2, which both are
 * overlays of and which nobody writes to any more. A base that nothing lies
 * over goes; one that only one file lies over is merged with it, unless that is
 * in use. The file a name stands for always has the same content, killed at any
 * moment or not. The directory is locked (sr_mark.h) by who calls.
 */
#ifndef XAPI_SR_CHAIN_H
#define XAPI_SR_CHAIN_H

#include "xapi/sr.h"

/* NAME is of a base. */
bool chain_is_base(const char *name);
/* TO, a new file, with what is in FROM; LIVE as in sr.h. */
struct err *chain_branch(const char *dir, const char *from, const char *to,
                         const struct sr_live *live) MUST_USE;
/* Bases that are not needed go; with MERGE the others are merged too, where
 * that can be. */
struct err *chain_prune(const char *dir, bool merge) MUST_USE;

#endif
