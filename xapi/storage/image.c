/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* image: see image.h. */
#include "xapi/storage/image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/run.h"
#include "lib/str.h"
#include "xapi/call/job.h"

#define NAME_MAX_ 1023
#define COPY_BYTES (64 << 20) /* between looks whether to go on */

const char *const image_formats[] = {"raw", "qcow2", "vhd", NULL};

/* How names end, beside the formats' own. */
static const struct {
    const char *end, *format;
} ends[] = {
    {".raw", "raw"}, {".img", "raw"},     {".iso", "raw"},
    {".bin", "raw"}, {".qcow2", "qcow2"}, {".vhd", "vhd"},
};

static const char *constant(const char *format)
{
    const char *const *f = image_formats;

    while (*f && strcmp(*f, format))
        f++;
    return *f;
}

const char *image_format_of(const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        size_t end = strlen(ends[i].end);

        if (len > end && !strcasecmp(name + len - end, ends[i].end))
            return constant(ends[i].format);
    }
    return NULL;
}

int64_t image_round(int64_t size)
{
    return (size + IMAGE_ROUND - 1) / IMAGE_ROUND * IMAGE_ROUND;
}

/* ---- heads --------------------------------------------------------------- */

/* The beginning of a qcow2 file (docs/interop/qcow2.txt of QEMU); all of it is
 * big-endian. */
struct qcow2_head {
    char magic[4];
    uint32_t version;
    uint64_t parent_at;
    uint32_t parent_len;
    uint32_t cluster_bits;
    uint64_t size;
    uint32_t crypt_method;
    uint32_t l1_size;
    uint64_t l1_at, refcounts_at;
    uint32_t n_refcounts, n_snapshots;
    uint64_t snapshots_at;
    uint64_t incompatible; /* of version 3 */
} __attribute__((packed));
#define QCOW2_DATA_FILE 4u /* of incompatible */

/* The end of a VHD file, 512 bytes. */
struct vhd_foot {
    char cookie[8]; /* "conectix" */
    char rest[40];
    uint64_t size;
    uint32_t geometry;
    uint32_t type;
} __attribute__((packed));
#define VHD_FOOT 512
#define VHD_FIXED 2u
#define VHD_DYNAMIC 3u
#define L1_MAX (4u << 20) /* entries; QEMU's own limit */

static struct err *read_parent(struct pool *p, int fd, const char *path,
                               const struct qcow2_head *head, const char **ret)
{
    uint32_t len = be32toh(head->parent_len);
    char *name;

    if (!head->parent_at)
        return NULL;
    if (!len || len > NAME_MAX_)
        return ERR_AS(input, "'%s': the name of its parent is damaged", path);
    name = pool_alloc(p, len + 1);
    if (pread(fd, name, len, (off_t)be64toh(head->parent_at)) != (ssize_t)len)
        return ERR_AS(input, "'%s' ends in the name of its parent", path);
    if (strchr(name, '/') || !image_format_of(name))
        return ERR_AS(
            input,
            "'%s' is an overlay of '%s', which is no image in the same "
            "directory",
            path, name);
    *ret = name;
    return NULL;
}

static struct err *look_qcow2(struct pool *p, int fd, const char *path,
                              struct image *i)
{
    struct qcow2_head head = {0};
    ssize_t n = pread(fd, &head, sizeof(head), 0);

    if (n < (ssize_t)offsetof(struct qcow2_head, incompatible) ||
        memcmp(head.magic, "QFI\xfb", 4))
        return ERR_AS(input, "'%s' is no qcow2 file", path);
    if (be32toh(head.version) >= 3 &&
        be64toh(head.incompatible) & QCOW2_DATA_FILE)
        return ERR_AS(input, "'%s' has its data in another file", path);
    if (head.crypt_method)
        return ERR_AS(input, "'%s' is encrypted", path);
    i->size = (int64_t)be64toh(head.size);
    return read_parent(p, fd, path, &head, &i->parent);
}

static struct err *look_vhd(int fd, const char *path, off_t len,
                            struct image *i)
{
    struct vhd_foot foot;

    if (len < VHD_FOOT ||
        pread(fd, &foot, sizeof(foot), len - VHD_FOOT) !=
            (ssize_t)sizeof(foot) ||
        memcmp(foot.cookie, "conectix", 8))
        return ERR_AS(input, "'%s' is no VHD file", path);
    if (be32toh(foot.type) != VHD_FIXED && be32toh(foot.type) != VHD_DYNAMIC)
        return ERR_AS(input, "'%s' is only a difference to another VHD file",
                      path);
    i->size = (int64_t)be64toh(foot.size);
    return NULL;
}

struct err *image_look(struct pool *p, const char *path, const char *format,
                       struct image *ret)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct image i = {.format = constant(format)};
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return errno == ENOENT ? ERR_AS(not_found, "there is no '%s'", path)
                               : err_errno(errno, "'%s'", path);
    if (!S_ISREG(st.st_mode))
        return ERR_AS(input, "'%s' is no file", path);
    i.used = (int64_t)st.st_blocks * 512;
    i.size = st.st_size;
    if (!strcmp(i.format, "qcow2"))
        TRY(look_qcow2(p, fd, path, &i));
    if (!strcmp(i.format, "vhd"))
        TRY(look_vhd(fd, path, st.st_size, &i));
    if (i.size < 0)
        return ERR_AS(input, "'%s' says it is larger than can be", path);
    *ret = i;
    return NULL;
}

struct err *image_is_empty(const char *path, bool *ret)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    AUTO_FREE uint64_t *l1 = NULL;
    struct qcow2_head head = {0};
    size_t n, len;

    if (fd < 0)
        return err_errno(errno, "'%s'", path);
    if (pread(fd, &head, sizeof(head), 0) <
            (ssize_t)offsetof(struct qcow2_head, incompatible) ||
        memcmp(head.magic, "QFI\xfb", 4))
        return ERR_AS(input, "'%s' is no qcow2 file", path);
    n = be32toh(head.l1_size);
    if (n > L1_MAX)
        return ERR_AS(input, "'%s' says it has too many tables", path);
    len = n * sizeof(*l1);
    l1 = xcalloc(n + 1, sizeof(*l1));
    if (pread(fd, l1, len, (off_t)be64toh(head.l1_at)) != (ssize_t)len)
        return ERR_AS(input, "'%s' ends in its table", path);
    *ret = true;
    for (size_t i = 0; i < n; i++)
        *ret = *ret && !l1[i];
    return NULL;
}

/* ---- qemu-img ------------------------------------------------------------ */

/* As qemu-img calls them. */
static const char *qemu_name(const char *format)
{
    return strcmp(format, "vhd") ? format : "vpc";
}

static struct err *qemu_img(struct pool *p, const char *const *argv)
{
    struct run run = {.argv = argv};

    return run_check(&run, p);
}
#define QEMU_IMG(p, ...) \
    qemu_img(p, (const char *const[]){"qemu-img", __VA_ARGS__, NULL})

static const char *number(struct pool *p, int64_t n)
{
    return pool_printf(p, "%lld", (long long)n);
}

/* PATH is on disk when this returns. FLAGS: O_CREAT ... */
static struct err *sync_file(const char *path, int flags, int64_t size)
{
    AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);

    if (fd < 0 || fchmod(fd, 0600) ||
        (size >= 0 && ftruncate(fd, (off_t)size)) || fsync(fd))
        return err_errno(errno, "'%s'", path);
    return NULL;
}

struct err *image_create(const char *path, const char *format, int64_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *bytes = number(p, size);

    if (!strcmp(format, "raw"))
        return sync_file(path, O_CREAT | O_TRUNC, size);
    if (!strcmp(format, "vhd"))
        TRY(QEMU_IMG(p, "create", "-q", "-f", "vpc", "-o", "force_size=on",
                     path, bytes));
    else
        TRY(QEMU_IMG(p, "create", "-q", "-f", format, path, bytes));
    return sync_file(path, 0, -1);
}

struct err *image_overlay(const char *path, const char *parent,
                          const char *parent_format, int64_t size)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(QEMU_IMG(p, "create", "-q", "-u", "-f", "qcow2", "-b", parent, "-F",
                 qemu_name(parent_format), path, number(p, size)));
    return sync_file(path, 0, -1);
}

struct err *image_copy(const char *from, const char *from_format,
                       const char *to, const char *to_format, bool blank)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *argv[] = {"qemu-img",
                          "convert",
                          "-q",
                          "-n",
                          "-U",
                          "-f",
                          qemu_name(from_format),
                          "-O",
                          qemu_name(to_format),
                          from,
                          to,
                          blank ? "--target-is-zero" : NULL,
                          NULL};

    return qemu_img(p, argv);
}

struct err *image_convert(const char *from, const char *from_format,
                          const char *to, const char *to_format)
{
    AUTO_POOL struct pool *p = pool_new();

    if (!strcmp(to_format, "vhd"))
        return QEMU_IMG(p, "convert", "-q", "-U", "-f", qemu_name(from_format),
                        "-O", "vpc", "-o", "force_size=on", from, to);
    return QEMU_IMG(p, "convert", "-q", "-U", "-f", qemu_name(from_format),
                    "-O", to_format, from, to);
}

struct err *image_grow(const char *path, const char *format, int64_t size)
{
    AUTO_POOL struct pool *p = pool_new();

    if (!strcmp(format, "raw"))
        return sync_file(path, 0, size);
    return QEMU_IMG(p, "resize", "-q", "-f", qemu_name(format), path,
                    number(p, size));
}

struct err *image_merge(const char *path)
{
    AUTO_POOL struct pool *p = pool_new();

    return QEMU_IMG(p, "commit", "-q", "-d", "-f", "qcow2", path);
}

/* ---- without it ---------------------------------------------------------- */

/* The extent from AT on that is data. */
static struct err *copy_extent(int from, int to, off_t at, off_t end)
{
    while (at < end) {
        off_t len = end - at < COPY_BYTES ? end - at : COPY_BYTES, to_at = at;
        ssize_t n;

        TRY(job_sleep(0));
        n = copy_file_range(from, &at, to, &to_at, (size_t)len, 0);
        if (n < 0 && errno != EINTR)
            return err_errno(errno, "copying");
        if (!n)
            return ERR("it has become shorter");
    }
    return NULL;
}

static struct err *copy_extents(int from, int to, off_t size)
{
    off_t at = lseek(from, 0, SEEK_DATA);

    while (at >= 0 && at < size) {
        off_t end = lseek(from, at, SEEK_HOLE);

        if (end < 0)
            break;
        TRY(copy_extent(from, to, at, end));
        at = lseek(from, end, SEEK_DATA);
    }
    return errno && at < 0 && errno != ENXIO ? err_errno(errno, "reading")
                                             : NULL;
}

static struct err *duplicate(int from, int to)
{
    struct stat st;

    if (!ioctl(to, FICLONE, from))
        return NULL;
    if (fstat(from, &st) || ftruncate(to, st.st_size))
        return err_errno(errno, "its size");
    errno = 0;
    TRY(copy_extents(from, to, st.st_size));
    return fsync(to) ? err_errno(errno, "fsync") : NULL;
}

struct err *image_duplicate(const char *from, const char *to)
{
    AUTO_FD int in = open(from, O_RDONLY | O_CLOEXEC);
    AUTO_FD int out = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (in < 0)
        return err_errno(errno, "'%s'", from);
    if (out < 0)
        return err_errno(errno, "'%s'", to);
    return err_wrap(duplicate(in, out), "'%s' as '%s'", from, to);
}
