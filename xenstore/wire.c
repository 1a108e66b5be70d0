/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wire: see wire.h. */
#include "xenstore/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "xenstore/connect.h"
#include "xenstore/store.h"

#define IN_SIZE 65536

void wire_init(struct wire *w, int fd)
{
    *w = (struct wire){.fd = fd, .in_size = IN_SIZE, .out.max = STR_MAX};
    w->in = xcalloc(1, w->in_size);
    w->is_device = connect_is_device(fd);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void wire_done(struct wire *w)
{
    close(w->fd);
    str_done(&w->out);
    free(w->in);
}

struct err *wire_nonsense(const char *what)
{
    return ERR("xenstored sent nonsense: %s", what);
}

/* However one comes to know that the other side is gone, it is told the same
 * way. */
static struct err *lost(int errnum)
{
    if (errnum == EPIPE || errnum == ECONNRESET)
        return ERR("xenstored closed the connection");
    return err_errno(errnum, "lost xenstored");
}

/* ---- out ----------------------------------------------------------------- */

void wire_put(struct wire *w, const struct frame *head, const char *word,
              const char *data, size_t len)
{
    size_t word_size = strlen(word) + 1;
    struct xsd_sockmsg msg = {
        .type = head->type,
        .req_id = head->id,
        .tx_id = head->tx,
        .len = (uint32_t)(word_size + len),
    };

    str_addn(&w->out, (const char *)&msg, sizeof(msg));
    str_addn(&w->out, word, word_size);
    str_addn(&w->out, data, len);
}

static ssize_t send_once(struct wire *w)
{
    const char *at = w->out.text + w->out_done;
    struct xsd_sockmsg msg;

    if (!w->is_device)
        return send(w->fd, at, w->out.len - w->out_done, MSG_NOSIGNAL);
    memcpy(&msg, at, sizeof(msg));
    return write(w->fd, at, sizeof(msg) + msg.len);
}

struct err *wire_send(struct wire *w)
{
    while (w->out_done < w->out.len) {
        ssize_t n = send_once(w);

        if (n < 0 && errno == EAGAIN)
            return NULL;
        if (n < 0 && errno != EINTR)
            return lost(errno);
        w->out_done += n > 0 ? (size_t)n : 0;
    }
    str_clear(&w->out);
    w->out_done = 0;
    return NULL;
}

/* ---- in ------------------------------------------------------------------ */

struct err *wire_receive(struct wire *w)
{
    ssize_t n;

    memmove(w->in, w->in + w->in_start, w->in_end - w->in_start);
    w->in_end -= w->in_start;
    w->in_start = 0;
    n = read(w->fd, w->in + w->in_end, w->in_size - w->in_end);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return NULL;
    if (n < 0)
        return lost(errno);
    if (!n)
        return lost(ECONNRESET);
    w->in_end += (size_t)n;
    return NULL;
}

/* Room for the whole of a frame, which may be as long as a directory. */
static struct err *expect_frame(struct wire *w, const struct xsd_sockmsg *msg)
{
    size_t max = msg->type == XS_DIRECTORY ? STORE_LIST_MAX : STORE_PAYLOAD_MAX;

    if (msg->len > max)
        return wire_nonsense("a frame that is too long");
    if (sizeof(*msg) + msg->len <= w->in_size)
        return NULL;
    w->in_size = sizeof(*msg) + msg->len;
    w->in = xrealloc(w->in, w->in_size, 1);
    return NULL;
}

struct err *wire_next(struct wire *w, struct frame *ret, bool *ret_got)
{
    size_t have = w->in_end - w->in_start;
    struct xsd_sockmsg msg;

    *ret_got = false;
    if (have < sizeof(msg))
        return NULL;
    memcpy(&msg, w->in + w->in_start, sizeof(msg));
    TRY(expect_frame(w, &msg));
    if (have < sizeof(msg) + msg.len)
        return NULL;
    *ret = (struct frame){.type = msg.type,
                          .id = msg.req_id,
                          .tx = msg.tx_id,
                          .data = w->in + w->in_start + sizeof(msg),
                          .len = msg.len};
    w->in_start += sizeof(msg) + msg.len;
    *ret_got = true;
    return NULL;
}

int wire_errnum(const struct frame *f)
{
    if (f->type != XS_ERROR)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(xsd_errors); i++) {
        if (f->len && !f->data[f->len - 1] &&
            !strcmp(xsd_errors[i].errstring, f->data))
            return xsd_errors[i].errnum;
    }
    return EPROTO;
}
