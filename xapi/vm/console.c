/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console: see console.h. Opening one blocks, so a worker does it and sends the
 * descriptor home; the bytes are the loop's (console_line.h). */
#include "xapi/vm/console.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xapi/model/fields_gen.h"
#include "xapi/hv/hv.h"
#include "xapi/call/job.h"
#include "xapi/door/websocket.h"

/* ---- objects ------------------------------------------------------------- */

/* (An IPv6 address is in brackets in URLs.) */
static struct err *locate(struct txn *txn, struct object *console,
                          const struct object *host)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *address = get_host_address(host);

    if (strchr(address, ':'))
        address = pool_printf(p, "[%s]", address);
    return set_console_location(
        txn, console,
        pool_printf(p, "https://%s/console?uuid=%s",
                    *address ? address : get_host_hostname(host),
                    get_console_uuid(console)));
}

static struct err *make_one(struct txn *txn, struct object *vm,
                            const struct object *host,
                            enum console_protocol protocol)
{
    struct object *o;

    TRY(txn_create(txn, &model_classes[CLASS_console], NULL, NULL, &o));
    TRY(set_console_VM(txn, o, vm));
    TRY(set_console_protocol(txn, o, protocol));
    return locate(txn, o, host);
}

struct err *console_locate_all(struct txn *txn, const struct object *host)
{
    struct model_value vms = get_host_resident_VMs(host);
    const struct db *db = txn_db(txn);

    for (unsigned i = 0; i < vms.n; i++) {
        struct model_value refs = get_VM_consoles(
            db_find(db, &model_classes[CLASS_VM], vms.keys[i].s));

        for (unsigned k = 0; k < refs.n; k++)
            TRY(locate(
                txn, db_find(db, &model_classes[CLASS_console], refs.keys[k].s),
                host));
    }
    return NULL;
}

static bool has_screen(const struct object *vm)
{
    struct model_value platform = get_VM_platform(vm);

    if (get_VM_domain_type(vm) == VM_domain_type_hvm)
        return !text_eq(datum_map_get(platform, "vga"), "none");
    return get_VM_domain_type(vm) == VM_domain_type_pv &&
           text_eq(datum_map_get(platform, "pvfb"), "true");
}

struct err *console_make(struct txn *txn, struct object *vm,
                         const struct object *host)
{
    if (get_VM_consoles(vm).n)
        return NULL;
    TRY(make_one(txn, vm, host, console_protocol_vt100));
    return has_screen(vm) ? make_one(txn, vm, host, console_protocol_rfb)
                          : NULL;
}

void console_drop(struct txn *txn, const struct object *vm)
{
    struct model_value refs;

    while ((refs = get_VM_consoles(vm)).n)
        txn_destroy(txn, db_find(txn_db(txn), &model_classes[CLASS_console],
                                 refs.keys[0].s));
}

/* ---- a worker opens it --------------------------------------------------- */

struct console_opening {
    struct console_opening *next;
    struct consoles *all;
    struct http_request *request; /* NULL: the client has gone */
    struct job *job;
    const struct hv *hv;
    int ends[2]; /* the daemon's, the worker's */
    uint32_t domid;
    enum hv_console kind;
    bool websocket;
    char uuid[40]; /* of the object, whose line it is */
};

/* One byte, and FD with it. */
static struct err *send_fd(int to, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec byte = {.iov_base = (char[]){0}, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &byte,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof(int));
    return sendmsg(to, &msg, MSG_NOSIGNAL) < 0
               ? err_errno(errno, "cannot hand the console on")
               : NULL;
}

/* -1: none came. */
static int receive_fd(int from)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char got;
    struct iovec byte = {.iov_base = &got, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &byte,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    const struct cmsghdr *head;
    int fd = -1;

    if (recvmsg(from, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -1;
    head = CMSG_FIRSTHDR(&msg);
    if (head && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof(int));
    return fd;
}

static struct err *open_it(struct job *j, void *arg)
{
    const struct console_opening *o = arg;
    AUTO_FD int fd = -1;

    (void)j;
    TRY(o->hv->console(o->hv, o->domid, o->kind, &fd));
    return send_fd(o->ends[1], fd);
}

/* ---- it is open ---------------------------------------------------------- */

static void opening_free(struct console_opening *o)
{
    struct console_opening **at = &o->all->openings;

    while (*at && *at != o)
        at = &(*at)->next;
    if (*at)
        *at = o->next;
    for (int i = 0; i < 2; i++)
        if (o->ends[i] >= 0)
            close(o->ends[i]);
    free(o);
}

static void gone(void *arg)
{
    struct console_opening *o = arg;

    o->request = NULL;
}

/* The head of the answer goes out before the console's first byte. */
static struct err *take(const struct console_opening *o, struct http_taken *ret)
{
    AUTO_STR struct str head = STR_INIT(4096);
    struct err *e;

    TRY(http_take(o->request, ret));
    if (o->websocket)
        websocket_answer(o->request, "binary");
    http_format_head(o->request, o->websocket ? 101 : 200, NULL, -1, &head);
    e = file_write_all(ret->fd, str_text(&head), head.len);
    if (e)
        close(ret->fd);
    return e;
}

static const struct object *the_pool(const struct consoles *c)
{
    return db_find(c->server->db, &model_classes[CLASS_pool], c->server->pool);
}

/* The line that O's client can look at with others. */
static struct console_line *shared_line(const struct console_opening *o)
{
    return o->kind == HV_CONSOLE_SERIAL
               ? console_line_find(&o->all->lines, o->uuid)
               : NULL;
}

/* FD (taken): the console, or -1 where there is a line to share. */
static void join(const struct console_opening *o, int *fd)
{
    struct console_line *line = shared_line(o);
    struct http_taken taken;
    struct err *e = take(o, &taken);

    if (e) {
        err_drop(e, "the client is gone");
        http_done(o->request);
        return;
    }
    if (!line)
        line = console_line_new(&o->all->lines, take_fd(fd), o->uuid);
    console_line_join(line, o->request, &taken,
                      o->websocket ? websocket_new() : NULL,
                      get_pool_vm_console_idle_timeout(the_pool(o->all)));
}

static void opened(void *arg, struct err *e, bool died)
{
    struct console_opening *o = arg;
    struct http_request *r = o->request;
    AUTO_FD int fd = e ? -1 : receive_fd(o->ends[0]);

    (void)died;
    if (r)
        http_on_gone(r, NULL, NULL);
    if (r && fd < 0) {
        log_warning("console", "domain %u: %s", o->domid,
                    e ? err_text(e) : "nothing came of it");
        http_page(r, 500, e ? err_text(e) : "The console cannot be opened.");
    } else if (r) {
        join(o, &fd);
    }
    err_free(e);
    opening_free(o);
}

static struct err *begin(struct console_opening *o)
{
    struct job_start s = {.base = o->all->server->base,
                          .db = o->all->server->db,
                          .title = "a console is opened",
                          .work = open_it,
                          .work_arg = o,
                          .done = opened,
                          .arg = o};

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, o->ends))
        return err_errno(errno, "socketpair");
    s.keep_fd = o->ends[1];
    return job_start(&s, &o->job);
}

/* ---- requests ------------------------------------------------------------ */

static struct object *find(const struct server *server, unsigned class,
                           const char *ref, const char *uuid)
{
    return ref ? db_find(server->db, &model_classes[class], ref)
               : db_by_uuid(server->db, &model_classes[class], uuid);
}

/* The screen goes before the serial line. */
static struct object *best_console(const struct server *server,
                                   const struct object *vm)
{
    struct model_value refs = get_VM_consoles(vm);
    struct object *best = NULL;

    for (unsigned i = 0; i < refs.n; i++) {
        struct object *o = find(server, CLASS_console, refs.keys[i].s, NULL);

        if (!best || get_console_protocol(o) == console_protocol_rfb)
            best = o;
    }
    return best;
}

static struct object *wanted(const struct server *server,
                             struct http_request *r)
{
    const char *ref = http_param(r, "ref"), *uuid = http_param(r, "uuid");
    struct object *o = NULL;

    if (ref || uuid)
        o = find(server, CLASS_console, ref, uuid);
    if (!o && (ref || uuid)) {
        o = find(server, CLASS_VM, ref, uuid);
        o = o ? best_console(server, o) : NULL;
    }
    return o;
}

/* Those who look at O's console, or are about to. */
static size_t count_viewers(const struct console_opening *o)
{
    size_t n = console_line_viewers(&o->all->lines, o->uuid);

    for (const struct console_opening *at = o->all->openings; at; at = at->next)
        n += at != o && !strcmp(at->uuid, o->uuid);
    return n;
}

/* NULL, or why it cannot be looked at now. */
static const char *refusal(const struct console_opening *o)
{
    size_t n = count_viewers(o);

    if (!o->hv || !o->hv->console)
        return "This host has no consoles.";
    if (n && get_pool_limit_console_sessions(the_pool(o->all)))
        return "Somebody is connected to it already.";
    if (n >= CONSOLE_VIEWERS || o->all->lines.n_viewers >= CONSOLE_ALL_VIEWERS)
        return "Too many are connected already.";
    return NULL;
}

static struct console_opening *opening_new(struct consoles *c,
                                           struct http_request *r,
                                           const struct object *console,
                                           bool websocket)
{
    struct console_opening *o = xcalloc(1, sizeof(*o));

    *o = (struct console_opening){
        .next = c->openings,
        .all = c,
        .request = r,
        .hv = c->server->hv,
        .ends = {-1, -1},
        .domid = (uint32_t)get_VM_domid(get_console_VM(console)),
        .kind = get_console_protocol(console) == console_protocol_rfb
                    ? HV_CONSOLE_VNC
                    : HV_CONSOLE_SERIAL,
        .websocket = websocket};
    snprintf(o->uuid, sizeof(o->uuid), "%s", get_console_uuid(console));
    c->openings = o;
    return o;
}

static void look(struct consoles *c, struct http_request *r, bool websocket)
{
    const struct object *console = wanted(c->server, r);
    struct console_opening *o;
    const char *no;
    struct err *e = NULL;

    if (!console || !get_console_VM(console) ||
        get_VM_domid(get_console_VM(console)) < 0) {
        http_page(r, 404, "There is no such console.");
        return;
    }
    o = opening_new(c, r, console, websocket);
    no = refusal(o);
    if (!no && !shared_line(o) && !(e = begin(o))) {
        if (http_on_gone(r, gone, o))
            return;
        o->request = NULL;
        http_page(r, 500, "The client is gone.");
        return;
    }
    if (no || e)
        http_page(r, no ? 503 : 500, no ? no : err_text(e));
    else
        join(o, NULL);
    err_free(e);
    opening_free(o);
}

static void connect_console(struct http_request *r, void *arg)
{
    look(arg, r, false);
}

/* Browsers send cookies and passwords to whatever page asks: a page of
 * elsewhere has to know the session. */
static bool is_foreign(struct http_request *r)
{
    const char *origin = http_header(r, "origin");
    const char *host = http_header(r, "host");
    const char *at = origin ? strstr(origin, "://") : NULL;

    return origin && !http_param(r, "session_id") &&
           !(at && host && !strcasecmp(at + strlen("://"), host));
}

static void upgrade(struct http_request *r, void *arg)
{
    int status;
    struct err *e = websocket_check(r, &status);

    if (e)
        http_page(r, status, err_text(e));
    else if (is_foreign(r))
        http_page(r, 403, "A page of another host says its session_id.");
    else
        look(arg, r, true);
    err_free(e);
}

void console_serve(struct http *http, struct consoles *c, struct server *server)
{
    *c = (struct consoles){.server = server,
                           .gates = {{"connect_console", connect_console, c},
                                     {"connect_console_ws", upgrade, c}},
                           .lines = {.base = server->base}};
    for (size_t i = 0; i < ARRAY_LEN(c->gates); i++)
        gate_serve(http, &c->gates[i], server, 0);
}

void console_end(struct consoles *c)
{
    console_line_end_all(&c->lines);
    while (c->openings) {
        job_forget(c->openings->job);
        if (c->openings->request)
            http_page(c->openings->request, 503, "The daemon ends.");
        opening_free(c->openings);
    }
}
