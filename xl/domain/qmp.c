/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmp: see qmp.h. */
#include "xl/domain/qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/clock.h"
#include "lib/json.h"

#define SOCKET "/run/xen/qmp-libxenstat-%u"
#define PATIENCE 30.0 /* seconds for one answer */
#define LINE_MAX_ (4u << 20)

struct qmp {
    struct pool *pool;
    int fd;
    struct str in;
    size_t used; /* bytes of IN that were taken */
};

static void hang_up(void *arg)
{
    struct qmp *q = arg;

    auto_close_(&q->fd);
    str_done(&q->in);
}

/* ---- lines --------------------------------------------------------------- */

static struct err *wait_for(const struct qmp *q, double deadline)
{
    struct pollfd fd = {q->fd, POLLIN, 0};

    for (;;) {
        double left = deadline - clock_now();
        int n = left > 0 ? poll(&fd, 1, clock_poll_ms(left)) : 0;

        if (n > 0)
            return NULL;
        if (!n)
            return ERR_AS(timeout, "qemu does not answer");
        if (errno != EINTR)
            return err_errno(errno, "cannot wait for qemu");
    }
}

static struct err *receive(struct qmp *q)
{
    char part[16384];
    ssize_t n = recv(q->fd, part, sizeof(part), 0);

    if (n < 0)
        return err_errno(errno, "cannot hear qemu");
    if (!n)
        return ERR("qemu has hung up");
    str_addn(&q->in, part, (size_t)n);
    return str_full(&q->in) ? ERR("qemu says more than %u bytes", LINE_MAX_)
                            : NULL;
}

/* The next line, parsed. */
static struct err *read_line(struct qmp *q, double deadline, struct value **ret)
{
    const char *start, *end;

    while (!(end = strchr(start = str_text(&q->in) + q->used, '\n'))) {
        if (q->used) {
            struct str rest = STR_INIT(LINE_MAX_);

            str_add(&rest, start);
            str_done(&q->in);
            q->in = rest;
            q->used = 0;
        }
        TRY(wait_for(q, deadline));
        TRY(receive(q));
    }
    q->used += (size_t)(end - start) + 1;
    TRY(json_parse(q->pool, start, (size_t)(end - start), ret));
    return (*ret)->kind == VALUE_STRUCT ? NULL : ERR("qemu says no struct");
}

static struct err *send_line(const struct qmp *q, const struct value *v)
{
    AUTO_STR struct str out = STR_INIT(LINE_MAX_);
    size_t sent = 0;

    json_print(v, false, &out);
    str_addc(&out, '\n');
    while (sent < out.len) {
        ssize_t n = send(q->fd, out.text + sent, out.len - sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return err_errno(errno, "cannot ask qemu");
        sent += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

/* ---- questions ----------------------------------------------------------- */

const char *qmp_text(const struct value *strct, const char *name)
{
    const struct value *v = value_get(strct, name);

    return v && v->kind == VALUE_STRING ? v->s.text : "";
}

/* The next line that is an answer; events come in between. */
static struct err *answer(struct qmp *q, const char *command,
                          struct value **ret)
{
    double deadline = clock_now() + PATIENCE;
    const struct value *error;
    struct value *line, *said;

    do {
        TRY(read_line(q, deadline, &line));
        said = value_get(line, "return");
        error = value_get(line, "error");
    } while (!said && !error);
    if (error)
        return ERR_AS(input, "%s: qemu says: %s", command,
                      error->kind == VALUE_STRUCT ? qmp_text(error, "desc")
                                                  : "");
    if (ret)
        *ret = said;
    return NULL;
}

struct err *qmp_ask(struct qmp *q, const char *command, struct value *args,
                    struct value **ret)
{
    struct value *line = value_struct(q->pool);

    value_set(line, "execute", value_string(q->pool, command));
    if (args)
        value_set(line, "arguments", args);
    TRY(send_line(q, line));
    return answer(q, command, ret);
}

struct err *qmp_new(struct pool *p, int fd, struct qmp **ret)
{
    struct qmp *q = pool_new_of(p, struct qmp);
    struct value *greeting;

    *q = (struct qmp){.pool = p, .fd = fd, .in = STR_INIT(LINE_MAX_)};
    pool_at_free(p, hang_up, q);
    TRY(read_line(q, clock_now() + PATIENCE, &greeting));
    TRY(qmp_ask(q, "qmp_capabilities", NULL, NULL));
    *ret = q;
    return NULL;
}

struct err *qmp_open(struct pool *p, uint32_t domid, struct qmp **ret)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(at.sun_path, sizeof(at.sun_path), SOCKET, domid);
    if (fd < 0)
        return err_errno(errno, "cannot make a socket");
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)))
        return errno == ENOENT || errno == ECONNREFUSED
                   ? ERR_AS(not_found, "domain %u has no qemu", domid)
                   : err_errno(errno, "'%s'", at.sun_path);
    return qmp_new(p, take_fd(&fd), ret);
}
