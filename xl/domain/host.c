/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host: see host.h. The sink is an xentoollog logger of our own: it keeps the
 * lines, and hands those the user asked for to xentoollog's own stdio logger.
 */
#include "xl/domain/host.h"

#include <ctype.h>
#include <libxl_utils.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/run.h"
#include "lib/str.h"
#include "xenstore/store.h"

/* Past this many lines since the mark only errors are kept; past twice as
 * many, nothing is. */
#define SINK_LINES_MAX 2000

#define LOG_DIR "/var/log/xen/"
#define LOG_SIZE_MAX (16u << 20)
#define LOG_TAIL_LINES 5

struct line {
    xentoollog_level level;
    const char *text;
};

struct sink {
    struct xentoollog_logger logger; /* first: libxl hands it back */
    xentoollog_logger *shown;        /* what prints */
    xentoollog_level level;          /* least level that is printed */
    pid_t pid;
    struct pool *pool; /* of the lines */
    struct line *lines;
    size_t n;
};

static void show(struct sink *s, xentoollog_level level, int errnum,
                 const char *context, const char *fmt, va_list ap)
    PRINTF_LIKE(5, 0);
static void keep(struct sink *s, xentoollog_level level, int errnum,
                 const char *fmt, va_list ap) PRINTF_LIKE(4, 0);

static void show(struct sink *s, xentoollog_level level, int errnum,
                 const char *context, const char *fmt, va_list ap)
{
    va_list copy;

    va_copy(copy, ap);
    xtl_logv(s->shown, level, errnum, context, fmt, copy);
    va_end(copy);
}

static void keep(struct sink *s, xentoollog_level level, int errnum,
                 const char *fmt, va_list ap)
{
    struct line *line;
    const char *text;

    if (s->n > SINK_LINES_MAX &&
        (level < XTL_ERROR || s->n > 2 * SINK_LINES_MAX))
        return;
    text = text_trim(s->pool, pool_vprintf(s->pool, fmt, ap));
    if (errnum > 0)
        text = pool_printf(s->pool, "%s: %s", text, strerror(errnum));
    line = pool_push(s->pool, s->lines, s->n);
    line->level = level;
    line->text = text;
}

/* A child that libxl forked has no one to keep lines for: it shows them. */
static void sink_message(struct xentoollog_logger *logger,
                         xentoollog_level level, int errnum,
                         const char *context, const char *fmt, va_list ap)
{
    struct sink *s = (struct sink *)logger;
    bool in_child = getpid() != s->pid;

    if (level >= s->level || (in_child && level >= XTL_ERROR))
        show(s, level, errnum, context, fmt, ap);
    if (!in_child)
        keep(s, level, errnum, fmt, ap);
}

static void sink_progress(struct xentoollog_logger *logger, const char *context,
                          const char *doing, int percent, unsigned long done,
                          unsigned long total)
{
    struct sink *s = (struct sink *)logger;

    (void)percent;
    if (XTL_PROGRESS >= s->level)
        xtl_progress(s->shown, context, doing, done, total);
}

static void sink_destroy(struct xentoollog_logger *logger)
{
    (void)logger; /* host_close frees it */
}

static void sink_free(struct sink *s)
{
    if (!s)
        return;
    xtl_logger_destroy(s->shown);
    pool_free(s->pool);
    free(s);
}

static struct sink *sink_new(xentoollog_level level, unsigned flags)
{
    struct sink *s = xcalloc(1, sizeof(*s));

    s->logger.vmessage = sink_message;
    s->logger.progress = sink_progress;
    s->logger.destroy = sink_destroy;
    s->shown =
        (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, level, flags);
    s->level = level;
    s->pid = getpid();
    s->pool = pool_new();
    return s;
}

static void need_sink(struct host *h, xentoollog_level level, unsigned flags)
{
    if (!h->sink)
        h->sink = sink_new(level, flags);
}

static const char *cannot_talk(void)
{
    if (!file_exists("/dev/xen/privcmd") && !file_exists("/proc/xen/privcmd"))
        return "cannot talk to Xen (this is no Dom0)";
    return geteuid() ? "cannot talk to Xen (this needs root)"
                     : "cannot talk to Xen";
}

struct err *host_open(struct host *h, xentoollog_level level, unsigned flags)
{
    int rc;

    if (h->ctx)
        return NULL;
    need_sink(h, level, flags);
    rc = libxl_ctx_alloc(&h->ctx, LIBXL_VERSION, 0, &h->sink->logger);
    if (!rc)
        return NULL;
    h->ctx = NULL;
    return host_err(h, rc, "%s", cannot_talk());
}

struct err *host_open_quick(struct host *h, xentoollog_level level,
                            unsigned flags)
{
    if (h->xc)
        return NULL;
    need_sink(h, level, flags);
    h->xc = xc_interface_open(&h->sink->logger, &h->sink->logger, 0);
    if (!h->xc)
        return host_err(h, ERROR_FAIL, "%s", cannot_talk());
    return store_open(&h->store);
}

void host_close(struct host *h)
{
    if (h->ctx)
        libxl_ctx_free(h->ctx);
    if (h->xc)
        xc_interface_close(h->xc);
    store_close(h->store);
    sink_free(h->sink);
    *h = (struct host){0};
}

xentoollog_logger *host_logger(struct host *h)
{
    return &h->sink->logger;
}

void host_mark(struct host *h)
{
    pool_free(h->sink->pool);
    h->sink->pool = pool_new();
    h->sink->lines = NULL;
    h->sink->n = 0;
}

/* ---- root cause ---------------------------------------------------------- */

/* "libxl_dm.c:2713:device_model_spawn_outcome:" or "xg_dom_core.c:205:": the
 * length of such a front, 0 if TEXT does not begin with one. */
static size_t code_place_len(const char *text)
{
    const char *line_end, *c = text + strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                   "0123456789_-/.");

    if (c == text || *c != ':' || c[-1] != 'c' || !isdigit((unsigned char)c[1]))
        return 0;
    c++;
    c += strspn(c, "0123456789");
    if (*c != ':')
        return 0;
    line_end = ++c;
    c += *c == ' '; /* libxenguest sets one there, libxl does not */
    while (isalnum((unsigned char)*c) || *c == '_')
        c++;
    return (size_t)((*c == ':' ? c + 1 : line_end) - text);
}

static size_t domain_front_len(const char *text)
{
    size_t n;

    if (!text_has_prefix(text, "Domain "))
        return 0;
    n = strspn(text + 7, "0123456789");
    return n && text[7 + n] == ':' ? 8 + n : 0;
}

/* The sentence in a line of libxl or libxc, without where in its sources and
 * about which domain it was said. */
static const char *sentence(const char *text)
{
    for (;;) {
        size_t n = code_place_len(text);

        if (!n)
            n = domain_front_len(text);
        if (!n && text_has_prefix(text, "panic: "))
            n = 7;
        if (!n)
            return text;
        text += n;
        text += strspn(text, " ");
    }
}

/* libxenguest ends many a sentence in what says nothing. */
static int sentence_len(const char *text)
{
    static const char vague[] = ": Internal error";
    size_t len = strlen(text);

    return (int)(text_has_suffix(text, vague) ? len - strlen(vague) : len);
}

/* What a hotplug script itself said stands in a line of its own after the one
 * about its exit status; else the first error is the root, those after it are
 * its consequences. */
static const char *root_cause(const struct sink *s)
{
    const char *first = NULL;

    for (size_t i = 0; i < s->n; i++) {
        const char *text = sentence(s->lines[i].text);

        if (s->lines[i].level < XTL_ERROR)
            continue;
        if (text_has_prefix(text, "script: "))
            return text;
        if (!first)
            first = text;
    }
    return first;
}

const char *host_said(const struct host *h, const char *front)
{
    for (size_t i = 0; i < h->sink->n; i++) {
        const struct line *line = &h->sink->lines[i];
        const char *at = strstr(line->text, front);

        if (line->level >= XTL_ERROR && at)
            return at + strlen(front);
    }
    return NULL;
}

/* The path of a log that TEXT points at, or NULL. */
static const char *log_in(struct pool *p, const char *text)
{
    const char *path = strstr(text, LOG_DIR);

    return path ? pool_strn(p, path, strcspn(path, " \t'\",;:()")) : NULL;
}

/* libxl does not say where QEMU's output is, but with which name it started
 * it: the word behind -name among the arguments it logs. */
static const char *qemu_log(const struct sink *s)
{
    for (size_t i = 0; i + 1 < s->n; i++) {
        const char *name = sentence(s->lines[i + 1].text);

        if (!strcmp(sentence(s->lines[i].text), "-name"))
            return pool_printf(s->pool, LOG_DIR "qemu-dm-%.*s.log",
                               (int)strcspn(name, ","), name);
    }
    return NULL;
}

/* The log of the program that the errors are about, or NULL. */
static const char *program_log(const struct sink *s)
{
    bool about_qemu = false;

    for (size_t i = 0; i < s->n; i++) {
        const char *text = s->lines[i].text;

        if (s->lines[i].level < XTL_ERROR)
            continue;
        if (log_in(s->pool, text))
            return log_in(s->pool, text);
        about_qemu = about_qemu || strstr(text, "device model");
    }
    return about_qemu ? qemu_log(s) : NULL;
}

/* "; PATH ends:" and its last lines, or nothing. */
static const char *output_end(const struct sink *s)
{
    const char *path = program_log(s);
    char *text;
    size_t len;
    struct err *e;

    if (!path)
        return "";
    e = file_read(s->pool, path, LOG_SIZE_MAX, &text, &len);
    if (e) {
        err_drop(e, "the log is an extra");
        return "";
    }
    text = text_trim(s->pool, run_last_lines(text, LOG_TAIL_LINES));
    return *text ? pool_printf(s->pool, "; %s ends:\n%s", path, text) : "";
}

struct err *host_err(struct host *h, int rc, const char *fmt, ...)
{
    const char *cause = root_cause(h->sink);
    const char *front;
    va_list ap;

    va_start(ap, fmt);
    front = pool_vprintf(h->sink->pool, fmt, ap);
    va_end(ap);
    if (!cause)
        cause = libxl_error_to_string(rc);
    if (!cause)
        cause = "no reason given";
    return ERR("%s: %.*s%s", front, sentence_len(cause), cause,
               output_end(h->sink));
}
