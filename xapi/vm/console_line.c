/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console_line: see console_line.h. */
#include "xapi/vm/console_line.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/str.h"
#include "xapi/door/websocket.h"

struct viewer {
    LIST_ENTRY(viewer) list; /* its line's, or those that part */
    struct console_lines *all;
    struct console_line *line; /* NULL: over, what is left goes out */
    struct http_request *request;
    struct bufferevent *bev;
    struct websocket *ws; /* or NULL */
    struct event *end;    /* of parting */
};

struct console_line {
    LIST_ENTRY(console_line) list;
    struct console_lines *all;
    struct bufferevent *bev;
    char *key;
    struct viewers viewers;
};

static size_t backlog(struct bufferevent *bev)
{
    return evbuffer_get_length(bufferevent_get_output(bev));
}

/* ---- ends ---------------------------------------------------------------- */

static void viewer_free(struct viewer *v)
{
    LIST_REMOVE(v, list);
    v->all->n_viewers--;
    if (v->end)
        event_free(v->end);
    bufferevent_free(v->bev);
    websocket_free(v->ws);
    http_done(v->request);
    free(v);
}

/* It has been told all: it ends its side, or LINE_PART_SECONDS do. */
static void hang_up(struct viewer *v)
{
    if (!backlog(v->bev))
        shutdown(bufferevent_getfd(v->bev), SHUT_WR);
}

static void on_part_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    viewer_free(arg);
}

/* What it has not read yet it still gets. */
static void viewer_part(struct viewer *v)
{
    const struct timeval most = {.tv_sec = LINE_PART_SECONDS};

    LIST_REMOVE(v, list);
    LIST_INSERT_HEAD(&v->all->parting, v, list);
    v->line = NULL;
    v->end = evtimer_new(v->all->base, on_part_end, v);
    evtimer_add(v->end, &most);
    if (v->ws)
        websocket_close(v->ws, WEBSOCKET_GONE, "The console has ended.",
                        bufferevent_get_output(v->bev));
    bufferevent_enable(v->bev, EV_READ);
    hang_up(v);
}

static void line_end(struct console_line *line)
{
    while (!LIST_EMPTY(&line->viewers))
        viewer_part(LIST_FIRST(&line->viewers));
    LIST_REMOVE(line, list);
    bufferevent_free(line->bev);
    free(line->key);
    free(line);
}

/* The console has nobody left to look at it. */
static void line_left(struct console_line *line)
{
    if (line && LIST_EMPTY(&line->viewers))
        line_end(line);
}

static void viewer_end(struct viewer *v)
{
    struct console_line *line = v->line;

    viewer_free(v);
    line_left(line);
}

/* ---- what the console says ----------------------------------------------- */

static void viewer_tell(struct viewer *v, const void *bytes, size_t len)
{
    if (v->ws)
        websocket_send(v->ws, bytes, len, bufferevent_get_output(v->bev));
    else
        bufferevent_write(v->bev, bytes, len);
}

/* It is read while somebody keeps up; who is far behind then goes. */
static void read_on(struct console_line *line)
{
    struct viewer *next;
    bool keeps_up = false;

    for (struct viewer *v = LIST_FIRST(&line->viewers); v; v = next) {
        next = LIST_NEXT(v, list);
        if (backlog(v->bev) > LINE_BEHIND)
            viewer_free(v);
        else
            keeps_up = keeps_up || backlog(v->bev) <= LINE_BACKLOG;
    }
    if (keeps_up)
        bufferevent_enable(line->bev, EV_READ);
    else
        bufferevent_disable(line->bev, EV_READ);
    line_left(line);
}

static void on_console_read(struct bufferevent *bev, void *arg)
{
    struct console_line *line = arg;
    struct evbuffer *input = bufferevent_get_input(bev);
    size_t len = evbuffer_get_length(input);
    const void *bytes = evbuffer_pullup(input, -1);
    struct viewer *v;

    LIST_FOREACH(v, &line->viewers, list)
    viewer_tell(v, bytes, len);
    evbuffer_drain(input, len);
    read_on(line);
}

static void on_console_written(struct bufferevent *bev, void *arg)
{
    struct console_line *line = arg;
    struct viewer *v;

    (void)bev;
    LIST_FOREACH(v, &line->viewers, list)
    bufferevent_enable(v->bev, EV_READ);
}

static void on_console_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev, (void)what;
    line_end(arg);
}

/* ---- what a viewer says -------------------------------------------------- */

static void viewer_hear(struct viewer *v, struct evbuffer *in)
{
    struct console_line *line = v->line;
    struct evbuffer *out = bufferevent_get_output(line->bev);

    if (!v->ws) {
        evbuffer_add_buffer(out, in);
    } else {
        websocket_receive(v->ws, in, out, bufferevent_get_output(v->bev));
        if (websocket_is_over(v->ws)) {
            viewer_part(v);
            line_left(line);
            return;
        }
    }
    if (backlog(line->bev) > LINE_BACKLOG)
        bufferevent_disable(v->bev, EV_READ);
    if (v->ws && backlog(v->bev) > LINE_BEHIND) /* pings and no reading */
        viewer_end(v);
}

static void on_viewer_read(struct bufferevent *bev, void *arg)
{
    struct viewer *v = arg;
    struct evbuffer *in = bufferevent_get_input(bev);

    if (v->line)
        viewer_hear(v, in);
    else
        evbuffer_drain(in, evbuffer_get_length(in));
}

static void on_viewer_written(struct bufferevent *bev, void *arg)
{
    struct viewer *v = arg;

    (void)bev;
    if (v->line)
        read_on(v->line);
    else
        hang_up(v);
}

/* Gone, idle for too long, or it does not read. */
static void on_viewer_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev, (void)what;
    viewer_end(arg);
}

/* ---- begins -------------------------------------------------------------- */

struct console_line *console_line_new(struct console_lines *lines, int fd,
                                      const char *key)
{
    struct console_line *line = xcalloc(1, sizeof(*line));

    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    line->all = lines;
    LIST_INSERT_HEAD(&lines->lines, line, list);
    line->key = xstrdup(key);
    line->bev = bufferevent_socket_new(lines->base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(line->bev, on_console_read, on_console_written,
                      on_console_event, line);
    return line;
}

struct console_line *console_line_find(const struct console_lines *lines,
                                       const char *key)
{
    struct console_line *line;

    LIST_FOREACH(line, &lines->lines, list)
    if (!strcmp(line->key, key))
        return line;
    return NULL;
}

size_t console_line_viewers(const struct console_lines *lines, const char *key)
{
    const struct console_line *line;
    const struct viewer *v;
    size_t n = 0;

    LIST_FOREACH(line, &lines->lines, list)
    if (!strcmp(line->key, key))
        LIST_FOREACH(v, &line->viewers, list)
    n++;
    return n;
}

void console_line_join(struct console_line *line, struct http_request *r,
                       const struct http_taken *taken, struct websocket *ws,
                       int64_t idle_seconds)
{
    const struct timeval idle = {.tv_sec = idle_seconds};
    const struct timeval stall = {.tv_sec = LINE_STALL_SECONDS};
    struct console_lines *all = line->all;
    struct evbuffer *early = evbuffer_new();
    struct viewer *v = xcalloc(1, sizeof(*v));

    *v = (struct viewer){.all = all, .line = line, .request = r, .ws = ws};
    LIST_INSERT_HEAD(&line->viewers, v, list);
    all->n_viewers++;
    v->bev =
        bufferevent_socket_new(all->base, taken->fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(v->bev, on_viewer_read, on_viewer_written,
                      on_viewer_event, v);
    bufferevent_setwatermark(v->bev, EV_WRITE, LINE_BACKLOG / 2, 0);
    bufferevent_set_timeouts(v->bev, idle_seconds > 0 ? &idle : NULL, &stall);
    bufferevent_enable(v->bev, EV_READ | EV_WRITE);
    bufferevent_enable(line->bev, EV_READ | EV_WRITE);
    evbuffer_add(early, taken->bytes, taken->len);
    viewer_hear(v, early);
    evbuffer_free(early);
}

void console_line_end_all(struct console_lines *lines)
{
    while (!LIST_EMPTY(&lines->lines))
        line_end(LIST_FIRST(&lines->lines));
    while (!LIST_EMPTY(&lines->parting))
        viewer_free(LIST_FIRST(&lines->parting));
}
