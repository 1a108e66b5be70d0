/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * websocket: the server's side of RFC 6455, without a socket of its own: what
 * a request has to say to become one, and bytes as messages. Frames are
 * libwslay's; pings are answered, who breaks the rules gets a close. Messages
 * may be of any length and in any number of fragments, as their bytes go on as
 * they come. Knows no console.
 */
#ifndef XAPI_WEBSOCKET_H
#define XAPI_WEBSOCKET_H

#include "xapi/door/http.h"

struct evbuffer;
struct websocket;

/* Of one frame that comes; a longer one is closed with 1009. */
#define WEBSOCKET_FRAME_MAX (1u << 20)

enum websocket_code {
    WEBSOCKET_GONE = 1001, /* what was talked to */
};

/* Whether R asks for one in due form; else an error, and the answer's status.
 */
struct err *websocket_check(struct http_request *r, int *ret_status) MUST_USE;
/* The headers of the answer 101 to R, which is in due form. SUBPROTOCOL is
 * chosen where the client offers it. */
void websocket_answer(struct http_request *r, const char *subprotocol);

struct websocket *websocket_new(void);
void websocket_free(struct websocket *ws); /* NULL is fine */
/* Takes all of IN: what messages say goes to DATA, what the peer is to be told
 * about that to OUT. */
void websocket_receive(struct websocket *ws, struct evbuffer *in,
                       struct evbuffer *data, struct evbuffer *out);
/* The peer has closed, or broken a rule: what else comes is dropped. */
bool websocket_is_over(struct websocket *ws);
/* One binary message. */
void websocket_send(struct websocket *ws, const void *bytes, size_t len,
                    struct evbuffer *out);
/* The last that is sent, unless that has been said already. */
void websocket_close(struct websocket *ws, enum websocket_code code,
                     const char *reason, struct evbuffer *out);

#endif
