/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc: see rpc.h. The two methods that are of no class (system.listMethods and
 * the old ping) are here.
 */
#include "xapi/call/rpc.h"

#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/str.h"
#include "xapi/call/call.h"
#include "xapi/door/door.h"
#include "xapi/model/model_gen.h"
#include "xapi/call/server.h"

#define PING "system.isAlive:"

/* ---- answers ------------------------------------------------------------- */

/* Frees E. */
static void send_failure(struct door_call *d, struct err *e)
{
    const char *internal[] = {"INTERNAL_ERROR", err_text(e)};
    size_t n;
    const char *const *words = err_words(e, &n);

    if (words)
        door_send_failure(d, words, n);
    else
        door_send_failure(d, internal, ARRAY_LEN(internal));
    err_free(e);
}

/* An answer that waits for the disk. */
struct late {
    struct server *server;
    struct door_call *call;
    bool posted; /* it needs nobody who sends it then */
};

/* What a call has written is on disk before its client is told. */
static void send_durable(void *arg, struct err *e)
{
    const struct late *late = arg;
    struct door_call *d = late->call;

    if (late->posted && door_settle(d, !e)) {
        err_free(e);
        return;
    }
    call_write_lines(late->server);
    if (e) {
        log_error("db", "%s", err_text(e));
        send_failure(d, e);
    } else {
        door_send(d);
    }
}

/* All others wait until what is so by now is on disk: a token is of a state
 * that no crash takes back, and who wants what another is just writing has
 * written nothing, but is told that it is so. */
static bool only_reads(const struct call *c)
{
    static const bool kinds[] = {
        [MODEL_GET_FIELD] = true,         [MODEL_GET_BY_UUID] = true,
        [MODEL_GET_BY_NAME_LABEL] = true, [MODEL_GET_RECORD] = true,
        [MODEL_GET_ALL] = true,           [MODEL_GET_ALL_WHERE] = true,
        [MODEL_GET_ALL_RECORDS] = true,   [MODEL_GET_ALL_RECORDS_WHERE] = true,
        [MODEL_DESTROY] = false,
    };

    return c->row && kinds[c->row->kind];
}

static void send_late(const struct call *c, struct door_call *d)
{
    struct late *late = pool_new_of(d->pool, struct late);
    uint64_t gate = db_waits_for(c->db);

    *late = (struct late){.server = c->server, .call = d};
    if (gate)
        late->posted = door_post(d, gate);
    db_when_durable(c->db, send_durable, late);
}

static void answer(struct call *c, void *arg)
{
    struct door_call *d = arg;
    bool waits = !c->failure && !only_reads(c);

    if (c->user)
        http_name_client(d->request, c->user);
    if (!waits && c->has_lines)
        call_write_lines(c->server);
    if (c->failure) {
        send_failure(d, c->failure);
        return;
    }
    call_write_result(c, door_result(d));
    door_on_gone(d, NULL, NULL);
    if (waits)
        send_late(c, d);
    else
        door_send(d);
}

static void gone(void *arg)
{
    call_give_up(arg);
}

/* ---- methods of no class ------------------------------------------------- */

static void list_methods(struct door_call *d)
{
    struct writer *w = door_result(d);

    writer_list_open(w);
    for (const struct model_call *row = model_calls; row->name; row++)
        writer_string(w, row->name);
    writer_list_close(w);
    door_send(d);
}

static bool serve_system(struct door_call *d)
{
    if (!strcmp(d->method, "system.listMethods"))
        list_methods(d);
    else if (text_has_prefix(d->method, PING) && d->args->kids.n == 1)
        door_send_value(d, d->args->kids.first);
    else
        return false;
    return true;
}

/* ---- calls --------------------------------------------------------------- */

/* Root, and who runs this daemon (which need not be root with --hv=sim). */
static bool is_root(const struct http_peer *peer)
{
    return peer->transport == HTTP_UNIX &&
           (peer->uid == 0 || peer->uid == geteuid());
}

struct caller rpc_caller(struct http_request *r)
{
    const char *agent = http_header(r, "user-agent");

    return (struct caller){.root = is_root(r->peer),
                           .address = pool_str(r->pool, r->peer->address),
                           .agent = agent ? agent : ""};
}

struct call *rpc_log_in(struct server *server, struct pool *p,
                        const struct caller *caller, const char *const words[3],
                        call_done_fn *done, void *arg)
{
    struct value *args = value_list(p);

    value_append(args, value_string(p, words[0]));
    value_append(args, value_string(p, words[1]));
    value_append(args, value_string(p, "1.0"));
    value_append(args, value_string(p, words[2]));
    return call_start(server, p, caller, "session.login_with_password", args,
                      done, arg);
}

void rpc_serve(struct door_call *d, void *arg)
{
    struct caller caller = rpc_caller(d->request);
    struct call *c;

    caller.codec = d->codec;
    if (serve_system(d))
        return;
    c = call_start(arg, d->pool, &caller, d->method, d->args, answer, d);
    if (c && !door_on_gone(d, gone, c)) {
        call_give_up(c);
        door_fail(d, "TASK_CANCELLED", "");
    }
}
