/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lock: see lock.h. */
#include "xl/hotplug/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/file.h"

static const char *path_of(struct pool *p, const char *name)
{
    return pool_printf(p, LOCK_DIR "/%s", name);
}

/* Whoever drops the lock takes the file away: the one that is locked may not be
 * the one that others see. */
static bool is_current(int fd, const char *path)
{
    struct stat mine, seen;

    return !fstat(fd, &mine) && !stat(path, &seen) &&
           mine.st_ino == seen.st_ino && mine.st_dev == seen.st_dev;
}

struct err *lock_take(struct pool *p, const char *name, int *ret_fd)
{
    const char *path = path_of(p, name);

    TRY(file_make_dirs(LOCK_DIR, 0755));
    for (;;) {
        AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

        if (fd < 0)
            return err_errno(errno, "%s", path);
        while (flock(fd, LOCK_EX))
            if (errno != EINTR)
                return err_errno(errno, "cannot lock %s", path);
        if (is_current(fd, path)) {
            *ret_fd = take_fd(&fd);
            return NULL;
        }
    }
}

void lock_drop(struct pool *p, const char *name, int fd)
{
    unlink(path_of(p, name));
    close(fd);
}
