/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_input: bytes that have come in and wait to be understood, as one piece.
 * Who reads sees to it that they are not too many.
 */
#ifndef XAPI_HTTP_INPUT_H
#define XAPI_HTTP_INPUT_H

#include <stddef.h>

struct input {
    char *bytes;
    size_t at, len, size; /* LEN are there, from AT on */
};

void input_done(struct input *in);
/* Where at least MIN more bytes can be put; how many, in RET_ROOM. */
char *input_room(struct input *in, size_t min, size_t *ret_room);
/* N bytes have been put there. */
static inline void input_came(struct input *in, size_t n)
{
    in->len += n;
}
/* Valid until more comes. */
static inline char *input_text(const struct input *in)
{
    return in->bytes + in->at;
}
/* The first N are not wanted any more. */
void input_drop(struct input *in, size_t n);

#endif
