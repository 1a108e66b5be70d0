/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export: readings as metrics, over HTTP. Two processes: this one reads the
 * host and has nothing to do with the network; its child answers requests as an
 * unprivileged user with no other descriptor than sockets, and asks this one
 * for a text when the one it has is older than EXPORT_FRESH.
 */
#ifndef XENSTORE_TOP_EXPORT_H
#define XENSTORE_TOP_EXPORT_H

#include "xenstore/top/sample.h"

struct str;

#define EXPORT_FRESH 1.0 /* seconds */

enum export_format {
    EXPORT_OPENMETRICS,
    EXPORT_PROMETHEUS, /* text format 0.0.4 */
};

/* All families of fields.h that have a figure. */
void export_print(const struct sample *s, enum export_format format,
                  struct str *out);

/* Serves on ADDRESS ("127.0.0.1:9100", "[::1]:9100", ":9100") as USER until a
 * signal comes, which is no error. Says on standard output where it listens. */
struct err *top_export_run(struct sampler *s, const char *address,
                           const char *user) MUST_USE;

#endif
