/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_conn: what the files of the server share: http.c (the server, its lists
 * and clock), http_listen.c (sockets), http_conn.c (one connection's states),
 * http_turn.c (clients, and whose request is next), http_answer.c (requests and
 * their answers), http_send.c (bytes on their way out), http_post.c (answers
 * that wait to be sent), http_input.c (bytes on their way in), http_take.c
 * (connections handed on).
 */
#ifndef XAPI_HTTP_CONN_H
#define XAPI_HTTP_CONN_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "lib/hash.h"
#include "xapi/door/http_head.h"
#include "xapi/door/http_input.h"
#include "xapi/door/post.h"

struct evconnlistener;

enum conn_state {
    CONN_HANDSHAKE, /* of TLS */
    CONN_HEAD,      /* idle, or part of a head is there */
    CONN_BODY,
    CONN_TURN, /* the request is whole, and waits for its turn */
    CONN_BUSY, /* a handler has the request */
    CONN_SEND,
    CONN_LINGER, /* all is said; until the client has seen it */
};

struct client;
struct request;
struct pump;

/* Of an answer; TEXT is NULL when there is none. */
struct rest {
    struct body body; /* its pieces alone */
    char *text;
    size_t len;
    struct lent *lent; /* the text */
    size_t piece, at;  /* how far it has gone */
};

struct conn {
    TAILQ_ENTRY(conn) all;
    TAILQ_ENTRY(conn) waiting; /* nobody loses much when it is closed */
    bool is_waiting;
    TAILQ_ENTRY(conn) turn; /* in its client's queue */
    struct client *client;
    struct http *http;
    int fd;
    struct bufferevent *bev; /* for output, and TLS */
    struct input input;
    struct event readable; /* the socket, of one without TLS */
    bool listens;          /* takes input in */
    struct http_peer peer;
    enum conn_state state;
    struct request *request; /* from CONN_BODY to CONN_SEND */
    double deadline;         /* 0: none */
    size_t scanned;          /* of the head */
    size_t unsent;           /* when the deadline was set */
    struct rest rest;        /* http_send.c's */
    struct letter letter;    /* http_post.c's: an answer that is held ... */
    bool is_posted;          /* ... or posted, */
    char *text;              /* and its text; else NULL */
    TAILQ_ENTRY(conn) post;
    bool eof;           /* the client sends no more */
    bool reading;       /* the head has begun */
    bool refused;       /* its client has too many */
    struct event again; /* what is buffered gets its turn */
};

struct request {
    struct http_request pub; /* first: a handler has a pointer to it */
    struct conn *conn;       /* NULL: the client is gone, or taken */
    const struct http_route *route;
    struct http_framing framing;
    struct http_peer peer; /* pub.peer */
    struct str headers;    /* of the answer */
    bool close;
    bool is_kept, is_over; /* http_settle is to come; all else is done */
    void (*gone)(void *arg);
    void *gone_arg;
};

TAILQ_HEAD(conn_list, conn);
TAILQ_HEAD(pump_list, pump);
TAILQ_HEAD(client_list, client);

struct listener {
    struct http *http;
    struct evconnlistener *ev;
    struct tls *tls;
    enum http_transport transport;
    char *path; /* of a Unix socket */
    int lock;
    struct listener *next;
};

struct http {
    struct event_base *base;
    struct limits limits;
    const struct http_route **routes;
    size_t n_routes;
    struct listener *listeners;
    struct conn_list conns, waiting;
    struct pump_list pumps;
    size_t n_conns; /* and pumps */
    struct hash clients;
    struct client_list busy;
    struct client *last_client; /* whose request came last ... */
    double switched;            /* ... and when another's came before it */
    double had;                 /* the clients' common time */
    struct event *sweep, *resume, *stop, *turn;
    double next_sweep;
    struct str head;   /* of the answer being sent */
    struct post *post; /* or NULL */
    void (*before_post)(void *arg);
    void *before_post_arg;
    struct conn_list held, posted; /* in order */
    double held_since;
    bool stopping, refuses_plain;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* http.c */
const struct http_route *http_find_route(const struct http *h,
                                         const struct http_request *r,
                                         int *ret_status);
/* Makes room by closing the longest idle; false when none is. */
bool http_evict(struct http *h);
void http_gone_one(struct http *h); /* a connection or pump has ended */
/* No more accepting for a while: there are no descriptors. */
void http_pause_listeners(struct http *h);

/* http_listen.c */
void http_free_listeners(struct http *h);

/* http_conn.c */
void conn_new(struct http *h, int fd, const struct http_peer *peer,
              struct tls *tls);
/* The client is gone, or has to go. */
void conn_free(struct conn *c);
void conn_set_state(struct conn *c, enum conn_state state);
/* SECONDS from now; 0: none. */
void conn_set_deadline(struct conn *c, double seconds);
void conn_timed_out(struct conn *c);
/* Calls conn_advance when all others had their turn. */
void conn_soon(struct conn *c);
/* Does what the bytes that are there allow. */
void conn_advance(struct conn *c);
/* The request's turn has come. */
void conn_dispatch(struct conn *c);
/* All of the answer is on its way: what comes next? */
void conn_sent(struct conn *c);
void conn_refuse(struct conn *c, int status, const char *detail);

static inline struct evbuffer *conn_output(struct conn *c)
{
    return bufferevent_get_output(c->bev);
}

/* http_turn.c */
void http_turns_init(struct http *h);
void http_turns_done(struct http *h);
/* C is USER's from now on ("": not known yet); false: that has too many. */
bool conn_enter(struct conn *c, const char *user);
void conn_leave(struct conn *c);
/* C has a whole request. */
void conn_queue(struct conn *c);
/* Another turn, when all that is active now is done. */
void http_turn_again(struct http *h);

/* http_send.c */
/* "100 Continue", for a client that waits for it. */
void conn_continue(struct conn *c);
/* Sends an answer: the server's head and then what is in BODY. */
void conn_send(struct conn *c, struct body *body);
bool conn_send_more(struct conn *c);
void conn_drop_rest(struct conn *c);
/* Is nothing before it, and is it small? */
bool conn_may_post(const struct conn *c, const struct body *body);
/* Into the socket or the buffer; not ALIVE: nowhere. */
void conn_went_out(struct conn *c, bool alive);
/* What one answer sends before others have their turn. */
#define CONN_SEND_MAX (256 * 1024)

/* http_post.c */
/* The answer waits for GATE. */
void conn_hold(struct conn *c, const struct str *head, const struct str *text,
               uint64_t gate);
/* True when there was an answer, which has not been sent and will not be. */
bool conn_take_back(struct conn *c);
void conn_drop_letter(struct conn *c);
/* True, once, when all of the posted answer is sent. */
bool conn_is_through(struct conn *c);
/* All that is held. */
void http_hand_over(struct http *h);

/* http_answer.c */
struct request *request_new(struct conn *c);
void request_free(struct request *r);

/* http_take.c */
struct err *pump_new(struct http *h, struct bufferevent *bev, int *ret_fd);
void pump_free(struct pump *p);

#endif
