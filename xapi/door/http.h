/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http: a server for HTTP/1.0 and 1.1 in an event loop, on Unix sockets, TCP
 * and TLS. A request is dispatched by its method and the longest prefix of its
 * path, and may be answered whenever its handler likes; or its connection is
 * taken, to speak something else. Nothing here blocks. Knows no RPC.
 *
 * Slow, broken and too many clients: see limits.h. One request of a connection
 * is worked on at a time, and clients take turns, however many connections they
 * have (http_turn.c).
 */
#ifndef XAPI_HTTP_H
#define XAPI_HTTP_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/pool.h"
#include "xapi/door/body.h"
#include "xapi/door/limits.h"

struct event_base;
struct http;
struct tls;

/* ---- requests ------------------------------------------------------------ */

enum http_transport { HTTP_UNIX, HTTP_TCP, HTTP_TLS };

struct http_peer {
    enum http_transport transport;
    char address[INET6_ADDRSTRLEN]; /* "192.0.2.7"; "" on a Unix socket */
    unsigned port;
    uid_t uid; /* these on a Unix socket only, else -1 */
    gid_t gid;
    pid_t pid;
};

/* A header, a cookie, a parameter of the query. */
struct http_pair {
    const char *name, *value;
};

struct http_request {
    struct pool *pool; /* lives as long as the request */
    const char *method;
    const char *path;  /* as sent, before the '?' */
    const char *query; /* as sent, behind it; NULL: there was none */
    int minor;         /* HTTP/1.minor */
    const struct http_pair *headers; /* names in lower case */
    size_t n_headers;
    const char *body; /* NUL-terminated; NULL for HTTP_STREAM */
    size_t body_len;
    bool has_length; /* Content-Length, of a stream */
    uint64_t length;
    const struct http_peer *peer;
};

/* R's connection is of USER, whose connections take turns as one client. */
void http_name_client(struct http_request *r, const char *user);

/* The first of that name (in lower case), or NULL. */
const char *http_header(const struct http_request *r, const char *name);
/* The query's parameters, decoded. */
const struct http_pair *http_params(struct http_request *r, size_t *ret_n);
const char *http_param(struct http_request *r, const char *name);
/* "a=b; c=d" and the old "a=b&c=d", decoded. */
const char *http_cookie(struct http_request *r, const char *name);
/* Authorization: Basic. False when there is none or it is malformed. */
bool http_basic(struct http_request *r, const char **ret_user,
                const char **ret_password);

/* ---- answers ------------------------------------------------------------- */

/* A header of the answer that is to come. The value is copied; line breaks in
 * it become spaces. */
void http_set_header(struct http_request *r, const char *name,
                     const char *value);
/* The answer: takes what is in BODY. Frees R. */
void http_answer(struct http_request *r, int status, const char *content_type,
                 struct body *body);
/* The same with a small page of HTML; DETAIL (may be NULL) is shown in it. */
void http_page(struct http_request *r, int status, const char *detail);
/* FN is called, and R is freed behind it, when the client is gone before the
 * answer: when it has closed its side, also only half, as nobody can tell.
 * Without it the answer is still sent to a half-closed client, and goes nowhere
 * when there is none. FN NULL: no longer. False: it is gone already, FN will
 * not be called, and R still wants its answer. */
bool http_on_gone(struct http_request *r, void (*fn)(void *arg), void *arg);

/*
 * Takes the connection away from HTTP: all that comes now is the caller's, who
 * has to send an answer's head, too (http_format_head). FD is non-blocking; on
 * TLS it is one end of a socket pair, which the loop copies to and from the
 * client. BYTES, in R's pool, came behind the request already. R and its pool
 * live on until http_done.
 */
struct http_taken {
    int fd;
    const char *bytes;
    size_t len;
};
struct err *http_take(struct http_request *r, struct http_taken *ret) MUST_USE;
void http_done(struct http_request *r);

/*
 * An answer that is made now and sent when the post's gate GATE opens, without
 * the loop; takes what is in BODY. For those that http_may_post: small ones,
 * not through TLS. Http_settle has to follow, and says whether the gate has
 * opened. True: R is no longer the caller's. False: it has not, nothing has
 * been sent, and R is still to be answered.
 */
bool http_may_post(const struct http_request *r, const struct body *body);
void http_post(struct http_request *r, int status, const char *content_type,
               struct body *body, uint64_t gate);
bool http_settle(struct http_request *r, bool opened);

/* "HTTP/1.1 200 OK", the standard headers, those of http_set_header, and the
 * empty line. LENGTH < 0: unknown, until the connection closes. */
void http_format_head(const struct http_request *r, int status,
                      const char *content_type, int64_t length,
                      struct str *out);

/* ---- the server ---------------------------------------------------------- */

enum http_body_mode {
    HTTP_WHOLE,  /* the handler is called when all of the body is there */
    HTTP_STREAM, /* when the head is: it takes the connection, or refuses */
};

struct http_route {
    const char *method;
    const char *path; /* prefix, by bytes */
    enum http_body_mode mode;
    size_t body_max; /* HTTP_WHOLE: over it is an error 500 */
    void (*fn)(struct http_request *r, void *arg);
    void *arg;
};

/* LIMITS is copied. SIGPIPE is ignored from now on. */
struct http *http_new(struct event_base *base, const struct limits *limits);
/* Drops all connections; gone callbacks are called. */
void http_free(struct http *h); /* NULL is fine */

/* For http_post; POST stays the caller's. BEFORE(ARG) is called before answers
 * are handed over to it. */
struct post;
void http_use_post(struct http *h, struct post *post, void (*before)(void *arg),
                   void *arg);
/* After a gate has opened, some time: goes on with whose answers are sent. */
void http_collect(struct http *h);

/* ROUTE and its strings stay the caller's and have to stay. A later one of the
 * same method and path replaces an earlier one. */
void http_add_route(struct http *h, const struct http_route *route);

/* A socket file that nobody serves is replaced; one that is served is an
 * error. It is removed at the end. PATH.lock is locked in between, and stays.
 */
struct err *http_listen_unix(struct http *h, const char *path,
                             mode_t mode) MUST_USE;
/* "192.0.2.1:80", "[2001:db8::1]:80", ":80" (any address), "localhost:0" (a
 * free port); with TLS (which stays the caller's) or without. */
struct err *http_listen_tcp(struct http *h, const char *address,
                            struct tls *tls, unsigned *ret_port) MUST_USE;
/* It is one of these; whether it is this host's is seen later. */
struct err *http_check_address(const char *address) MUST_USE;

/* Plain HTTP over TCP is answered 403 from now on, or no more. */
void http_refuse_plain(struct http *h, bool refuse);

/* Listens no more, closes what is idle, and calls DONE when all requests are
 * answered, or after SECONDS in any case. */
void http_stop(struct http *h, double seconds, void (*done)(void *arg),
               void *arg);
size_t http_n_connections(const struct http *h);

#endif
