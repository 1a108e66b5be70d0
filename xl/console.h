/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console: a client of guests' consoles: waits for the console to be there,
 * passes bytes between it and standard input and output, and leaves the
 * terminal as it was, whatever ends it. Knows XenStore and no libxl, so that
 * it can run in a forked child.
 */
#ifndef XL_CONSOLE_H
#define XL_CONSOLE_H

#include <libxl.h>
#include <sys/types.h>

#include "lib/pool.h"

#define CONSOLE_ESCAPE 0x1d /* Ctrl-] */

enum console_type {
    CONSOLE_PV,
    CONSOLE_SERIAL,
    CONSOLE_VUART,
};

struct console {
    uint32_t domid;
    enum console_type type;
    unsigned num;
    char escape;   /* leaves; 0: CONSOLE_ESCAPE */
    int notify_fd; /* >0: gets a byte once attached */
};

/* Until the user leaves, the domain ends, or a signal comes (kind
 * interrupted). Waits for a console that is not there yet as long as the
 * domain lives. */
struct err *console_run(const struct console *c) MUST_USE;

/* Runs it in a child; returns when it is attached, so that nothing the guest
 * says is missed. The child ends with its parent. */
struct err *console_fork(const struct console *c, libxl_ctx *ctx,
                         pid_t *ret_pid) MUST_USE;
/* Waits for the child (0: none) to end. */
struct err *console_join(pid_t pid) MUST_USE;
/* Ends it. */
void console_kill(pid_t pid);

/* Whether an HVM guest has a serial port to attach to. */
bool console_has_serial(const libxl_domain_build_info *b);

/* ---- for tests ----------------------------------------------------------- */

/* Where its tty is told: "/local/domain/7/console/tty". */
const char *console_path(struct pool *p, const struct console *c);

#endif
