/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notify: see notify.h. */
#include "xapi/call/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"

/* A name that begins with @ is in the abstract space. */
static void send_to(const char *path, const char *state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int fd;

    if (len >= sizeof(to.sun_path) || (*path != '/' && *path != '@')) {
        log_warning("notify", "NOTIFY_SOCKET is '%s', which is no socket",
                    path);
        return;
    }
    memcpy(to.sun_path, path, len);
    if (*path == '@')
        to.sun_path[0] = 0;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        sendto(fd, state, strlen(state), MSG_NOSIGNAL,
               (const struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
        log_warning("notify", "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");

    if (path && *path)
        send_to(path, state);
}
