/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http_input: see http_input.h. */
#include "xapi/door/http_input.h"

#include <string.h>

#include "lib/str.h"

/* An idle client's memory. */
#define KEPT_MAX 8192

void input_done(struct input *in)
{
    free(in->bytes);
    *in = (struct input){NULL};
}

char *input_room(struct input *in, size_t min, size_t *ret_room)
{
    if (in->size - in->at - in->len < min) {
        if (in->at)
            memmove(in->bytes, input_text(in), in->len);
        in->at = 0;
    }
    if (in->size - in->len < min) {
        in->size = in->len + min > 2 * in->size ? in->len + min : 2 * in->size;
        in->bytes = xrealloc(in->bytes, in->size, 1);
    }
    *ret_room = in->size - in->at - in->len;
    return in->bytes + in->at + in->len;
}

void input_drop(struct input *in, size_t n)
{
    in->len -= n;
    in->at = in->len ? in->at + n : 0;
    if (!in->len && in->size > KEPT_MAX)
        input_done(in);
}
