/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redo: see redo.h. A record is a head, its bytes, and what is missing to whole
 * blocks; it does not go over the file's end. Which ones are good is seen by
 * their numbers and checksums: those that follow the last one that is in its
 * place, without a gap.
 *
 * The disk is written to directly, where the file system can: the file has all
 * its blocks from the start, so nothing else has to be written.
 */
#include "xapi/db/redo.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "lib/auto.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/pool.h"
#include "lib/str.h"

#define BLOCK 4096u
#define MAGIC "x-redo1\n"

struct head {
    char magic[8];
    uint64_t number, generation, len;
    uint64_t sum; /* of the others and the bytes */
};

struct redo {
    char *path;
    int fd;
    char *buffer;    /* of the one that is being written */
    uint64_t number; /* the next one's */
    uint64_t at;     /* bytes ever written: where it goes */
    uint64_t in_use; /* from there on */
};

static uint64_t blocks(size_t len)
{
    return (sizeof(struct head) + len + BLOCK - 1) / BLOCK * BLOCK;
}

static uint64_t sum_of(const struct head *head, const void *bytes)
{
    uint64_t sum = XXH64(head, offsetof(struct head, sum), 0);

    return XXH64(bytes, head->len, sum);
}

/* ---- the file ------------------------------------------------------------ */

/* A write of what has no block yet would write more than that. */
static struct err *fill(int fd, off_t size)
{
    static const char zeros[64 << 10];

    for (; size < REDO_SIZE; size += (off_t)sizeof(zeros))
        if (pwrite(fd, zeros, sizeof(zeros), size) != (ssize_t)sizeof(zeros))
            return err_errno(errno, "cannot write it");
    return fsync(fd) ? err_errno(errno, "cannot sync it") : NULL;
}

static struct err *make(const char *path)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int fd =
        open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return err_errno(errno, "cannot open it");
    if (st.st_size >= REDO_SIZE)
        return NULL;
    TRY(fill(fd, st.st_size / BLOCK * BLOCK));
    return file_sync(file_folder(p, path));
}

static struct err *open_file(const char *path, int *ret_fd)
{
    const int flags = O_RDWR | O_DSYNC | O_NOFOLLOW | O_CLOEXEC;

    TRY(make(path));
    *ret_fd = open(path, flags | O_DIRECT);
    if (*ret_fd < 0 && errno == EINVAL)
        *ret_fd = open(path, flags);
    return *ret_fd < 0 ? err_errno(errno, "cannot open it") : NULL;
}

struct err *redo_open(const char *path, struct redo **ret)
{
    struct redo *r;
    int fd = -1;

    TRY(err_wrap(open_file(path, &fd), "'%s'", path));
    r = xcalloc(1, sizeof(*r));
    r->path = xstrdup(path);
    r->fd = fd;
    r->buffer = aligned_alloc(BLOCK, blocks(REDO_RECORD_MAX));
    if (!r->buffer)
        abort();
    *ret = r;
    return NULL;
}

void redo_detach(struct redo *r)
{
    if (r)
        auto_close_(&r->fd);
}

void redo_close(struct redo *r)
{
    if (!r)
        return;
    redo_detach(r);
    free(r->buffer);
    free(r->path);
    free(r);
}

/* ---- reading ------------------------------------------------------------- */

/* The record in the ROOM bytes at TEXT, whose number is above LAST. */
static bool parse(const char *text, size_t room, uint64_t last,
                  struct redo_record *ret)
{
    struct head head;

    memcpy(&head, text, sizeof(head));
    if (memcmp(head.magic, MAGIC, sizeof(head.magic)) || head.number <= last ||
        head.len > room - sizeof(head) ||
        head.sum != sum_of(&head, text + sizeof(head)))
        return false;
    *ret = (struct redo_record){head.number, head.generation,
                                text + sizeof(head), head.len};
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct redo_record *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* All that are good and above LAST, by number. */
static struct err *find(struct pool *p, const struct redo *r, uint64_t last,
                        struct redo_record **ret, size_t *ret_n)
{
    size_t len, step;
    char *text;

    TRY(file_read(p, r->path, 2 * REDO_SIZE, &text, &len));
    for (size_t at = 0; at + BLOCK <= len; at += step) {
        struct redo_record record;

        step = BLOCK;
        if (!parse(text + at, len - at, last, &record))
            continue;
        *pool_push(p, *ret, *ret_n) = record;
        step = blocks(record.len);
    }
    if (*ret_n)
        qsort(*ret, *ret_n, sizeof(**ret), by_number);
    return NULL;
}

/* What comes after a gap is not to follow what is written now. */
struct err *redo_read(struct redo *r, uint64_t *last, redo_fn *fn, void *arg)
{
    AUTO_POOL struct pool *p = pool_new();
    struct redo_record *list = NULL;
    size_t n = 0, i;

    TRY(find(p, r, *last, &list, &n));
    for (i = 0; i < n && list[i].number == *last + 1; i++, ++*last)
        TRY(fn(arg, &list[i]));
    if (i < n) {
        log_warning("store",
                    "'%s': record %llu is damaged or missing; what came after "
                    "it is lost",
                    r->path, (unsigned long long)*last + 1);
        *last = list[n - 1].number;
    }
    r->number = *last + 1;
    return NULL;
}

/* ---- writing ------------------------------------------------------------- */

size_t redo_used(const struct redo *r)
{
    return r->at - r->in_use;
}

bool redo_reserve(struct redo *r, size_t len, struct redo_place *ret)
{
    uint64_t size = blocks(len), at = r->at;

    if (at % REDO_SIZE + size > REDO_SIZE)
        at += REDO_SIZE - at % REDO_SIZE;
    if (at + size - r->in_use > REDO_SIZE)
        return false;
    *ret = (struct redo_place){r->number++, at, at + size};
    r->at = ret->end;
    return true;
}

struct err *redo_write(struct redo *r, const struct redo_place *place,
                       uint64_t generation, const void *bytes, size_t len)
{
    struct head head = {
        .number = place->number, .generation = generation, .len = len};
    size_t size = place->end - place->at;
    ssize_t n;

    memcpy(head.magic, MAGIC, sizeof(head.magic));
    head.sum = sum_of(&head, bytes);
    memcpy(r->buffer, &head, sizeof(head));
    memcpy(r->buffer + sizeof(head), bytes, len);
    memset(r->buffer + sizeof(head) + len, 0, size - sizeof(head) - len);
    n = pwrite(r->fd, r->buffer, size, (off_t)(place->at % REDO_SIZE));
    if (n == (ssize_t)size)
        return NULL;
    return err_errno(n < 0 ? errno : ENOSPC, "'%s': cannot write", r->path);
}

void redo_release(struct redo *r, const struct redo_place *place)
{
    r->in_use = place->end;
}
