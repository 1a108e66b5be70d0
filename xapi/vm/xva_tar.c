/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_tar: see xva_tar.h. */
#include "xapi/vm/xva_tar.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lib/str.h"
#include "xapi/model/errors_gen.h"
#include "xapi/storage/unpack.h"

#define NAME_SIZE 128
#define SUM_SIZE 64

struct reading {
    const struct xva_taker *taker;
    struct unpack tar;
    /* The disk that comes, "": none. */
    char id[NAME_SIZE];
    int64_t limit, at; /* its size; what is behind the last piece */
    int64_t number;    /* of the last piece, or -1 */
    int64_t step;      /* size of the first */
    bool bad_sums;
};

/* ---- members ------------------------------------------------------------- */

static struct err *next(struct reading *r)
{
    TRY(unpack_next(&r->tar));
    TRY(r->taker->step(r->taker->arg));
    if (!r->tar.over && strlen(r->tar.name) >= NAME_SIZE)
        return err_IMPORT_ERROR("a member with a name that cannot be");
    return NULL;
}

/* The member's bytes, in INTO, which has room for MAX. */
static struct err *content(struct reading *r, void *into, size_t max)
{
    size_t n;

    if (r->tar.size > max)
        return err_IMPORT_ERROR("a member that is too large");
    TRY(unpack_read(&r->tar, into, r->tar.size, &n));
    return n == r->tar.size ? NULL : err_IMPORT_ERROR_PREMATURE_EOF();
}

static struct err *unexpected(const struct reading *r, const char *expected)
{
    return err_IMPORT_ERROR_UNEXPECTED_FILE(expected, r->tar.name);
}

/* ---- a disk -------------------------------------------------------------- */

/* The last piece is never left out: a file that ends too early has no end that
 * looks like one. */
static struct err *end_disk(struct reading *r)
{
    if (!*r->id)
        return NULL;
    if (r->at != r->limit)
        return r->tar.over ? err_IMPORT_ERROR_PREMATURE_EOF()
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

    snprintf(id, NAME_SIZE, "%.*s", NAME_SIZE - 1, r->tar.name);
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
    if ((int64_t)r->tar.size > r->limit - r->at)
        return err_IMPORT_ERROR("a disk with more than its size");
    if (!r->step)
        r->step = (int64_t)r->tar.size;
    TRY(r->taker->put(r->taker->arg, bytes, r->tar.size, r->at));
    r->at += (int64_t)r->tar.size;
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
    if (r->tar.over)
        return err_IMPORT_ERROR_PREMATURE_EOF();
    if (strncmp(r->tar.name, piece, stem))
        return unexpected(r, piece);
    TRY(content(r, said, sizeof(said) - 1));
    if (!strcmp(r->tar.name + stem, ".xxhash"))
        snprintf(is, sizeof(is), "%016llX",
                 (unsigned long long)XXH64(bytes, len, 0));
    else if (!strcmp(r->tar.name + stem, ".checksum"))
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
    size_t len = r->tar.size;

    TRY(read_name(r, id, &number));
    snprintf(piece, NAME_SIZE, "%.*s", NAME_SIZE - 1, r->tar.name);
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
    if (r->tar.over || strcmp(r->tar.name, XVA_RECORDS))
        return unexpected(r, XVA_RECORDS);
    if (r->tar.size > XVA_RECORDS_MAX)
        return err_IMPORT_ERROR(XVA_RECORDS " is too large");
    text = xcalloc(1, r->tar.size + 1);
    TRY(content(r, text, r->tar.size));
    return r->taker->records(r->taker->arg, text, r->tar.size);
}

static struct err *read_disks(struct reading *r)
{
    AUTO_FREE char *bytes = xcalloc(1, XVA_PIECE);

    TRY(next(r));
    while (!r->tar.over) {
        TRY(read_piece(r, bytes));
        TRY(next(r));
    }
    return end_disk(r);
}

static struct err *read_all(struct reading *r)
{
    TRY(unpack_begin(&r->tar));
    TRY(read_records(r));
    return r->taker->begin ? read_disks(r) : NULL;
}

struct err *xva_tar_read(const struct xva_taker *taker, bool *ret_bad_sums)
{
    struct reading r = {.taker = taker,
                        .tar = {.read = taker->read,
                                .arg = taker->arg,
                                .bad = err_IMPORT_ERROR}};
    struct err *e = read_all(&r);

    unpack_end(&r.tar);
    *ret_bad_sums = r.bad_sums;
    return e;
}
