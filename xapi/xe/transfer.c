/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* transfer: files and consoles, over a connection of their own; see talk.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>

#include "lib/file.h"
#include "xapi/cli/wire.h"
#include "xapi/xe/talk.h"

#define PIECE 65536
#define PAGE_MAX 4096 /* of one that says what went wrong */
#define REDIRECTS_MAX 10
/* The server is told this often that a transfer still runs. */
#define WAIT_SECONDS 300
#define QUIT 0x1d /* Ctrl-] */

/* ---- which files --------------------------------------------------------- */

static bool named(const struct xe_talk *t, const char *file)
{
    for (size_t i = 0; i < t->options->n_words; i++) {
        const char *equals = strchr(t->options->words[i], '=');

        if (equals && !strcmp(equals + 1, file))
            return true;
    }
    return false;
}

static bool below(const char *file)
{
    return *file != '/' && strcmp(file, "..") && strncmp(file, "../", 3) &&
           !strstr(file, "/../") && !text_has_suffix(file, "/..");
}

struct err *xe_transfer_check(const struct xe_talk *t, const char *file,
                              bool write)
{
    if (named(t, file) || (write && (!*file || below(file))))
        return NULL;
    return ERR("File not permitted: %s", file);
}

/* ---- a request ----------------------------------------------------------- */

struct transfer {
    struct xe_talk *talk;
    struct xe_link link;
    time_t told;
};

/* "https://HOST/path" of another server, or a path of this one. */
static const char *split(struct pool *p, const char *url, const char **ret_host)
{
    const char *host, *path;

    *ret_host = NULL;
    host = text_has_prefix(url, "https://")  ? url + 8
           : text_has_prefix(url, "http://") ? url + 7
                                             : NULL;
    if (!host)
        return url;
    path = strchr(host, '/');
    *ret_host = path ? pool_strn(p, host, (size_t)(path - host)) : host;
    return path ? path : "/";
}

/* What a page says is the text before its last tags. */
static const char *page_text(char *page)
{
    char *end = page + strlen(page), *at;

    while (end > page && (end[-1] == '>' || isspace((unsigned char)end[-1]))) {
        at = end[-1] == '>' ? strrchr(page, '<') : end - 1;
        if (!at)
            break;
        *at = '\0';
        end = at;
    }
    at = strrchr(page, '>');
    return at ? at + 1 : page;
}

static struct err *refused(struct transfer *x, const char *method, int status)
{
    char page[PAGE_MAX + 1];
    size_t len = 0, n = 1;

    while (n && len < PAGE_MAX) {
        TRY(xe_link_read(&x->link, page + len, PAGE_MAX - len, &n));
        len += n;
    }
    page[len] = '\0';
    return ERR("the server answers %s with %d%s%s", method, status,
               *page_text(page) ? ": " : "", page_text(page));
}

/* Redirects are followed; the last answer has to be 200. */
static struct err *request(struct transfer *x, const char *method,
                           const char *url, const char *headers)
{
    struct pool *p = x->talk->pool;
    int status = 0;

    for (int i = 0; i < REDIRECTS_MAX; i++) {
        const char *host, *path = split(p, url, &host);

        TRY(xe_talk_connect(x->talk, host, &x->link));
        xe_talk_debug(x->talk, "%s %s", method, path);
        TRY(xe_link_request(
            &x->link, p,
            pool_printf(p, "%s %s HTTP/1.0\r\n%s\r\n", method, path, headers),
            &status, &url));
        if (status != 302 || !url)
            break;
        xe_link_close(&x->link);
    }
    return status == 200 ? NULL : refused(x, method, status);
}

static struct err *still_here(struct transfer *x)
{
    if (time(NULL) - x->told < WAIT_SECONDS)
        return NULL;
    x->told = time(NULL);
    return xe_talk_answer(x->talk, CLI_RESPONSE, CLI_WAIT);
}

static void transfer_done(struct transfer *x)
{
    if (x->link.fd >= 0)
        xe_link_close(&x->link);
}
#define AUTO_TRANSFER AUTO(transfer_done)
#define TRANSFER_INIT(talk_)                                    \
    {                                                           \
        .talk = (talk_), .link = {.fd = -1}, .told = time(NULL) \
    }

/* ---- get ----------------------------------------------------------------- */

static struct err *copy_in(struct transfer *x, int fd)
{
    char piece[PIECE];
    size_t n;

    for (;;) {
        TRY(xe_link_read(&x->link, piece, sizeof(piece), &n));
        if (!n)
            return NULL;
        TRY(file_write_all(fd, piece, n));
        TRY(still_here(x));
    }
}

struct err *xe_transfer_get(struct xe_talk *t, const char *file,
                            const char *url)
{
    AUTO_TRANSFER struct transfer x = TRANSFER_INIT(t);
    AUTO_FD int fd = -1;
    struct err *e;

    TRY(xe_transfer_check(t, file, true));
    fd = *file ? open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
               : dup(STDOUT_FILENO);
    if (fd < 0)
        return err_errno(errno, "%s", file);
    fflush(stdout);
    e = request(&x, "GET", url, "");
    if (!e)
        e = copy_in(&x, fd);
    if (e && *file)
        unlink(file);
    return e;
}

/* ---- put ----------------------------------------------------------------- */

static struct err *copy_out(struct transfer *x, int fd, const char *file)
{
    char piece[PIECE];
    ssize_t n;

    while ((n = read(fd, piece, sizeof(piece))) > 0) {
        TRY(xe_link_write(&x->link, piece, (size_t)n));
        TRY(still_here(x));
    }
    return n < 0 ? err_errno(errno, "%s", file) : NULL;
}

struct err *xe_transfer_put(struct xe_talk *t, const char *file,
                            const char *url)
{
    AUTO_TRANSFER struct transfer x = TRANSFER_INIT(t);
    AUTO_FD int fd = -1;
    const char *length = "";
    struct stat info;

    TRY(xe_transfer_check(t, file, false));
    fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info))
        return err_errno(errno, "%s", file);
    if (S_ISREG(info.st_mode))
        length = pool_printf(t->pool, "Content-length: %lld\r\n",
                             (long long)info.st_size);
    TRY(request(&x, "PUT", url, length));
    return copy_out(&x, fd, file);
}

/* ---- connect ------------------------------------------------------------- */

/* *RET_END: Ctrl-], or there is no more to type. */
static struct err *from_keys(struct transfer *x, bool *ret_end)
{
    char keys[256];
    ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));
    char *quit = n > 0 ? memchr(keys, QUIT, (size_t)n) : NULL;

    *ret_end = n <= 0 || quit;
    if (quit)
        n = quit - keys;
    return n > 0 ? xe_link_write(&x->link, keys, (size_t)n) : NULL;
}

static struct err *to_screen(struct transfer *x, bool *ret_end)
{
    char bytes[PIECE];
    size_t n;

    TRY(xe_link_read(&x->link, bytes, sizeof(bytes), &n));
    *ret_end = !n;
    return file_write_all(STDOUT_FILENO, bytes, n);
}

static struct err *pass(struct transfer *x)
{
    struct pollfd fds[] = {{.fd = x->link.fd, .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};

    for (bool end = false; !end;) {
        int wait = xe_link_pending(&x->link) ? 0 : 1000 * WAIT_SECONDS;

        if (poll(fds, ARRAY_LEN(fds), wait) < 0 && errno != EINTR)
            return err_errno(errno, "poll");
        if (fds[0].revents || xe_link_pending(&x->link))
            TRY(to_screen(x, &end));
        if (!end && fds[1].revents)
            TRY(from_keys(x, &end));
        TRY(still_here(x));
    }
    return NULL;
}

struct err *xe_transfer_connect(struct xe_talk *t, const char *url)
{
    AUTO_TRANSFER struct transfer x = TRANSFER_INIT(t);
    struct termios before, raw;
    bool terminal = !tcgetattr(STDIN_FILENO, &before);
    struct err *e;

    TRY(request(&x, "CONNECT", url, ""));
    fflush(stdout);
    if (terminal) {
        raw = before;
        cfmakeraw(&raw);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    e = pass(&x);
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return e;
}
