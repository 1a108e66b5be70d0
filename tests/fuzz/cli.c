/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli: what a client of POST /cli may send, words of a command and then bytes
 * in answer to what it is asked, behind a NUL. The command runs with a session
 * that may only read. A byte over 0x7f and the one behind it are the name of a
 * command. Whatever comes, the command ends, and what it says is whole
 * messages.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"
#include "tests/fuzz/fuzz.h"
#include "xapi/cli/help.h"
#include "xapi/cli/talk.h"
#include "xapi/call/crowd.h"
#include "xapi/first.h"
#include "xapi/door/limits.h"
#include "xapi/call/session.h"
#include "xapi/model/model_gen.h"

static struct server *server_of_all(void)
{
    static struct server server;
    struct session_login login = {.user = "reader", .originator = "fuzz"};
    struct session *session;

    if (server.db)
        return &server;
    server.base = event_base_new();
    server.db = db_new();
    server.lock = -1;
    server.limits = &limits_default;
    server.crowd = crowd_new();
    server.sessions = sessions_new(&server);
    login.roles = 1u << (model_role_find("read-only") - model_roles);
    if (log_open(LOG_ERROR_, "/dev/null") || first_prepare(&server) ||
        session_open(server.sessions, &login, &session))
        abort();
    return &server;
}

static const char *session_of(const struct server *server)
{
    return object_ref(db_first(server->db, &model_classes[CLASS_session]));
}

/* ---- the input ----------------------------------------------------------- */

static void expand(struct cli *c, const uint8_t *data, size_t len,
                   struct str *out)
{
    size_t n;
    const char *const *names = cli_command_names(c, true, &n);

    for (size_t i = 0; i < len; i++) {
        if (data[i] < 0x80 || i + 1 == len) {
            str_addc(out, (char)data[i]);
            continue;
        }
        str_add(out, names[((data[i] & 0x7fu) << 8 | data[i + 1]) % n]);
        i++;
    }
}

/* ---- the talk ------------------------------------------------------------ */

static void over(struct cli_talk *t)
{
    t->status = t->status ? 1 : 0;
    t->cli.undoing = true; /* for the loop below */
}

static void on_read(struct bufferevent *bev, void *arg)
{
    (void)bev;
    cli_talk_heard(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)what;
    bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
    cli_talk_gone(arg, false);
}

static void connect_client(struct cli_talk *t, const char *bytes, size_t len)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) ||
        write(fds[1], bytes, len) != (ssize_t)len || shutdown(fds[1], SHUT_WR))
        abort();
    t->bev = bufferevent_socket_new(t->cli.server->base, fds[0],
                                    BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(t->bev, on_read, NULL, on_event, t);
    bufferevent_enable(t->bev, EV_READ | EV_WRITE);
    t->n_bytes = (size_t)fds[1]; /* kept until its end */
}

static void check_out(const struct cli *c)
{
    size_t at = 0;

    while (at < c->out.len) {
        fuzz_must(c->out.len - at >= 12, "a message has a head");
        at += 4 + cli_get_int(str_text(&c->out) + at);
    }
    fuzz_must(at == c->out.len, "messages are whole");
}

static void run(struct cli_talk *t, const char *bytes, size_t len)
{
    int client;

    connect_client(t, bytes, len);
    client = (int)t->n_bytes;
    cli_talk_begin(t);
    for (int i = 0; !t->cli.undoing; i++) {
        fuzz_must(i < 1000, "the command ends");
        event_base_loop(t->cli.server->base, EVLOOP_ONCE);
    }
    if (t->bev)
        bufferevent_free(t->bev);
    close(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str words = STR_INIT(65536);
    struct server *server = server_of_all();
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    size_t len = end ? (size_t)(end - data) : size;
    struct cli_talk t = {.over = over};
    AUTO_ERR struct err *e = NULL;

    t.cli = (struct cli){.pool = p,
                         .server = server,
                         .db = server->db,
                         .session = session_of(server),
                         .caller = {.address = "", .agent = ""},
                         .out = STR_INIT(CLI_OUT_MAX),
                         .collected = STR_INIT(CLI_OUT_MAX)};
    expand(&t.cli, data, len, &words);
    e = cli_words(&t.cli, str_text(&words), words.len);
    if (!e)
        run(&t, (const char *)data + len + (end != NULL),
            size - len - (end != NULL));
    check_out(&t.cli);
    str_done(&t.cli.out);
    str_done(&t.cli.collected);
    return 0;
}
