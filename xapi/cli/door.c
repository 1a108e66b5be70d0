/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/door: POST /cli. The connection is taken from HTTP: banners, a login if
 * it came over the network, the command, its answer. All that is waited for is
 * waited for by the loop.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "xapi/cli/talk.h"
#include "xapi/cli/wire.h"
#include "xapi/door/http.h"
#include "xapi/call/rpc.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"

#define BODY_BYTES (200 * 1024)
#define BANNER_SIZE (sizeof(CLI_BANNER) - 1 + 8)
/* How long a client may take for its banner, and for what it is sent. */
static const struct timeval client_limit = {60, 0};

struct conversation {
    struct cli_talk talk; /* the first: what it is of */
    struct cli_door *door;
    struct conversation *next, **link; /* of the door's */
    struct http_request *request;
    struct call *login; /* that is waited for */
    bool greeted, ended;
    bool own_session; /* it ends with this */
    bool writing;     /* the disk is waited for */
};

/* Commands at once; who comes then is sent away. */
#define TALKS_MAX 500

struct cli_door {
    struct server *server;
    unsigned n;
    struct http_route route;
    struct conversation *first;
};

/* ---- the end ------------------------------------------------------------- */

static void unlink_conversation(struct conversation *v)
{
    v->door->n--;
    *v->link = v->next;
    if (v->next)
        v->next->link = v->link;
}

static void end(struct conversation *v)
{
    struct cli *c = &v->talk.cli;
    struct session *s =
        v->own_session ? session_find(c->server->sessions, c->session) : NULL;

    if (v->login)
        call_give_up(v->login);
    if (s)
        session_close(c->server->sessions, s);
    if (v->talk.bev)
        bufferevent_free(v->talk.bev);
    unlink_conversation(v);
    str_done(&c->out);
    str_done(&c->collected);
    http_done(v->request);
}

/* The client is gone. What still runs ends first; NOW: as it is. */
static void leave(struct conversation *v, bool now)
{
    if (v->talk.bev)
        bufferevent_setcb(v->talk.bev, NULL, NULL, NULL, NULL);
    if (v->talk.fiber || v->writing)
        cli_talk_gone(&v->talk, now);
    else
        end(v);
}

/* ---- out ----------------------------------------------------------------- */

static void put_exit(struct conversation *v, int status)
{
    struct str *out = &v->talk.cli.out;

    cli_put_int(out, 12);
    cli_put_int(out, CLI_COMMAND);
    cli_put_int(out, CLI_EXIT);
    cli_put_int(out, (uint32_t)status);
    v->ended = true;
}

static void fail(struct conversation *v, struct err *e)
{
    cli_print_error(&v->talk.cli, e);
    put_exit(v, 1);
    cli_talk_flush(&v->talk);
}

/* ---- the command --------------------------------------------------------- */

/* What it has changed is on disk before its client reads that it is done. */
static void durable(void *arg, struct err *e)
{
    struct conversation *v = arg;

    v->writing = false;
    if (!v->talk.bev) {
        err_free(e);
        end(v);
    } else if (e) {
        str_clear(&v->talk.cli.out);
        fail(v, e);
    } else {
        cli_talk_flush(&v->talk);
    }
}

static void over(struct cli_talk *t)
{
    struct conversation *v = (struct conversation *)t;

    log_info("cli", "%s %s: %d", t->cli.caller.address, t->cli.command,
             t->status);
    put_exit(v, t->status);
    v->writing = true;
    db_when_durable(t->cli.db, durable, v);
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
    v->talk.cli.session = pool_str(v->talk.cli.pool, c->result.keys[0].s);
    v->own_session = true;
    cli_talk_begin(&v->talk);
}

static void log_in(struct conversation *v)
{
    struct cli *c = &v->talk.cli;
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

/* By a session that there is already, or one for this command. */
static void enter(struct conversation *v)
{
    struct cli *c = &v->talk.cli;

    c->session = cli_param(c, "session_id");
    if (!c->session)
        log_in(v);
    else if (session_find(c->server->sessions, c->session))
        cli_talk_begin(&v->talk);
    else
        fail(v, ERR_AS(usage, "Authentication failed"));
}

/* ---- in ------------------------------------------------------------------ */

static void begin(struct conversation *v)
{
    struct err *e =
        cli_words(&v->talk.cli, v->request->body, v->request->body_len);

    if (e) {
        fail(v, e);
        return;
    }
    if (cli_flag(&v->talk.cli, "progress"))
        v->talk.cli.terminal = true;
    enter(v);
}

static bool is_banner(const char *text)
{
    return !memcmp(text, CLI_BANNER, strlen(CLI_BANNER)) &&
           cli_get_int(text + strlen(CLI_BANNER)) == CLI_MAJOR;
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct conversation *v = arg;
    char banner[BANNER_SIZE];

    if (v->greeted) {
        cli_talk_heard(&v->talk);
        return;
    }
    if (evbuffer_get_length(bufferevent_get_input(bev)) < BANNER_SIZE)
        return;
    bufferevent_read(bev, banner, sizeof(banner));
    v->greeted = true;
    bufferevent_set_timeouts(bev, NULL, &client_limit);
    if (is_banner(banner))
        begin(v);
    else
        leave(v, false);
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct conversation *v = arg;

    cli_talk_written(&v->talk); /* which may say the last there is to say */
    if (v->ended && !v->writing && !v->talk.cli.out.len &&
        !evbuffer_get_length(bufferevent_get_output(bev)))
        end(v);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev, (void)what;
    leave(arg, false);
}

static void greet(struct conversation *v)
{
    AUTO_STR struct str banner = STR_INIT(64);

    str_add(&banner, CLI_BANNER);
    cli_put_int(&banner, CLI_MAJOR);
    cli_put_int(&banner, CLI_MINOR);
    bufferevent_write(v->talk.bev, str_text(&banner), banner.len);
}

static void talk(struct conversation *v, const struct http_taken *taken)
{
    struct bufferevent *bev = bufferevent_socket_new(
        v->door->server->base, taken->fd, BEV_OPT_CLOSE_ON_FREE);

    v->talk.bev = bev;
    bufferevent_setcb(bev, on_read, on_written, on_event, v);
    bufferevent_set_timeouts(bev, &client_limit, &client_limit);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
    evbuffer_prepend(bufferevent_get_input(bev), taken->bytes, taken->len);
    greet(v);
    on_read(bev, v);
}

static struct conversation *conversation_new(struct cli_door *d,
                                             struct http_request *r)
{
    struct conversation *v = pool_new_of(r->pool, struct conversation);

    v->door = d;
    v->request = r;
    v->talk.over = over;
    v->talk.cli =
        (struct cli){.pool = r->pool,
                     .server = d->server,
                     .db = d->server->db,
                     .caller = rpc_caller(r),
                     /* who sees what is said while it is said */
                     .terminal = text_eq(http_header(r, "x-xe-terminal"), "1"),
                     .out = STR_INIT(CLI_OUT_MAX),
                     .collected = STR_INIT(CLI_OUT_MAX)};
    d->n++;
    v->next = d->first;
    v->link = &d->first;
    if (v->next)
        v->next->link = &v->next;
    d->first = v;
    return v;
}

static void on_request(struct http_request *r, void *arg)
{
    const struct cli_door *d = arg;
    struct http_taken taken;
    struct err *e;

    if (d->n == TALKS_MAX) {
        http_page(r, 503, "Too many commands are under way.");
        return;
    }
    e = http_take(r, &taken);
    if (e) {
        err_drop(e, "the client is gone");
        http_done(r);
        return;
    }
    talk(conversation_new(arg, r), &taken);
}

/* ---- the door ------------------------------------------------------------ */

struct cli_door *cli_door_new(struct http *http, struct server *server)
{
    struct cli_door *d = xcalloc(1, sizeof(*d));

    d->server = server;
    d->route = (struct http_route){"POST",     "/cli",     HTTP_WHOLE,
                                   BODY_BYTES, on_request, d};
    http_add_route(http, &d->route);
    return d;
}

void cli_door_free(struct cli_door *d)
{
    if (!d)
        return;
    while (d->first) {
        leave(d->first, true);
        /* the last that they did is on its way to the disk */
        err_drop(db_flush(d->server->db), "who wants to know is told");
        db_poll(d->server->db);
    }
    free(d);
}
