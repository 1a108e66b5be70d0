/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* link: see link.h. */
#include "xapi/xe/link.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/file.h"
#include "lib/str.h"

#define HEAD_MAX 65536

/* ---- open and close ------------------------------------------------------ */

struct err *xe_link_unix(const char *path, struct xe_link *ret)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(to.sun_path))
        return ERR("%s: too long for a socket's path", path);
    memcpy(to.sun_path, path, strlen(path));
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
        return err_errno(errno, "%s", path);
    *ret = (struct xe_link){.fd = take_fd(&fd)};
    return NULL;
}

static struct err *connect_any(const struct addrinfo *list, int *ret)
{
    int error = ECONNREFUSED;

    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        AUTO_FD int fd =
            socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);

        if (fd >= 0 && !connect(fd, a->ai_addr, a->ai_addrlen)) {
            *ret = take_fd(&fd);
            return NULL;
        }
        error = errno;
    }
    return ERR("%s (calling connect )", strerror(error));
}

static struct err *begin_tls(struct xe_link *l, const char *host)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    const char *why;

    l->ssl = context ? SSL_new(context) : NULL;
    SSL_CTX_free(context);
    if (l->ssl && SSL_set_fd(l->ssl, l->fd) == 1 &&
        SSL_set_tlsext_host_name(l->ssl, host) == 1 && SSL_connect(l->ssl) == 1)
        return NULL;
    why = ERR_reason_error_string(ERR_get_error());
    xe_link_close(l);
    return ERR("no TLS with %s: %s", host, why ? why : "it closed");
}

struct err *xe_link_tcp(const char *host, unsigned port, bool tls,
                        struct xe_link *ret)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    struct xe_link l = {.fd = -1};
    char service[16];
    struct err *e;
    int status;

    snprintf(service, sizeof(service), "%u", port);
    status = getaddrinfo(host, service, &hints, &list);
    if (status)
        return ERR("%s: %s", host, gai_strerror(status));
    e = connect_any(list, &l.fd);
    freeaddrinfo(list);
    TRY(e);
    if (tls)
        TRY(begin_tls(&l, host));
    *ret = l;
    return NULL;
}

void xe_link_close(struct xe_link *l)
{
    if (l->ssl) {
        SSL_shutdown(l->ssl);
        SSL_free(l->ssl);
        l->ssl = NULL;
    }
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

/* ---- bytes --------------------------------------------------------------- */

const struct err_kind err_kind_server = {"server", 1};

static struct err *lost(void)
{
    return ERR_AS(server, "Lost connection to the server.");
}

static struct err *read_some(struct xe_link *l, void *to, size_t size,
                             size_t *ret)
{
    ssize_t n;

    do
        n = l->ssl ? SSL_read(l->ssl, to, (int)size) : read(l->fd, to, size);
    while (!l->ssl && n < 0 && errno == EINTR);
    if (n < 0 && !l->ssl)
        return lost();
    *ret = n > 0 ? (size_t)n : 0;
    return NULL;
}

struct err *xe_link_read(struct xe_link *l, void *to, size_t size, size_t *ret)
{
    size_t n = l->end - l->at;

    if (!n)
        return read_some(l, to, size, ret);
    if (n > size)
        n = size;
    memcpy(to, l->kept + l->at, n);
    l->at += n;
    *ret = n;
    return NULL;
}

struct err *xe_link_read_all(struct xe_link *l, void *to, size_t size)
{
    for (size_t done = 0, n; done < size; done += n) {
        TRY(xe_link_read(l, (char *)to + done, size - done, &n));
        if (!n)
            return lost();
    }
    return NULL;
}

struct err *xe_link_write(struct xe_link *l, const void *data, size_t len)
{
    if (!l->ssl) {
        struct err *e = file_write_all(l->fd, data, len);

        if (!e)
            return NULL;
        err_free(e);
        return lost();
    }
    for (size_t done = 0; done < len;) {
        size_t n = len - done > 16384 ? 16384 : len - done;

        if (SSL_write(l->ssl, (const char *)data + done, (int)n) <= 0)
            return lost();
        done += n;
    }
    return NULL;
}

bool xe_link_pending(const struct xe_link *l)
{
    return l->at < l->end || (l->ssl && SSL_pending(l->ssl));
}

/* ---- HTTP ---------------------------------------------------------------- */

static struct err *read_line(struct xe_link *l, struct str *out)
{
    str_clear(out);
    for (;;) {
        char c;

        if (l->at == l->end) {
            l->at = 0;
            TRY(read_some(l, l->kept, sizeof(l->kept), &l->end));
            if (!l->end)
                return lost();
        }
        c = l->kept[l->at++];
        if (c == '\n')
            return NULL;
        if (c != '\r')
            str_addc(out, c);
        if (str_full(out))
            return ERR("the server's answer has no end");
    }
}

struct err *xe_link_request(struct xe_link *l, struct pool *p,
                            const char *request, int *ret_status,
                            const char **ret_location)
{
    AUTO_STR struct str line = STR_INIT(HEAD_MAX);
    int status;

    TRY(xe_link_write(l, request, strlen(request)));
    TRY(read_line(l, &line));
    if (sscanf(str_text(&line), "HTTP/%*d.%*d %d", &status) != 1)
        return ERR("the server's answer is no HTTP");
    *ret_status = status;
    *ret_location = NULL;
    for (;;) {
        TRY(read_line(l, &line));
        if (!line.len)
            return NULL;
        if (!strncasecmp(str_text(&line), "location:", 9))
            *ret_location = text_trim(p, str_text(&line) + 9);
    }
}
