/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export_server: the process that answers HTTP requests. It has a socket to
 * listen on and one to who makes the texts, and nothing else; what it is sent
 * can neither make it grow nor keep it from others.
 */
#ifndef XENSTORE_TOP_EXPORT_SERVER_H
#define XENSTORE_TOP_EXPORT_SERVER_H

#include <stdint.h>

#include "lib/err.h"

#define SERVER_CLIENTS_MAX 64
#define SERVER_REQUEST_MAX 8192 /* bytes */
#define SERVER_TEXT_MAX (64u << 20)
#define SERVER_REQUEST_TIME 10.0 /* seconds to send a request */
#define SERVER_ANSWER_TIME 30.0  /* and to take its answer */
#define SERVER_LINGER_TIME 1.0   /* and to hang up */
/* When all places are taken, the one taken longest is given to who comes next,
 * after this many seconds. */
#define SERVER_FAIR_TIME 1.0

/* On the socket: a format (enum export_format) as a byte is a question; the
 * answer is this, and the text. */
struct server_answer {
    uint32_t format;
    uint32_t len; /* 0: there is none now */
};

/* Becomes USER (when it is root), drops all other descriptors, and serves until
 * the other end of ASK is closed. */
struct err *server_run(int listener, int ask, const char *user) MUST_USE;

/* "127.0.0.1:9100", "[::1]:9100", ":9100" (all addresses), "localhost:0" (any
 * port): a socket that listens there, and where that is. */
struct err *server_listen(const char *address, int *ret_fd,
                          char ret_where[80]) MUST_USE;

#endif
