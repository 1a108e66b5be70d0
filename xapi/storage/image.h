/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image: files that are disks, by qemu-img. What format a file is of is always
 * told, and never guessed from what is in it: a guest can write what it wants
 * at the beginning of a raw disk. Blocks; knows no SR.
 */
#ifndef XAPI_IMAGE_H
#define XAPI_IMAGE_H

#include <stdint.h>

#include "lib/pool.h"

#define IMAGE_ROUND 4096 /* sizes are multiples of it */

struct image {
    const char *format; /* a constant of image_formats' */
    int64_t size;       /* as a guest sees it */
    int64_t used;       /* bytes of its file system */
    const char *parent; /* name of the file it is an overlay of, or NULL */
};

/* Formats by name, which is also how their files' names end: "raw", "qcow2",
 * "vhd". Then NULL. */
extern const char *const image_formats[];
/* By the end of NAME (".img", ".iso" and ".bin" are raw too), or NULL. */
const char *image_format_of(const char *name);
int64_t image_round(int64_t size);

/* Reads PATH's head. What is no such image is an error of kind input; so is one
 * that would have other files read (a parent in another directory, data in a
 * file of its own). */
struct err *image_look(struct pool *p, const char *path, const char *format,
                       struct image *ret) MUST_USE;

/* The qcow2 file PATH has no block of its own: all is its parent's, or zeros.
 * Nobody has it open for writing. */
struct err *image_is_empty(const char *path, bool *ret) MUST_USE;

/* A new file, sparse, all zeros. Over one that is there. */
struct err *image_create(const char *path, const char *format,
                         int64_t size) MUST_USE;
/* A new qcow2 over PARENT, a name in the same directory. */
struct err *image_overlay(const char *path, const char *parent,
                          const char *parent_format, int64_t size) MUST_USE;
/* All that FROM has into TO, which is there and at least as large. BLANK: it is
 * all zeros. Holes stay holes. */
struct err *image_copy(const char *from, const char *from_format,
                       const char *to, const char *to_format,
                       bool blank) MUST_USE;
/* All that FROM has as TO, a file that is made anew. */
struct err *image_convert(const char *from, const char *from_format,
                          const char *to, const char *to_format) MUST_USE;
/* FROM as a new file TO of the same format, which shares its blocks where the
 * file system can. */
struct err *image_duplicate(const char *from, const char *to) MUST_USE;
struct err *image_grow(const char *path, const char *format,
                       int64_t size) MUST_USE;
/* What the overlay PATH has goes into its parent, which can take its place
 * then. Both hold the same when it fails or is killed. */
struct err *image_merge(const char *path) MUST_USE;

#endif
