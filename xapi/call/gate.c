/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gate: see gate.h. */
#include "xapi/call/gate.h"

#include <assert.h>
#include <string.h>

#include "lib/log.h"
#include "xapi/call/call.h"
#include "xapi/model/model_gen.h"
#include "xapi/call/rpc.h"
#include "xapi/call/session.h"

/* One that is on its way in. */
struct visit {
    struct gate *gate;
    const struct model_http *row;
    struct http_request *request;
    struct caller caller;
    struct call *login; /* that is waited for */
};

static const struct model_http *find_row(const char *action)
{
    const struct model_http *row = model_http;

    while (row->name && strcmp(row->name, action))
        row++;
    assert(row->name);
    return row;
}

/* ---- the answers --------------------------------------------------------- */

static void note(const struct visit *v, const char *user, const char *what)
{
    log_info("http", "%s %s %s %s: %s", v->row->method, v->row->path,
             v->caller.address, user, what);
}

static void let_in(struct visit *v, const char *user)
{
    note(v, user, "let in");
    v->gate->fn(v->request, v->gate->arg);
}

static void refuse(struct visit *v, int status, const char *why)
{
    note(v, "", why);
    if (status == 401)
        http_set_header(v->request, "WWW-Authenticate",
                        "Basic realm=\"xapid\"");
    http_page(v->request, status, why);
}

static void judge(struct visit *v, const struct session *s)
{
    if (session_may(s, v->row->roles))
        let_in(v, session_user(s));
    else
        refuse(v, 403, "The session has no role that may.");
}

/* ---- who it is ----------------------------------------------------------- */

static void logged_in(struct call *c, void *arg)
{
    struct visit *v = arg;
    struct sessions *all = v->gate->server->sessions;
    struct session *s;

    v->login = NULL;
    http_on_gone(v->request, NULL, NULL);
    if (c->failure) {
        err_free(c->failure);
        refuse(v, 401, "Wrong user or password.");
        return;
    }
    s = session_find(all, c->result.keys[0].s);
    judge(v, s);
    session_close(all, s);
}

static void gone(void *arg)
{
    struct visit *v = arg;

    if (v->login)
        call_give_up(v->login);
}

static void log_in(struct visit *v, const char *user, const char *password)
{
    struct call *login =
        rpc_log_in(v->gate->server, v->request->pool, &v->caller,
                   (const char *const[]){user, password, "http"}, logged_in, v);

    if (!login)
        return; /* answered, and V is gone */
    v->login = login;
    if (!http_on_gone(v->request, gone, v)) {
        call_give_up(login);
        refuse(v, 401, "The client is gone.");
    }
}

static void on_request(struct http_request *r, void *arg)
{
    struct gate *g = arg;
    struct visit *v = pool_new_of(r->pool, struct visit);
    const char *ref = http_param(r, "session_id"), *user, *password;
    const struct session *s;

    *v = (struct visit){.gate = g, .row = find_row(g->action), .request = r};
    v->caller = rpc_caller(r);
    if (!ref)
        ref = http_cookie(r, "session_id");
    s = ref ? session_find(g->server->sessions, ref) : NULL;
    if (!s && g->is_open && g->is_open(r, g->arg))
        let_in(v, "anybody");
    else if (s)
        judge(v, s);
    else if (ref)
        refuse(v, 401, "There is no such session.");
    else if (v->caller.root)
        let_in(v, "root");
    else if (http_basic(r, &user, &password))
        log_in(v, user, password);
    else
        refuse(v, 401, "A session_id or a user and password are wanted.");
}

void gate_serve(struct http *http, struct gate *g, struct server *server,
                size_t body_max)
{
    const struct model_http *row = find_row(g->action);

    g->server = server;
    g->route =
        (struct http_route){row->method,
                            row->path,
                            body_max == GATE_STREAM ? HTTP_STREAM : HTTP_WHOLE,
                            body_max,
                            on_request,
                            g};
    http_add_route(http, &g->route);
}
