/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_tar: see xva_tar.h. */
#include "xapi/vm/xva_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/str.h"
#include "xapi/model/errors_gen.h"

#define NAME_SIZE 128
#define SUM_SIZE 64
#define BUFFER 262144

struct reading {
    const struct xva_taker *taker;
    struct archive *tar;
    struct err *error; /* of who gives the bytes */
    char *buffer;
    char name[NAME_SIZE]; /* of the member that has begun */
    size_t size;
    bool over; /* there is no more */
    /* The disk that comes, "": none. */
    char id[NAME_SIZE];
    int64_t limit, at; /* its size; what is behind the last piece */
    int64_t number;    /* of the last piece, or -1 */
    int64_t step;      /* size of the first */
    bool bad_sums;
};

/* ---- members ------------------------------------------------------------- */

static la_ssize_t receive(struct archive *a, void *arg, const void **ret)
{
    struct reading *r = arg;
    size_t n = 0;

    r->error = r->taker->read(r->taker->arg, r->buffer, BUFFER, &n);
    if (r->error) {
        archive_set_error(a, EPIPE, "no more comes");
        return -1;
    }
    *ret = r->buffer;
    return (la_ssize_t)n;
}

static struct err *tar_error(struct reading *r)
{
    const char *why = archive_error_string(r->tar);

    if (r->error)
        return take_ptr(r->error);
    return err_IMPORT_ERROR(why ? why : "no tar");
}

static struct err *next(struct reading *r)
{
    struct archive_entry *entry;
    int status = archive_read_next_header(r->tar, &entry);
    const char *name;

    TRY(r->taker->step(r->taker->arg));
    r->over = status == ARCHIVE_EOF;
    if (r->over)
        return NULL;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
        return tar_error(r);
    name = archive_entry_pathname(entry);
    if (!name || strlen(name) >= NAME_SIZE || archive_entry_size(entry) < 0)
        return err_IMPORT_ERROR("a member with a name that cannot be");
    snprintf(r->name, sizeof(r->name), "%s", name);
    r->size = (size_t)archive_entry_size(entry);
    return NULL;
}

/* The member's bytes, in INTO, which has room for MAX. */
static struct err *content(struct reading *r, void *into, size_t max)
{
    la_ssize_t n;

    if (r->size > max)
        return err_IMPORT_ERROR("a member that is too large");
    n = archive_read_data(r->tar, into, r->size);
    if (n < 0)
        return tar_error(r);
    return (size_t)n == r->size ? NULL : err_IMPORT_ERROR_PREMATURE_EOF();
}

static struct err *unexpected(const struct reading *r, const char *expected)
{
    return err_IMPORT_ERROR_UNEXPECTED_FILE(expected, r->name);
}

/* ---- a disk -------------------------------------------------------------- */

/* The last piece is never left out: a file that ends too early has no end that
 * looks like one. */
static struct err *end_disk(struct reading *r)
{
    if (!*r->id)
        return NULL;
    if (r->at != r->limit)
        return r->over ? err_IMPORT_ERROR_PREMATURE_EOF()
                       : unexpected(r, r->id);
    *r->id = '\0';
    return r->taker->end(r->taker->arg);
}

/* ID and number of a piece's name. */
static struct err *read_name(struct reading *r, char id[NAME_SIZE],
                             int64_t *ret_number)
{
    AUTO_ERR struct err *no_number = NULL;
    char *slash;

    memcpy(id, r->name, NAME_SIZE);
    slash = strchr(id, '/');
    if (!slash || strncmp(id, "Ref:", 4))
        return unexpected(r, "Ref:");
    *slash = '\0';
    no_number = text_to_int(slash + 1, 10, 0, INT32_MAX, ret_number);
    if (no_number)
        return unexpected(r, id);
    return NULL;
}

static struct err *find_disk(struct reading *r, const char *id)
{
    if (!strcmp(r->id, id))
        return NULL;
    TRY(end_disk(r));
    TRY(r->taker->begin(r->taker->arg, id, &r->limit));
    memcpy(r->id, id, NAME_SIZE);
    r->at = r->step = 0;
    r->number = -1;
    return NULL;
}

/* Numbers that are left out are pieces of zeros; one without bytes is only a
 * number. */
static struct err *place(struct reading *r, const char *bytes, int64_t number)
{
    int64_t left_out = number - r->number - 1;

    if (left_out < 0)
        return unexpected(r, "a later piece");
    if (!r->step && left_out)
        return unexpected(r, "the first piece");
    r->number = number;
    if (left_out > (r->limit - r->at) / (r->step ? r->step : 1))
        return err_IMPORT_ERROR("a disk with more than its size");
    r->at += left_out * r->step;
    if ((int64_t)r->size > r->limit - r->at)
        return err_IMPORT_ERROR("a disk with more than its size");
    if (!r->step)
        r->step = (int64_t)r->size;
    TRY(r->taker->put(r->taker->arg, bytes, r->size, r->at));
    r->at += (int64_t)r->size;
    return NULL;
}

/* ---- checksums ----------------------------------------------------------- */

static void sha1(const char *bytes, size_t len, char text[SUM_SIZE])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    EVP_Digest(bytes, len, sum, &n, EVP_sha1(), NULL);
    for (unsigned i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
}

static struct err *check_sum(struct reading *r, const char *piece,
                             const char *bytes, size_t len)
{
    size_t stem = strlen(piece);
    char is[SUM_SIZE] = "", said[SUM_SIZE] = "";

    TRY(next(r));
    if (r->over)
        return err_IMPORT_ERROR_PREMATURE_EOF();
    if (strncmp(r->name, piece, stem))
        return unexpected(r, piece);
    TRY(content(r, said, sizeof(said) - 1));
    if (!strcmp(r->name + stem, ".xxhash"))
        snprintf(is, sizeof(is), "%016llX",
                 (unsigned long long)XXH64(bytes, len, 0));
    else if (!strcmp(r->name + stem, ".checksum"))
        sha1(bytes, len, is);
    else
        return unexpected(r, piece);
    r->bad_sums |= strcasecmp(is, said) != 0;
    return NULL;
}

static struct err *read_piece(struct reading *r, char *bytes)
{
    char id[NAME_SIZE], piece[NAME_SIZE];
    int64_t number = 0;
    size_t len = r->size;

    TRY(read_name(r, id, &number));
    memcpy(piece, r->name, NAME_SIZE);
    TRY(find_disk(r, id));
    TRY(content(r, bytes, XVA_PIECE));
    TRY(place(r, bytes, number));
    return check_sum(r, piece, bytes, len);
}

/* ---- all of it ----------------------------------------------------------- */

static struct err *read_records(struct reading *r)
{
    AUTO_FREE char *text = NULL;

    TRY(next(r));
    if (r->over || strcmp(r->name, XVA_RECORDS))
        return unexpected(r, XVA_RECORDS);
    if (r->size > XVA_RECORDS_MAX)
        return err_IMPORT_ERROR(XVA_RECORDS " is too large");
    text = xcalloc(1, r->size + 1);
    TRY(content(r, text, r->size));
    return r->taker->records(r->taker->arg, text, r->size);
}

static struct err *read_disks(struct reading *r)
{
    AUTO_FREE char *bytes = xcalloc(1, XVA_PIECE);

    TRY(next(r));
    while (!r->over) {
        TRY(read_piece(r, bytes));
        TRY(next(r));
    }
    return end_disk(r);
}

static struct err *read_all(struct reading *r)
{
    archive_read_support_format_tar(r->tar);
    archive_read_support_filter_gzip(r->tar);
    archive_read_support_filter_zstd(r->tar);
    if (archive_read_open(r->tar, r, NULL, receive, NULL) != ARCHIVE_OK)
        return tar_error(r);
    TRY(read_records(r));
    return r->taker->begin ? read_disks(r) : NULL;
}

struct err *xva_tar_read(const struct xva_taker *taker, bool *ret_bad_sums)
{
    AUTO_FREE char *buffer = xcalloc(1, BUFFER);
    struct reading r = {
        .taker = taker, .tar = archive_read_new(), .buffer = buffer};
    struct err *e;

    if (!r.tar)
        abort();
    e = read_all(&r);
    archive_read_free(r.tar);
    err_free(r.error);
    *ret_bad_sums = r.bad_sums;
    return e;
}
