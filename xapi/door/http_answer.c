/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http_answer: requests as handlers hold them, and what they answer. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "xapi/door/http_conn.h"

static const struct {
    int status;
    const char *words;
} statuses[] = {
    {101, "Switching Protocols"},
    {200, "OK"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {408, "Request Timeout"},
    {426, "Upgrade Required"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

static const char *status_words(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (statuses[i].status == status)
            return statuses[i].words;
    }
    return "Status";
}

/* A handler's request is the first member of ours. */
static struct request *ours(struct http_request *r)
{
    return (struct request *)r;
}

struct request *request_new(struct conn *c)
{
    struct pool *p = pool_new();
    struct request *r = pool_new_of(p, struct request);

    r->conn = c;
    r->peer = c->peer;
    r->pub.pool = p;
    r->pub.peer = &r->peer;
    r->pub.method = "";
    r->close = true;
    r->headers = (struct str)STR_INIT(64 * 1024);
    return r;
}

void request_free(struct request *r)
{
    r->is_over = true;
    if (r->is_kept)
        return;
    str_done(&r->headers);
    pool_free(r->pub.pool);
}

bool http_on_gone(struct http_request *r, void (*fn)(void *arg), void *arg)
{
    struct request *mine = ours(r);

    mine->gone = fn;
    mine->gone_arg = arg;
    if (mine->conn && mine->conn->eof)
        conn_soon(mine->conn);
    return mine->conn;
}

void http_done(struct http_request *r)
{
    assert(!ours(r)->conn);
    request_free(ours(r));
}

/* ---- heads --------------------------------------------------------------- */

void http_set_header(struct http_request *r, const char *name,
                     const char *value)
{
    struct str *headers = &ours(r)->headers;

    str_add(headers, name);
    str_add(headers, ": ");
    for (size_t n; *value; value += n) {
        n = strcspn(value, "\r\n");
        str_addn(headers, value, n);
        if (!n)
            str_addc(headers, ' ');
        n += !n;
    }
    str_add(headers, "\r\n");
}

static void add_number(struct str *out, uint64_t n)
{
    char digits[20], *at = digits + sizeof(digits);

    do {
        *--at = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    str_addn(out, at, (size_t)(digits + sizeof(digits) - at));
}

/* CONNECTION is what becomes of it. */
static void write_head(const struct request *r, int status,
                       const char *content_type, int64_t length,
                       const char *connection, struct str *out)
{
    str_add(out, "HTTP/1.1 ");
    add_number(out, (uint64_t)status);
    str_addc(out, ' ');
    str_add(out, status_words(status));
    str_add(out, "\r\nconnection: ");
    str_add(out, connection);
    str_add(out, "\r\ncache-control: no-cache, no-store\r\n");
    if (content_type) {
        str_add(out, "content-type: ");
        str_add(out, content_type);
        str_add(out, "\r\n");
    }
    if (length >= 0) {
        str_add(out, "content-length: ");
        add_number(out, (uint64_t)length);
        str_add(out, "\r\n");
    }
    str_addn(out, str_text(&r->headers), r->headers.len);
    str_add(out, "\r\n");
}

void http_format_head(const struct http_request *r, int status,
                      const char *content_type, int64_t length, struct str *out)
{
    write_head((const struct request *)r, status, content_type, length,
               status == 101 ? "Upgrade" : "close", out);
}

/* ---- answers ------------------------------------------------------------- */

/* Into the server's. */
static void make_head(struct request *r, int status, const char *content_type,
                      const struct body *body)
{
    struct http *h = r->conn->http;

    /* a stream's body, if any, is still to come, and would be taken for a
     * request */
    if (!r->pub.body)
        r->close = true;
    r->gone = NULL;
    str_clear(&h->head);
    write_head(r, status, content_type, (int64_t)body_len(body),
               r->close || h->stopping ? "close" : "keep-alive", &h->head);
}

void http_answer(struct http_request *pub, int status, const char *content_type,
                 struct body *body)
{
    struct request *r = ours(pub);
    struct conn *c = r->conn;

    if (!c) {
        body_done(body);
        request_free(r);
        return;
    }
    make_head(r, status, content_type, body);
    if (!strcmp(pub->method, "HEAD"))
        body_done(body);
    conn_send(c, body);
}

bool http_may_post(const struct http_request *pub, const struct body *body)
{
    const struct conn *c = ((const struct request *)pub)->conn;

    return c && c->http->post && conn_may_post(c, body);
}

void http_post(struct http_request *pub, int status, const char *content_type,
               struct body *body, uint64_t gate)
{
    struct request *r = ours(pub);

    make_head(r, status, content_type, body);
    r->is_kept = true;
    conn_hold(r->conn, &r->conn->http->head, &body->text, gate);
    body_done(body);
}

bool http_settle(struct http_request *pub, bool opened)
{
    struct request *r = ours(pub);

    r->is_kept = false;
    if (r->is_over) {
        request_free(r);
        return true;
    }
    if (opened || !conn_take_back(r->conn))
        return true;
    str_clear(&r->headers);
    conn_set_state(r->conn, CONN_BUSY);
    return false;
}

static void write_page(struct body *out, int status, const char *detail)
{
    static const char *const escapes[] = {
        ['<'] = "&lt;",
        ['>'] = "&gt;",
        ['&'] = "&amp;",
        ['"'] = "&quot;",
    };
    struct str *text = &out->text;

    str_addf(text, "<html><head><title>%d %s</title></head><body><h1>%s</h1>",
             status, status_words(status), status_words(status));
    if (detail)
        str_add(text, "<p>");
    for (const char *c = detail; c && *c; c++) {
        size_t i = (unsigned char)*c;

        if (i < ARRAY_LEN(escapes) && escapes[i])
            str_add(text, escapes[i]);
        else
            str_addc(text, *c);
    }
    if (detail)
        str_add(text, "</p>");
    str_add(text, "</body></html>\n");
}

void http_page(struct http_request *r, int status, const char *detail)
{
    AUTO_BODY struct body body = BODY_INIT;

    write_page(&body, status, detail);
    http_answer(r, status, "text/html", &body);
}
