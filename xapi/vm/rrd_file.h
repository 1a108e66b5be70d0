/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rrd_file: what is recorded, on disk: a file a column, DIR/OWNER/SOURCE
 * ("vm-UUID/cpu0"). In it are two copies, of which one is written at a time, so
 * that one is whole after a power cut, too; one that is new says that it was
 * chosen. What was chosen is not made by saving: what was forgotten meanwhile
 * stays so.
 */
#ifndef XAPI_RRD_FILE_H
#define XAPI_RRD_FILE_H

#include "xapi/vm/rrd_past.h"

/* Whether NAME, of a column, can be a file's. */
bool rrd_file_can(const char *name);
/* It is recorded, durably. There already is fine. */
struct err *rrd_file_make(const char *dir, const char *name) MUST_USE;
/* It is no more. Not there is fine. */
struct err *rrd_file_remove(const char *dir, const char *name) MUST_USE;
/* TURN, another the next time, says which copy. One that was chosen has to be
 * there. */
struct err *rrd_file_save(const char *dir, const char *name, unsigned turn,
                          const struct past_saved *saved) MUST_USE;
/* Made, and not saved yet. */
bool rrd_file_is_new(const char *dir, const char *name);
/* False: neither copy is whole (nothing was saved yet, say). */
bool rrd_file_load(const char *dir, const char *name, struct past_saved *ret);
/* The names of all columns that there are files of. DIR need not be there. */
struct err *rrd_file_list(struct pool *p, const char *dir, char ***ret,
                          size_t *ret_n) MUST_USE;

#endif
