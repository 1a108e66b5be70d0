/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv_sim_console: consoles of simulated domains, each viewer's played by a
 * process of its own for as long as the domain is there: a serial line, and a
 * screen as RFB 3.3 to 3.8 has it (RFC 6143): no security, raw encoding, 32
 * bits a point.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/hv/hv_sim_file.h"
#include "xapi/call/job.h"

struct player {
    const char *name; /* of the domain */
    const char *file; /* the domain's, in its directory */
    int fd;
    int files; /* what happens in the directory */
};

/* ---- the viewer's side --------------------------------------------------- */

/* Whether the domain has gone since. (Another may have its number by now.) */
static bool is_gone(const struct player *v)
{
    char events[4096] __attribute__((aligned(8)));
    ssize_t n = read(v->files, events, sizeof(events));

    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *event = (const void *)(events + at);

        if (event->len && !strcmp(event->name, v->file))
            return true;
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return false;
}

/* Something to read is there; or it ends. */
static void wait_for(const struct player *v)
{
    struct pollfd at[] = {{.fd = v->fd, .events = POLLIN},
                          {.fd = v->files, .events = POLLIN}};

    while (!at[0].revents) {
        if (poll(at, ARRAY_LEN(at), -1) < 0 || (at[1].revents && is_gone(v)))
            _exit(0);
    }
}

static void put(const struct player *v, const void *bytes, size_t len)
{
    struct err *e = file_write_all(v->fd, bytes, len);

    if (e) {
        err_drop(e, "nobody reads");
        _exit(0);
    }
}

static void get(const struct player *v, void *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n;

        wait_for(v);
        n = read(v->fd, (char *)bytes + at, len - at);
        if (n <= 0)
            _exit(0);
        at += (size_t)n;
    }
}

/* ---- a serial line ------------------------------------------------------- */

/* It says its name, and all that it hears. */
static void echo(const struct player *v)
{
    char bytes[4096];
    ssize_t n;

    put(v, v->name, strlen(v->name));
    put(v, "\r\n", 2);
    for (;;) {
        wait_for(v);
        n = read(v->fd, bytes, sizeof(bytes));
        if (n <= 0)
            _exit(0);
        put(v, bytes, (size_t)n);
    }
}

/* ---- a screen ------------------------------------------------------------ */

struct pixel_format {
    uint8_t bits, depth, big_endian, true_colour;
    uint16_t max[3];
    uint8_t shift[3], padding[3];
};

static void greet(const struct player *v, const struct pixel_format *format)
{
    const uint16_t size[] = {htobe16(SIM_SCREEN_WIDTH),
                             htobe16(SIM_SCREEN_HEIGHT)};
    uint32_t length = htobe32((uint32_t)strlen(v->name)), zero = 0;
    uint8_t version[12], wanted[1];

    put(v, "RFB 003.008\n", 12);
    get(v, version, 12);
    if (version[10] == '3') {
        put(v, &(uint32_t){htobe32(1)}, 4);
    } else {
        put(v, "\1\1", 2);
        get(v, wanted, 1);
        if (version[10] == '8')
            put(v, &zero, 4);
    }
    get(v, wanted, 1);
    put(v, size, sizeof(size));
    put(v, format, sizeof(*format));
    put(v, &length, 4);
    put(v, v->name, strlen(v->name));
}

/* All of it, in COLOUR (0xRRGGBB). */
static void show(const struct player *v, const struct pixel_format *format,
                 uint32_t colour)
{
    static uint32_t points[SIM_SCREEN_WIDTH * SIM_SCREEN_HEIGHT];
    const uint16_t head[] = {
        0, /* an update; of one rectangle: */
        htobe16(1), 0, 0, htobe16(SIM_SCREEN_WIDTH), htobe16(SIM_SCREEN_HEIGHT),
        0, /* raw */
        0};
    uint32_t point = 0;

    if (format->bits != 32)
        _exit(1);
    for (int i = 0; i < 3; i++)
        point |= (colour >> (16 - 8 * i) & 0xff) << (format->shift[i] & 31);
    point = format->big_endian ? htobe32(point) : htole32(point);
    for (size_t i = 0; i < ARRAY_LEN(points); i++)
        points[i] = point;
    put(v, head, sizeof(head));
    put(v, points, sizeof(points));
}

static void skip(const struct player *v, size_t len)
{
    char bytes[4096];

    for (size_t n; len; len -= n)
        get(v, bytes, n = len < sizeof(bytes) ? len : sizeof(bytes));
}

static uint32_t number(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

struct screen {
    struct pixel_format format;
    uint32_t colour;
    bool shown, wanted; /* an update is asked for */
};

/* What there is of each message behind its type, without what varies. */
static const uint8_t message_bytes[] = {
    [0] = 3 + sizeof(struct pixel_format),
    [2] = 3,
    [3] = 9,
    [4] = 7,
    [5] = 5,
    [6] = 7,
};

static void obey(const struct player *v, struct screen *s)
{
    uint8_t type, m[32];

    get(v, &type, 1);
    if (type >= sizeof(message_bytes) || !message_bytes[type])
        _exit(1);
    get(v, m, message_bytes[type]);
    if (type == 0) {
        memcpy(&s->format, m + 3, sizeof(s->format));
    } else if (type == 2) {
        skip(v, 4u * (m[1] << 8 | m[2]));
    } else if (type == 3) {
        s->wanted = true;
        s->shown = s->shown && m[0];
    } else if (type == 4 && m[0]) {
        s->shown = false;
        s->colour = number(m + 3) & 0xffffff;
    } else if (type == 6) {
        skip(v, number(m + 3));
    }
}

static void screen(const struct player *v)
{
    struct screen s = {
        .format = {.bits = 32,
                   .depth = 24,
                   .true_colour = 1,
                   .max = {htobe16(255), htobe16(255), htobe16(255)},
                   .shift = {16, 8, 0}},
        .colour = 0x204060};

    greet(v, &s.format);
    for (;;) {
        obey(v, &s);
        if (!s.wanted || s.shown)
            continue;
        show(v, &s.format, s.colour);
        s.wanted = false;
        s.shown = true;
    }
}

/* ---- opening one --------------------------------------------------------- */

static bool has_screen(struct pool *p, const char *text)
{
    return text_eq(sim_line(p, text, "type"), "hvm") ||
           text_eq(sim_line(p, text, "platform pvfb"), "true");
}

/* PLAY(V) in a process of its own, V->fd's other end to RET_FD. */
static struct err *begin(struct player *v, void (*play)(const struct player *),
                         int *ret_fd)
{
    int ends[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return err_errno(errno, "socketpair");
    v->fd = ends[1];
    pid = fork();
    if (!pid) {
        job_left_worker();
        close(ends[0]);
        play(v);
    }
    close(ends[1]);
    *ret_fd = ends[0];
    return pid < 0 ? err_errno(errno, "fork") : NULL;
}

struct err *sim_console(const struct hv *hv, uint32_t domid,
                        enum hv_console kind, int *ret_fd)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *dir = pool_printf(p, "%s/domains", hv->dir);
    AUTO_FD int files = inotify_init1(IN_CLOEXEC);
    struct player v = {.file = pool_printf(p, "%u", domid), .files = files};
    char *text;

    TRY(sim_obey(hv, "console", NULL));
    if (files < 0 || inotify_add_watch(files, dir, IN_DELETE) < 0)
        return err_errno(errno, "cannot watch '%s'", dir);
    TRY(sim_read(hv, p, domid, &text));
    if (kind == HV_CONSOLE_VNC && !has_screen(p, text))
        return ERR("domain %u has no screen", domid);
    v.name = sim_line(p, text, "name");
    return begin(&v, kind == HV_CONSOLE_VNC ? screen : echo, ret_fd);
}
