/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* log: see log.h. The one piece of process-wide state in lib/. */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define WAITING_MAX (64u << 10)

static struct {
    enum log_level least;
    char *path; /* NULL: standard error */
    int fd;     /* of the file; standard error until log_open */
    dev_t dev;  /* which file that is */
    ino_t ino;
} sink = {.least = LOG_WARNING_, .fd = STDERR_FILENO};

static const char *const level_names[] = {
    [LOG_DEBUG_] = "debug",
    [LOG_INFO_] = "info",
    [LOG_WARNING_] = "warning",
    [LOG_ERROR_] = "error",
};

static void close_file(void)
{
    if (sink.path)
        close(sink.fd);
    sink.fd = STDERR_FILENO;
    free(take_ptr(sink.path));
}

static struct err *open_file(const char *path, int *ret_fd, struct stat *st)
{
    AUTO_FD int fd =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

    if (fd < 0 || fstat(fd, st) < 0)
        return err_errno(errno, "cannot open log '%s'", path);
    *ret_fd = take_fd(&fd);
    return NULL;
}

struct err *log_open(enum log_level least, const char *path)
{
    struct stat st = {0};
    int fd = STDERR_FILENO;

    if (path)
        TRY(open_file(path, &fd, &st));
    close_file();
    sink.least = least;
    sink.path = xstrdup(path);
    sink.fd = fd;
    sink.dev = st.st_dev;
    sink.ino = st.st_ino;
    return NULL;
}

void log_set_level(enum log_level least)
{
    sink.least = least;
}

bool log_shows(enum log_level level)
{
    return level >= sink.least;
}

/* The name may belong to another file by now, or to none. When it cannot be
 * opened again, the old file goes on. */
static void follow_name(void)
{
    struct stat st;
    struct err *e;
    int fd;

    if (!sink.path)
        return;
    if (!stat(sink.path, &st) && st.st_dev == sink.dev && st.st_ino == sink.ino)
        return;
    e = open_file(sink.path, &fd, &st);
    if (e) {
        err_drop(e, "there is no other place to tell of it");
        return;
    }
    close(sink.fd);
    sink.fd = fd;
    sink.dev = st.st_dev;
    sink.ino = st.st_ino;
}

/* Most lines are of the same second as the one before. */
static _Thread_local struct {
    time_t second;
    char date[40], zone[10];
} last = {.second = -1};

static void add_time(struct str *line)
{
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != last.second) {
        localtime_r(&now.tv_sec, &tm);
        strftime(last.date, sizeof(last.date), "%Y-%m-%dT%H:%M:%S", &tm);
        strftime(last.zone, sizeof(last.zone), "%z", &tm);
        last.second = now.tv_sec;
    }
    str_add(line, last.date);
    str_addc(line, '.');
    str_addu(line, (uint64_t)now.tv_nsec / 1000000, 3);
    str_add(line, last.zone);
    str_add(line, " [");
    str_addu(line, (uint64_t)getpid(), 1);
    str_add(line, "] ");
}

/* One call is one line, whatever came in from outside. */
static void flatten(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = ' ';
    }
}

static void write_text(const struct str *text)
{
    const char *at = str_text(text);
    size_t left = text->len;

    while (left) {
        ssize_t n = write(sink.fd, at, left);

        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            at += n;
            left -= (size_t)n;
        }
    }
}

/* ---- lines --------------------------------------------------------------- */

static _Thread_local struct str waiting = STR_INIT(2 * WAITING_MAX);

static void add_line(enum log_level level, const char *module,
                     const struct str *text)
{
    struct str *out = &waiting;
    size_t start = out->len;

    if (sink.path)
        add_time(out);
    str_add(out, module);
    str_add(out, ": ");
    str_add(out, level_names[level]);
    str_add(out, ": ");
    str_add(out, str_full(text) ? "(a line too long to log)" : str_text(text));
    flatten(out->text + start, out->len - start);
    str_add(out, "\n");
}

void log_write(void)
{
    int saved = errno;

    if (!waiting.len)
        return;
    follow_name();
    write_text(&waiting);
    str_done(&waiting);
    errno = saved;
}

/* A child has its parent's memory, and would write the lines once more. */
static void write_before_forks(void)
{
    pthread_atfork(log_write, NULL, NULL);
}

void log_vline(enum log_level level, const char *module, const char *fmt,
               va_list ap)
{
    AUTO_STR struct str text = STR_INIT(LOG_TEXT_MAX);
    int saved = errno;

    if (!log_shows(level))
        return;
    str_vaddf(&text, fmt, ap);
    add_line(level, module, &text);
    log_write();
    errno = saved;
}

void log_line(enum log_level level, const char *module, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_vline(level, module, fmt, ap);
    va_end(ap);
}

void log_later(enum log_level level, const char *module, const struct str *text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (!log_shows(level))
        return;
    pthread_once(&once, write_before_forks);
    add_line(level, module, text);
    if (waiting.len > WAITING_MAX)
        log_write();
}
