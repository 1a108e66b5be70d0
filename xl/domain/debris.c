/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debris: see debris.h. libxl_domain_destroy does most of it; the rest is for
 * what was begun before libxl had noted it anywhere, or undone halfway.
 */
#include "xl/domain/debris.h"

#include <errno.h>
#include <fcntl.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#include <linux/loop.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <xenstore.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/domain/destroy.h"
#include "xl/domain/domains.h"
#include "xl/domain/journal.h"
#include "xl/domain/vm_path.h"

#define USERDATA_DIR "/var/lib/xen"
#define BACKENDS "/local/domain/0/backend"
#define ENVIRON_MAX (1u << 20)
#define GONE_WAIT_MS 3000

/* ---- processes ----------------------------------------------------------- */

/* Whether one of the NUL-ended words of TEXT is WORD, followed by NEXT if
 * that is given. */
static bool has_words(const char *text, size_t len, const char *word,
                      const char *next)
{
    for (const char *c = text; c < text + len; c += strlen(c) + 1) {
        if (strcmp(c, word))
            continue;
        if (!next)
            return true;
        c += strlen(c) + 1;
        return c < text + len && !strcmp(c, next);
    }
    return false;
}

static bool file_has_words(const char *path, const char *word, const char *next)
{
    AUTO_POOL struct pool *p = pool_new();
    char *text;
    size_t len;
    struct err *e = file_read(p, path, ENVIRON_MAX, &text, &len);

    if (e) {
        err_drop(e, "the process is gone");
        return false;
    }
    return has_words(text, len, word, next);
}

/* Its own, by the environment; and a qemu of its domid, which may have been
 * started by what clears the environment. */
static bool is_ours(const struct debris *d, bool domain_gone, const char *pid)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *env = pool_printf(p, JOURNAL_ENV "=%s", d->token);

    if (file_has_words(pool_printf(p, "/proc/%s/environ", pid), env, NULL))
        return true;
    return domain_gone && d->domid != NO_DOMID &&
           file_has_words(pool_printf(p, "/proc/%s/cmdline", pid), "-xen-domid",
                          pool_printf(p, "%u", d->domid));
}

/* Kills them; returns how many there were. */
static size_t kill_processes(const struct debris *d, bool domain_gone)
{
    AUTO_POOL struct pool *p = pool_new();
    char **names;
    size_t n, n_killed = 0;
    struct err *e = file_list(p, "/proc", &names, &n);

    if (e) {
        err_drop(e, "no /proc, nothing to find there");
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        pid_t pid = (pid_t)strtol(names[i], NULL, 10);

        if (pid <= 1 || pid == getpid() || !is_ours(d, domain_gone, names[i]))
            continue;
        if (!kill(pid, SIGKILL))
            n_killed++;
    }
    return n_killed;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* Until none is left: a killed one may just have started another. */
static void end_processes(const struct debris *d, bool domain_gone)
{
    for (int ms = 0; ms < GONE_WAIT_MS && kill_processes(d, domain_gone);
         ms += 20)
        nap();
}

/* ---- the domain ---------------------------------------------------------- */

enum found { NO_DOMAIN, FRESH, COMPLETE };

/* Finds the domain by its uuid. One that has run is complete. */
static struct err *find(struct debris *d, struct host *h, enum found *ret)
{
    struct domain *found;
    libxl_uuid uuid;

    if (libxl_uuid_from_string(&uuid, d->uuid))
        return ERR("'%s' is no uuid", d->uuid);
    TRY(domains_find(h, d->pool, &uuid, d->beside, &found));
    *ret = NO_DOMAIN;
    if (!found)
        return NULL;
    d->domid = found->id;
    *ret = found->info.flags & XEN_DOMINF_paused && !found->info.cpu_time
               ? FRESH
               : COMPLETE;
    return NULL;
}

static struct err *destroy_one(const struct debris *d, struct host *h)
{
    return err_wrap(domain_destroy(h, d->domid, NULL),
                    "what was made of it is left");
}

static struct err *destroy(const struct debris *d, struct host *h)
{
    struct vm_path kept = {0};

    if (!d->beside)
        return destroy_one(d, h);
    TRY(vm_path_keep(h, d->pool, d->uuid, &kept));
    TRY(destroy_one(d, h));
    return vm_path_restore(h, &kept, d->beside);
}

/* ---- XenStore ------------------------------------------------------------ */

static bool belongs_to_other(struct xs_handle *xs, const struct debris *d,
                             struct pool *p)
{
    AUTO_FREE char *vm = xs_read(
        xs, XBT_NULL, pool_printf(p, "/local/domain/%u/vm", d->domid), NULL);

    return vm && (!text_has_prefix(vm, "/vm/") || strcmp(vm + 4, d->uuid));
}

static void remove_path(struct xs_handle *xs, const char *path)
{
    unsigned n;
    char **names = xs_directory(xs, XBT_NULL, path, &n);

    free(names);
    if (names)
        xs_rm(xs, XBT_NULL, path);
}

static void remove_nodes(struct xs_handle *xs, const struct debris *d,
                         struct pool *p)
{
    AUTO_FREE char **kinds = NULL;
    unsigned n = 0;

    if (!d->beside)
        remove_path(xs, pool_printf(p, "/vm/%s", d->uuid));
    if (d->domid == NO_DOMID || belongs_to_other(xs, d, p))
        return;
    remove_path(xs, pool_printf(p, "/local/domain/%u", d->domid));
    kinds = xs_directory(xs, XBT_NULL, BACKENDS, &n);
    for (unsigned i = 0; kinds && i < n; i++)
        remove_path(xs, pool_printf(p, BACKENDS "/%s/%u", kinds[i], d->domid));
    remove_path(xs,
                pool_printf(p, "/local/domain/0/device-model/%u", d->domid));
    remove_path(xs, pool_printf(p, "/libxl/%u", d->domid));
}

/* ---- loop devices -------------------------------------------------------- */

struct err *debris_each_loop(struct pool *p,
                             void (*fn)(void *arg, const char *loop,
                                        const char *file),
                             void *arg)
{
    char **names;
    size_t n;

    TRY(file_list(p, "/sys/block", &names, &n));
    for (size_t i = 0; i < n; i++) {
        const char *path;
        char *text;
        size_t len;
        struct err *e;

        if (!text_has_prefix(names[i], "loop"))
            continue;
        path = pool_printf(p, "/sys/block/%s/loop/backing_file", names[i]);
        if (!file_exists(path))
            continue;
        e = file_read(p, path, 8192, &text, &len);
        if (!e)
            fn(arg, names[i], text_trim(p, text));
        else
            err_drop(e, "detached since");
    }
    return NULL;
}

static bool is_among(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(list[i], word))
            return true;
    }
    return false;
}

struct loop_search {
    const struct debris *d;
    struct xs_handle *xs;
    struct pool *pool;
};

/* Whether a backend in XenStore, of any domain, stands on LOOP. */
static bool in_use(const struct loop_search *s, const char *loop)
{
    const char *vbd = BACKENDS "/vbd", *dev;
    AUTO_FREE char **domains = NULL;
    unsigned n = 0;
    bool found = false;

    dev = pool_printf(s->pool, "/dev/%s", loop);
    domains = xs_directory(s->xs, XBT_NULL, vbd, &n);
    for (unsigned i = 0; domains && i < n && !found; i++) {
        const char *dir = pool_printf(s->pool, "%s/%s", vbd, domains[i]);
        unsigned n_disks = 0;
        AUTO_FREE char **disks = xs_directory(s->xs, XBT_NULL, dir, &n_disks);

        for (unsigned k = 0; disks && k < n_disks && !found; k++) {
            AUTO_FREE char *node = xs_read(
                s->xs, XBT_NULL,
                pool_printf(s->pool, "%s/%s/node", dir, disks[k]), NULL);

            found = node && !strcmp(node, dev);
        }
    }
    return found;
}

static void detach(void *arg, const char *loop, const char *file)
{
    const struct loop_search *s = arg;
    AUTO_FD int fd = -1;

    if (!is_among(s->d->files, s->d->n_files, file) ||
        is_among(s->d->loops, s->d->n_loops, loop) || in_use(s, loop))
        return;
    fd = open(pool_printf(s->pool, "/dev/%s", loop), O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        ioctl(fd, LOOP_CLR_FD);
}

/* ---- files --------------------------------------------------------------- */

/* "userdata-d.7.UUID.xl" and the like. */
static struct err *remove_files(const struct debris *d, struct pool *p)
{
    const char *part = d->beside ? pool_printf(p, ".%u.%s.", d->domid, d->uuid)
                                 : pool_printf(p, ".%s.", d->uuid);
    char **names;
    size_t n;

    TRY(file_list(p, USERDATA_DIR, &names, &n));
    for (size_t i = 0; i < n; i++) {
        if (text_has_prefix(names[i], "userdata-") && strstr(names[i], part))
            TRY(file_remove(pool_printf(p, USERDATA_DIR "/%s", names[i])));
    }
    return NULL;
}

static struct err *remove_rest(const struct debris *d)
{
    AUTO_POOL struct pool *p = pool_new();
    struct loop_search search = {.d = d, .pool = p};
    struct xs_handle *xs = xs_open(0);
    struct err *e;

    if (!xs)
        return err_errno(errno, "cannot talk to xenstored");
    search.xs = xs;
    remove_nodes(xs, d, p);
    e = d->n_files ? debris_each_loop(p, detach, &search) : NULL;
    xs_close(xs);
    return err_join(e, remove_files(d, p));
}

struct err *debris_remove(struct debris *d, struct host *h, bool *ret_complete)
{
    enum found found = NO_DOMAIN;

    TRY(find(d, h, &found));
    if (found == COMPLETE) {
        *ret_complete = true;
        return NULL;
    }
    end_processes(d, found == NO_DOMAIN);
    if (found == FRESH)
        TRY(destroy(d, h));
    end_processes(d, true);
    TRY(remove_rest(d));
    *ret_complete = false;
    return NULL;
}
