/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http_head: see http_head.h. Works on a copy of the head, in place. */
#include "xapi/door/http_head.h"

#include <ctype.h>
#include <string.h>

/* Why a head is refused; a NULL text is none. */
struct refusal {
    int status;
    const char *text;
};

static const struct refusal fine = {0, NULL};

size_t http_head_length(const char *text, size_t len, size_t *scanned)
{
    const char *end = text + len;
    const char *at = text + *scanned;

    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        const char *next = at + 1;

        if (next < end && *next == '\r')
            next++;
        if (next == end) {
            *scanned = (size_t)(at - text);
            return 0;
        }
        if (*next == '\n')
            return (size_t)(next + 1 - text);
        at++;
    }
    *scanned = len;
    return 0;
}

static bool is_token(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* The next line of *AT, without its end; *AT then stands behind it. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');

    if (!end)
        return NULL;
    *at = end + 1;
    if (end > line && end[-1] == '\r')
        end--;
    *end = '\0';
    return line;
}

static bool read_version(const char *version, int *ret)
{
    if (strncmp(version, "HTTP/1.", 7) || !isdigit((unsigned char)version[7]) ||
        version[8])
        return false;
    *ret = version[7] - '0';
    return true;
}

/* "http://host/path" as a proxy is asked: the path. */
static char *origin_form(char *target)
{
    char *host = strstr(target, "://");

    if (*target == '/' || !host)
        return target;
    host += 3 + strcspn(host + 3, "/?");
    return *host ? host : (char *)"/";
}

/* A path, "*" for OPTIONS, "host:port" for CONNECT. */
static bool is_target(const char *method, const char *target)
{
    return *target == '/' || !strcmp(target, "*") ||
           (!strcmp(method, "CONNECT") && *target != '?');
}

static struct refusal read_target(struct http_request *r, char *target)
{
    char *query;

    for (const char *c = target; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return (struct refusal){400, "a control character in the path"};
    }
    target = origin_form(target);
    if (!is_target(r->method, target))
        return (struct refusal){400, "what is asked for is no path"};
    query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    r->path = target;
    r->query = query;
    return fine;
}

static struct refusal read_request_line(struct http_request *r, char *line)
{
    char *target = strchr(line, ' '), *version;

    if (!target || target == line)
        return (struct refusal){400, "no method and path"};
    *target++ = '\0';
    for (const char *c = line; *c; c++) {
        if (!is_token(*c))
            return (struct refusal){400, "no such method can be"};
    }
    version = strchr(target, ' ');
    if (!version || version == target)
        return (struct refusal){400, "no path and version"};
    *version++ = '\0';
    r->method = line;
    if (!read_version(version, &r->minor))
        return text_has_prefix(version, "HTTP/")
                   ? (struct refusal){505, "HTTP/1.0 and 1.1 are spoken here"}
                   : (struct refusal){400, "the version is not HTTP's"};
    return read_target(r, target);
}

static bool read_header(char *line, struct http_pair *ret)
{
    char *colon = strchr(line, ':'), *value, *end;

    if (!colon || colon == line)
        return false;
    *colon = '\0';
    for (const char *c = line; *c; c++)
        if (!is_token(*c))
            return false;
    text_lower(line);
    value = colon + 1 + strspn(colon + 1, " \t");
    end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    for (const char *c = value; *c; c++) {
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return false;
    }
    *ret = (struct http_pair){line, value};
    return true;
}

static struct refusal read_headers(struct http_request *r, char *at)
{
    struct http_pair *headers = NULL;
    char *line;

    while ((line = next_line(&at)) && *line) {
        if (r->n_headers == HTTP_HEADERS_MAX)
            return (struct refusal){431, "too many headers"};
        if (!read_header(line, pool_push(r->pool, headers, r->n_headers)))
            return (struct refusal){400, "a malformed header"};
        r->headers = headers;
    }
    return fine;
}

/* Is WORD one of the words between commas? */
static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (*list) {
        size_t n;

        list += strspn(list, " \t,");
        n = strcspn(list, " \t,");
        if (n == len && !strncasecmp(list, word, len))
            return true;
        list += n;
    }
    return false;
}

static bool read_length(struct http_request *r, const char *text)
{
    int64_t n;
    struct err *e;

    if (!isdigit((unsigned char)*text))
        return false;
    e = text_to_int(text, 10, 0, INT64_MAX, &n);
    if (e) {
        err_drop(e, "the caller says it");
        return false;
    }
    if (r->has_length && r->length != (uint64_t)n)
        return false;
    r->has_length = true;
    r->length = (uint64_t)n;
    return true;
}

static struct refusal read_framing(struct http_request *r,
                                   struct http_framing *framing)
{
    framing->keep_alive = r->minor >= 1;
    for (size_t i = 0; i < r->n_headers; i++) {
        const struct http_pair *h = &r->headers[i];

        if (!strcmp(h->name, "content-length") && !read_length(r, h->value))
            return (struct refusal){400, "Content-Length is not one number"};
        if (!strcmp(h->name, "transfer-encoding"))
            framing->transfer_encoding = true;
        if (!strcmp(h->name, "expect") &&
            !strcasecmp(h->value, "100-continue") && r->minor >= 1)
            framing->expects_continue = true;
        if (strcmp(h->name, "connection"))
            continue;
        if (has_word(h->value, "close"))
            framing->keep_alive = false;
        else if (has_word(h->value, "keep-alive"))
            framing->keep_alive = true;
    }
    if (framing->transfer_encoding && r->has_length)
        return (struct refusal){400, "Content-Length and Transfer-Encoding"};
    return fine;
}

static struct refusal read_head(struct http_request *r, char *text,
                                struct http_framing *framing)
{
    struct refusal no = fine;
    char *line = next_line(&text);

    no = line ? read_request_line(r, line)
              : (struct refusal){400, "no request line"};
    if (!no.status)
        no = read_headers(r, text);
    return no.status ? no : read_framing(r, framing);
}

int http_head_parse(struct http_request *ret, const char *text, size_t len,
                    struct http_framing *framing, const char **ret_detail)
{
    struct refusal no = {400, "a NUL in the headers"};

    *framing = (struct http_framing){.keep_alive = false};
    if (!memchr(text, '\0', len))
        no = read_head(ret, pool_strn(ret->pool, text, len), framing);
    *ret_detail = no.text;
    return no.status;
}
