/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console_line: see console_line.h. */
#include "xapi/console_line.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>

#include "lib/str.h"

struct viewer {
    struct viewer *next;
    struct console_line *line; /* NULL: over, what is left goes out */
    struct http_request *request;
    struct bufferevent *bev;
};

struct console_line {
    struct console_line *next, **list;
    struct event_base *base;
    struct bufferevent *bev;
    char *key;
    struct viewer *viewers;
};

/* ---- ends ---------------------------------------------------------------- */

static void viewer_free(struct viewer *v)
{
    bufferevent_free(v->bev);
    http_done(v->request);
    free(v);
}

static void unlink_viewer(struct viewer *v)
{
    struct viewer **at = &v->line->viewers;

    while (*at != v)
        at = &(*at)->next;
    *at = v->next;
}

/* What it has not read yet it still gets. */
static void viewer_part(struct viewer *v)
{
    v->line = NULL;
    bufferevent_disable(v->bev, EV_READ);
    if (!evbuffer_get_length(bufferevent_get_output(v->bev)))
        viewer_free(v);
}

static void line_end(struct console_line *line)
{
    struct console_line **at = line->list;

    while (*at != line)
        at = &(*at)->next;
    *at = line->next;
    while (line->viewers) {
        struct viewer *v = line->viewers;

        line->viewers = v->next;
        viewer_part(v);
    }
    bufferevent_free(line->bev);
    free(line->key);
    free(line);
}

static void viewer_end(struct viewer *v)
{
    struct console_line *line = v->line;

    if (line)
        unlink_viewer(v);
    viewer_free(v);
    if (line && !line->viewers)
        line_end(line);
}

/* ---- bytes --------------------------------------------------------------- */

static size_t backlog(const struct bufferevent *bev)
{
    return evbuffer_get_length(
        bufferevent_get_output((struct bufferevent *)bev));
}

static void read_on(struct console_line *line)
{
    for (struct viewer *v = line->viewers; v; v = v->next)
        if (backlog(v->bev) > LINE_BACKLOG)
            return;
    bufferevent_enable(line->bev, EV_READ);
}

static void on_console_read(struct bufferevent *bev, void *arg)
{
    struct console_line *line = arg;
    struct evbuffer *input = bufferevent_get_input(bev);
    size_t len = evbuffer_get_length(input);
    const void *bytes = evbuffer_pullup(input, -1);

    for (struct viewer *v = line->viewers; v; v = v->next) {
        bufferevent_write(v->bev, bytes, len);
        if (backlog(v->bev) > LINE_BACKLOG)
            bufferevent_disable(bev, EV_READ);
    }
    evbuffer_drain(input, len);
}

static void on_console_written(struct bufferevent *bev, void *arg)
{
    struct console_line *line = arg;

    (void)bev;
    for (struct viewer *v = line->viewers; v; v = v->next)
        bufferevent_enable(v->bev, EV_READ);
}

static void on_console_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev, (void)what;
    line_end(arg);
}

static void on_viewer_read(struct bufferevent *bev, void *arg)
{
    struct viewer *v = arg;

    if (!v->line)
        return;
    bufferevent_write_buffer(v->line->bev, bufferevent_get_input(bev));
    if (backlog(v->line->bev) > LINE_BACKLOG)
        bufferevent_disable(bev, EV_READ);
}

static void on_viewer_written(struct bufferevent *bev, void *arg)
{
    struct viewer *v = arg;

    if (v->line)
        read_on(v->line);
    else if (!backlog(bev))
        viewer_free(v);
}

/* Gone, idle for too long, or it does not read. */
static void on_viewer_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev, (void)what;
    viewer_end(arg);
}

/* ---- begins -------------------------------------------------------------- */

struct console_line *console_line_new(struct console_line **list,
                                      struct event_base *base, int fd,
                                      const char *key)
{
    struct console_line *line = xcalloc(1, sizeof(*line));

    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    line->list = list;
    line->base = base;
    line->next = *list;
    *list = line;
    line->key = xstrdup(key);
    line->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(line->bev, on_console_read, on_console_written,
                      on_console_event, line);
    return line;
}

struct console_line *console_line_find(struct console_line *list,
                                       const char *key)
{
    while (list && strcmp(list->key, key))
        list = list->next;
    return list;
}

size_t console_line_viewers(const struct console_line *line)
{
    size_t n = 0;

    for (const struct viewer *v = line->viewers; v; v = v->next)
        n++;
    return n;
}

void console_line_join(struct console_line *line, struct http_request *r,
                       const struct http_taken *taken, int64_t idle_seconds)
{
    const struct timeval idle = {.tv_sec = idle_seconds};
    const struct timeval stall = {.tv_sec = LINE_STALL_SECONDS};
    struct viewer *v = xcalloc(1, sizeof(*v));

    *v = (struct viewer){.next = line->viewers, .line = line, .request = r};
    line->viewers = v;
    v->bev =
        bufferevent_socket_new(line->base, taken->fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(v->bev, on_viewer_read, on_viewer_written,
                      on_viewer_event, v);
    bufferevent_setwatermark(v->bev, EV_WRITE, LINE_BACKLOG / 2, 0);
    bufferevent_set_timeouts(v->bev, idle_seconds > 0 ? &idle : NULL, &stall);
    bufferevent_enable(v->bev, EV_READ | EV_WRITE);
    bufferevent_write(line->bev, taken->bytes, taken->len);
    bufferevent_enable(line->bev, EV_READ | EV_WRITE);
}

void console_line_end_all(struct console_line **list)
{
    while (*list) {
        while ((*list)->viewers) {
            struct viewer *v = (*list)->viewers;

            unlink_viewer(v);
            viewer_free(v);
        }
        line_end(*list);
    }
}
