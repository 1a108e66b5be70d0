/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http_listen: the sockets that clients come in by. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/file.h"
#include "xapi/door/http_conn.h"

#define BACKLOG 1024

/* ---- clients ------------------------------------------------------------- */

static struct http_peer unix_peer(int fd)
{
    struct http_peer peer = {.transport = HTTP_UNIX, .uid = (uid_t)-1};
    struct ucred cred;
    socklen_t len = sizeof(cred);

    peer.gid = (gid_t)-1;
    if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
        peer.uid = cred.uid;
        peer.gid = cred.gid;
        peer.pid = cred.pid;
    }
    return peer;
}

static struct http_peer inet_peer(const struct sockaddr *sa)
{
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)sa;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
    struct http_peer peer = {.uid = (uid_t)-1, .gid = (gid_t)-1, .pid = -1};
    size_t size = sizeof(peer.address);

    if (sa->sa_family == AF_INET) {
        inet_ntop(AF_INET, &in4->sin_addr, peer.address, (socklen_t)size);
        peer.port = ntohs(in4->sin_port);
        return peer;
    }
    peer.port = ntohs(in6->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, peer.address,
                  (socklen_t)size);
    else
        inet_ntop(AF_INET6, &in6->sin6_addr, peer.address, (socklen_t)size);
    return peer;
}

static void on_accept(struct evconnlistener *ev, evutil_socket_t fd,
                      struct sockaddr *sa, int len, void *arg)
{
    struct listener *l = arg;
    struct http_peer peer =
        l->transport == HTTP_UNIX ? unix_peer(fd) : inet_peer(sa);

    (void)ev;
    (void)len;
    peer.transport = l->transport;
    conn_new(l->http, fd, &peer, l->tls);
}

/* There are no descriptors left, as a rule. */
static void on_error(struct evconnlistener *ev, void *arg)
{
    struct listener *l = arg;

    (void)ev;
    if (!http_evict(l->http))
        http_pause_listeners(l->http);
}

/* ---- listeners ----------------------------------------------------------- */

static struct listener *add_listener(struct http *h,
                                     const struct listener *made, int fd)
{
    struct listener *l = xcalloc(1, sizeof(*l));

    *l = *made;
    l->http = h;
    l->ev = evconnlistener_new(h->base, on_accept, l,
                               LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                               BACKLOG, fd);
    if (!l->ev) {
        free(l);
        return NULL;
    }
    evconnlistener_set_error_cb(l->ev, on_error);
    l->next = h->listeners;
    h->listeners = l;
    return l;
}

void http_free_listeners(struct http *h)
{
    struct listener *next;

    for (struct listener *l = h->listeners; l; l = next) {
        next = l->next;
        evconnlistener_free(l->ev);
        if (l->path)
            unlink(l->path);
        if (l->lock >= 0)
            close(l->lock);
        free(l->path);
        free(l);
    }
    h->listeners = NULL;
}

/* ---- Unix sockets -------------------------------------------------------- */

static struct err *fill_address(const char *path, struct sockaddr_un *ret)
{
    if (strlen(path) >= sizeof(ret->sun_path))
        return ERR_AS(input,
                      "the socket's path '%s' is too long: %zu bytes at "
                      "the most",
                      path, sizeof(ret->sun_path) - 1);
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, path, strlen(path));
    return NULL;
}

/* Whoever holds the lock serves the socket; one of another make has no lock,
 * but answers. */
static struct err *check_free(const char *path, const struct sockaddr_un *sa,
                              int *ret_lock)
{
    AUTO_FREE char *lock_path = xprintf("%s.lock", path);
    AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    AUTO_FD int lock = -1;
    struct err *e = file_lock(lock_path, 0, &lock);
    struct stat st;

    if (err_is(e, &err_kind_timeout))
        return err_wrap(e, "another server has the socket '%s'", path);
    TRY(e);
    if (!lstat(path, &st) && !S_ISSOCK(st.st_mode))
        return ERR_AS(input, "'%s' is there and is no socket", path);
    if (fd < 0)
        return err_errno(errno, "cannot make a socket");
    if (!connect(fd, (const struct sockaddr *)sa, sizeof(*sa)))
        return ERR("another server listens on '%s'", path);
    TRY(file_remove(path));
    *ret_lock = take_fd(&lock);
    return NULL;
}

struct err *http_listen_unix(struct http *h, const char *path, mode_t mode)
{
    AUTO_FD int fd = -1;
    AUTO_FD int lock = -1;
    struct listener made = {.transport = HTTP_UNIX};
    struct sockaddr_un sa;

    TRY(fill_address(path, &sa));
    TRY(check_free(path, &sa, &lock));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* the mode is there before the name is */
    if (fd < 0 || fchmod(fd, mode) < 0 ||
        bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
        chmod(path, mode) < 0)
        return err_errno(errno, "cannot make the socket '%s'", path);
    made.path = xstrdup(path);
    made.lock = lock;
    if (!add_listener(h, &made, fd)) {
        free(made.path);
        return err_errno(errno, "cannot listen on '%s'", path);
    }
    take_fd(&fd);
    take_fd(&lock);
    return NULL;
}

/* ---- TCP ----------------------------------------------------------------- */

/* "host:port", "[host]:port", ":port" */
static struct err *split_address(struct pool *p, const char *address,
                                 const char **ret_host, const char **ret_port)
{
    const char *colon = strrchr(address, ':'), *host;
    size_t len = colon ? (size_t)(colon - address) : 0;
    int64_t port;

    if (!colon)
        return ERR_AS(input,
                      "'%s' is no ADDRESS:PORT, as in 192.0.2.1:80, "
                      "[2001:db8::1]:80 or :80",
                      address);
    TRY(err_wrap(text_to_int(colon + 1, 10, 0, 65535, &port), "port of '%s'",
                 address));
    host = pool_strn(p, address, len);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']')
        host = pool_strn(p, address + 1, len - 2);
    else if (strchr(host, ':'))
        return ERR_AS(input,
                      "'%s': an IPv6 address needs brackets, as in "
                      "[2001:db8::1]:80",
                      address);
    *ret_host = *host ? host : NULL;
    *ret_port = colon + 1;
    return NULL;
}

static int bind_to(const struct addrinfo *info)
{
    static const int on = 1, off = 0;
    AUTO_FD int fd =
        socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0)
        return -1;
    return take_fd(&fd);
}

/* Any address is IPv6's when there is IPv6: it takes IPv4's too. */
static struct err *bind_address(const char *host, const char *port, int *ret_fd)
{
    static const int families[] = {AF_INET6, AF_INET};
    struct addrinfo *found;
    int fd = -1, errnum = EADDRNOTAVAIL;

    for (size_t i = 0; fd < 0 && i < ARRAY_LEN(families); i++) {
        struct addrinfo hints = {
            .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
            .ai_family = host && !strchr(host, ':') ? AF_INET : families[i],
            .ai_socktype = SOCK_STREAM,
        };
        int failed = getaddrinfo(host, port, &hints, &found);

        if (failed)
            return ERR_AS(input, "address '%s': %s", host ? host : "any",
                          gai_strerror(failed));
        fd = bind_to(found);
        errnum = errno;
        freeaddrinfo(found);
        if (host)
            break;
    }
    if (fd < 0)
        return err_errno(errnum, "cannot bind");
    *ret_fd = fd;
    return NULL;
}

static unsigned port_of(int fd)
{
    struct sockaddr_in6 sa = {0};
    socklen_t len = sizeof(sa);

    (void)getsockname(fd, (struct sockaddr *)&sa, &len);
    return ntohs(sa.sin6_port); /* at the same place in IPv4's */
}

struct err *http_check_address(const char *address)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *host, *port;

    return split_address(p, address, &host, &port);
}

struct err *http_listen_tcp(struct http *h, const char *address,
                            struct tls *tls, unsigned *ret_port)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int fd = -1;
    struct listener made = {
        .transport = tls ? HTTP_TLS : HTTP_TCP,
        .tls = tls,
        .lock = -1,
    };
    const char *host = NULL, *port = NULL;

    TRY(split_address(p, address, &host, &port));
    TRY(err_wrap(bind_address(host, port, &fd), "%s", address));
    if (!add_listener(h, &made, fd))
        return err_errno(errno, "cannot listen on %s", address);
    if (ret_port)
        *ret_port = port_of(fd);
    take_fd(&fd);
    return NULL;
}
