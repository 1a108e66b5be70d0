/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xva_tar: an XVA as it comes: the tar, packed or not, pieces of disks, their
 * checksums. What it says is not trusted: sizes have limits, names are held
 * against what is due. Knows neither database nor worker.
 */
#ifndef XAPI_XVA_TAR_H
#define XAPI_XVA_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define XVA_RECORDS "ova.xml"
#define XVA_RECORDS_MAX (64u << 20)
#define XVA_PIECE (1u << 20)

/* Who wants it. ARG is the first argument of all. */
struct xva_taker {
    void *arg;
    /* Fills INTO; less, or 0, at the end. */
    struct err *(*read)(void *arg, void *into, size_t len, size_t *ret);
    /* Before each member. */
    struct err *(*step)(void *arg);
    /* Of ova.xml, once, first; TEXT ends with a NUL. */
    struct err *(*records)(void *arg, const char *text, size_t len);
    /* A disk's first piece has come; *RET_SIZE: how many bytes it has in all.
     * NULL: only the records are wanted. */
    struct err *(*begin)(void *arg, const char *id, int64_t *ret_size);
    /* Within that size, and behind what was put before. Between is nothing but
     * zeros. */
    struct err *(*put)(void *arg, const char *bytes, size_t len, int64_t at);
    /* The disk is whole. */
    struct err *(*end)(void *arg);
};

/* All of it. *RET_BAD_SUMS: pieces have not the sums that they came with. */
struct err *xva_tar_read(const struct xva_taker *taker,
                         bool *ret_bad_sums) MUST_USE;

#endif
