/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loop: see loop.h. */
#include "xl/hotplug/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/str.h"

#define CONTROL "/dev/loop-control"
#define TRIES 1000 /* others take what is free, too */

static struct err *configure(const char *device, const char *path, int file,
                             bool writable, bool *ret_taken)
{
    AUTO_FD int fd = open(device, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    struct loop_config config = {.fd = (uint32_t)file};

    if (fd < 0)
        return err_errno(errno, "%s", device);
    if (!writable)
        config.info.lo_flags = LO_FLAGS_READ_ONLY;
    snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", path);
    *ret_taken = !ioctl(fd, LOOP_CONFIGURE, &config);
    if (!*ret_taken && errno != EBUSY)
        return err_errno(errno, "cannot make %s a device of '%s'", device,
                         path);
    return NULL;
}

struct err *loop_attach(struct pool *p, const char *path, bool writable,
                        const char **ret_device)
{
    AUTO_FD int control = open(CONTROL, O_RDWR | O_CLOEXEC);
    AUTO_FD int file = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    bool taken = false;

    if (control < 0)
        return err_errno(errno, CONTROL " (is the module loop loaded?)");
    if (file < 0)
        return err_errno(errno, "'%s'", path);
    for (unsigned i = 0; !taken && i < TRIES; i++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);

        if (number < 0)
            return err_errno(errno, "there is no free loop device");
        *ret_device = pool_printf(p, "/dev/loop%d", number);
        TRY(configure(*ret_device, path, file, writable, &taken));
    }
    return taken ? NULL : ERR("others take each free loop device first");
}

struct err *loop_detach(const char *device)
{
    AUTO_FD int fd = open(device, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT || errno == ENXIO
                   ? NULL
                   : err_errno(errno, "%s", device);
    if (ioctl(fd, LOOP_CLR_FD, 0) && errno != ENXIO)
        return err_errno(errno, "cannot detach %s", device);
    return NULL;
}

/* ---- which there are ----------------------------------------------------- */

static bool is_of(const char *device, dev_t dev, ino_t inode, dev_t *ret)
{
    AUTO_FD int fd = open(device, O_RDONLY | O_CLOEXEC);
    struct loop_info64 info;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) || ioctl(fd, LOOP_GET_STATUS64, &info))
        return false;
    *ret = st.st_rdev;
    return info.lo_device == dev && info.lo_inode == inode;
}

struct err *loop_find(struct pool *p, dev_t dev, ino_t inode, dev_t **ret,
                      size_t *ret_n)
{
    dev_t *found = NULL, number = 0;
    size_t n_names, n = 0;
    char **names;

    TRY(file_list(p, "/sys/block", &names, &n_names));
    for (size_t i = 0; i < n_names; i++) {
        const char *device = pool_printf(p, "/dev/%s", names[i]);

        if (!text_has_prefix(names[i], "loop") ||
            !file_exists(pool_printf(p, "/sys/block/%s/loop", names[i])))
            continue;
        if (is_of(device, dev, inode, &number))
            *pool_push(p, found, n) = number;
    }
    *ret = found;
    *ret_n = n;
    return NULL;
}
