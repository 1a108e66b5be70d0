/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* file: whole files, directories, locks. Errors name the path. */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/pool.h"

/* The whole file, NUL-terminated, NULs inside allowed; over MAX bytes is an
 * error that says so; directories are refused. "-" is standard input. */
struct err *file_read(struct pool *p, const char *path, size_t max,
                      char **ret_text, size_t *ret_len) MUST_USE;
/* Replaces the file as one step (temporary name, fsync, rename). */
struct err *file_write(const char *path, const void *data, size_t len,
                       mode_t mode) MUST_USE;
struct err *file_append_line(const char *path, const char *line,
                             mode_t mode) MUST_USE;
struct err *file_make_dirs(const char *path, mode_t mode) MUST_USE;
/* The folder that PATH is in, in P. */
const char *file_folder(struct pool *p, const char *path);
/* The contents of a file, or a folder's names, are on disk. */
struct err *file_sync(const char *path) MUST_USE;
/* Removes a file; not there is fine. */
struct err *file_remove(const char *path) MUST_USE;
bool file_exists(const char *path);
/* The names in a directory, sorted, without . and .. */
struct err *file_list(struct pool *p, const char *dir, char ***ret_names,
                      size_t *ret_n) MUST_USE;
/* Opens (creating it, 0600) and locks with fcntl (as libxl's users do, OFD);
 * WAIT seconds (0: at once, <0: for ever); kind timeout when it is held,
 * saying by which pid where that is known. Closing the fd unlocks. */
struct err *file_lock(const char *path, double wait, int *ret_fd) MUST_USE;
struct err *file_write_all(int fd, const void *data, size_t len) MUST_USE;

#endif
