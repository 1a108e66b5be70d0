/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/talk: see cli/talk.h. First the loop's side, then the command's. */
#include "xapi/cli/talk.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "xapi/cli/wire.h"
#include "xapi/door/jsonrpc.h"
#include "xapi/call/server.h"
#include "xapi/model/model_gen.h"

/* A message of a client is short; what is long comes behind it. */
#define MESSAGE_MAX 65536
/* What may wait in a connection that nobody reads. */
#define INPUT_MAX 65536

static void go_on(struct cli_talk *t);

static struct err *nobody(void)
{
    return ERR_AS(reported, "the client is gone");
}

/* ---- how far it is ------------------------------------------------------- */

/* A call that is quick shows nothing. */
#define FIRST_TICK 2
static const struct timeval tick = {0, 500000};
#define BAR 30
#define CLEAR_LINE "\r\033[K"

static double share_of(const struct cli_talk *t)
{
    const struct object *task =
        t->call->task
            ? db_find(t->cli.db, &model_classes[CLASS_task], t->call->task)
            : NULL;

    return task ? object_atom(task, &model_fields[task_progress]).d : 0;
}

static void draw(struct cli_talk *t)
{
    AUTO_STR struct str line = STR_INIT(200);
    double share = share_of(t);
    size_t full = (size_t)(share * BAR);

    str_addf(&line, "\r%3.0f%% %c [", share * 100, "|/-\\"[t->ticks % 4]);
    str_repeat(&line, '#', full > BAR ? BAR : full);
    str_repeat(&line, ' ', full > BAR ? 0 : BAR - full);
    str_add(&line, "] ");
    t->drawn = true;
    cli_stderr(&t->cli, str_text(&line));
    cli_talk_flush(t);
}

static void on_tick(int fd, short what, void *arg)
{
    struct cli_talk *t = arg;

    (void)fd, (void)what;
    if (!t->call || !t->bev)
        return;
    if (++t->ticks >= FIRST_TICK)
        draw(t);
    evtimer_add(t->timer, &tick);
}

static void begin_progress(struct cli_talk *t)
{
    if (!t->cli.terminal || !t->bev)
        return;
    if (!t->timer)
        t->timer = evtimer_new(t->cli.server->base, on_tick, t);
    t->ticks = 0;
    evtimer_add(t->timer, &tick);
}

static void end_progress(struct cli_talk *t)
{
    if (t->timer)
        evtimer_del(t->timer);
    if (t->drawn)
        cli_stderr(&t->cli, CLEAR_LINE);
    t->drawn = false;
}

/* ---- calls --------------------------------------------------------------- */

static struct value *read_result(const struct call *c, struct pool *p)
{
    AUTO_BODY struct body body = BODY_INIT;
    AUTO_STR struct str text = STR_INIT(BODY_MAX);
    struct writer w = {.codec = &codec_jsonrpc2, .body = &body};
    struct value *v = NULL;
    struct err *e;

    call_write_result(c, &w);
    body_flatten(&body, &text);
    e = json_parse(p, str_text(&text), text.len, &v);
    err_drop(e, "the codec writes JSON");
    return v ? v : value_nil(p);
}

static void on_answer(struct call *c, void *arg)
{
    struct cli_talk *t = arg;

    if (c->has_lines)
        call_write_lines(c->server);
    t->failure = take_ptr(c->failure);
    if (!t->failure && t->result_pool)
        t->result = read_result(c, t->result_pool);
    if (!t->call)
        return; /* call_start has not returned yet */
    t->call = NULL;
    end_progress(t);
    go_on(t);
}

static bool serve_call(struct cli_talk *t)
{
    struct call *waits = call_start(t->cli.server, t->call_pool, &t->cli.caller,
                                    t->method, t->args, on_answer, t);

    t->call = waits;
    if (waits)
        begin_progress(t);
    return !waits;
}

/* ---- the client ---------------------------------------------------------- */

void cli_talk_flush(struct cli_talk *t)
{
    if (t->bev)
        bufferevent_write(t->bev, str_text(&t->cli.out), t->cli.out.len);
    str_clear(&t->cli.out);
}

/* As soon as all that is wanted is there. */
static bool serve_bytes(struct cli_talk *t)
{
    struct evbuffer *input;

    t->bytes = NULL;
    if (!t->bev)
        return true;
    input = bufferevent_get_input(t->bev);
    if (evbuffer_get_length(input) < t->n_bytes) {
        bufferevent_setwatermark(t->bev, EV_READ, 0,
                                 t->n_bytes > INPUT_MAX ? t->n_bytes
                                                        : INPUT_MAX);
        return false;
    }
    t->bytes = pool_alloc(t->cli.pool, t->n_bytes + 1);
    evbuffer_remove(input, t->bytes, t->n_bytes);
    return true;
}

/* ---- turns --------------------------------------------------------------- */

#define TURN_SECONDS 0.01
/* What may be on its way to a client that does not read. */
#define OUTPUT_MAX (1u << 20)
static const struct timeval at_once = {0, 0};

static void on_turn(int fd, short what, void *arg)
{
    (void)fd, (void)what;
    go_on(arg);
}

static bool serve_turn(struct cli_talk *t)
{
    t->full = t->bev &&
              evbuffer_get_length(bufferevent_get_output(t->bev)) > OUTPUT_MAX;
    if (t->full)
        return false;
    if (!t->turn)
        t->turn = evtimer_new(t->cli.server->base, on_turn, t);
    evtimer_add(t->turn, &at_once);
    return false;
}

void cli_talk_written(struct cli_talk *t)
{
    if (!t->full)
        return;
    t->full = false;
    go_on(t);
}

/* ---- the fiber ----------------------------------------------------------- */

static bool serve(struct cli_talk *t)
{
    switch (t->want) {
    case CLI_WANT_CALL:
        return serve_call(t);
    case CLI_WANT_BYTES:
        return serve_bytes(t);
    default:
        return serve_turn(t);
    }
}

static void go_on(struct cli_talk *t)
{
    t->resumed = clock_now();
    while (fiber_resume(t->fiber))
        if (!serve(t))
            return;
    t->fiber = NULL;
    if (t->timer)
        event_free(t->timer);
    if (t->turn)
        event_free(t->turn);
    t->over(t);
}

static void run(struct fiber *f, void *arg)
{
    struct cli_talk *t = arg;

    (void)f;
    cli_run(&t->cli, &t->status);
}

void cli_talk_begin(struct cli_talk *t)
{
    t->cli.talk = t;
    bufferevent_setwatermark(t->bev, EV_READ, 0, INPUT_MAX);
    t->fiber = fiber_new(run, t);
    go_on(t);
}

void cli_talk_heard(struct cli_talk *t)
{
    if (t->fiber && !t->call && t->want == CLI_WANT_BYTES && serve_bytes(t))
        go_on(t);
}

void cli_talk_gone(struct cli_talk *t, bool now)
{
    bool waits_for_bytes = !t->call;

    if (t->bev)
        bufferevent_free(take_ptr(t->bev));
    t->cli.gone = true;
    t->stopped = now;
    if (!t->fiber || (t->call && t->cli.undoing && !now))
        return;
    if (t->call)
        call_give_up(take_ptr(t->call));
    t->failure = nobody();
    if (waits_for_bytes)
        t->bytes = NULL;
    if (t->turn)
        evtimer_del(t->turn);
    t->full = false;
    go_on(t);
}

/* ---- the command: calls -------------------------------------------------- */

static struct value *with_session(struct cli *c, struct pool *p,
                                  struct value *args)
{
    struct value *all = value_list(p);

    value_append(all, value_string(p, c->session));
    for (struct value *v = args->kids.first, *next; v; v = next) {
        next = v->next;
        v->next = NULL;
        value_append(all, v);
    }
    return all;
}

struct err *cli_call_in(struct cli *c, struct pool *p, const char *method,
                        struct value *args, struct value **ret)
{
    AUTO_POOL struct pool *mine = pool_new();
    struct cli_talk *t = c->talk;

    if (c->gone && (!c->undoing || t->stopped))
        return nobody();
    t->want = CLI_WANT_CALL;
    t->call_pool = mine;
    t->result_pool = ret ? p : NULL;
    t->method = method;
    t->args = with_session(c, mine, args);
    fiber_wait(t->fiber);
    if (t->failure)
        return take_ptr(t->failure);
    if (ret)
        *ret = t->result;
    return NULL;
}

struct err *cli_call(struct cli *c, const char *method, struct value *args,
                     struct value **ret)
{
    return cli_call_in(c, c->pool, method, args, ret);
}

struct err *cli_call_texts(struct cli *c, const char *method,
                           const char *const *texts, size_t n,
                           struct value **ret)
{
    struct value *args = value_list(c->pool);

    for (size_t i = 0; i < n; i++)
        value_append(args, value_string(c->pool, texts[i]));
    return cli_call(c, method, args, ret);
}

struct err *cli_breathe(struct cli *c)
{
    struct cli_talk *t = c->talk;

    if (!c->gone && clock_now() - t->resumed > TURN_SECONDS) {
        cli_talk_flush(t);
        t->want = CLI_WANT_TURN;
        fiber_wait(t->fiber);
    }
    err_free(take_ptr(t->failure));
    return c->gone ? nobody() : NULL;
}

void cli_undo(struct cli *c, const char *method, const char *ref,
              const char *word)
{
    *pool_push(c->pool, c->steps, c->n_steps) =
        (struct cli_step){method, pool_str(c->pool, ref), word};
}

void cli_undo_all(struct cli *c)
{
    c->undoing = true;
    while (c->n_steps) {
        struct cli_step s = c->steps[--c->n_steps];

        err_drop(cli_call_texts(c, s.method,
                                (const char *const[]){s.ref, s.word},
                                s.word ? 2 : 1, NULL),
                 "the command's own error is told");
    }
    c->undoing = false;
}

/* ---- the command: its client --------------------------------------------- */

static struct err *read_bytes(struct cli *c, size_t n, char **ret)
{
    struct cli_talk *t = c->talk;

    if (c->gone)
        return nobody();
    cli_talk_flush(t);
    t->want = CLI_WANT_BYTES;
    t->n_bytes = n;
    fiber_wait(t->fiber);
    if (!t->bytes) {
        err_free(take_ptr(t->failure));
        return nobody();
    }
    *ret = t->bytes;
    return NULL;
}

static struct err *malformed(void)
{
    return ERR("the client sends what is no message of the CLI protocol");
}

/* *RET_SIZE is of a chunk. */
static struct err *read_message(struct cli *c, uint32_t *ret_kind,
                                uint32_t *ret_size)
{
    struct cli_message m;
    uint32_t len, class;
    char *bytes;

    do {
        TRY(read_bytes(c, 4, &bytes));
        len = cli_get_int(bytes);
        if (len > MESSAGE_MAX)
            return malformed();
        TRY(read_bytes(c, len, &bytes));
        m = (struct cli_message){bytes, bytes + len};
        if (!cli_take_int(&m, &class) || !cli_take_int(&m, ret_kind) ||
            (class != CLI_RESPONSE && class != CLI_BLOB))
            return malformed();
    } while (*ret_kind == CLI_WAIT);
    if (*ret_kind == CLI_CHUNK && !cli_take_int(&m, ret_size))
        return malformed();
    return NULL;
}

/* Chunks, and the end behind them. */
static struct err *read_blob(struct cli *c, struct str *out)
{
    uint32_t kind, size;
    char *bytes;

    for (;;) {
        TRY(read_message(c, &kind, &size));
        if (kind == CLI_END)
            return NULL;
        if (kind != CLI_CHUNK)
            return malformed();
        if (size > CLI_LOAD_MAX - out->len)
            return ERR("a file of more than %u bytes", CLI_LOAD_MAX);
        TRY(read_bytes(c, size, &bytes));
        str_addn(out, bytes, size);
    }
}

static struct err *read_ok(struct cli *c)
{
    uint32_t kind, size;

    TRY(read_message(c, &kind, &size));
    if (kind == CLI_OK)
        return NULL;
    /* why, its user has read already */
    return kind == CLI_FAILED ? ERR_AS(reported, "the client has failed")
                              : malformed();
}

static void put(struct cli *c, enum cli_kind kind, const char *const *texts,
                size_t n)
{
    size_t len = 8;

    for (size_t i = 0; i < n; i++)
        len += 4 + strlen(texts[i]);
    cli_put_int(&c->out, (uint32_t)len);
    cli_put_int(&c->out, CLI_COMMAND);
    cli_put_int(&c->out, kind);
    for (size_t i = 0; i < n; i++)
        cli_put_text(&c->out, texts[i]);
}

struct err *cli_ask(struct cli *c, enum cli_kind kind, const char *const *texts,
                    size_t n)
{
    put(c, kind, texts, n);
    return read_ok(c);
}

struct err *cli_prompt(struct cli *c, const char **ret)
{
    AUTO_STR struct str line = STR_INIT(CLI_LOAD_MAX);

    put(c, CLI_PROMPT, NULL, 0);
    TRY(read_blob(c, &line));
    *ret = pool_strn(c->pool, str_text(&line), line.len);
    return NULL;
}

struct err *cli_load(struct cli *c, const char *file, const char **ret,
                     size_t *ret_len)
{
    AUTO_STR struct str text = STR_INIT(CLI_LOAD_MAX);

    TRY(cli_ask(c, CLI_LOAD, &file, 1));
    TRY(read_blob(c, &text));
    *ret = pool_strn(c->pool, str_text(&text), text.len);
    *ret_len = text.len;
    return NULL;
}
