/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl_console: serial lines and screens of domains; see hv_libxl.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"
#include "xenstore/store.h"

#define SCREENS "/run/dom0kit/screens"

static struct err *read_node(struct lx *lx, struct pool *p, uint32_t domid,
                             const char *node, char **ret)
{
    return store_read(lx->host.store, p,
                      pool_printf(p, "/local/domain/%u/%s", domid, node), ret);
}

/* ---- serial lines -------------------------------------------------------- */

/* A terminal that changes nothing of what goes through it. */
static struct err *open_tty(const char *path, int *ret_fd)
{
    AUTO_FD int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    struct termios raw;

    if (fd < 0)
        return err_errno(errno, "cannot open '%s'", path);
    if (!tcgetattr(fd, &raw)) {
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    *ret_fd = take_fd(&fd);
    return NULL;
}

/* An HVM guest's serial line is qemu's; other guests have a console of Xen's.
 */
static struct err *open_serial(struct lx *lx, struct pool *p, uint32_t domid,
                               int *ret_fd)
{
    static const char *const nodes[] = {"serial/0/tty", "console/tty"};
    char *tty = NULL;

    for (size_t i = 0; i < ARRAY_LEN(nodes) && !(tty && *tty); i++)
        TRY(read_node(lx, p, domid, nodes[i], &tty));
    return tty && *tty
               ? open_tty(tty, ret_fd)
               : ERR_AS(not_found, "domain %u has no serial console", domid);
}

/* ---- screens ------------------------------------------------------------- */

const char *lx_screen(struct pool *p, const char *uuid)
{
    char once[UUID_STR_LEN];
    uuid_t made;

    uuid_generate(made);
    uuid_unparse(made, once);
    return pool_printf(p, "unix:" SCREENS "/%s.%.8s", uuid, once);
}

struct err *lx_screen_prepare(void)
{
    return file_make_dirs(SCREENS, 0700);
}

/* libxl notes the path of a socket as if it were a port. */
static struct err *read_port(struct lx *lx, struct pool *p, uint32_t domid,
                             char **ret)
{
    return read_node(lx, p, domid, "console/vnc-port", ret);
}

struct err *lx_screen_path(struct lx *lx, struct pool *p, uint32_t domid,
                           const char **ret)
{
    char *port;

    TRY(read_port(lx, p, domid, &port));
    *ret =
        port && !strncmp(port, SCREENS "/", strlen(SCREENS "/")) ? port : NULL;
    return NULL;
}

static struct err *reach(uint32_t domid, const void *address, socklen_t len,
                         int *ret_fd)
{
    const struct sockaddr *to = address;
    AUTO_FD int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, to, len))
        return err_errno(errno, "cannot reach the screen of domain %u", domid);
    *ret_fd = take_fd(&fd);
    return NULL;
}

static struct err *reach_unix(uint32_t domid, const char *path, int *ret_fd)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(to.sun_path))
        return ERR("the path of domain %u's screen is too long", domid);
    memcpy(to.sun_path, path, strlen(path));
    return reach(domid, &to, sizeof(to), ret_fd);
}

static struct err *open_screen(struct lx *lx, struct pool *p, uint32_t domid,
                               int *ret_fd)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    char *port, *listen;
    int64_t number;

    TRY(read_port(lx, p, domid, &port));
    TRY(read_node(lx, p, domid, "console/vnc-listen", &listen));
    if (!port)
        return ERR_AS(not_found, "domain %u has no screen", domid);
    if (*port == '/')
        return reach_unix(domid, port, ret_fd);
    TRY(text_to_int(port, 10, 1, 65535, &number));
    to.sin_port = htons((uint16_t)number);
    if (!listen || inet_pton(AF_INET, listen, &to.sin_addr) != 1 ||
        to.sin_addr.s_addr == htonl(INADDR_ANY))
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return reach(domid, &to, sizeof(to), ret_fd);
}

struct err *lx_console(const struct hv *hv, uint32_t domid,
                       enum hv_console kind, int *ret_fd)
{
    AUTO_POOL struct pool *p = pool_new();
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin_quick(&lx));
    return (kind == HV_CONSOLE_VNC ? open_screen : open_serial)(&lx, p, domid,
                                                                ret_fd);
}
