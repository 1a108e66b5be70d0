/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* websocket: messages; see websocket.h. */
#include "xapi/door/websocket.h"

#include <event2/buffer.h>
#include <string.h>
#include <wslay/wslay.h>

#include "lib/str.h"

struct websocket {
    wslay_event_context_ptr wslay;
    struct evbuffer *in, *data, *out; /* of the call that is under way */
    bool control;                     /* the frame that comes is one */
};

static ssize_t take(wslay_event_context_ptr wslay, uint8_t *bytes, size_t len,
                    int flags, void *arg)
{
    const struct websocket *ws = arg;
    int n = evbuffer_remove(ws->in, bytes, len);

    (void)flags;
    if (n <= 0)
        wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
    return n > 0 ? n : -1;
}

static ssize_t put(wslay_event_context_ptr wslay, const uint8_t *bytes,
                   size_t len, int flags, void *arg)
{
    const struct websocket *ws = arg;

    (void)wslay, (void)flags;
    evbuffer_add(ws->out, bytes, len);
    return (ssize_t)len;
}

static void on_frame(wslay_event_context_ptr wslay,
                     const struct wslay_event_on_frame_recv_start_arg *frame,
                     void *arg)
{
    struct websocket *ws = arg;

    (void)wslay;
    ws->control = wslay_is_ctrl_frame(frame->opcode);
}

static void on_bytes(wslay_event_context_ptr wslay,
                     const struct wslay_event_on_frame_recv_chunk_arg *chunk,
                     void *arg)
{
    const struct websocket *ws = arg;

    (void)wslay;
    if (!ws->control)
        evbuffer_add(ws->data, chunk->data, chunk->data_length);
}

struct websocket *websocket_new(void)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = take,
        .send_callback = put,
        .on_frame_recv_start_callback = on_frame,
        .on_frame_recv_chunk_callback = on_bytes,
    };
    struct websocket *ws = xcalloc(1, sizeof(*ws));

    if (wslay_event_context_server_init(&ws->wslay, &callbacks, ws))
        abort();
    wslay_event_config_set_no_buffering(ws->wslay, true);
    wslay_event_config_set_max_recv_msg_length(ws->wslay, WEBSOCKET_FRAME_MAX);
    return ws;
}

void websocket_free(struct websocket *ws)
{
    if (ws)
        wslay_event_context_free(ws->wslay);
    free(ws);
}

static void flush(struct websocket *ws, struct evbuffer *out)
{
    ws->out = out;
    if (wslay_event_send(ws->wslay))
        abort(); /* put takes all */
}

void websocket_receive(struct websocket *ws, struct evbuffer *in,
                       struct evbuffer *data, struct evbuffer *out)
{
    ws->in = in;
    ws->data = data;
    (void)wslay_event_recv(ws->wslay); /* after an error a close is queued */
    evbuffer_drain(in, evbuffer_get_length(in));
    flush(ws, out);
}

bool websocket_is_over(struct websocket *ws)
{
    return !wslay_event_get_read_enabled(ws->wslay);
}

void websocket_send(struct websocket *ws, const void *bytes, size_t len,
                    struct evbuffer *out)
{
    const struct wslay_event_msg message = {
        .opcode = WSLAY_BINARY_FRAME, .msg = bytes, .msg_length = len};

    if (!wslay_event_queue_msg(ws->wslay, &message)) /* not after a close */
        flush(ws, out);
}

void websocket_close(struct websocket *ws, enum websocket_code code,
                     const char *reason, struct evbuffer *out)
{
    if (!wslay_event_queue_close(ws->wslay, code, (const uint8_t *)reason,
                                 strlen(reason)))
        flush(ws, out);
}
