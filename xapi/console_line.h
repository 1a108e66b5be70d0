/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console_line: bytes between a console and those who look at it. What the
 * console says goes to all of them; what any of them says goes to the console.
 * Nobody can make the daemon keep more than a little: while one does not read,
 * the console is not read either, for LINE_STALL_SECONDS; then that viewer is
 * sent away.
 */
#ifndef XAPI_CONSOLE_LINE_H
#define XAPI_CONSOLE_LINE_H

#include "xapi/http.h"

struct event_base;
struct console_line;

#define LINE_BACKLOG 65536
#define LINE_STALL_SECONDS 60

/* FD (owned from now on) in *LIST, where it stays until the console or its last
 * viewer has gone. KEY (copied) says which console it is. */
struct console_line *console_line_new(struct console_line **list,
                                      struct event_base *base, int fd,
                                      const char *key);
struct console_line *console_line_find(struct console_line *list,
                                       const char *key);
size_t console_line_viewers(const struct console_line *line);
/* R, whose connection is TAKEN and answered, looks at it from now on;
 * IDLE_SECONDS (0: none) is how long without a word from it. */
void console_line_join(struct console_line *line, struct http_request *r,
                       const struct http_taken *taken, int64_t idle_seconds);
/* Ends all of LIST. */
void console_line_end_all(struct console_line **list);

#endif
