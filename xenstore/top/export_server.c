/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export_server: see export_server.h. One loop around poll; a client is a small
 * struct that reads a request, waits for a text or not, and writes an answer.
 * Texts are shared by all who are sent the same.
 */
#include "xenstore/top/export_server.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <math.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/str.h"
#include "xenstore/top/export.h"

#define N_FORMATS 2

static const char *const content_types[N_FORMATS] = {
    [EXPORT_OPENMETRICS] =
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    [EXPORT_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
};

/* A whole answer, in as many hands as refs says. */
struct text {
    unsigned refs;
    struct str bytes;
};

enum client_state {
    CLIENT_FREE,
    CLIENT_READS,
    CLIENT_WAITS,
    CLIENT_WRITES,
    CLIENT_LINGERS
};

struct client {
    enum client_state state;
    int fd;
    double since, deadline;
    enum export_format format;
    bool head_only;
    char in[SERVER_REQUEST_MAX];
    size_t n_in;
    struct text *text;
    size_t n_out, end; /* bytes of text written, and to write */
};

/* The last text of a format. */
struct fresh {
    struct text *text;
    double made;
    bool asked;
};

struct server {
    int listener, ask;
    struct client clients[SERVER_CLIENTS_MAX];
    struct fresh fresh[N_FORMATS];
    struct server_answer head; /* of what comes in on ask */
    size_t n_head;
    struct text *coming;
    bool over;
};

/* ---- texts --------------------------------------------------------------- */

static struct text *text_new(size_t max)
{
    struct text *t = xcalloc(1, sizeof(*t));

    t->refs = 1;
    t->bytes = (struct str)STR_INIT(max);
    return t;
}

static void text_drop(struct text *t)
{
    if (!t || --t->refs)
        return;
    str_done(&t->bytes);
    free(t);
}

/* How long the head of an answer is. */
static size_t head_len(const struct text *t)
{
    const char *end = strstr(str_text(&t->bytes), "\r\n\r\n");

    return end ? (size_t)(end - t->bytes.text) + 4 : t->bytes.len;
}

static void add_head(struct str *out, const char *status, const char *type,
                     size_t len)
{
    str_addf(out,
             "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
             "Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n",
             status, type, len);
}

/* ---- clients ------------------------------------------------------------- */

static void client_end(struct client *c)
{
    close(c->fd);
    text_drop(c->text);
    c->text = NULL;
    c->state = CLIENT_FREE;
}

static void client_send(struct client *c, struct text *t)
{
    t->refs++;
    c->text = t;
    c->n_out = 0;
    c->end = c->head_only ? head_len(t) : t->bytes.len;
    c->state = CLIENT_WRITES;
    c->deadline = clock_now() + SERVER_ANSWER_TIME;
}

static void client_say(struct client *c, const char *status, const char *words)
{
    struct text *t = text_new(4096);

    add_head(&t->bytes, status, "text/plain; charset=utf-8", strlen(words));
    str_add(&t->bytes, words);
    client_send(c, t);
    text_drop(t);
}

static void client_write(struct client *c)
{
    ssize_t n = send(c->fd, c->text->bytes.text + c->n_out, c->end - c->n_out,
                     MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        client_end(c);
        return;
    }
    c->n_out += (size_t)n;
    if (c->n_out == c->end) {
        shutdown(c->fd, SHUT_WR);
        c->state = CLIENT_LINGERS;
        c->deadline = clock_now() + SERVER_LINGER_TIME;
    }
}

/* What it goes on to send must not make the kernel take the answer back; while
 * it waits for one, only its end is of interest. */
static void client_linger(struct client *c)
{
    char part[4096];
    ssize_t n = recv(c->fd, part, sizeof(part), MSG_DONTWAIT);

    if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
        client_end(c);
}

/* Asks for a text unless that is done already. */
static void ask_for(struct server *s, enum export_format format)
{
    unsigned char byte = (unsigned char)format;

    if (s->fresh[format].asked)
        return;
    if (send(s->ask, &byte, 1, MSG_NOSIGNAL) != 1)
        s->over = true;
    s->fresh[format].asked = true;
}

static void client_get_metrics(struct server *s, struct client *c)
{
    struct fresh *fresh = &s->fresh[c->format];

    if (fresh->text && clock_now() - fresh->made < EXPORT_FRESH) {
        client_send(c, fresh->text);
        return;
    }
    c->state = CLIENT_WAITS;
    c->deadline = clock_now() + SERVER_ANSWER_TIME;
    ask_for(s, c->format);
}

/* ---- requests ------------------------------------------------------------ */

/* The value of a header in the request C has, up to the end of its line. */
static bool header_has(const struct client *c, const char *name,
                       const char *word)
{
    size_t len = strlen(name);

    for (const char *at = c->in; (at = strstr(at, "\r\n")); at += 2) {
        const char *line = at + 2, *end = strstr(line, "\r\n");
        char value[1024];

        if (!end || strncasecmp(line, name, len) || line[len] != ':')
            continue;
        snprintf(value, sizeof(value), "%.*s", (int)(end - line - (int)len),
                 line + len);
        if (strcasestr(value, word))
            return true;
    }
    return false;
}

static void client_obey(struct server *s, struct client *c)
{
    char method[16], path[1024], version[16];

    if (sscanf(c->in, "%15s %1023s %15s", method, path, version) != 3 ||
        strncmp(version, "HTTP/1.", 7)) {
        client_say(c, "400 Bad Request", "This is no HTTP request.\n");
        return;
    }
    path[strcspn(path, "?")] = '\0';
    c->head_only = !strcmp(method, "HEAD");
    c->format = header_has(c, "Accept", "application/openmetrics-text")
                    ? EXPORT_OPENMETRICS
                    : EXPORT_PROMETHEUS;
    if (!c->head_only && strcmp(method, "GET"))
        client_say(c, "405 Method Not Allowed", "Only GET and HEAD.\n");
    else if (!strcmp(path, "/metrics"))
        client_get_metrics(s, c);
    else if (!strcmp(path, "/"))
        client_say(c, "200 OK", "Metrics of this Xen host are at /metrics.\n");
    else
        client_say(c, "404 Not Found", "Metrics are at /metrics.\n");
}

static void client_read(struct server *s, struct client *c)
{
    ssize_t n =
        recv(c->fd, c->in + c->n_in, sizeof(c->in) - 1 - c->n_in, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        client_end(c);
        return;
    }
    c->n_in += (size_t)n;
    c->in[c->n_in] = '\0';
    if (strlen(c->in) != c->n_in)
        client_say(c, "400 Bad Request", "This is no HTTP request.\n");
    else if (strstr(c->in, "\r\n\r\n"))
        client_obey(s, c);
    else if (c->n_in == sizeof(c->in) - 1)
        client_say(c, "431 Request Header Fields Too Large",
                   "The request is too long.\n");
}

/* ---- who comes ----------------------------------------------------------- */

static struct client *longest(struct server *s)
{
    struct client *oldest = s->clients;

    for (struct client *c = s->clients; c < s->clients + SERVER_CLIENTS_MAX;
         c++)
        if (c->since < oldest->since)
            oldest = c;
    return oldest;
}

/* A place for one more, NULL: there is none now. */
static struct client *find_place(struct server *s, double at)
{
    struct client *oldest = longest(s);

    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++)
        if (s->clients[i].state == CLIENT_FREE)
            return &s->clients[i];
    if (at - oldest->since < SERVER_FAIR_TIME)
        return NULL;
    client_end(oldest);
    return oldest;
}

static void accept_one(struct server *s)
{
    double at = clock_now();
    struct client *c = find_place(s, at);
    int fd = c ? accept4(s->listener, NULL, NULL, SOCK_CLOEXEC) : -1;

    if (fd < 0)
        return;
    c->state = CLIENT_READS;
    c->fd = fd;
    c->n_in = 0;
    c->since = at;
    c->deadline = at + SERVER_REQUEST_TIME;
    c->head_only = false;
}

/* ---- texts that come ----------------------------------------------------- */

static void answer_all(struct server *s, enum export_format format)
{
    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        struct client *c = &s->clients[i];

        if (c->state != CLIENT_WAITS || c->format != format)
            continue;
        if (s->fresh[format].text)
            client_send(c, s->fresh[format].text);
        else
            client_say(c, "503 Service Unavailable",
                       "The host cannot be read now.\n");
    }
}

static void take_text(struct server *s, enum export_format format,
                      struct text *t)
{
    struct fresh *fresh = &s->fresh[format];

    text_drop(fresh->text);
    *fresh = (struct fresh){.text = t, .made = clock_now()};
    answer_all(s, format);
}

static void begin_text(struct server *s)
{
    if (s->head.format >= N_FORMATS || s->head.len > SERVER_TEXT_MAX) {
        s->over = true;
        return;
    }
    if (!s->head.len) {
        s->n_head = 0;
        take_text(s, s->head.format, NULL);
        return;
    }
    s->coming = text_new(SERVER_TEXT_MAX + 4096);
    add_head(&s->coming->bytes, "200 OK", content_types[s->head.format],
             s->head.len);
    s->head.len += (uint32_t)s->coming->bytes.len;
}

/* Reads on: the head, then the text. */
static void read_answer(struct server *s)
{
    char part[65536];
    bool head = s->n_head < sizeof(s->head);
    size_t left =
        head ? sizeof(s->head) - s->n_head : s->head.len - s->coming->bytes.len;
    ssize_t n = recv(s->ask, part, left < sizeof(part) ? left : sizeof(part),
                     MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        s->over = true;
    } else if (head) {
        memcpy((char *)&s->head + s->n_head, part, (size_t)n);
        s->n_head += (size_t)n;
        if (s->n_head == sizeof(s->head))
            begin_text(s);
    } else {
        str_addn(&s->coming->bytes, part, (size_t)n);
        if (s->coming->bytes.len == s->head.len) {
            s->n_head = 0;
            take_text(s, s->head.format, take_ptr(s->coming));
        }
    }
}

/* ---- the loop ------------------------------------------------------------ */

static short events_of(const struct client *c)
{
    return c->state == CLIENT_WRITES ? POLLOUT : POLLIN;
}

/* The pollfds; returns when something is due, at the latest. */
static double prepare(struct server *s, struct pollfd *fds)
{
    double at = clock_now(), due = at + 60;
    size_t busy = 0;

    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        struct client *c = &s->clients[i];

        if (c->state != CLIENT_FREE && c->deadline <= at)
            client_end(c);
        if (c->state != CLIENT_FREE) {
            due = fmin(due, c->deadline);
            busy++;
        }
        fds[i + 2] = (struct pollfd){c->state == CLIENT_FREE ? -1 : c->fd,
                                     events_of(c), 0};
    }
    fds[0] = (struct pollfd){s->ask, POLLIN, 0};
    fds[1] = (struct pollfd){s->listener, POLLIN, 0};
    if (busy < SERVER_CLIENTS_MAX)
        return due;
    if (at - longest(s)->since < SERVER_FAIR_TIME) {
        fds[1].fd = -1; /* nobody can come in until then */
        due = fmin(due, longest(s)->since + SERVER_FAIR_TIME);
    }
    return due;
}

static void turn(struct server *s)
{
    struct pollfd fds[SERVER_CLIENTS_MAX + 2];
    double left = prepare(s, fds) - clock_now();

    if (poll(fds, ARRAY_LEN(fds), clock_poll_ms(left)) <= 0)
        return;
    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        struct client *c = &s->clients[i];

        if (fds[i + 2].fd < 0 || !fds[i + 2].revents)
            continue;
        if (c->state == CLIENT_READS)
            client_read(s, c);
        else if (c->state == CLIENT_WRITES)
            client_write(c);
        else
            client_linger(c);
    }
    if (fds[0].revents)
        read_answer(s);
    if (fds[1].revents)
        accept_one(s);
}

/* ---- privileges ---------------------------------------------------------- */

static struct err *become(const char *user)
{
    char room[4096];
    struct passwd pw, *found = NULL;

    if (geteuid())
        return NULL;
    getpwnam_r(user, &pw, room, sizeof(room), &found);
    if (!found)
        return ERR("there is no user '%s' to serve as", user);
    if (!found->pw_uid)
        return ERR("'%s' is root: --user is for one without privileges", user);
    if (setgroups(0, NULL) || setgid(found->pw_gid) || setuid(found->pw_uid))
        return err_errno(errno, "cannot become '%s'", user);
    return NULL;
}

/* Keeps standard error and the two sockets, as 3 and 4. */
static struct err *keep_only(struct server *s)
{
    int a = fcntl(s->listener, F_DUPFD, 10), b = fcntl(s->ask, F_DUPFD, 10);

    if (a < 0 || b < 0 || dup2(a, 3) < 0 || dup2(b, 4) < 0 ||
        close_range(5, ~0u, 0))
        return err_errno(errno, "cannot close what is not needed");
    close(0);
    close(1);
    s->listener = 3;
    s->ask = 4;
    return NULL;
}

struct err *server_run(int listener, int ask, const char *user)
{
    struct server *s = xcalloc(1, sizeof(*s));
    struct err *e;

    s->listener = listener;
    s->ask = ask;
    e = keep_only(s);
    if (!e)
        e = become(user);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    while (!e && !s->over)
        turn(s);
    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++)
        if (s->clients[i].state != CLIENT_FREE)
            client_end(&s->clients[i]);
    for (size_t i = 0; i < N_FORMATS; i++)
        text_drop(s->fresh[i].text);
    text_drop(s->coming);
    free(s);
    return e;
}
