/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* body: see body.h. */
#include "xapi/door/body.h"

/* Below this, to copy is cheaper than what a reference costs on its way. */
#define COPY_MAX 512

void body_done(struct body *b)
{
    for (size_t i = 0; i < b->n_pieces; i++) {
        if (b->pieces[i].release)
            b->pieces[i].release(b->pieces[i].arg);
    }
    free(b->pieces);
    str_done(&b->text);
    *b = (struct body)BODY_INIT;
}

static void make_room(struct body *b, size_t n)
{
    if (b->n_pieces + n <= b->size)
        return;
    b->size = b->n_pieces + n < 2 * b->size ? 2 * b->size : b->n_pieces + n;
    b->size = b->size < 16 ? 16 : b->size;
    b->pieces = xrealloc(b->pieces, b->size, sizeof(*b->pieces));
}

void body_refer(struct body *b, const char *bytes, size_t len,
                void (*release)(void *arg), void *arg)
{
    if (len <= COPY_MAX) {
        str_addn(&b->text, bytes, len);
        if (release)
            release(arg);
        return;
    }
    make_room(b, 1);
    b->pieces[b->n_pieces++] = (struct body_piece){
        b->text.len, bytes, len, release, arg,
    };
    b->pieces_len += len;
}

void body_move(struct body *b, struct body *from)
{
    size_t at = b->text.len;

    make_room(b, from->n_pieces);
    for (size_t i = 0; i < from->n_pieces; i++) {
        b->pieces[b->n_pieces] = from->pieces[i];
        b->pieces[b->n_pieces++].at += at;
    }
    b->pieces_len += from->pieces_len;
    str_addn(&b->text, str_text(&from->text), from->text.len);
    b->text.full |= body_full(from);
    from->n_pieces = 0;
    body_done(from);
}

size_t body_len(const struct body *b)
{
    return b->text.len + b->pieces_len;
}

void body_flatten(const struct body *b, struct str *out)
{
    size_t at = 0;

    for (size_t i = 0; i < b->n_pieces; i++) {
        const struct body_piece *piece = &b->pieces[i];

        str_addn(out, str_text(&b->text) + at, piece->at - at);
        str_addn(out, piece->bytes, piece->len);
        at = piece->at;
    }
    str_addn(out, str_text(&b->text) + at, b->text.len - at);
}
