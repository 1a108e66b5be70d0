/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* talk: see talk.h. */
#include "xapi/xe/talk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "xapi/cli/wire.h"

#define LOAD_MAX (32u << 20)

void xe_talk_debug(struct xe_talk *t, const char *fmt, ...)
{
    va_list ap;

    if (!t->options->debug && !t->options->debug_on_fail)
        return;
    va_start(ap, fmt);
    if (t->options->debug) {
        vfprintf(stderr, fmt, ap);
        fputc('\n', stderr);
    } else {
        str_vaddf(&t->debug, fmt, ap);
        str_addc(&t->debug, '\n');
    }
    va_end(ap);
}

/* ---- connect ------------------------------------------------------------- */

static struct err *connect_local(struct xe_talk *t, struct xe_link *ret)
{
    const char *path = getenv("XE_SOCKET");
    struct err *e = xe_link_unix(path ? path : XE_SOCKET, ret);

    if (!e)
        return NULL;
    xe_talk_debug(t, "%s", err_text(e));
    if (path)
        return e;
    err_drop(e, "there is TCP, too");
    return xe_link_tcp(XE_SERVER, t->options->port ? t->options->port : 80,
                       false, ret);
}

struct err *xe_talk_connect(struct xe_talk *t, const char *host,
                            struct xe_link *ret)
{
    const struct xe_options *o = t->options;
    int64_t port = o->port;

    if (!host && !strcmp(o->server, XE_SERVER) && !port)
        return connect_local(t, ret);
    if (!host)
        host = o->server;
    if (!port)
        port = o->nossl ? 80 : 443;
    xe_talk_debug(t, "%s, port %u%s", host, (unsigned)port,
                  o->nossl ? "" : ", TLS");
    return xe_link_tcp(host, (unsigned)port, !o->nossl, ret);
}

/* ---- messages ------------------------------------------------------------ */

static struct err *send_message(struct xe_talk *t, int class, int kind,
                                const uint32_t *number)
{
    AUTO_STR struct str out = STR_INIT(64);

    cli_put_int(&out, number ? 12 : 8);
    cli_put_int(&out, (uint32_t) class);
    cli_put_int(&out, (uint32_t)kind);
    if (number)
        cli_put_int(&out, *number);
    return xe_link_write(&t->link, str_text(&out), out.len);
}

struct err *xe_talk_answer(struct xe_talk *t, int class, int kind)
{
    return send_message(t, class, kind, NULL);
}

struct err *xe_talk_chunk(struct xe_talk *t, size_t size)
{
    return send_message(t, CLI_BLOB, CLI_CHUNK, &(uint32_t){(uint32_t)size});
}

static struct err *send_blob(struct xe_talk *t, const char *bytes, size_t len)
{
    TRY(xe_talk_chunk(t, len));
    TRY(xe_link_write(&t->link, bytes, len));
    return xe_talk_answer(t, CLI_BLOB, CLI_END);
}

/* What went wrong here is said here; the server only hears that it did. */
static struct err *report(struct xe_talk *t, struct err *e)
{
    if (!e)
        return xe_talk_answer(t, CLI_RESPONSE, CLI_OK);
    fprintf(stderr, "Operation failed. Error: %s\n", err_text(e));
    err_free(e);
    return xe_talk_answer(t, CLI_RESPONSE, CLI_FAILED);
}

static struct err *load(struct xe_talk *t, const char *file)
{
    struct err *e = xe_transfer_check(t, file, false);
    char *text;
    size_t len;

    if (!e)
        e = file_read(t->pool, file, LOAD_MAX, &text, &len);
    if (e)
        return report(t, e);
    TRY(report(t, NULL));
    return send_blob(t, text, len);
}

static struct err *prompt(struct xe_talk *t)
{
    AUTO_FREE char *line = NULL;
    size_t size = 0;
    ssize_t len = getline(&line, &size, stdin);

    if (len > 0 && line[len - 1] == '\n')
        len--;
    return send_blob(t, len > 0 ? line : "", len > 0 ? (size_t)len : 0);
}

struct err *xe_talk_no_output(void)
{
    if (errno == EPIPE)
        return ERR_AS(reported, "who reads it has had enough");
    return err_errno(errno, "standard output");
}

static struct err *malformed(void)
{
    return ERR("the server sends what is no message of the CLI protocol");
}

static struct err *print_error(struct xe_talk *t, struct cli_message *m,
                               const char *code)
{
    uint32_t n;

    if (!cli_take_int(m, &n))
        return malformed();
    fprintf(stderr, "Error code: %s\nError parameters: ", code);
    for (uint32_t i = 0; i < n; i++) {
        const char *text;

        if (!cli_take_text(m, t->pool, &text))
            return malformed();
        fprintf(stderr, "%s%s", i ? ", " : "", text);
    }
    fputc('\n', stderr);
    return NULL;
}

/* One command of the server with its texts; CLI_EXIT is not for here. */
static struct err *obey(struct xe_talk *t, struct cli_message *m, uint32_t kind)
{
    const char *text = NULL, *url = NULL;
    bool two = kind == CLI_HTTP_GET || kind == CLI_HTTP_PUT;

    if (kind != CLI_PROMPT && !cli_take_text(m, t->pool, &text))
        return malformed();
    if (two && !cli_take_text(m, t->pool, &url))
        return malformed();
    switch (kind) {
    case CLI_PRINT:
        return puts(text) == EOF ? xe_talk_no_output() : NULL;
    case CLI_PRINT_STDERR:
        fputs(text, stderr);
        return NULL;
    case CLI_DEBUG:
        xe_talk_debug(t, "%s", text);
        return NULL;
    case CLI_ERROR:
        return print_error(t, m, text);
    case CLI_LOAD:
        return load(t, text);
    case CLI_PROMPT:
        fflush(stdout);
        return prompt(t);
    case CLI_HTTP_GET:
        return report(t, xe_transfer_get(t, text, url));
    case CLI_HTTP_PUT:
        return report(t, xe_transfer_put(t, text, url));
    case CLI_HTTP_CONNECT:
        return report(t, xe_transfer_connect(t, text));
    default:
        return malformed();
    }
}

static struct err *read_message(struct xe_talk *t, struct pool *p,
                                struct cli_message *ret)
{
    char head[4], *bytes;
    uint32_t len;

    TRY(xe_link_read_all(&t->link, head, sizeof(head)));
    len = cli_get_int(head);
    if (len > CLI_MESSAGE_MAX)
        return malformed();
    bytes = pool_alloc(p, len + 1);
    TRY(xe_link_read_all(&t->link, bytes, len));
    *ret = (struct cli_message){bytes, bytes + len};
    return NULL;
}

static struct err *step(struct xe_talk *t, bool *ret_end, int *ret_status)
{
    AUTO_POOL struct pool *p = pool_new();
    struct pool *mine = t->pool;
    struct cli_message m = {NULL, NULL};
    uint32_t class, kind, status;
    struct err *e;

    TRY(read_message(t, p, &m));
    if (!cli_take_int(&m, &class) || !cli_take_int(&m, &kind) ||
        class != CLI_COMMAND)
        return malformed();
    if (kind == CLI_EXIT) {
        if (!cli_take_int(&m, &status))
            return malformed();
        *ret_end = true;
        *ret_status = (int)status;
        return NULL;
    }
    t->pool = p;
    e = obey(t, &m, kind);
    t->pool = mine;
    return e;
}

/* ---- the talk ------------------------------------------------------------ */

/* A word is a line there; one with a line break would be two. */
static struct err *add_words(const struct xe_talk *t, struct str *body)
{
    const struct xe_options *o = t->options;

    for (size_t i = 0; i < o->n_words; i++) {
        if (strchr(o->words[i], '\n'))
            return ERR_AS(input, "'%s': a word cannot have line breaks",
                          o->words[i]);
        str_addf(body, "%s\n", o->words[i]);
    }
    str_addf(body, "username=%s\npassword=%s", o->username, o->password);
    return NULL;
}

static struct err *send_command(struct xe_talk *t)
{
    AUTO_STR struct str body = STR_INIT(STR_MAX), head = STR_INIT(STR_MAX);

    TRY(add_words(t, &body));
    str_addf(&head,
             "POST /cli HTTP/1.0\r\nUser-agent: xe-cli/Unix/%d.%d\r\n"
             "originator: cli\r\ncontent-length: %zu\r\n",
             CLI_MAJOR, CLI_MINOR, body.len);
    /* our server shows there how far long commands are */
    if (isatty(STDERR_FILENO))
        str_add(&head, "x-xe-terminal: 1\r\n");
    if (t->options->traceparent)
        str_addf(&head, "traceparent: %s\r\n", t->options->traceparent);
    str_add(&head, "\r\n");
    TRY(xe_link_write(&t->link, str_text(&head), head.len));
    return xe_link_write(&t->link, str_text(&body), body.len);
}

static struct err *shake_hands(struct xe_talk *t)
{
    char theirs[sizeof(CLI_BANNER) - 1 + 8];
    AUTO_STR struct str mine = STR_INIT(64);

    TRY(xe_link_read_all(&t->link, theirs, 4));
    if (!memcmp(theirs, "HTTP", 4))
        return ERR_AS(server, "Server internal error.");
    TRY(xe_link_read_all(&t->link, theirs + 4, sizeof(theirs) - 4));
    if (memcmp(theirs, CLI_BANNER, strlen(CLI_BANNER)))
        return malformed();
    if (cli_get_int(theirs + strlen(CLI_BANNER)) != CLI_MAJOR)
        return ERR("the server speaks another version of the CLI protocol");
    str_add(&mine, CLI_BANNER);
    cli_put_int(&mine, CLI_MAJOR);
    cli_put_int(&mine, CLI_MINOR);
    return xe_link_write(&t->link, str_text(&mine), mine.len);
}

struct err *xe_talk_on(struct xe_talk *t, int *ret)
{
    bool end = false;

    TRY(send_command(t));
    TRY(shake_hands(t));
    while (!end)
        TRY(step(t, &end, ret));
    return NULL;
}

struct err *xe_talk_run(struct xe_talk *t, int *ret)
{
    struct err *e;

    TRY(xe_talk_connect(t, NULL, &t->link));
    e = xe_talk_on(t, ret);
    xe_link_close(&t->link);
    if ((e || *ret) && t->debug.len)
        fputs(str_text(&t->debug), stderr);
    str_done(&t->debug);
    return e;
}
