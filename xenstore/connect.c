/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* connect: see connect.h. */
#include "xenstore/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/auto.h"
#include "xenstore/store.h"

/* The daemons' queue has room for one: who comes second has to wait. (A wait of
 * 0 would be one without a limit.) */
static int connect_within(int fd, const struct sockaddr_un *to, double seconds)
{
    const struct timeval limit = {
        .tv_sec = (time_t)seconds,
        .tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6),
    };

    if (seconds > 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    else
        fcntl(fd, F_SETFL, O_NONBLOCK);
    return connect(fd, (const struct sockaddr *)to, sizeof(*to));
}

static struct err *open_socket(const char *path, double seconds, int *ret_fd)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return err_errno(errno, "cannot make a socket");
    if (strlen(path) >= sizeof(to.sun_path))
        return ERR("'%s' is too long for a socket's name", path);
    memcpy(to.sun_path, path, strlen(path));
    if (connect_within(fd, &to, seconds) < 0) {
        if (errno == EAGAIN)
            return ERR_AS(timeout, "xenstored at '%s' is too busy to answer",
                          path);
        return err_errno(errno, "cannot connect to xenstored at '%s'", path);
    }
    *ret_fd = take_fd(&fd);
    return NULL;
}

static struct err *open_path(const char *path, double seconds, int *ret_fd)
{
    struct stat st;
    int fd;

    if (stat(path, &st) < 0)
        return err_errno(errno, "cannot connect to xenstored at '%s'", path);
    if (!S_ISCHR(st.st_mode))
        return open_socket(path, seconds, ret_fd);
    fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(errno, "cannot open '%s'", path);
    *ret_fd = fd;
    return NULL;
}

struct err *connect_any(double seconds, int *ret_fd)
{
    const char *path = getenv("XENSTORED_PATH");
    struct err *e = open_path(path ? path : STORE_SOCKET, seconds, ret_fd);
    struct err *second;

    if (!e || path)
        return e;
    second = open_path(STORE_DEVICE, seconds, ret_fd);
    if (second) {
        err_drop(second, "the socket is what a user can do much about");
        return e;
    }
    err_free(e);
    return NULL;
}

bool connect_is_device(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && S_ISCHR(st.st_mode);
}
