/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pack: see pack.h. */
#include "xapi/storage/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static la_ssize_t put(struct archive *a, void *arg, const void *bytes,
                      size_t len)
{
    struct pack *p = arg;

    if (p->into)
        str_addn(p->into, bytes, len);
    else
        p->error = transfer_write(p->to, bytes, len);
    if (p->into ? !str_full(p->into) : !p->error)
        return (la_ssize_t)len;
    archive_set_error(a, EPIPE, p->into ? "it is too large" : "nobody reads");
    return -1;
}

static struct err *failed(struct pack *p)
{
    return p->error ? take_ptr(p->error)
                    : ERR("%s", archive_error_string(p->archive));
}

struct err *pack_begin(struct pack *p, enum pack_format format, int filter)
{
    p->archive = archive_write_new();
    if (!p->archive)
        abort();
    if (format == PACK_ZIP)
        archive_write_set_format_zip(p->archive);
    else
        archive_write_set_format_pax_restricted(p->archive);
    if (format == PACK_TAR)
        archive_write_add_filter(p->archive, filter);
    archive_write_set_bytes_in_last_block(p->archive, 1);
    return archive_write_open(p->archive, p, NULL, put, NULL) == ARCHIVE_OK
               ? NULL
               : failed(p);
}

struct err *pack_add(struct pack *p, const char *name, const void *bytes,
                     size_t len)
{
    struct archive_entry *entry = archive_entry_new();
    bool fits;

    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)len);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, time(NULL), 0);
    fits = archive_write_header(p->archive, entry) == ARCHIVE_OK &&
           archive_write_data(p->archive, bytes, len) == (la_ssize_t)len;
    archive_entry_free(entry);
    return fits ? NULL : failed(p);
}

struct err *pack_end(struct pack *p, struct err *e)
{
    if (!e && archive_write_close(p->archive) != ARCHIVE_OK)
        e = failed(p);
    if (e)
        archive_write_fail(p->archive);
    archive_write_free(p->archive);
    err_free(p->error);
    return e;
}
