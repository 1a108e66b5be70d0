/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tools: what the commands of xenstore share. One program with many names:
 * `xenstore-read ...` and `xenstore read ...` are the same.
 */
#ifndef XENSTORE_TOOLS_TOOLS_H
#define XENSTORE_TOOLS_TOOLS_H

#include "lib/cmd.h"
#include "lib/table.h"
#include "xenstore/store.h"

struct tools {
    struct pool *pool;
    struct store *store; /* NULL until tools_store */
};

extern const struct cmd cmds_value[]; /* read, write, list, exists, rm */
extern const struct cmd cmds_ls[];
extern const struct cmd cmds_dump[]; /* dump, load, diff */
extern const struct cmd cmds_chmod[];
extern const struct cmd cmds_watch[];
extern const struct cmd cmds_tools_doc[]; /* hidden */
/* All of these, NULL at the end. */
extern const struct cmd *const tools_families[];

/* The option that Debian's tools have and that has no effect: the socket is
 * taken before the device in any case. */
#define OPT_SOCKET(strct)                                                      \
    OPT_SHORT('s', SLOT_FLAG(strct, socket), .flags = SLOT_IGNORED,            \
              .doc = "Accepted for older scripts: the socket is always tried " \
                     "first.")

/* Connects on first use. */
struct err *tools_store(struct tools *t, struct store **ret) MUST_USE;

/* Paths, patterns expanded. */
struct err *tools_paths(struct tools *t, const struct slot_words *words,
                        const char ***ret_paths, size_t *ret_n) MUST_USE;

/* Runs a whole batch; more than one request is one transaction, which is given
 * up when ALL and one of them fails. */
struct err *tools_run(struct store *s, struct store_batch *b,
                      bool all) MUST_USE;

/* The failure of the first request that failed. */
struct err *tools_failure(const struct store_batch *b) MUST_USE;

/* Writes to standard output what is in TEXT and clears it. */
struct err *tools_print(struct str *text) MUST_USE;

#endif
