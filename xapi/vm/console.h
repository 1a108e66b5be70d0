/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console: guests' consoles for clients: objects of class console while a VM is
 * up, and CONNECT /console?ref= or uuid=, of a console or a VM (then its
 * screen, or its serial line when it has none), which becomes a stream of
 * bytes; GET of the same is a WebSocket. A serial line is shared by all who
 * look at it; a screen (RFB) is each viewer's own.
 */
#ifndef XAPI_CONSOLE_H
#define XAPI_CONSOLE_H

#include "xapi/vm/console_line.h"
#include "xapi/call/gate.h"
#include "xapi/db/txn.h"

/* Of VM, which has come up on HOST, or gone down: its console objects. */
struct err *console_make(struct txn *txn, struct object *vm,
                         const struct object *host) MUST_USE;
void console_drop(struct txn *txn, const struct object *vm);
/* HOST has another address. */
struct err *console_locate_all(struct txn *txn,
                               const struct object *host) MUST_USE;

#define CONSOLE_VIEWERS 64       /* of one console */
#define CONSOLE_ALL_VIEWERS 1024 /* of this host */

struct console_opening;
struct consoles {
    /* console.c's */
    struct server *server;
    struct gate gates[2];
    struct console_opening *openings;
    struct console_lines lines;
};

/* C has to stay as long as HTTP. */
void console_serve(struct http *http, struct consoles *c,
                   struct server *server);
/* Viewers are sent away; before the door closes. */
void console_end(struct consoles *c);

#endif
