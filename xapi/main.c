/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xapid: the daemon that speaks XenAPI. Here is how its parts are put together;
 * what they are is said in their headers.
 */
#include <errno.h>
#include <event2/event.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/call/audit.h"
#include "xapi/call/auth.h"
#include "xapi/call/certificates.h"
#include "xapi/call/expiry.h"
#include "xapi/storage/backup.h"
#include "xapi/storage/blob.h"
#include "xapi/storage/chosen.h"
#include "xapi/cli/cli.h"
#include "xapi/cli/doc.h"
#include "xapi/conf.h"
#include "xapi/call/crowd.h"
#include "xapi/vm/console.h"
#include "xapi/door/door.h"
#include "xapi/storage/files.h"
#include "xapi/storage/disk_scan.h"
#include "xapi/first.h"
#include "xapi/hv/hv.h"
#include "xapi/model/model_doc.h"
#include "xapi/net/net.h"
#include "xapi/call/notify.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/net/pif.h"
#include "xapi/storage/raw_vdi.h"
#include "xapi/vm/rrd.h"
#include "xapi/call/call.h"
#include "xapi/call/pool_secret.h"
#include "xapi/door/post.h"
#include "xapi/storage/report.h"
#include "xapi/call/rpc.h"
#include "xapi/call/session.h"
#include "xapi/db/store.h"
#include "xapi/call/task.h"
#include "xapi/door/tls.h"
#include "xapi/vm/vm_settle.h"
#include "xapi/vm/xva.h"
#include "xapi/vm/host_ssh.h"
#include "xapi/vm/vm_watch.h"

#define LOCK_SECONDS 60
#define RESTART_SECONDS 1

/* ---- commands ------------------------------------------------------------ */

static struct err *print_help(struct pool *p)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    conf_help(p, &text);
    fputs(str_text(&text), stdout);
    return NULL;
}

static struct err *print_hash(struct pool *p)
{
    const char *hash, *password;
    size_t len;
    char *text;

    TRY(file_read(p, "-", 4096, &text, &len));
    password = text_trim(p, text);
    if (!*password)
        return ERR_AS(usage, "a password is wanted on standard input");
    TRY(auth_hash(p, password, &hash));
    puts(hash);
    return NULL;
}

/* `xapid __doc man xenapi`, for make docs. */
static struct err *print_doc(int argc, char **argv, struct pool *p)
{
    struct doc_page *pages = NULL;
    size_t n = 0;
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct doc_args args = {.form = 0};
    struct opt_parse parse = {.n_used = 0};

    TRY(opt_parse(doc_args_rows, argc, argv, &args, p, &parse));
    for (const struct doc_page *page = model_doc_pages; page->name; page++)
        *pool_push(p, pages, n) = *page;
    for (const struct doc_page *page = conf_doc_pages; page->name; page++)
        *pool_push(p, pages, n) = *page;
    *pool_push(p, pages, n) = cli_doc_page;
    pool_push(p, pages, n); /* the end */
    TRY(doc_print(&(struct doc_program){.name = "xapid", .pages = pages}, &args,
                  &text));
    fputs(str_text(&text), stdout);
    return NULL;
}

/* ---- the parts ----------------------------------------------------------- */

struct daemon {
    struct server server;
    const struct conf *conf;
    struct pool *pool;
    struct event_base *base;
    struct db *db;
    struct post *post;
    struct door *door;
    struct cli_door *cli;
    struct hv hv;
    struct net net;
    struct err *unsettled;
    struct vm_watch *watch;
    struct host_ssh *ssh;
    bool again; /* it shall begin anew */
    struct files files;
    struct backup backup;
    struct consoles consoles;
    struct transfer_all *transfers;
    struct raw_vdi raw_vdi;
    struct blobs blobs;
    struct rrd rrd;
    struct xva xva;
    struct report report;
    struct tls *tls;
    struct auth *auth;
    struct sessions *sessions;
    struct task_sweeper *tasks;
    struct event *db_event, *days, *signals[3];
};

static void daemon_done(struct daemon *d)
{
    cli_door_free(d->cli);
    console_end(&d->consoles);
    transfer_all_free(d->transfers);
    rrd_done(&d->rrd);
    door_free(d->door); /* its calls are given up while all is there */
    vm_watch_free(d->watch);
    host_ssh_free(d->ssh);
    ops_queue_free(d->server.ops);
    crowd_free(d->server.crowd);
    sessions_free(d->sessions);
    task_sweeper_free(d->tasks);
    auth_free(d->auth);
    tls_free(d->tls);
    for (size_t i = 0; i < ARRAY_LEN(d->signals); i++)
        if (d->signals[i])
            event_free(d->signals[i]);
    if (d->days)
        event_free(d->days);
    if (d->db_event)
        event_free(d->db_event);
    db_free(d->db);
    post_free(d->post);
    if (d->server.lock >= 0)
        close(d->server.lock);
    log_write();
    audit_free(d->server.audit);
    if (d->server.lines)
        event_free(d->server.lines);
    if (d->base)
        event_base_free(d->base);
}

static void on_db(int fd, short what, void *arg)
{
    const struct daemon *d = arg;

    (void)fd, (void)what;
    db_poll(d->db);
    http_collect(door_http(d->door));
}

static const char *db_path(const struct conf *conf, struct pool *p)
{
    return pool_printf(p, "%s/state.db", conf->state);
}

static struct err *open_db(struct daemon *d)
{
    struct store *store;

    d->db = d->server.db = db_new();
    TRY(file_make_dirs(d->conf->state, 0700));
    TRY(store_sqlite_open(db_path(d->conf, d->pool), &store));
    TRY(db_open(d->db, store));
    d->db_event =
        event_new(d->base, db_fd(d->db), EV_READ | EV_PERSIST, on_db, d);
    event_add(d->db_event, NULL);
    return NULL;
}

/* A daemon that runs has it; its settings can be looked at all the same. */
static struct err *check_db(struct daemon *d)
{
    struct err *e = open_db(d);

    if (err_is(e, &err_kind_timeout)) {
        printf("The settings are right; of the database: %s.\n", err_text(e));
        err_free(e);
        return NULL;
    }
    TRY(e);
    TRY(first_prepare(&d->server));
    return db_flush(d->db);
}

static struct err *check_certificate(struct daemon *d)
{
    const char *cert = conf_certificate(d->conf, d->pool);

    return d->conf->https && file_exists(cert) ? tls_new(cert, NULL, &d->tls)
                                               : NULL;
}

static struct err *check(struct daemon *d)
{
    TRY(check_certificate(d));
    return check_db(d);
}

static void on_commit(void *arg, const struct txn *txn)
{
    const struct server *server = arg;

    if (server->doing)
        audit_note(server->doing, txn);
}

static struct err *open_audit(struct daemon *d)
{
    TRY(audit_begin(pool_printf(d->pool, "%s/audit.log", d->conf->state),
                    d->conf->audit_bytes, d->conf->audit_files,
                    &d->server.audit));
    db_on_commit(d->db, on_commit, &d->server);
    return NULL;
}

static void write_lines(void *arg)
{
    call_write_lines(arg);
}

static void on_reached(void *arg, uint64_t generation)
{
    post_open(arg, generation);
}

/* Who has written something is answered by the thread that has synced it. */
static void open_post(struct daemon *d)
{
    d->post = post_new();
    db_on_reached(d->db, on_reached, d->post);
    http_use_post(door_http(d->door), d->post, write_lines, &d->server);
}

static struct err *listen_https(struct daemon *d)
{
    const struct conf *o = d->conf;
    const char *cert = d->server.certificate;
    const char *const *names;
    unsigned port;
    size_t n;

    names = tls_host_names(d->pool, &n);
    TRY(tls_make_certificate(cert, names, n));
    TRY(tls_new(cert, NULL, &d->tls));
    TRY(http_listen_tcp(door_http(d->door), o->https, d->tls, &port));
    log_info("xapid", "HTTPS on port %u", port);
    return NULL;
}

/* Unless there is nothing else. */
static void refuse_plain(struct daemon *d)
{
    const struct object *host =
        db_find(d->db, &model_classes[CLASS_host], d->server.host);

    d->server.has_https = d->tls;
    http_refuse_plain(door_http(d->door), d->tls && get_host_https_only(host));
}

static struct err *listen_all(struct daemon *d)
{
    const struct conf *o = d->conf;
    unsigned port;

    if (*o->socket) {
        char *folder = pool_str(d->pool, o->socket);

        TRY(file_make_dirs(dirname(folder), 0755));
        TRY(http_listen_unix(door_http(d->door), o->socket, 0600));
    }
    if (o->http) {
        TRY(http_listen_tcp(door_http(d->door), o->http, NULL, &port));
        log_info("xapid", "HTTP on port %u", port);
    }
    return o->https ? listen_https(d) : NULL;
}

/* ---- signals ------------------------------------------------------------- */

static void stopped(void *arg)
{
    const struct daemon *d = arg;

    event_base_loopbreak(d->base);
}

static void on_stop(int signal, short what, void *arg)
{
    struct daemon *d = arg;

    (void)what;
    log_info("xapid", "%s: ends", strsignal(signal));
    notify_send("STOPPING=1");
    http_stop(door_http(d->door), 1, stopped, d);
}

/* Whoever asked has its answer by then. */
static void on_restart(int fd, short what, void *arg)
{
    struct daemon *d = arg;

    (void)fd, (void)what;
    log_info("xapid", "begins anew");
    d->again = true;
    http_stop(door_http(d->door), 1, stopped, d);
}

static void restart(struct server *server)
{
    event_base_once(server->base, -1, EV_TIMEOUT, on_restart,
                    (char *)server - offsetof(struct daemon, server),
                    &(const struct timeval){RESTART_SECONDS, 0});
}

static void on_hangup(int signal, short what, void *arg)
{
    struct daemon *d = arg;
    struct err *e = d->tls ? tls_reload(d->tls) : NULL;

    (void)signal, (void)what;
    if (e)
        log_error("xapid", "the old certificate stays: %s", err_text(e));
    else
        e = certificates_settle(&d->server);
    err_free(e);
}

static void on_day(int fd, short what, void *arg)
{
    struct daemon *d = arg;
    AUTO_ERR struct err *e = certificates_tell(&d->server);

    (void)fd, (void)what;
    if (e)
        log_warning("xapid", "%s", err_text(e));
}

static void watch_days(struct daemon *d)
{
    d->days = event_new(d->base, -1, EV_PERSIST, on_day, d);
    event_add(d->days, &(const struct timeval){EXPIRY_SECONDS, 0});
}

static void watch_signals(struct daemon *d)
{
    d->signals[0] = evsignal_new(d->base, SIGTERM, on_stop, d);
    d->signals[1] = evsignal_new(d->base, SIGINT, on_stop, d);
    d->signals[2] = evsignal_new(d->base, SIGHUP, on_hangup, d);
    for (size_t i = 0; i < ARRAY_LEN(d->signals); i++)
        event_add(d->signals[i], NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error */
}

/* ---- the host ------------------------------------------------------------ */

static void on_settled(void *arg, struct err *e, bool died)
{
    struct daemon *d = arg;

    (void)died;
    d->unsettled = e;
    event_base_loopbreak(d->base);
}

/* WORK in a worker, before anybody asks for anything. */
static struct err *work_first(struct daemon *d, const char *title,
                              job_work_fn *work, void *arg)
{
    const struct job_start s = {.base = d->base,
                                .db = d->db,
                                .title = title,
                                .work = work,
                                .work_arg = arg,
                                .done = on_settled,
                                .arg = d,
                                .keep_fd = d->server.lock};
    struct job *job;

    TRY(job_start(&s, &job));
    event_base_dispatch(d->base);
    return take_ptr(d->unsettled);
}

static struct object *this_host(struct daemon *d)
{
    return db_find(d->db, &model_classes[CLASS_host], d->server.host);
}

static struct err *open_net(struct daemon *d)
{
    const struct conf *o = d->conf;
    struct pif_start start = {.net = &d->net, .host = this_host(d)};

    TRY(net_open(conf_net(o), pool_printf(d->pool, "%s/net", o->state), o->nics,
                 &d->net));
    d->server.net = &d->net;
    return err_wrap(work_first(d, "the host's interfaces", pif_start, &start),
                    "the host's interfaces");
}

/* What the database says of the host and its VMs is true from here on. */
static struct err *open_host(struct daemon *d)
{
    const struct conf *o = d->conf;
    struct ops_work all = {.hv = &d->hv, .host = this_host(d)};

    d->server.ops = ops_queue_new(&d->server);
    if (!o->hv) {
        log_info("xapid", "no hypervisor (hv): VMs are records only");
        TRY(work_first(d, "what is on disk", disk_settle, NULL));
        return ops_update_all(d->db);
    }
    TRY(hv_open(o->hv, pool_printf(d->pool, "%s/%s", o->state, o->hv), &d->hv));
    d->server.hv = &d->hv;
    TRY(open_net(d));
    all.net = d->server.net;
    TRY(work_first(d, "the state of all VMs", vm_settle, &all));
    TRY(work_first(d, "what is on disk", disk_settle, NULL));
    TRY(ops_update_all(d->db));
    d->watch = vm_watch_new(&d->server);
    return host_ssh_new(&d->server, &d->ssh);
}

/* Workers of a daemon that was killed hold it until they have taken back what
 * they did. */
static struct err *lock_state(struct daemon *d)
{
    const char *path = pool_printf(d->pool, "%s/lock", d->conf->state);
    struct err *e;

    TRY(file_make_dirs(d->conf->state, 0700));
    e = file_lock(path, 0, &d->server.lock);
    if (!e || !err_is(e, &err_kind_timeout))
        return e;
    log_info("xapid", "%s: waits for up to %d s", err_text(e), LOCK_SECONDS);
    err_drop(e, "it may be given up");
    return file_lock(path, LOCK_SECONDS, &d->server.lock);
}

/* What has come to begin anew with takes its places; the settings may be others
 * then, so it does that once more. */
static struct err *take_chosen(struct daemon *d)
{
    const struct conf *o = d->conf;

    TRY(conf_backup(o, d->pool, &d->backup.roots));
    if (o->check)
        return NULL;
    TRY(lock_state(d));
    return chosen_take(o->state, db_path(o, d->pool), d->backup.roots,
                       &d->again);
}

/* ---- all of it ----------------------------------------------------------- */

static struct err *daemon_run(struct daemon *d)
{
    const struct conf *o = d->conf;

    d->base = d->server.base = event_base_new();
    TRY(auth_new(d->base, o->auth, (double)o->auth_delay, &d->auth));
    TRY(take_chosen(d));
    if (d->again)
        return NULL;
    if (o->check)
        return check(d);
    TRY(open_db(d));
    TRY(first_prepare(&d->server));
    TRY(db_flush(d->db));
    TRY(open_audit(d));
    TRY(pool_secret_read(d->pool, pool_printf(d->pool, "%s/secret", o->state),
                         &d->server.secret));
    d->server.auth = d->auth;
    d->server.state = o->state;
    d->server.plugins = o->plugins;
    d->server.certificate = conf_certificate(o, d->pool);
    d->server.restart = restart;
    d->sessions = d->server.sessions = sessions_new(&d->server);
    TRY(task_recover(&d->server));
    d->tasks = task_sweeper_new(&d->server);
    d->server.crowd = crowd_new();
    d->server.limits = &o->limits;
    d->server.fetch = &o->fetch;
    d->door = d->server.door =
        door_new(d->base, &o->limits, rpc_serve, &d->server);
    open_post(d);
    TRY(open_host(d));
    d->cli = cli_door_new(door_http(d->door), &d->server);
    d->transfers = transfer_all_new(&d->server);
    d->files = (struct files){.server = &d->server,
                              .transfers = d->transfers,
                              .state = d->conf->state};
    files_serve(door_http(d->door), &d->files);
    d->backup.files = &d->files;
    backup_serve(door_http(d->door), &d->backup);
    console_serve(door_http(d->door), &d->consoles, &d->server);
    d->raw_vdi = (struct raw_vdi){.server = &d->server, .all = d->transfers};
    raw_vdi_serve(door_http(d->door), &d->raw_vdi);
    d->blobs.server = &d->server;
    d->blobs.transfers = d->transfers;
    TRY(blob_serve(door_http(d->door), &d->blobs));
    d->rrd = (struct rrd){.server = &d->server,
                          .dir = pool_printf(d->pool, "%s/rrd", o->state)};
    d->server.rrd = &d->rrd;
    rrd_serve(door_http(d->door), &d->rrd);
    d->xva = (struct xva){.server = &d->server, .all = d->transfers};
    xva_serve(door_http(d->door), &d->xva);
    d->report = (struct report){
        .server = &d->server, .all = d->transfers, .log = o->log};
    d->server.report = &d->report;
    report_serve(door_http(d->door), &d->report);
    TRY(listen_all(d));
    refuse_plain(d);
    TRY(certificates_settle(&d->server));
    watch_signals(d);
    watch_days(d);
    log_info("xapid", "is ready");
    notify_send("READY=1");
    event_base_dispatch(d->base);
    return NULL;
}

static struct err *run(int argc, char **argv, struct pool *p)
{
    struct conf conf;
    struct daemon d = {.conf = &conf, .pool = p, .server.lock = -1};
    struct err *e;
    bool help;

    if (argc > 1 && text_eq(argv[1], "__doc"))
        return print_doc(argc - 1, argv + 1, p);
    TRY(conf_read(&conf, argc, argv, p, &help));
    if (help)
        return print_help(p);
    if (conf.hash)
        return print_hash(p);
    if (conf.restore)
        return store_sqlite_restore(db_path(&conf, p), conf.restore);
    TRY(log_open(conf.verbose ? LOG_DEBUG_ : LOG_INFO_, conf.log));
    e = daemon_run(&d);
    daemon_done(&d);
    if (!e && d.again) {
        execv("/proc/self/exe", argv);
        return err_errno(errno, "cannot begin anew");
    }
    return e;
}

int main(int argc, char **argv)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_ERR struct err *e = run(argc, argv, p);

    if (e && !err_is(e, &err_kind_reported))
        fprintf(stderr, "xapid: %s\n", err_text(e));
    return err_exit_status(e);
}
