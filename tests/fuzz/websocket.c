/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * websocket: whatever a client may send behind the handshake, whole and in
 * pieces: both come to the same (but that what ends it may be seen sooner, and
 * what came right before it is left out), no more comes out than went in, and
 * what is over stays so. The first byte says how large the pieces are.
 */
#include <event2/buffer.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/door/websocket.h"

struct run {
    struct evbuffer *data, *out;
    bool over;
};

static struct run run(const uint8_t *bytes, size_t size, size_t piece)
{
    struct run r = {evbuffer_new(), evbuffer_new(), false};
    struct websocket *ws = websocket_new();
    struct evbuffer *in = evbuffer_new();

    for (size_t n; size; bytes += n, size -= n) {
        n = size < piece ? size : piece;
        evbuffer_add(in, bytes, n);
        websocket_receive(ws, in, r.data, r.out);
        fuzz_must(!evbuffer_get_length(in), "all that comes is taken");
        fuzz_must(!r.over || websocket_is_over(ws), "what is over stays so");
        r.over = websocket_is_over(ws);
    }
    websocket_send(ws, "bye", 3, r.out);
    websocket_close(ws, WEBSOCKET_GONE, "bye", r.out);
    websocket_free(ws);
    evbuffer_free(in);
    return r;
}

/* All of one is there in the other, which is as long unless it is OVER. */
static bool same(struct evbuffer *a, struct evbuffer *b, bool over)
{
    size_t len[] = {evbuffer_get_length(a), evbuffer_get_length(b)};
    size_t shorter = len[0] < len[1] ? len[0] : len[1];

    return (over || len[0] == len[1]) &&
           (!shorter ||
            !memcmp(evbuffer_pullup(a, -1), evbuffer_pullup(b, -1), shorter));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole, pieces;
    bool over;

    if (!size)
        return 0;
    whole = run(data + 1, size - 1, SIZE_MAX);
    pieces = run(data + 1, size - 1, data[0] + 1u);
    over = whole.over || pieces.over;
    fuzz_must(same(whole.data, pieces.data, over), "pieces are the same data");
    fuzz_must(over || same(whole.out, pieces.out, false), "and answers");
    fuzz_must(evbuffer_get_length(whole.data) <= size, "data is of the input");
    fuzz_must(evbuffer_get_length(whole.out) <= size + 16,
              "answers are no longer than what they answer");
    for (int i = 0; i < 2; i++) {
        evbuffer_free(i ? whole.data : pieces.data);
        evbuffer_free(i ? whole.out : pieces.out);
    }
    return 0;
}
