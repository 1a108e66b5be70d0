/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_door: POST /cli. The connection is taken from HTTP: banners, a login if
 * it came over the network, the command, its answer. All that is waited for is
 * waited for by the loop.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "xapi/cli.h"
#include "xapi/cli_wire.h"
#include "xapi/door.h"
#include "xapi/rpc.h"
#include "xapi/server.h"
#include "xapi/session.h"

#define BODY_BYTES (200 * 1024)
#define BANNER_SIZE (sizeof(CLI_BANNER) - 1 + 8)
/* How long a client may take for its banner, and for what it is sent. */
static const struct timeval client_limit = {60, 0};

struct conversation {
    struct cli cli;
    struct http_request *request;
    struct bufferevent *bev;
    struct call *login; /* that is waited for */
    bool greeted, ended;
    bool writing, gone; /* the disk is waited for; the client does not wait */
};

static void end(struct conversation *v)
{
    struct session *s =
        v->cli.session ? session_find(v->cli.server->sessions, v->cli.session)
                       : NULL;

    bufferevent_setcb(v->bev, NULL, NULL, NULL, NULL);
    v->gone = true;
    if (v->writing)
        return; /* durable ends it */
    if (v->login)
        call_give_up(v->login);
    if (s)
        session_close(v->cli.server->sessions, s);
    bufferevent_free(v->bev);
    str_done(&v->cli.out);
    str_done(&v->cli.collected);
    http_done(v->request);
}

/* ---- out ----------------------------------------------------------------- */

static void send_out(struct conversation *v)
{
    bufferevent_write(v->bev, str_text(&v->cli.out), v->cli.out.len);
    str_clear(&v->cli.out);
}

static void put_exit(struct conversation *v, int status)
{
    cli_put_int(&v->cli.out, 12);
    cli_put_int(&v->cli.out, CLI_COMMAND);
    cli_put_int(&v->cli.out, CLI_EXIT);
    cli_put_int(&v->cli.out, (uint32_t)status);
    v->ended = true;
}

static void send_exit(struct conversation *v, int status)
{
    put_exit(v, status);
    send_out(v);
}

static void fail(struct conversation *v, struct err *e)
{
    cli_print_error(&v->cli, e);
    send_exit(v, 1);
}

/* ---- the command --------------------------------------------------------- */

/* What it has changed is on disk before its client reads that it is done. */
static void durable(void *arg, struct err *e)
{
    struct conversation *v = arg;

    v->writing = false;
    if (v->gone) {
        err_free(e);
        end(v);
    } else if (e) {
        fail(v, e);
    } else {
        send_out(v);
    }
}

static void run(struct conversation *v)
{
    int status;

    cli_run(&v->cli, &status);
    log_info("cli", "%s %s: %d", v->cli.caller.address, v->cli.command, status);
    put_exit(v, status);
    v->writing = true;
    db_when_durable(v->cli.db, durable, v);
}

/* ---- login --------------------------------------------------------------- */

static void logged_in(struct call *c, void *arg)
{
    struct conversation *v = arg;

    v->login = NULL;
    if (c->failure) {
        err_free(c->failure);
        fail(v, ERR_AS(usage, "Authentication failed"));
        return;
    }
    v->cli.session = pool_str(v->cli.pool, c->result.keys[0].s);
    run(v);
}

static void log_in(struct conversation *v)
{
    struct cli *c = &v->cli;
    const char *user = cli_param(c, "username");
    const char *password = cli_param(c, "password");

    if (!c->caller.root && (!user || !*user)) {
        fail(v, ERR_AS(usage, "Username/password must be specified"));
        return;
    }
    v->login =
        rpc_log_in(c->server, c->pool, &c->caller,
                   (const char *const[]){user ? user : "",
                                         password ? password : "", "cli"},
                   logged_in, v);
}

/* ---- in ------------------------------------------------------------------ */

static void begin(struct conversation *v)
{
    struct err *e = cli_words(&v->cli, v->request->body, v->request->body_len);

    if (e)
        fail(v, e);
    else
        log_in(v);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct conversation *v = arg;
    char banner[BANNER_SIZE];

    if (v->greeted ||
        evbuffer_get_length(bufferevent_get_input(bev)) < BANNER_SIZE)
        return;
    bufferevent_read(bev, banner, sizeof(banner));
    v->greeted = true;
    bufferevent_set_timeouts(bev, NULL, &client_limit);
    if (memcmp(banner, CLI_BANNER, strlen(CLI_BANNER)) ||
        cli_get_int(banner + strlen(CLI_BANNER)) != CLI_MAJOR)
        end(v);
    else
        begin(v);
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct conversation *v = arg;

    (void)bev;
    if (v->ended && !v->cli.out.len)
        end(v);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev, (void)what;
    end(arg);
}

static void greet(struct conversation *v)
{
    AUTO_STR struct str banner = STR_INIT(64);

    str_add(&banner, CLI_BANNER);
    cli_put_int(&banner, CLI_MAJOR);
    cli_put_int(&banner, CLI_MINOR);
    bufferevent_write(v->bev, str_text(&banner), banner.len);
}

static void on_request(struct http_request *r, void *arg)
{
    struct server *server = arg;
    struct conversation *v = pool_new_of(r->pool, struct conversation);
    struct http_taken taken;
    struct err *e;

    v->request = r;
    v->cli = (struct cli){.pool = r->pool,
                          .server = server,
                          .db = server->db,
                          .out = STR_INIT(CLI_OUT_MAX),
                          .collected = STR_INIT(CLI_OUT_MAX)};
    v->cli.caller = rpc_caller(r);
    e = http_take(r, &taken);
    if (e) {
        err_drop(e, "the client is gone");
        http_done(r);
        return;
    }
    v->bev =
        bufferevent_socket_new(server->base, taken.fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(v->bev, on_read, on_written, on_event, v);
    bufferevent_set_timeouts(v->bev, &client_limit, &client_limit);
    bufferevent_enable(v->bev, EV_READ | EV_WRITE);
    evbuffer_prepend(bufferevent_get_input(v->bev), taken.bytes, taken.len);
    greet(v);
    on_read(v->bev, v);
}

void cli_serve(struct http *http, struct http_route *route,
               struct server *server)
{
    *route = (struct http_route){"POST",     "/cli",     HTTP_WHOLE,
                                 BODY_BYTES, on_request, server};
    http_add_route(http, route);
}
