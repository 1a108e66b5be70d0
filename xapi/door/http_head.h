/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_head: a request's first line and headers, from text to a request. Strict
 * where two readers could understand different things (what follows a name,
 * folded lines, several lengths); what is refused has the status for it.
 */
#ifndef XAPI_HTTP_HEAD_H
#define XAPI_HTTP_HEAD_H

#include "xapi/door/http.h"

#define HTTP_HEADERS_MAX 100

/* Length of the head at the start of TEXT, with its empty line; 0: it is not
 * complete. Looks from *SCANNED on, and sets it for the next time. */
size_t http_head_length(const char *text, size_t len, size_t *scanned);

/* Whether the client wants the connection kept, and how a body comes. */
struct http_framing {
    bool keep_alive;
    bool transfer_encoding; /* some, which no server of ours can read */
    bool expects_continue;
};

/* TEXT is a whole head; RET gets method, path, query, minor, headers and
 * length, in its pool, which is there. Returns 0, or the status to refuse it
 * with and a sentence. */
int http_head_parse(struct http_request *ret, const char *text, size_t len,
                    struct http_framing *framing, const char **ret_detail);

#endif
