/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unpack: see unpack.h. */
#include "xapi/storage/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/auto.h"
#include "lib/str.h"

#define BUFFER 262144

static la_ssize_t receive(struct archive *a, void *arg, const void **ret)
{
    struct unpack *u = arg;
    size_t n = 0;

    u->error = u->read(u->arg, u->buffer, BUFFER, &n);
    if (u->error) {
        archive_set_error(a, EPIPE, "no more comes");
        return -1;
    }
    *ret = u->buffer;
    return (la_ssize_t)n;
}

static struct err *failed(struct unpack *u)
{
    const char *why = archive_error_string(u->tar);

    if (u->error)
        return take_ptr(u->error);
    return u->bad(why ? why : "no tar");
}

struct err *unpack_begin(struct unpack *u)
{
    u->tar = archive_read_new();
    if (!u->tar)
        abort();
    u->buffer = xcalloc(1, BUFFER);
    archive_read_support_format_tar(u->tar);
    archive_read_support_filter_gzip(u->tar);
    archive_read_support_filter_zstd(u->tar);
    return archive_read_open(u->tar, u, NULL, receive, NULL) == ARCHIVE_OK
               ? NULL
               : failed(u);
}

struct err *unpack_next(struct unpack *u)
{
    struct archive_entry *entry;
    int status = archive_read_next_header(u->tar, &entry);
    const char *name;

    u->over = status == ARCHIVE_EOF;
    if (u->over)
        return NULL;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
        return failed(u);
    name = archive_entry_pathname(entry);
    if (!name || strlen(name) >= sizeof(u->name) ||
        archive_entry_size(entry) < 0)
        return u->bad("a member with a name that cannot be");
    snprintf(u->name, sizeof(u->name), "%s", name);
    u->size = (size_t)archive_entry_size(entry);
    return NULL;
}

struct err *unpack_read(struct unpack *u, void *into, size_t len, size_t *ret)
{
    la_ssize_t n = archive_read_data(u->tar, into, len);

    if (n < 0)
        return failed(u);
    *ret = (size_t)n;
    return NULL;
}

void unpack_end(struct unpack *u)
{
    archive_read_free(u->tar);
    err_free(u->error);
    free(u->buffer);
}
