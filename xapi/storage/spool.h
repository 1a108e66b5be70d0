/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spool: a file without a name, for images on their way: it is gone when the
 * worker is. Streams of raw bytes go into files and out of them; holes stay.
 */
#ifndef XAPI_SPOOL_H
#define XAPI_SPOOL_H

#include <stdint.h>

#include "xapi/storage/transfer.h"

struct spool {
    int fd;
    const char *path; /* by which other programs find it too */
};

/* A new one in the directory of the file BESIDE. */
struct err *spool_make(struct pool *p, const char *beside,
                       struct spool *ret) MUST_USE;

bool spool_is_zero(const char *bytes, size_t len);
/* BYTES into FD, AT that place. Zeros are holes: what was there goes, unless FD
 * is BLANK there. */
struct err *spool_put(int fd, const char *bytes, size_t len, int64_t at,
                      bool blank) MUST_USE;

/* What comes of T into FD, from the beginning on; more than MAX bytes is an
 * error. BLANK: FD is all zeros. */
struct err *spool_receive(struct job *j, struct transfer *t, int fd,
                          int64_t max, bool blank) MUST_USE;
/* The same, in chunks: offset and length (little-endian, 64 and 32 bits), the
 * bytes; the last one is all zero. */
struct err *spool_receive_chunks(struct job *j, struct transfer *t, int fd,
                                 int64_t max) MUST_USE;
/* SIZE bytes of FD. */
struct err *spool_send(struct job *j, struct transfer *t, int fd,
                       int64_t size) MUST_USE;

#endif
