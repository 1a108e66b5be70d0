/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * body: bytes on their way to a client. Text that grows, and between its parts
 * bytes of somebody else's that are not copied (records that were serialised
 * before, for another reader).
 */
#ifndef XAPI_BODY_H
#define XAPI_BODY_H

#include "lib/str.h"

/* Bytes that stand in the text before its character AT. */
struct body_piece {
    size_t at;
    const char *bytes;
    size_t len;
    void (*release)(void *arg); /* when they are sent or given up; or NULL */
    void *arg;
};

struct body {
    struct str text;
    struct body_piece *pieces; /* in order */
    size_t n_pieces, size;
    size_t pieces_len; /* of all their bytes */
};

#define BODY_MAX (512u << 20) /* of the text */
#define BODY_INIT                  \
    {                              \
        .text = STR_INIT(BODY_MAX) \
    }
#define AUTO_BODY AUTO(body_done)

/* Empties it and lets all pieces go. */
void body_done(struct body *b);

/* Appends bytes that stay where they are until RELEASE(ARG) is called, once;
 * short ones are copied, and released at once. */
void body_refer(struct body *b, const char *bytes, size_t len,
                void (*release)(void *arg), void *arg);

/* Appends all of FROM, which is empty then. */
void body_move(struct body *b, struct body *from);

size_t body_len(const struct body *b);
/* Something did not fit: what is there is not the whole. */
static inline bool body_full(const struct body *b)
{
    return str_full(&b->text);
}
/* All of it as one text. */
void body_flatten(const struct body *b, struct str *out);

#endif
