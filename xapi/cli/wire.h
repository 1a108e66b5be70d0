/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/wire: the protocol between xe and the daemon on POST /cli, for both of
 * its ends. Numbers are 32 bits, little endian; a text is its length and its
 * bytes. Each message has its length in front: a class, a kind, and what the
 * kind has. Bytes of a CLI_CHUNK follow behind the message.
 */
#ifndef XAPI_CLI_WIRE_H
#define XAPI_CLI_WIRE_H

#include <stdint.h>
#include <string.h>

#include "lib/str.h"

#define CLI_BANNER "XenSource thin CLI protocol"
#define CLI_MAJOR 0
#define CLI_MINOR 2
#define CLI_MESSAGE_MAX (64u << 20)

enum cli_channel {
    CLI_COMMAND = 9,   /* server to client */
    CLI_RESPONSE = 10, /* client to server */
    CLI_BLOB = 11,     /* client to server */
};

enum cli_kind {
    /* commands */
    CLI_PRINT = 0,         /* text */
    CLI_LOAD = 1,          /* file name */
    CLI_PROMPT = 3,        /* - */
    CLI_EXIT = 4,          /* status */
    CLI_HTTP_GET = 12,     /* file name, url */
    CLI_HTTP_PUT = 13,     /* file name, url */
    CLI_ERROR = 14,        /* code, list of texts */
    CLI_DEBUG = 15,        /* text */
    CLI_PRINT_STDERR = 16, /* text */
    CLI_HTTP_CONNECT = 17, /* url */
    /* responses */
    CLI_OK = 5,
    CLI_FAILED = 6,
    CLI_WAIT = 18,
    /* blobs */
    CLI_CHUNK = 7, /* number of bytes that follow */
    CLI_END = 8,
};

static inline void cli_put_int(struct str *out, uint32_t v)
{
    const char bytes[4] = {(char)v, (char)(v >> 8), (char)(v >> 16),
                           (char)(v >> 24)};

    str_addn(out, bytes, sizeof(bytes));
}

static inline uint32_t cli_get_int(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;

    return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline void cli_put_text(struct str *out, const char *text)
{
    cli_put_int(out, (uint32_t)strlen(text));
    str_add(out, text);
}

/* A message that has been read; what is taken out goes to its end. */
struct cli_message {
    const char *at, *end;
};

/* False: there is not that much left. */
static inline bool cli_take_int(struct cli_message *m, uint32_t *ret)
{
    if (m->end - m->at < 4)
        return false;
    *ret = cli_get_int(m->at);
    m->at += 4;
    return true;
}

static inline bool cli_take_text(struct cli_message *m, struct pool *p,
                                 const char **ret)
{
    uint32_t len;

    if (!cli_take_int(m, &len) || len > (size_t)(m->end - m->at))
        return false;
    *ret = pool_strn(p, m->at, len);
    m->at += len;
    return true;
}

#endif
