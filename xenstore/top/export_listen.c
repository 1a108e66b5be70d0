/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* export_listen: a place to listen at, as it is written; see
 * export_server.h. Names are not looked up. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/str.h"
#include "xenstore/top/export_server.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static struct err *bad(const char *address)
{
    return ERR_AS(usage,
                  "'%s' is not a place to listen at: ADDRESS:PORT like "
                  "127.0.0.1:9100, [::1]:9100 or :9100",
                  address);
}

/* Splits at the last colon; brackets go. */
static struct err *split(struct pool *p, const char *address, char **ret_host,
                         in_port_t *ret_port)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;
    struct err *e;
    int64_t port;

    if (!colon)
        return bad(address);
    e = text_to_int(colon + 1, 10, 0, 65535, &port);
    if (e) {
        err_drop(e, "said as a whole");
        return bad(address);
    }
    if (len > 1 && address[0] == '[' && colon[-1] == ']')
        *ret_host = pool_strn(p, address + 1, len - 2);
    else
        *ret_host = pool_strn(p, address, len);
    *ret_port = htons((in_port_t)port);
    return NULL;
}

static struct err *parse(const char *address, union address *ret)
{
    AUTO_POOL struct pool *p = pool_new();
    in_port_t port = 0;
    char *host = NULL;

    TRY(split(p, address, &host, &port));
    *ret = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = port}};
    if (!*host || inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1)
        return NULL;
    if (!strcmp(host, "localhost"))
        host = pool_str(p, "127.0.0.1");
    *ret = (union address){.v4 = {.sin_family = AF_INET, .sin_port = port}};
    return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1 ? NULL
                                                            : bad(address);
}

static socklen_t size_of(const union address *at)
{
    return at->any.sa_family == AF_INET ? sizeof(at->v4) : sizeof(at->v6);
}

static void write_where(const union address *at, char ret[80])
{
    char host[INET6_ADDRSTRLEN] = "";

    if (at->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &at->v4.sin_addr, host, sizeof(host));
        snprintf(ret, 80, "%s:%u", host, ntohs(at->v4.sin_port));
    } else {
        inet_ntop(AF_INET6, &at->v6.sin6_addr, host, sizeof(host));
        snprintf(ret, 80, "[%s]:%u", host, ntohs(at->v6.sin6_port));
    }
}

struct err *server_listen(const char *address, int *ret_fd, char ret_where[80])
{
    union address at;
    socklen_t size;
    AUTO_FD int fd = -1;
    int on = 1;

    TRY(parse(address, &at));
    size = size_of(&at);
    fd =
        socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(errno, "cannot listen at '%s'", address);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &at.any, size) || listen(fd, 128) ||
        getsockname(fd, &at.any, &size))
        return err_errno(errno, "cannot listen at '%s'", address);
    write_where(&at, ret_where);
    *ret_fd = take_fd(&fd);
    return NULL;
}
