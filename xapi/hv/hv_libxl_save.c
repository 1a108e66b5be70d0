/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl_save: a guest into a file and out of it; see hv_libxl.h. What is
 * written is libxl's own stream; what the domain is stands in the plan. */
#include <errno.h>
#include <fcntl.h>
#include <libxl_utils.h>
#include <unistd.h>

#include "xapi/hv/hv_libxl.h"
#include "xl/domain/create.h"

static struct err *save(struct lx *lx, uint32_t domid, int fd)
{
    struct await a;

    host_mark(&lx->host);
    await_begin(&a, &lx->host);
    return lx_await(&a,
                    libxl_domain_suspend(lx->host.ctx, domid, fd, 0, &a.how),
                    "cannot suspend domain %u", domid);
}

struct err *lx_suspend(const struct hv *hv, uint32_t domid, const char *path)
{
    AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    struct lx lx AUTO_LX = {0};
    struct err *e;

    (void)hv;
    if (fd < 0)
        return err_errno(errno, "cannot write '%s'", path);
    TRY(lx_begin(&lx, true));
    e = save(&lx, domid, fd);
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
    return lx_create(plan, &fd, ret_domid);
}
