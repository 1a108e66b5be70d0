/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unpack: a tar, packed or not, as it comes, member by member; by libarchive.
 * Where the bytes are from is its user's matter: it knows no worker. */
#ifndef XAPI_UNPACK_H
#define XAPI_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct archive;

#define UNPACK_NAME_SIZE 1024

struct unpack {
    /* Fills INTO; less, or 0, at the end. ARG is its first argument. */
    struct err *(*read)(void *arg, void *into, size_t len, size_t *ret);
    void *arg;
    /* The error for what is no tar, or a bad one. */
    struct err *(*bad)(const char *why);
    /* The member that has begun. */
    char name[UNPACK_NAME_SIZE];
    size_t size;
    bool over; /* there is no more */
    /* unpack.c's */
    struct archive *tar;
    struct err *error; /* of READ */
    char *buffer;
};

/* U has READ, ARG and BAD; unpack_end is due then, even if this fails. */
struct err *unpack_begin(struct unpack *u) MUST_USE;
struct err *unpack_next(struct unpack *u) MUST_USE;
/* More of the member's bytes; *RET is less than LEN at its end. */
struct err *unpack_read(struct unpack *u, void *into, size_t len,
                        size_t *ret) MUST_USE;
void unpack_end(struct unpack *u);

#endif
