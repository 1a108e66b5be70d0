/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* talk: one command with a server, from the first word to the exit status. */
#ifndef XAPI_XE_TALK_H
#define XAPI_XE_TALK_H

#include "xapi/xe/link.h"
#include "xapi/xe/options.h"

struct xe_talk {
    struct pool *pool;
    const struct xe_options *options;
    struct xe_link link;
    struct str debug; /* kept until it is known whether to show it */
};

#define XE_DEBUG_MAX (1u << 20)

/* *RET is the command's exit status. */
/* Standard output could not be written to (errno); `xe ... | head` is no news.
 */
struct err *xe_talk_no_output(void) MUST_USE;
struct err *xe_talk_run(struct xe_talk *t, int *ret) MUST_USE;
/* The same on t->link, which is open. */
struct err *xe_talk_on(struct xe_talk *t, int *ret) MUST_USE;

/* As the options say, to HOST or (NULL) to the server itself. */
struct err *xe_talk_connect(struct xe_talk *t, const char *host,
                            struct xe_link *ret) MUST_USE;
void xe_talk_debug(struct xe_talk *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* One message to the server: a class, a kind. */
struct err *xe_talk_answer(struct xe_talk *t, int class, int kind) MUST_USE;
/* SIZE bytes are to follow. */
struct err *xe_talk_chunk(struct xe_talk *t, size_t size) MUST_USE;

/* ---- transfer.c: what the server has the client do with files ------------ */

/* "" is standard output; the file must not exist yet. */
struct err *xe_transfer_get(struct xe_talk *t, const char *file,
                            const char *url) MUST_USE;
struct err *xe_transfer_put(struct xe_talk *t, const char *file,
                            const char *url) MUST_USE;
/* A console: raw, until Ctrl-] or its end. */
struct err *xe_transfer_connect(struct xe_talk *t, const char *url) MUST_USE;
/* The words of the command line are all that a server may name. */
struct err *xe_transfer_check(const struct xe_talk *t, const char *file,
                              bool write) MUST_USE;

#endif
