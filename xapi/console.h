/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console: guests' consoles for clients: objects of class console while a VM is
 * up, and CONNECT /console?ref= or uuid=, of a console or a VM (then its
 * screen, or its serial line when it has none), which becomes a stream of
 * bytes. A serial line is shared by all who look at it; a screen (RFB) is each
 * viewer's own.
 */
#ifndef XAPI_CONSOLE_H
#define XAPI_CONSOLE_H

#include "xapi/gate.h"
#include "xapi/txn.h"

/* Of VM, which has come up on HOST, or gone down: its console objects. */
struct err *console_make(struct txn *txn, struct object *vm,
                         const struct object *host) MUST_USE;
void console_drop(struct txn *txn, const struct object *vm);

struct console_line;
struct console_opening;
struct consoles {
    /* console.c's */
    struct server *server;
    struct gate gates[2];
    struct console_opening *openings;
    struct console_line *lines;
};

/* C has to stay as long as HTTP. */
void console_serve(struct http *http, struct consoles *c,
                   struct server *server);
/* Viewers are sent away; before the door closes. */
void console_end(struct consoles *c);

#endif
