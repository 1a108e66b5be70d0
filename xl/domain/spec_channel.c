/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_channel: one channel of xl.cfg(5): a console of its own name between
 * the guest and a pty or socket in Dom0.
 */
#include "xl/domain/spec.h"

/* Where a channel ends is a union in libxl's struct: filled when all is known.
 */
struct channel {
    libxl_device_channel *libxl;
    char *backend, *name;
    const char *path;
    int connection;
};

/* clang-format off */
static const struct slot_choice connections[] = {
    {"pty",    LIBXL_CHANNEL_CONNECTION_PTY,    "A pseudo-terminal."},
    {"socket", LIBXL_CHANNEL_CONNECTION_SOCKET, "A Unix socket."},
    {NULL},
};

static const struct slot channel_rows[] = {
    {"name",       STRING_OF(struct channel, name),       .unit = "NAME",
     .doc = "Name that the guest finds it by."},
    {"connection", SPEC_WORD(struct channel, connection, connections), .unit = "TYPE",
     .doc = "What it is in Dom0."},
    {"path",       SLOT_WORD(struct channel, path),       .unit = "PATH",
     .doc = "Where the socket is."},
    {"backend",    STRING_OF(struct channel, backend),    .unit = "DOMAIN",
     .doc = "The domain that serves it; Dom0 unless given."},
    {NULL},
};
/* clang-format on */

const struct slot_table channel_keys = {.rows = channel_rows,
                                        .noun = "channel setting"};

static void connect_channel(const struct channel *c, const struct value *value,
                            struct diags *diags)
{
    switch (c->connection) {
    case LIBXL_CHANNEL_CONNECTION_PTY:
        libxl_device_channel_init_connection(c->libxl, c->connection);
        break;
    case LIBXL_CHANNEL_CONNECTION_SOCKET:
        if (!c->path) {
            diag_error(diags, value->place,
                       "a channel with connection=socket wants 'path=PATH'");
            break;
        }
        libxl_device_channel_init_connection(c->libxl, c->connection);
        c->libxl->u.socket.path = xstrdup(c->path);
        break;
    default:
        diag_error(diags, value->place,
                   "a channel wants 'connection=pty' or "
                   "'connection=socket,path=PATH'");
    }
}

void spec_channel_parse(const struct value *value,
                        libxl_device_channel *channel, struct pool *p,
                        struct diags *diags)
{
    struct channel c = {.libxl = channel};
    size_t n_before = diags->n_errors;

    spec_fill(&channel_keys, value, &c, p, diags);
    channel->name = c.name;
    channel->backend_domname = c.backend;
    if (diags->n_errors == n_before)
        connect_channel(&c, value, diags);
}
