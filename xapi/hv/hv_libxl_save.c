/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl_save: a guest into a file and out of it; see hv_libxl.h. What is
 * written is libxl's own stream; what the domain is stands in the plan. */
#include <errno.h>
#include <fcntl.h>
#include <libxl_utils.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "xapi/hv/hv_libxl.h"
#include "xl/domain/create.h"

struct err *lx_save(struct lx *lx, uint32_t domid, int fd, int flags)
{
    struct await a;

    host_mark(&lx->host);
    await_begin(&a, &lx->host);
    a.abortable = lx_streams(lx);
    a.guest = domid;
    return lx_await(
        &a, libxl_domain_suspend(lx->host.ctx, domid, fd, flags, &a.how),
        "cannot suspend domain %u", domid);
}

/* The first words are libxl's own, which it must be able to write
 * (lx_streams): a disk that is full is found out before. */
static struct err *find_room(int fd, const char *path)
{
    char room[4096] = {0};

    TRY(err_wrap(file_write_all(fd, room, sizeof(room)), "'%s'", path));
    return lseek(fd, 0, SEEK_SET) < 0
               ? err_errno(errno, "cannot write '%s'", path)
               : NULL;
}

/* For the same reason what begins otherwise is not given to libxl. */
static struct err *check_stream(int fd, const char *path)
{
    static const char magic[] = "LibxlFmt";
    char first[STREAM_HEAD];
    ssize_t n = pread(fd, first, sizeof(first), 0);

    if (n < 0)
        return err_errno(errno, "cannot read '%s'", path);
    return n < (ssize_t)sizeof(first) || memcmp(first, magic, strlen(magic))
               ? ERR("'%s' is no memory of a guest", path)
               : NULL;
}

struct err *lx_suspend(const struct hv *hv, uint32_t domid, const char *path)
{
    AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    struct lx lx AUTO_LX = {0};
    struct err *e;

    (void)hv;
    if (fd < 0)
        return err_errno(errno, "cannot write '%s'", path);
    TRY(find_room(fd, path));
    TRY(lx_begin(&lx, true));
    e = lx_save(&lx, domid, fd, 0);
    if (e)
        return err_join(e, lx_resume_here(&lx, domid));
    if (fsync(fd) && errno != EINVAL)
        return err_join(err_errno(errno, "cannot write '%s'", path),
                        lx_resume_here(&lx, domid));
    return NULL;
}

struct err *lx_resume(const struct hv *hv, const struct plan *plan,
                      const char *path, uint32_t *ret_domid)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    (void)hv;
    if (fd < 0)
        return err_errno(errno, "cannot read '%s'", path);
    TRY(check_stream(fd, path));
    return lx_create(plan, &fd, ret_domid);
}
