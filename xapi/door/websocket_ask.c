/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* websocket_ask: the handshake; see websocket.h. */
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "xapi/door/websocket.h"

#define KEY_CHARS 24 /* 16 bytes in base 64 */

/* One of the names, with commas between them, of any header NAME. */
static bool has_token(const struct http_request *r, const char *name,
                      const char *token)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        const char *at = r->headers[i].value;

        if (strcmp(r->headers[i].name, name))
            continue;
        while (*(at += strspn(at, ", \t"))) {
            size_t len = strcspn(at, ", \t");

            if (len == strlen(token) && !strncasecmp(at, token, len))
                return true;
            at += len;
        }
    }
    return false;
}

static bool is_key(const char *key)
{
    unsigned char bytes[KEY_CHARS];

    return key && strlen(key) == KEY_CHARS &&
           !strcmp(key + KEY_CHARS - 2, "==") &&
           EVP_DecodeBlock(bytes, (const unsigned char *)key, KEY_CHARS) > 0;
}

struct err *websocket_check(struct http_request *r, int *ret_status)
{
    const char *version = http_header(r, "sec-websocket-version");

    *ret_status = 400;
    if (r->minor < 1)
        return ERR("A WebSocket begins with HTTP/1.1.");
    if (!has_token(r, "upgrade", "websocket") ||
        !has_token(r, "connection", "upgrade"))
        return ERR("This is reached by CONNECT, or by a WebSocket: the headers "
                   "\"Connection: Upgrade\" and \"Upgrade: websocket\".");
    if (!is_key(http_header(r, "sec-websocket-key")))
        return ERR("Sec-WebSocket-Key is not 16 bytes in base 64.");
    if (!version || strcmp(version, "13")) {
        *ret_status = 426;
        http_set_header(r, "Sec-WebSocket-Version", "13");
        return ERR("The version of WebSockets here is 13.");
    }
    return NULL;
}

void websocket_answer(struct http_request *r, const char *subprotocol)
{
    const char *text =
        pool_printf(r->pool, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
                    http_header(r, "sec-websocket-key"));
    unsigned char digest[EVP_MAX_MD_SIZE];
    char accept[2 * EVP_MAX_MD_SIZE];
    unsigned len;

    if (!EVP_Digest(text, strlen(text), digest, &len, EVP_sha1(), NULL))
        abort();
    EVP_EncodeBlock((unsigned char *)accept, digest, (int)len);
    http_set_header(r, "Upgrade", "websocket");
    http_set_header(r, "Sec-WebSocket-Accept", accept);
    if (has_token(r, "sec-websocket-protocol", subprotocol))
        http_set_header(r, "Sec-WebSocket-Protocol", subprotocol);
}
