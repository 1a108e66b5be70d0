/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xva: a VM's file: bytes of a disk are put where they belong and nowhere else,
 * and what is taken for whole is whole. An input that begins with 'r' is the
 * file, as it comes behind that; others are lines that say what is in it, as no
 * mutation gets past a tar's checksums:
 *
 *     x<value>...</value>    ova.xml with that text
 *     pNAME SIZE FILL        a member of SIZE bytes, each FILL
 *     s, c, b                its sum: XXH64, SHA-1, or a wrong one
 */
#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/vm/xva_import.h"
#include "xapi/vm/xva_tar.h"

#define FILE_MAX (8u << 20)

/* ---- the file ------------------------------------------------------------ */

struct making {
    struct pool *pool;
    struct archive *tar;
    char *name; /* of the last member */
    char *bytes;
    size_t len;
};

static void add(struct making *m, const char *name, const void *bytes,
                size_t len)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)len);
    archive_entry_set_filetype(entry, AE_IFREG);
    if (archive_write_header(m->tar, entry) == ARCHIVE_OK)
        archive_write_data(m->tar, bytes, len);
    archive_entry_free(entry);
}

static void add_piece(struct making *m, const char *line)
{
    char name[100], fill = 0;
    unsigned size = 0;

    if (sscanf(line, "%99s %7u %c", name, &size, &fill) < 2)
        return;
    m->name = pool_str(m->pool, name);
    m->len = size % (XVA_PIECE + 2);
    m->bytes = pool_alloc(m->pool, m->len + 1);
    memset(m->bytes, fill, m->len);
    add(m, m->name, m->bytes, m->len);
}

static void add_sum(struct making *m, char kind)
{
    char text[2 * EVP_MAX_MD_SIZE + 1] = "0";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (kind == 's')
        snprintf(text, sizeof(text), "%016llX",
                 (unsigned long long)XXH64(m->bytes, m->len, 0));
    if (kind == 'c')
        EVP_Digest(m->bytes, m->len, sum, &n, EVP_sha1(), NULL);
    for (unsigned i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    add(m,
        pool_printf(m->pool, "%s.%s", m->name,
                    kind == 'c' ? "checksum" : "xxhash"),
        text, strlen(text));
}

static size_t make(struct pool *p, const char *lines, char *into)
{
    struct making m = {p, archive_write_new(), pool_str(p, ""), pool_str(p, ""),
                       0};
    size_t n, used = 0;
    char **list = text_split(p, lines, '\n', &n);

    archive_write_set_format_ustar(m.tar);
    archive_write_open_memory(m.tar, into, FILE_MAX, &used);
    for (size_t i = 0; i < n && used < FILE_MAX / 2; i++) {
        const char *rest = list[i] + 1;

        if (*list[i] == 'x')
            add(&m, XVA_RECORDS, rest, strlen(rest));
        else if (*list[i] == 'p')
            add_piece(&m, rest);
        else if (*list[i])
            add_sum(&m, *list[i]);
    }
    archive_write_close(m.tar);
    archive_write_free(m.tar);
    return used;
}

/* ---- who takes it -------------------------------------------------------- */

struct taking {
    struct xva_import import;
    const char *bytes;
    size_t left;
    bool in_disk;
    int64_t size, at; /* of the disk; what is behind the last piece */
    uint64_t sum;
};

static struct err *give(void *arg, void *into, size_t len, size_t *ret)
{
    struct taking *t = arg;

    *ret = len < t->left ? len : t->left;
    memcpy(into, t->bytes, *ret);
    t->bytes += *ret;
    t->left -= *ret;
    return NULL;
}

static struct err *step(void *arg)
{
    (void)arg;
    return NULL;
}

static struct err *records(void *arg, const char *text, size_t len)
{
    struct taking *t = arg;

    return xva_read_records(&t->import, text, len);
}

static struct err *begin(void *arg, const char *id, int64_t *ret_size)
{
    struct taking *t = arg;
    const struct xva_item *item = xva_find(&t->import, id);
    struct disk_spec spec;

    fuzz_must(!t->in_disk, "one disk at a time");
    if (!item || item->class != &model_classes[CLASS_VDI])
        return ERR("no disk");
    TRY(xva_describe_disk(&t->import, item, &spec));
    fuzz_must(spec.size > 0, "a disk has a size");
    t->in_disk = true;
    t->size = *ret_size = spec.size;
    t->at = 0;
    return NULL;
}

static struct err *put(void *arg, const char *bytes, size_t len, int64_t at)
{
    struct taking *t = arg;

    fuzz_must(t->in_disk && at >= t->at, "pieces come in order");
    fuzz_must(len <= XVA_PIECE && (int64_t)len <= t->size - at,
              "they are in the disk");
    t->sum += XXH64(bytes, len, 0); /* all of it can be read */
    t->at = at + (int64_t)len;
    return NULL;
}

static struct err *end(void *arg)
{
    struct taking *t = arg;

    fuzz_must(t->in_disk && t->at == t->size, "a disk ends at its end");
    t->in_disk = false;
    return NULL;
}

static void take(struct pool *p, const char *bytes, size_t len)
{
    const struct xva_wish wish = {.force = true};
    struct taking t = {
        .import = {.pool = p, .wish = &wish}, .bytes = bytes, .left = len};
    const struct xva_taker taker = {&t, give, step, records, begin, put, end};
    bool bad_sums;
    struct err *e = xva_tar_read(&taker, &bad_sums);

    fuzz_must(e || !t.in_disk, "what is whole has whole disks");
    err_free(e);
    hash_done(&t.import.index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    static char *file;

    if (size && *data == 'r') {
        take(p, (const char *)data + 1, size - 1);
        return 0;
    }
    if (!file)
        file = malloc(FILE_MAX);
    take(p, file, make(p, pool_strn(p, (const char *)data, size), file));
    return 0;
}
