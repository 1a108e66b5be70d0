/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve: the door with calls of the tests' own behind it.
 *   serve DIR [LIMIT=N...]
 * listens on DIR/socket and on free ports of 127.0.0.1, makes DIR/cert.pem, and
 * writes "HTTP-PORT HTTPS-PORT" into DIR/ports when it is ready. Ends on
 * SIGTERM with status 0 when all requests could be answered; reads the
 * certificate again on SIGHUP.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/door/door.h"
#include "xapi/door/tls.h"

#define RECORD_BYTES 3000

struct server {
    struct event_base *base;
    struct door *door;
    struct tls *tls;
    unsigned n_gone, n_released, n_later;
    char record[RECORD_BYTES]; /* serialised, for either codec: digits */
};

/* ---- calls --------------------------------------------------------------- */

/* An answer that is to come. */
struct later {
    struct server *server;
    struct door_call *call;
    struct event *timer;
};

static const struct value *arg(const struct door_call *c, size_t n)
{
    const struct value *v = c->args->kids.first;

    while (v && n--)
        v = v->next;
    return v;
}

static void echo(struct server *s, struct door_call *c)
{
    (void)s;
    door_send_value(c, c->args);
}

static void power_state(struct server *s, struct door_call *c)
{
    (void)s;
    writer_string(door_result(c), "Running");
    door_send(c);
}

static void refuse(struct server *s, struct door_call *c)
{
    const char **words = NULL;
    size_t n = 0;

    (void)s;
    value_each(word, c->args)
    {
        *pool_push(c->pool, words, n) = word->s.text;
    }
    door_send_failure(c, words, n);
}

static void released(void *arg)
{
    ((struct server *)arg)->n_released++;
}

static void records(struct server *s, struct door_call *c)
{
    const struct value *n = arg(c, 0);
    int64_t wanted = n->kind == VALUE_INT ? n->i : atoll(n->s.text);
    struct writer *w = door_result(c);
    char name[40];

    writer_struct_open(w);
    for (int64_t i = 0; i < wanted; i++) {
        snprintf(name, sizeof(name), "OpaqueRef:%lld", (long long)i);
        writer_name(w, name);
        writer_refer(w, s->record, sizeof(s->record), released, s);
    }
    writer_struct_close(w);
    door_send(c);
}

static void types(struct server *s, struct door_call *c)
{
    struct writer *w = door_result(c);

    (void)s;
    writer_list_open(w);
    writer_int(w, 42);
    writer_i4(w, 7);
    writer_double(w, 1.5);
    writer_bool(w, true);
    writer_time(w, 1706684709);
    writer_string(w, "a<b>\"&'\xc3\xa9\r\n\t");
    writer_list_close(w);
    door_send(c);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct later *later = arg;

    (void)fd;
    (void)what;
    writer_string(door_result(later->call), "at last");
    door_send(later->call);
}

static void free_later(void *arg)
{
    struct later *later = arg;

    later->server->n_later--;
    event_free(later->timer);
}

static void on_gone(void *arg)
{
    ((struct later *)arg)->server->n_gone++;
}

/* test.later(seconds, told): answered after a while; TOLD: wants to be told
 * when the client goes. */
static void answer_later(struct server *s, struct door_call *c)
{
    struct later *later = pool_new_of(c->pool, struct later);
    double seconds = arg(c, 0)->d;
    struct timeval tv = {(time_t)seconds, 0};

    tv.tv_usec = (suseconds_t)((seconds - (double)tv.tv_sec) * 1e6);
    later->server = s;
    s->n_later++;
    later->call = c;
    later->timer = evtimer_new(s->base, on_later, later);
    pool_at_free(c->pool, free_later, later);
    event_add(later->timer, &tv);
    if (arg(c, 1)->b)
        door_on_gone(c, on_gone, later);
}

static void counts(struct server *s, struct door_call *c)
{
    struct value *v = value_struct(c->pool);

    value_set(v, "gone", value_int(c->pool, s->n_gone));
    value_set(v, "later", value_int(c->pool, s->n_later));
    value_set(v, "released", value_int(c->pool, s->n_released));
    value_set(
        v, "connections",
        value_int(c->pool, (int64_t)http_n_connections(door_http(s->door))));
    door_send_value(c, v);
}

static void who(struct server *s, struct door_call *c)
{
    static const char *const transports[] = {"unix", "tcp", "tls"};
    const struct http_peer *peer = c->request->peer;
    struct value *v = value_struct(c->pool);
    const char *user = NULL, *password = NULL;

    (void)s;
    http_basic(c->request, &user, &password);
    value_set(v, "transport",
              value_string(c->pool, transports[peer->transport]));
    value_set(v, "address", value_string(c->pool, peer->address));
    value_set(v, "port", value_int(c->pool, peer->port));
    value_set(v, "uid", value_int(c->pool, (int)peer->uid));
    value_set(v, "agent",
              value_string(c->pool, http_header(c->request, "user-agent")));
    value_set(v, "cookie",
              value_string(c->pool, http_cookie(c->request, "session_id")));
    value_set(v, "query", value_string(c->pool, http_param(c->request, "a")));
    value_set(v, "user", value_string(c->pool, user));
    value_set(v, "password", value_string(c->pool, password));
    value_set(v, "path", value_string(c->pool, c->request->path));
    door_send_value(c, v);
}

static const struct row {
    const char *name;
    void (*fn)(struct server *s, struct door_call *c);
} rows[] = {
    {"VM.get_power_state", power_state},
    {"test.echo", echo},
    {"test.refuse", refuse},
    {"test.records", records},
    {"test.types", types},
    {"test.later", answer_later},
    {"test.counts", counts},
    {"test.who", who},
};

static void list_methods(struct door_call *c)
{
    struct writer *w = door_result(c);

    writer_list_open(w);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        writer_string(w, rows[i].name);
    writer_list_close(w);
    door_send(c);
}

static void serve(struct door_call *c, void *arg)
{
    if (!strcmp(c->method, "system.listMethods")) {
        list_methods(c);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!strcmp(rows[i].name, c->method)) {
            rows[i].fn(arg, c);
            return;
        }
    }
    door_fail(c, "MESSAGE_METHOD_UNKNOWN", c->method);
}

/* ---- what is no call ----------------------------------------------------- */

static void say(struct http_request *r, void *arg)
{
    AUTO_BODY struct body body = BODY_INIT;

    str_addf(&body.text, "%s %s", (const char *)arg, r->path);
    http_answer(r, 200, "text/plain", &body);
}

static void ask_password(struct http_request *r, void *arg)
{
    const char *user, *password;

    if (http_basic(r, &user, &password)) {
        say(r, arg);
        return;
    }
    http_set_header(r, "WWW-Authenticate", "Basic realm=\"x\r\ny\"");
    http_page(r, 401, NULL);
}

/* What a child does with a connection that was taken. */
typedef void child_fn(const struct http_taken *taken,
                      const struct http_request *r);

static void put(int fd, const void *bytes, size_t len)
{
    err_drop(file_write_all(fd, bytes, len), "the client may have gone");
}

/* In a child blocking is fine: sends the head, and then what FN says. */
static void hand_over(struct http_request *r, bool with_head, child_fn *fn)
{
    AUTO_STR struct str head = STR_INIT(STR_MAX);
    struct http_taken taken;
    AUTO_ERR struct err *e = http_take(r, &taken);

    if (e) {
        http_page(r, 500, err_text(e));
        return;
    }
    if (!fork()) {
        fcntl(taken.fd, F_SETFL, fcntl(taken.fd, F_GETFL) & ~O_NONBLOCK);
        http_format_head(r, 200, NULL, -1, &head);
        if (with_head)
            put(taken.fd, str_text(&head), head.len);
        fn(&taken, r);
        _exit(0);
    }
    close(taken.fd);
    http_done(r);
}

/* Reads to the end, or as long as it was said to be, and tells how much. */
static void count(const struct http_taken *taken, const struct http_request *r)
{
    uint64_t n = taken->len, max = r->has_length ? r->length : UINT64_MAX;
    char buffer[65536];
    ssize_t got = 1;

    while (n < max && got > 0) {
        got = read(taken->fd, buffer, sizeof(buffer));
        n += got > 0 ? (uint64_t)got : 0;
    }
    put(taken->fd, buffer,
        (size_t)snprintf(buffer, sizeof(buffer), "%llu bytes",
                         (unsigned long long)n));
}

static void give_back(const struct http_taken *taken,
                      const struct http_request *r)
{
    char buffer[65536];
    ssize_t got;

    if (r->body)
        put(taken->fd, r->body, r->body_len);
    put(taken->fd, taken->bytes, taken->len);
    while ((got = read(taken->fd, buffer, sizeof(buffer))) > 0)
        put(taken->fd, buffer, (size_t)got);
}

static void on_import(struct http_request *r, void *arg)
{
    (void)arg;
    hand_over(r, true, count);
}

static void on_console(struct http_request *r, void *arg)
{
    (void)arg;
    hand_over(r, true, give_back);
}

static void on_cli(struct http_request *r, void *arg)
{
    (void)arg;
    hand_over(r, false, give_back);
}

static char files[] = "files", export[] = "export", metadata[] = "metadata";
static const struct http_route routes[] = {
    {"GET", "/", HTTP_WHOLE, 0, say, files},
    {"GET", "/export", HTTP_WHOLE, 0, say, export},
    {"GET", "/export_metadata", HTTP_WHOLE, 0, say, metadata},
    {"GET", "/password", HTTP_WHOLE, 0, ask_password, files},
    {"PUT", "/import", HTTP_STREAM, 0, on_import, NULL},
    {"CONNECT", "/console", HTTP_STREAM, 0, on_console, NULL},
    {"POST", "/cli", HTTP_WHOLE, 200 * 1024, on_cli, NULL},
};

/* ---- beginning and end --------------------------------------------------- */

static void stopped(void *arg)
{
    struct server *s = arg;

    event_base_loopbreak(s->base);
}

static void on_signal(evutil_socket_t signal, short what, void *arg)
{
    struct server *s = arg;
    struct err *e = NULL;

    (void)what;
    if (signal == SIGCHLD) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        return;
    }
    if (signal == SIGHUP) {
        e = tls_reload(s->tls);
        if (e)
            fprintf(stderr, "%s\n", err_text(e));
        err_free(e);
        return;
    }
    http_stop(door_http(s->door), 3, stopped, s);
}

static struct err *read_limits(char **words, struct limits *ret, struct pool *p)
{
    struct fill fill = {.pool = p, .base = ret};

    *ret = limits_default;
    for (; *words; words++) {
        char **pair = text_split(p, *words, '=', NULL);
        const struct slot *row = slot_find(limits_rows, pair[0]);
        int64_t n;

        if (!row || !pair[1])
            return ERR_AS(usage, "'%s' is no limit", *words);
        TRY(text_to_int(pair[1], 10, 0, INT64_MAX, &n));
        TRY(slot_read(row, value_int(p, n), &fill));
    }
    return NULL;
}

static struct err *listen_all(struct server *s, const char *dir, struct pool *p)
{
    const char *cert = pool_printf(p, "%s/cert.pem", dir), *ports;
    struct http *http = door_http(s->door);
    const char *const *names;
    unsigned plain, tls;
    size_t n;

    names = tls_host_names(p, &n);
    TRY(tls_make_certificate(cert, names, n));
    TRY(tls_new(cert, NULL, &s->tls));
    TRY(http_listen_unix(http, pool_printf(p, "%s/socket", dir), 0600));
    TRY(http_listen_tcp(http, "127.0.0.1:0", NULL, &plain));
    TRY(http_listen_tcp(http, "localhost:0", s->tls, &tls));
    ports = pool_printf(p, "%u %u\n", plain, tls);
    return file_write(pool_printf(p, "%s/ports", dir), ports, strlen(ports),
                      0600);
}

static struct err *run(char **words, struct pool *p)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGCHLD};
    struct server *s = pool_new_of(p, struct server);
    struct event *on[ARRAY_LEN(signals)];
    struct limits limits;
    struct err *e;

    if (!words[0])
        return ERR_AS(usage, "usage: serve DIR [LIMIT=N...]");
    TRY(read_limits(words + 1, &limits, p));
    memset(s->record, '7', sizeof(s->record));
    s->base = event_base_new();
    s->door = door_new(s->base, &limits, serve, s);
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        http_add_route(door_http(s->door), &routes[i]);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        on[i] = evsignal_new(s->base, signals[i], on_signal, s);
        event_add(on[i], NULL);
    }
    e = listen_all(s, words[0], p);
    if (!e)
        event_base_dispatch(s->base);
    if (!e && http_n_connections(door_http(s->door)))
        e = ERR("some requests were not answered");
    door_free(s->door);
    tls_free(s->tls);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        event_free(on[i]);
    event_base_free(s->base);
    return e;
}

int main(int argc, char **argv)
{
    AUTO_POOL struct pool *p = pool_new();
    struct rlimit most_files;
    AUTO_ERR struct err *e = NULL;

    if (!getrlimit(RLIMIT_NOFILE, &most_files)) {
        most_files.rlim_cur = most_files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &most_files);
    }
    e = run(argv + (argc > 0), p);
    if (e)
        fprintf(stderr, "serve: %s\n", err_text(e));
    return err_exit_status(e);
}
