/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spool: see spool.h. */
#include "xapi/storage/spool.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"

#define PIECE (1 << 20)
#define BLOCK 65536 /* of zeros, is left out */

struct err *spool_make(struct pool *p, const char *beside, struct spool *ret)
{
    int dir_len = (int)(strrchr(beside, '/') - beside);
    char *path = pool_printf(p, "%.*s/.spool.XXXXXX", dir_len, beside);

    ret->fd = mkostemp(path, O_CLOEXEC);
    if (ret->fd < 0)
        return err_errno(errno, "'%s'", path);
    unlink(path);
    ret->path = pool_printf(p, "/proc/%d/fd/%d", (int)getpid(), ret->fd);
    return NULL;
}

/* ---- in ------------------------------------------------------------------ */

static struct err *put(int fd, const char *bytes, size_t len, int64_t at)
{
    while (len) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)at);

        if (n < 0 && errno != EINTR)
            return err_errno(errno, "writing");
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
        at += n > 0 ? n : 0;
    }
    return NULL;
}

bool spool_is_zero(const char *bytes, size_t len)
{
    return !len || (!*bytes && !memcmp(bytes, bytes + 1, len - 1));
}

struct err *spool_put(int fd, const char *bytes, size_t len, int64_t at,
                      bool blank)
{
    while (len) {
        size_t n = len < BLOCK ? len : BLOCK;

        if (!spool_is_zero(bytes, n) ||
            (!blank && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                 (off_t)at, (off_t)n)))
            TRY(put(fd, bytes, n, at));
        bytes += n;
        len -= n;
        at += (int64_t)n;
    }
    return NULL;
}

static struct err *too_much(int64_t max)
{
    return ERR("it is more than %lld bytes", (long long)max);
}

static struct err *grow(int fd, int64_t size)
{
    off_t now = lseek(fd, 0, SEEK_END);

    return now < size && ftruncate(fd, (off_t)size)
               ? err_errno(errno, "its size")
               : NULL;
}

struct err *spool_receive(struct job *j, struct transfer *t, int fd,
                          int64_t max, bool blank)
{
    AUTO_FREE char *piece = xcalloc(1, PIECE);
    int64_t at = 0;
    size_t n;

    do {
        TRY(transfer_read(t, piece, PIECE, &n));
        if ((int64_t)n > max - at)
            return too_much(max);
        TRY(spool_put(fd, piece, n, at, blank));
        at += (int64_t)n;
        job_progress(j, max ? (double)at / (double)max : 1);
    } while (n == PIECE);
    return grow(fd, at);
}

struct chunk {
    uint64_t at;
    uint32_t len;
} __attribute__((packed));

static struct err *receive_chunk(struct transfer *t, int fd, int64_t at,
                                 uint32_t left, char *piece)
{
    while (left) {
        size_t n, want = left < PIECE ? left : PIECE;

        TRY(transfer_read(t, piece, want, &n));
        if (n < want)
            return ERR("it ends in a chunk");
        TRY(put(fd, piece, n, at));
        at += (int64_t)n;
        left -= (uint32_t)n;
    }
    return NULL;
}

struct err *spool_receive_chunks(struct job *j, struct transfer *t, int fd,
                                 int64_t max)
{
    AUTO_FREE char *piece = xcalloc(1, PIECE);

    for (;;) {
        struct chunk head;
        uint64_t at;
        uint32_t len;
        size_t n;

        TRY(transfer_read(t, &head, sizeof(head), &n));
        if (n < sizeof(head))
            return ERR("it ends without the chunk of zeros");
        at = le64toh(head.at);
        len = le32toh(head.len);
        if (!at && !len)
            return NULL;
        if (at > (uint64_t)max || len > (uint64_t)max - at)
            return too_much(max);
        TRY(receive_chunk(t, fd, (int64_t)at, len, piece));
        job_progress(j, (double)at / (double)max);
    }
}

/* ---- out ----------------------------------------------------------------- */

struct err *spool_send(struct job *j, struct transfer *t, int fd, int64_t size)
{
    AUTO_FREE char *piece = xcalloc(1, PIECE);

    for (int64_t at = 0; at < size;) {
        size_t len = size - at < PIECE ? (size_t)(size - at) : PIECE;
        ssize_t n = pread(fd, piece, len, (off_t)at);

        if (n < 0)
            return err_errno(errno, "reading");
        if (!n) /* behind the end of a file that is smaller than its disk */
            memset(piece, 0, len);
        TRY(transfer_write(t, piece, n ? (size_t)n : len));
        at += n ? n : (ssize_t)len;
        job_progress(j, (double)at / (double)size);
    }
    return NULL;
}
