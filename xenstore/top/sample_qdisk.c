/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sample_qdisk: disks whose backend is a qemu, see sample_disk.h. Each such
 * domain has a qemu of its own, which answers one caller at a time on a socket
 * that libxl makes for statistics: it is opened for one question and closed,
 * so that others come to their turn.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "xenstore/top/sample_disk.h"

#define SOCKET "/run/xen/qmp-libxenstat-%" PRIu64
#define ANSWER_MAX (4u << 20)
#define QUESTION                           \
    "{\"execute\":\"qmp_capabilities\"}\n" \
    "{\"execute\":\"query-blockstats\",\"id\":\"figures\"}\n"

struct figures {
    bool counted;
    struct sample_blk blk;
};

struct call {
    struct catalog_domain *domain;
    struct str answer;
    bool done;
};

/* ---- what it says -------------------------------------------------------- */

static uint64_t number(const struct value *stats, const char *name)
{
    const struct value *v = value_get(stats, name);

    return v && v->kind == VALUE_INT && v->i > 0 ? (uint64_t)v->i : 0;
}

static void add_stats(const struct value *stats, struct sample_blk *blk)
{
    blk->reads += number(stats, "rd_operations");
    blk->writes += number(stats, "wr_operations");
    blk->read_sectors += number(stats, "rd_bytes") / 512;
    blk->write_sectors += number(stats, "wr_bytes") / 512;
    blk->flushes += number(stats, "flush_operations");
    blk->discards += number(stats, "unmap_operations");
    blk->read_ns += number(stats, "rd_total_time_ns");
    blk->write_ns += number(stats, "wr_total_time_ns");
}

static const char *text(const struct value *strct, const char *name)
{
    const struct value *v = value_get(strct, name);

    return v && v->kind == VALUE_STRING ? v->s.text : "";
}

/* The Xen disk `xvda` is the node `xvda-qcow2`; the emulated disk hdb of an HVM
 * guest is `ide0-hd1`, `ide-832` or `ahcidisk-1`. */
static bool is_disk(const struct value *item, const char *dev)
{
    const char *node = text(item, "node-name"), *device = text(item, "device");
    size_t len = strlen(dev);
    char ide[16], ahci[16];

    if (!strncmp(node, dev, len) && node[len] == '-')
        return true;
    if (len != 3 || strncmp(dev, "hd", 2) || dev[2] < 'a' || dev[2] > 'z')
        return false;
    snprintf(ide, sizeof(ide), "ide%d-hd%d", (dev[2] - 'a') / 2,
             (dev[2] - 'a') % 2);
    snprintf(ahci, sizeof(ahci), "ahcidisk-%d", dev[2] - 'a');
    return !strcmp(device, ide) || !strcmp(device, ahci);
}

bool qdisk_stats(const struct value *list, const char *dev,
                 struct sample_blk *ret)
{
    bool found = false;

    *ret = (struct sample_blk){0};
    if (list->kind != VALUE_LIST)
        return false;
    value_each(item, list)
    {
        const struct value *stats =
            item->kind == VALUE_STRUCT ? value_get(item, "stats") : NULL;

        if (!stats || stats->kind != VALUE_STRUCT || !is_disk(item, dev))
            continue;
        add_stats(stats, ret);
        found = true;
    }
    return found;
}

static void take_list(struct catalog_domain *d, const struct value *list)
{
    struct catalog_list *disks = &d->lists[BACKEND_QDISK];

    for (size_t i = 0; i < disks->n; i++) {
        struct catalog_device *disk = &disks->devices[i];
        struct sample_blk blk;
        struct figures *s = disk->counting;

        if (!qdisk_stats(list, disk->texts[0], &blk))
            continue;
        if (!s)
            s = disk->counting = pool_new_of(disks->pool, struct figures);
        *s = (struct figures){true, blk};
    }
}

/* An answer is a line; others (greeting, events) come before and between. */
static void take_line(struct call *call, const char *line, size_t len)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *v, *list;
    struct err *e = json_parse(p, line, len, &v);

    if (e) {
        err_drop(e, "its figures stay as they were");
        call->done = true;
        return;
    }
    if (v->kind != VALUE_STRUCT || strcmp(text(v, "id"), "figures"))
        return;
    call->done = true;
    list = value_get(v, "return");
    if (list)
        take_list(call->domain, list);
}

/* Takes the lines that are whole. */
static void take_lines(struct call *call)
{
    const char *at = str_text(&call->answer), *end;
    struct str rest = STR_INIT(ANSWER_MAX);

    while (!call->done && (end = strchr(at, '\n'))) {
        take_line(call, at, (size_t)(end - at));
        at = end + 1;
    }
    str_add(&rest, at);
    str_done(&call->answer);
    call->answer = rest;
}

/* ---- the calls ----------------------------------------------------------- */

/* A connected socket with the question sent, or -1. */
static int ask(uint64_t domid)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    AUTO_FD int fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(at.sun_path, sizeof(at.sun_path), SOCKET, domid);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) ||
        send(fd, QUESTION, strlen(QUESTION), MSG_NOSIGNAL) !=
            (ssize_t)strlen(QUESTION))
        return -1;
    return take_fd(&fd);
}

static void receive(struct pollfd *fd, struct call *call)
{
    char part[16384];
    ssize_t len = recv(fd->fd, part, sizeof(part), 0);

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len > 0) {
        str_addn(&call->answer, part, (size_t)len);
        if (memchr(part, '\n', (size_t)len))
            take_lines(call);
    }
    if (len <= 0 || call->done || str_full(&call->answer)) {
        close(fd->fd);
        fd->fd = -1;
    }
}

static void converse(struct pollfd *fds, struct call *calls, size_t n,
                     double deadline)
{
    for (;;) {
        double left = deadline - clock_now();
        size_t open = 0;

        for (size_t i = 0; i < n; i++)
            open += fds[i].fd >= 0;
        if (!open || left <= 0 || poll(fds, n, clock_poll_ms(left)) <= 0)
            return;
        for (size_t i = 0; i < n; i++)
            if (fds[i].fd >= 0 && fds[i].revents)
                receive(&fds[i], &calls[i]);
    }
}

void qdisks_read(struct catalog_domain *const *domains, size_t n,
                 double seconds)
{
    AUTO_POOL struct pool *p = pool_new();
    struct pollfd *fds = pool_alloc(p, (n + 1) * sizeof(*fds));
    struct call *calls = pool_alloc(p, (n + 1) * sizeof(*calls));
    size_t n_calls = 0;

    for (size_t i = 0; i < n; i++) {
        int fd = domains[i] && domains[i]->lists[BACKEND_QDISK].n
                     ? ask(domains[i]->id)
                     : -1;

        if (fd < 0)
            continue;
        fds[n_calls] = (struct pollfd){fd, POLLIN, 0};
        calls[n_calls++] =
            (struct call){.domain = domains[i], .answer = STR_INIT(ANSWER_MAX)};
    }
    converse(fds, calls, n_calls, clock_now() + seconds);
    for (size_t i = 0; i < n_calls; i++) {
        if (fds[i].fd >= 0)
            close(fds[i].fd);
        str_done(&calls[i].answer);
    }
}

void qdisk_count(const struct catalog_device *device, struct sample_vbd *ret)
{
    const struct figures *s = device->counting;

    if (!s)
        return;
    ret->counted = ret->timed = s->counted;
    ret->blk = s->blk;
}
