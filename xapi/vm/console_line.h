/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console_line: bytes between a console and those who look at it. What the
 * console says goes to all of them; what any of them says goes to the console.
 * A viewer has the bytes as they are, or as messages of a WebSocket.
 *
 * Nobody can make the daemon keep more than a little. The console is read as
 * long as one viewer keeps up (LINE_BACKLOG bytes not sent yet); one that is
 * LINE_BEHIND behind then, or takes nothing for LINE_STALL_SECONDS, is sent
 * away.
 */
#ifndef XAPI_CONSOLE_LINE_H
#define XAPI_CONSOLE_LINE_H

#include <sys/queue.h>

#include "xapi/door/http.h"

struct event_base;
struct console_line;
struct viewer;
struct websocket;

#define LINE_BACKLOG 65536
#define LINE_BEHIND (1u << 20)
#define LINE_STALL_SECONDS 60
/* How long one whose console has ended may take to hear the last of it. */
#define LINE_PART_SECONDS 10

LIST_HEAD(viewers, viewer);

struct console_lines {
    struct event_base *base;
    LIST_HEAD(, console_line) lines;
    struct viewers parting; /* their consoles have ended */
    size_t n_viewers;       /* these and the lines' */
};

/* FD (owned from now on) in LINES, where it stays until the console or its last
 * viewer has gone. KEY (copied) says which console it is. */
struct console_line *console_line_new(struct console_lines *lines, int fd,
                                      const char *key);
/* The first of that console, or NULL. */
struct console_line *console_line_find(const struct console_lines *lines,
                                       const char *key);
/* On all lines of that console. */
size_t console_line_viewers(const struct console_lines *lines, const char *key);
/* R, whose connection is TAKEN and answered, looks at it from now on: by WS
 * (owned from now on), or by plain bytes (NULL). IDLE_SECONDS (0: none) is how
 * long without a word from it. */
void console_line_join(struct console_line *line, struct http_request *r,
                       const struct http_taken *taken, struct websocket *ws,
                       int64_t idle_seconds);
/* All is over, at once. */
void console_line_end_all(struct console_lines *lines);

#endif
