/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_disk: the kernel's backend. Its figures are files, which stay open as
 * long as the device is there: reading one again is one system call. */
#include "xenstore/top/sample_disk.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/str.h"

/* clang-format off */
static const struct {
    const char *file;
    size_t offset;
} figures[] = {
    {"rd_req",  offsetof(struct sample_blk, reads)},
    {"wr_req",  offsetof(struct sample_blk, writes)},
    {"rd_sect", offsetof(struct sample_blk, read_sectors)},
    {"wr_sect", offsetof(struct sample_blk, write_sectors)},
    {"f_req",   offsetof(struct sample_blk, flushes)},
    {"ds_req",  offsetof(struct sample_blk, discards)},
    {"oo_req",  offsetof(struct sample_blk, waits)},
};
/* clang-format on */
#define N_FIGURES ARRAY_LEN(figures)

struct source {
    int fds[N_FIGURES]; /* -1: not there (yet) */
    uint64_t incarnation;
};

void vbd_raise_limit(void)
{
    struct rlimit limit;

    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void close_source(void *source)
{
    struct source *s = source;

    for (size_t i = 0; i < N_FIGURES; i++) {
        if (s->fds[i] >= 0)
            close(s->fds[i]);
        s->fds[i] = -1;
    }
}

static struct source *new_source(struct pool *p)
{
    struct source *s = pool_new_of(p, struct source);

    for (size_t i = 0; i < N_FIGURES; i++)
        s->fds[i] = -1;
    pool_at_free(p, close_source, s);
    return s;
}

/* The folder's inode is another one for each device that the kernel makes. */
static bool open_source(struct source *s, uint64_t domid, uint64_t id)
{
    AUTO_FD int dir = -1;
    struct stat st;
    char path[120];

    snprintf(path, sizeof(path),
             "/sys/bus/xen-backend/devices/vbd-%" PRIu64 "-%" PRIu64
             "/statistics",
             domid, id);
    dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || fstat(dir, &st))
        return false;
    s->incarnation = st.st_ino;
    for (size_t i = 0; i < N_FIGURES; i++)
        s->fds[i] = openat(dir, figures[i].file, O_RDONLY | O_CLOEXEC);
    return true;
}

/* Older kernels have fewer of the files: their figures are 0. */
static bool read_source(const struct source *s, struct sample_blk *ret)
{
    bool any = false;

    for (size_t i = 0; i < N_FIGURES; i++) {
        char text[32];
        ssize_t len =
            s->fds[i] < 0 ? 0 : pread(s->fds[i], text, sizeof(text) - 1, 0);

        if (len < 0)
            return false; /* the device has gone */
        text[len] = '\0';
        *(uint64_t *)((char *)ret + figures[i].offset) =
            strtoull(text, NULL, 10);
        any |= len > 0;
    }
    return any;
}

void vbd_count(uint64_t domid, struct catalog_device *device, struct pool *p,
               struct sample_vbd *ret)
{
    struct source *s = device->counting;

    if (!s)
        s = device->counting = new_source(p);
    if (!read_source(s, &ret->blk)) {
        close_source(s);
        ret->blk = (struct sample_blk){0};
        if (!open_source(s, domid, device->id) || !read_source(s, &ret->blk))
            return;
    }
    ret->counted = 1;
    ret->incarnation = s->incarnation;
}
