/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv_libxl_move: a guest goes from one domain of this Xen into another; see
 * hv_libxl.h. Three processes have a part in it:
 *
 *     sender     libxl_domain_suspend of the old domain into a pipe
 *     pump       from there into the pipe that the worker reads, but for the
 *                last piece, which follows when the sender has ended well
 *     worker     libxl_domain_create_restore of the new one
 *
 * So the new domain gets its devices when the old one's qemu has stopped, with
 * all on disk that it knew: two of them never have an image in hand.
 */
#include <errno.h>
#include <fcntl.h>
#include <libxl_utils.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"
#include "xapi/call/job.h"
#include "xenstore/store.h"
#include "xl/domain/create.h"
#include "xl/domain/domains.h"
#include "xl/domain/vm_path.h"

#define PIECE (256u << 10)
#define SAID_MAX 4096
#define QMP_SOCKET "/run/xen/qmp-libxl-%u"

/* What the processes have in common. */
struct flow {
    volatile uint64_t passed; /* bytes of the stream */
    volatile bool is_cut;     /* the sender failed before anybody else did */
};

struct sending {
    pid_t pump;
    int stream, said; /* what comes of it: nothing, or a sentence */
    struct flow *flow;
};

/* ---- its qemu ------------------------------------------------------------ */

/* Of PV and PVH guests libxl does not stop it: it has only their disks. */
static struct err *tell_qemu(struct lx *lx, uint32_t domid, const char *word)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FREE char *said = NULL;
    struct await a;

    if (!file_exists(pool_printf(p, QMP_SOCKET, domid)))
        return NULL;
    host_mark(&lx->host);
    await_begin(&a, &lx->host);
    a.interruptible = false;
    return lx_await(
        &a,
        libxl_qemu_monitor_command(lx->host.ctx, domid, word, &said, &a.how),
        "the disks of domain %u cannot %s", domid, word);
}

static bool is_suspended(const libxl_dominfo *info)
{
    return info->shutdown &&
           info->shutdown_reason == LIBXL_SHUTDOWN_REASON_SUSPEND;
}

struct err *lx_resume_here(struct lx *lx, uint32_t domid)
{
    libxl_dominfo info AUTO(libxl_dominfo_dispose);
    struct await a;

    libxl_dominfo_init(&info);
    if (libxl_domain_info(lx->host.ctx, &info, domid) || !is_suspended(&info))
        return NULL;
    TRY(tell_qemu(lx, domid, "cont"));
    host_mark(&lx->host);
    await_begin(&a, &lx->host);
    a.interruptible = false;
    return lx_await(&a, libxl_domain_resume(lx->host.ctx, domid, 1, &a.how),
                    "cannot continue domain %u", domid);
}

struct err *lx_go_on(const struct hv *hv, uint32_t domid)
{
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin(&lx, false));
    return lx_resume_here(&lx, domid);
}

/* ---- the sender ---------------------------------------------------------- */

static struct err *save(struct lx *lx, uint32_t domid, int fd, bool live)
{
    TRY(lx_save(lx, domid, fd, live ? LIBXL_SUSPEND_LIVE : 0));
    return tell_qemu(lx, domid, "stop");
}

/* Its own libxl; when it fails the guest runs on. */
static struct err *send_guest(uint32_t domid, int fd, bool live)
{
    struct lx lx AUTO_LX = {0};
    struct err *e;

    TRY(lx_begin(&lx, false));
    e = save(&lx, domid, fd, live);
    return e ? err_join(e, lx_resume_here(&lx, domid)) : NULL;
}

/* As a child that ends, by way of SIGTERM, when its parent PARENT does. */
static void be_child(pid_t parent)
{
    job_left_worker();
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
}

static void be_sender(pid_t parent, uint32_t domid, int fd, int said, bool live)
{
    struct err *e;

    be_child(parent);
    e = send_guest(domid, fd, live);
    if (e)
        err_drop(file_write_all(said, err_text(e), strlen(err_text(e))),
                 "the worker has gone");
    _exit(e ? 1 : 0);
}

/* ---- the pump ------------------------------------------------------------ */

static bool write_piece(int fd, const char *bytes, size_t len)
{
    struct err *e = file_write_all(fd, bytes, len);

    if (e)
        err_drop(e, "who reads it says why it does not");
    return !e;
}

static size_t read_piece(int fd, char *bytes)
{
    ssize_t n;

    do
        n = read(fd, bytes, PIECE);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

static bool ended_well(pid_t pid)
{
    int status;

    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           !WEXITSTATUS(status);
}

/* A piece goes out when the next has come. */
static bool pass(int from, int to, pid_t sender, struct flow *flow)
{
    static char pieces[2][PIECE];
    size_t len = read_piece(from, pieces[0]), next;
    unsigned at = 0;

    while ((next = read_piece(from, pieces[!at]))) {
        if (!write_piece(to, pieces[at], len))
            return false;
        flow->passed += len;
        len = next;
        at = !at;
    }
    if (!ended_well(sender)) {
        flow->is_cut = true;
        return false;
    }
    return write_piece(to, pieces[at], len);
}

static void be_pump(pid_t parent, uint32_t domid, int to, int said, bool live,
                    struct flow *flow)
{
    pid_t self, sender;
    int ends[2];

    be_child(parent);
    self = getpid();
    if (pipe2(ends, O_CLOEXEC))
        _exit(1);
    sender = fork();
    if (!sender) {
        close(to);
        close(ends[0]);
        be_sender(self, domid, ends[1], said, live);
    }
    close(ends[1]);
    _exit(sender > 0 && pass(ends[0], to, sender, flow) ? 0 : 1);
}

/* ---- the worker ---------------------------------------------------------- */

static struct err *start_sending(uint32_t domid, bool live, struct sending *s)
{
    int stream[2], said[2];
    pid_t self = getpid();

    s->flow = mmap(NULL, sizeof(*s->flow), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->flow == MAP_FAILED)
        return err_errno(errno, "mmap");
    if (pipe2(stream, O_CLOEXEC) || pipe2(said, O_CLOEXEC))
        return err_errno(errno, "pipe");
    s->pump = fork();
    if (!s->pump) {
        close(stream[0]);
        close(said[0]);
        be_pump(self, domid, stream[1], said[1], live, s->flow);
    }
    close(stream[1]);
    close(said[1]);
    s->stream = stream[0];
    s->said = said[0];
    return s->pump < 0 ? err_errno(errno, "fork") : NULL;
}

/* Returns when both have ended, with what the sender had to say. */
static char *end_sending(struct sending *s, struct pool *p)
{
    char *text = pool_alloc(p, SAID_MAX + 1);
    size_t len = 0;
    ssize_t n;

    close(s->stream);
    while ((n = read(s->said, text + len, SAID_MAX - len)) > 0 ||
           (n < 0 && errno == EINTR))
        len += n > 0 ? (size_t)n : 0;
    close(s->said);
    text[len] = '\0';
    return text;
}

struct restoring {
    const struct hv_move *how;
    struct flow *flow;
    double bytes; /* that are expected */
};

static void on_step(void *arg, const char *what)
{
    const struct restoring *r = arg;
    double share = (double)r->flow->passed / r->bytes;

    (void)what;
    if (r->how->progress)
        r->how->progress(r->how->arg, share < 1 ? share : 1);
}

/* Its screen is another socket, as long as there are two. */
static void renew_screen(libxl_vnc_info *vnc, const char *uuid)
{
    AUTO_POOL struct pool *p = pool_new();

    if (!vnc->listen || !text_has_prefix(vnc->listen, "unix:"))
        return;
    free(vnc->listen);
    vnc->listen = xstrdup(lx_screen(p, uuid));
}

static void renew_screens(libxl_domain_config *config, const char *uuid)
{
    if (config->c_info.type == LIBXL_DOMAIN_TYPE_HVM)
        renew_screen(&config->b_info.u.hvm.vnc, uuid);
    for (int i = 0; i < config->num_vfbs; i++)
        renew_screen(&config->vfbs[i].vnc, uuid);
}

/* The domain as it is, and not as its VM has been described since. */
static struct err *read_config(struct lx *lx, uint32_t domid,
                               libxl_domain_config *config)
{
    AUTO_POOL struct pool *p = pool_new();
    struct await a;
    char *name;

    host_mark(&lx->host);
    await_begin(&a, &lx->host);
    TRY(lx_await(&a,
                 libxl_retrieve_domain_configuration(lx->host.ctx, domid,
                                                     config, &a.how),
                 "cannot tell what domain %u is", domid));
    name = pool_printf(p, "%s" HV_ARRIVING, config->c_info.name);
    free(config->c_info.name);
    config->c_info.name = xstrdup(name);
    config->c_info.domid = INVALID_DOMID; /* another one */
    renew_screens(config, uuid_text(p, &config->c_info.uuid));
    return NULL;
}

struct moving {
    const struct hv *hv;
    const struct hv_move *how;
    uint32_t from, to;
    bool live;
    libxl_domain_config config;
    struct vm_path kept;
    struct pool *pool;
    struct sending sending;
};

/* Whether what a guest of TYPE writes while it runs can be noted: with PV that
 * takes shadow paging, which Debian builds Xen without. */
static struct err *notes_writes(struct lx *lx, libxl_domain_type type,
                                bool *ret)
{
    libxl_physinfo info AUTO(libxl_physinfo_dispose);
    int rc;

    libxl_physinfo_init(&info);
    host_mark(&lx->host);
    rc = libxl_get_physinfo(lx->host.ctx, &info);
    if (rc)
        return host_err(&lx->host, rc, "cannot tell what Xen is capable of");
    *ret = type != LIBXL_DOMAIN_TYPE_PV || info.cap_shadow;
    return NULL;
}

/* The qemu of an HVM guest gives its images up to the next one in a live move
 * only. */
static struct err *choose_live(struct lx *lx, struct moving *m)
{
    libxl_domain_type type = m->config.c_info.type;

    m->live = m->how->live || type == LIBXL_DOMAIN_TYPE_HVM;
    return m->live ? notes_writes(lx, type, &m->live) : NULL;
}

/* Before there are children: they are not to have our libxl. */
static struct err *prepare(struct moving *m)
{
    struct lx lx AUTO_LX = {0};

    TRY(lx_begin(&lx, true));
    TRY(read_config(&lx, m->from, &m->config));
    TRY(choose_live(&lx, m));
    return vm_path_keep(&lx.host, m->pool,
                        uuid_text(m->pool, &m->config.c_info.uuid), &m->kept);
}

/* The stream begins: libxl is not to find it empty (lx_streams). */
static struct err *await_stream(int fd)
{
    struct pollfd poll_fd = {fd, POLLIN, 0};
    int n = 0;

    for (;;) {
        bool over = poll(&poll_fd, 1, 100) == 1 && poll_fd.revents & POLLHUP;

        if (ioctl(fd, FIONREAD, &n) || n >= STREAM_HEAD)
            return NULL;
        if (over)
            return ERR("the guest's memory did not come");
        if (await_signal())
            return ERR_AS(interrupted, "cancelled");
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static struct err *receive(struct moving *m)
{
    struct restoring r = {m->how, m->sending.flow,
                          (double)m->config.b_info.target_memkb * 1024};
    struct lx lx AUTO_LX = {0};
    struct create create = {
        .paused = true,
        .lockfile = LX_LOCKFILE,
        .restore_fd = &m->sending.stream,
        .beside = m->from,
        .step = on_step,
        .step_arg = &r,
    };

    TRY(lx_begin(&lx, true));
    create.autoballoon = create_autoballoons_by_default(&lx.host);
    TRY(await_stream(m->sending.stream));
    create.abortable = lx_streams(&lx);
    return create_domain(&lx.host, &m->config, &create, &m->to);
}

/* What the guest has said of itself, which it does not say again. */
static struct err *copy_words(const struct moving *m)
{
    struct plan_pair *said = NULL;
    size_t n = 0, kept = 0;

    TRY(lx_said(m->hv, m->from, m->pool, &said, &n));
    for (size_t i = 0; i < n; i++)
        if (!text_has_prefix(said[i].name, "control/") ||
            text_has_prefix(said[i].name, "control/feature-"))
            said[kept++] = said[i];
    return lx_set_data(m->hv, m->to, said, kept);
}

/* The old one goes on, and has all that was its own. */
static struct err *stay(struct moving *m)
{
    struct lx lx AUTO_LX = {0};

    TRY(lx_begin(&lx, false));
    TRY(vm_path_restore(&lx.host, &m->kept, m->from));
    return lx_resume_here(&lx, m->from);
}

static struct err *move(struct moving *m)
{
    struct err *e;
    char *said;

    TRY(prepare(m));
    TRY(start_sending(m->from, m->live, &m->sending));
    e = receive(m);
    if (e)
        kill(m->sending.pump, SIGTERM);
    said = end_sending(&m->sending, m->pool);
    if (e && m->sending.flow->is_cut && *said) {
        err_free(e);
        e = ERR("%s", said);
    }
    if (!e) {
        e = copy_words(m);
        if (!e)
            return NULL;
        e = err_join(e, m->hv->destroy(m->hv, m->to));
    }
    return err_join(e, stay(m));
}

struct err *lx_migrate(const struct hv *hv, uint32_t domid,
                       const struct hv_move *how, uint32_t *ret_domid)
{
    AUTO_POOL struct pool *p = pool_new();
    struct moving m = {.hv = hv, .how = how, .from = domid, .pool = p};
    struct err *e;

    libxl_domain_config_init(&m.config);
    e = move(&m);
    libxl_domain_config_dispose(&m.config);
    if (!e)
        *ret_domid = m.to;
    return e;
}

/* ---- the end ------------------------------------------------------------- */

static struct err *take_name(struct lx *lx, uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FREE char *name = libxl_domid_to_name(lx->host.ctx, domid);
    const char *own;
    int rc;

    if (!name || !text_has_suffix(name, HV_ARRIVING))
        return NULL;
    own =
        pool_printf(p, "%.*s", (int)(strlen(name) - strlen(HV_ARRIVING)), name);
    host_mark(&lx->host);
    rc = libxl_domain_rename(lx->host.ctx, domid, name, own);
    return rc ? host_err(&lx->host, rc, "domain %u cannot be called '%s'",
                         domid, own)
              : NULL;
}

static struct err *start(struct lx *lx, uint32_t domid)
{
    libxl_dominfo info AUTO(libxl_dominfo_dispose);
    struct await a;

    libxl_dominfo_init(&info);
    host_mark(&lx->host);
    if (libxl_domain_info(lx->host.ctx, &info, domid))
        return ERR_AS(not_found, "there is no domain %u", domid);
    if (!info.paused)
        return NULL;
    await_begin(&a, &lx->host);
    a.interruptible = false;
    return lx_await(&a, libxl_domain_unpause(lx->host.ctx, domid, &a.how),
                    "cannot start domain %u", domid);
}

/* Without its name it runs all the same. */
struct err *lx_land(const struct hv *hv, uint32_t old, uint32_t domid)
{
    struct lx lx AUTO_LX = {0};

    if (old)
        TRY(hv->destroy(hv, old));
    TRY(lx_begin(&lx, false));
    return err_join(take_name(&lx, domid), start(&lx, domid));
}
