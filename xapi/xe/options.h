/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options: what the client itself understands of a command line, of
 * XE_EXTRA_ARGS and of ~/.xe. All other words are the server's.
 */
#ifndef XAPI_XE_OPTIONS_H
#define XAPI_XE_OPTIONS_H

#include "lib/pool.h"
#include "lib/str.h"

struct xe_options {
    const char *server, *username, *password, *password_file, *traceparent;
    int64_t port; /* 0: as the transport has it */
    bool nossl, debug, debug_on_fail;
    bool help, version;
    const char **words; /* for the server, in their order */
    size_t n_words;
};

#define XE_SERVER "127.0.0.1" /* this one is also reached by its socket */
#define XE_FILE_MAX 65536

/* Precedence: command line, XE_EXTRA_ARGS, ~/.xe. Errors are of kind usage or
 * input. */
struct err *xe_options_read(struct pool *p, int argc, char *const *argv,
                            struct xe_options *ret) MUST_USE;
void xe_options_help(struct str *out);

#endif
