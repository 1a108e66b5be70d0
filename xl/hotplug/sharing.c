/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sharing: see sharing.h. Which guest has which device is read from the
 * kernel's backends in sysfs, which costs XenStore's daemon nothing however
 * many there are. XenStore is asked only about a backend that the kernel has
 * not opened yet, or where there is no such driver.
 */
#include "xl/hotplug/sharing.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/file.h"
#include "lib/str.h"

#define ATTRIBUTE_BYTES 256
#define TABLE_BYTES (16u << 20)

const struct sharing_places sharing_places = {
    .backends = "/sys/bus/xen-backend/devices",
    .mounts = "/proc/self/mountinfo",
    .swaps = "/proc/swaps",
};

static bool is_one_of(const struct sharing_use *use, dev_t device)
{
    for (size_t i = 0; i < use->n; i++)
        if (use->devices[i] == device)
            return true;
    return false;
}

static struct err *busy(const struct sharing_use *use, const char *who,
                        bool writes)
{
    return err_make(&hotplug_busy,
                    "%s is %s by %s, and so cannot be attached %s", use->what,
                    writes ? "written to" : "used", who,
                    use->writes ? "for writing" : "read-only");
}

/* ---- Dom0 ---------------------------------------------------------------- */

static bool is_device_at(const struct sharing_use *use, const char *path)
{
    struct stat st;

    return *path == '/' && !stat(path, &st) && S_ISBLK(st.st_mode) &&
           is_one_of(use, st.st_rdev);
}

static bool has_word(struct pool *p, const char *list, const char *word)
{
    size_t n;
    char **words = text_split(p, list, ',', &n);

    for (size_t i = 0; i < n; i++)
        if (!strcmp(words[i], word))
            return true;
    return false;
}

/*
 * A line of mountinfo: 36 35 98:0 /root /where rw,noatime ... - ext4 SOURCE
 * OPTS
 */
static struct err *check_mount(struct pool *p, const struct sharing_use *use,
                               const char *line)
{
    unsigned major_ = 0, minor_ = 0;
    size_t n, rest = 6;
    char **words = text_split(p, line, ' ', &n);
    bool writes;

    while (rest < n && strcmp(words[rest], "-"))
        rest++;
    if (rest + 3 >= n || sscanf(words[2], "%u:%u", &major_, &minor_) != 2)
        return NULL;
    if (!is_one_of(use, makedev(major_, minor_)) &&
        !is_device_at(use, words[rest + 2]))
        return NULL;
    writes = has_word(p, words[rest + 3], "rw") && has_word(p, words[5], "rw");
    if (!use->writes && !writes)
        return NULL;
    return busy(use, pool_printf(p, "Dom0 (mounted at '%s')", words[4]),
                writes);
}

static struct err *check_swap(struct pool *p, const struct sharing_use *use,
                              const char *line)
{
    size_t n;
    char **words = text_split(p, line, ' ', &n);

    return n && is_device_at(use, words[0]) ? busy(use, "Dom0 (as swap)", true)
                                            : NULL;
}

static struct err *check_lines(const char *path, const struct sharing_use *use,
                               struct err *(*check)(struct pool *p,
                                                    const struct sharing_use *,
                                                    const char *line))
{
    AUTO_POOL struct pool *p = pool_new();
    size_t len, n;
    char *text, **lines;

    if (!file_exists(path))
        return NULL;
    TRY(file_read(p, path, TABLE_BYTES, &text, &len));
    lines = text_split(p, text, '\n', &n);
    for (size_t i = 0; i < n; i++)
        TRY(check(p, use, lines[i]));
    return NULL;
}

/* ---- guests -------------------------------------------------------------- */

struct user {
    int64_t domid, devid;
    const char *device; /* "major:minor", hexadecimal; NULL: none yet */
    const char *mode;
};

struct users {
    struct user *list;
    size_t n;
};

/* Text of an attribute, NULL: there is none. */
static char *attribute(struct pool *p, const char *dir, const char *name)
{
    AUTO_FD int fd =
        open(pool_printf(p, "%s/%s", dir, name), O_RDONLY | O_CLOEXEC);
    char text[ATTRIBUTE_BYTES];
    ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));

    /* or else the kernel has not opened it, or it has gone */
    return len > 0 ? text_trim(p, pool_strn(p, text, (size_t)len)) : NULL;
}

static bool is_used(const struct user *user, const struct sharing_use *use)
{
    unsigned major_, minor_;

    return user->device &&
           sscanf(user->device, "%x:%x", &major_, &minor_) == 2 &&
           is_one_of(use, makedev(major_, minor_)) &&
           (user->domid != use->domid || user->devid != use->devid);
}

static void add_from_kernel(struct pool *p, const struct sharing_places *places,
                            const struct sharing_use *use, const char *name,
                            struct users *to)
{
    const char *dir = pool_printf(p, "%s/%s", places->backends, name);
    struct user user = {0};
    long long domid, devid;

    if (sscanf(name, "vbd-%lld-%lld", &domid, &devid) != 2)
        return;
    user.domid = domid;
    user.devid = devid;
    user.device = attribute(p, dir, "physical_device");
    user.mode = is_used(&user, use) ? attribute(p, dir, "mode") : NULL;
    *pool_push(p, to->list, to->n) = user;
}

/* All backends that XenStore has, without a device. */
static struct err *list_nodes(const struct hotplug *h, struct users *to)
{
    static const char root[] = "/local/domain/0/backend/vbd";
    struct store_batch batch = {.pool = h->pool};
    char **domids;
    size_t n = 0;

    TRY(store_list(h->store, h->pool, root, &domids, &n));
    for (size_t i = 0; i < n; i++)
        store_batch_list(&batch, "%s/%s", root, domids[i]);
    TRY(store_batch_run(h->store, &batch));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < batch.reqs[i].n_names; k++)
            *pool_push(h->pool, to->list, to->n) = (struct user){
                .domid = strtoll(domids[i], NULL, 10),
                .devid = strtoll(batch.reqs[i].names[k], NULL, 10)};
    return NULL;
}

/* What the kernel does not tell (yet). */
static struct err *ask_store(const struct hotplug *h, struct users *users)
{
    struct store_batch batch = {.pool = h->pool};
    size_t at = 0;

    for (size_t i = 0; i < users->n; i++) {
        const struct user *u = &users->list[i];
        const char *path =
            pool_printf(h->pool, "/local/domain/0/backend/vbd/%lld/%lld",
                        (long long)u->domid, (long long)u->devid);

        if (u->device)
            continue;
        store_batch_read(&batch, "%s/physical-device", path);
        store_batch_read(&batch, "%s/mode", path);
    }
    TRY(store_batch_run(h->store, &batch));
    for (size_t i = 0; i < users->n; i++) {
        struct user *u = &users->list[i];

        if (u->device)
            continue;
        u->device = batch.reqs[at++].text;
        u->mode = batch.reqs[at++].text;
    }
    return NULL;
}

static struct err *find_users(const struct hotplug *h,
                              const struct sharing_places *places,
                              const struct sharing_use *use, struct users *ret)
{
    char **names;
    size_t n = 0;

    if (!file_exists(places->backends)) {
        TRY(list_nodes(h, ret));
        return ask_store(h, ret);
    }
    TRY(file_list(h->pool, places->backends, &names, &n));
    for (size_t i = 0; i < n; i++)
        add_from_kernel(h->pool, places, use, names[i], ret);
    return ask_store(h, ret);
}

/* ---- the same guest ------------------------------------------------------ */

/* A domain, as the VM it is: its own path and that of what it serves. */
struct identity {
    const char *vm, *target_vm;
};

/* The second domain of a VM on one host has "-1" behind its path. */
static const char *plain(struct pool *p, const char *vm)
{
    return vm && text_has_suffix(vm, "-1") ? pool_strn(p, vm, strlen(vm) - 2)
                                           : vm;
}

static struct err *identify(const struct hotplug *h, int64_t domid,
                            struct identity *ret)
{
    const char *dir =
        pool_printf(h->pool, "/local/domain/%lld", (long long)domid);
    struct store_batch batch = {.pool = h->pool};
    const char *target;
    char *target_vm = NULL;

    store_batch_read(&batch, "%s/vm", dir);
    store_batch_read(&batch, "%s/target", dir);
    TRY(store_batch_run(h->store, &batch));
    target = batch.reqs[1].text;
    if (target)
        TRY(store_read(h->store, h->pool,
                       pool_printf(h->pool, "/local/domain/%s/vm", target),
                       &target_vm));
    *ret = (struct identity){plain(h->pool, batch.reqs[0].text),
                             plain(h->pool, target_vm)};
    return NULL;
}

/* A backend whose domain has no path any more is about to go. */
static bool is_same(const struct identity *us, const struct identity *other)
{
    if (!other->vm)
        return true;
    return text_eq(us->vm, other->vm) ||
           (us->target_vm && !strcmp(us->target_vm, other->vm)) ||
           (other->target_vm && (text_eq(us->vm, other->target_vm) ||
                                 text_eq(us->target_vm, other->target_vm)));
}

static struct err *check_user(const struct hotplug *h,
                              const struct sharing_use *use,
                              const struct user *user)
{
    bool writes = user->mode && strchr(user->mode, 'w');
    struct identity us, other;

    if (!is_used(user, use) || (!use->writes && !writes))
        return NULL;
    TRY(identify(h, use->domid, &us));
    TRY(identify(h, user->domid, &other));
    if (is_same(&us, &other))
        return NULL;
    return busy(use,
                pool_printf(h->pool, "domain %lld", (long long)user->domid),
                writes);
}

/* -------------------------------------------------------------------------- */

struct err *sharing_check(const struct hotplug *h,
                          const struct sharing_places *places,
                          const struct sharing_use *use)
{
    struct users users = {0};

    TRY(check_lines(places->mounts, use, check_mount));
    TRY(check_lines(places->swaps, use, check_swap));
    TRY(find_users(h, places, use, &users));
    for (size_t i = 0; i < users.n; i++)
        TRY(check_user(h, use, &users.list[i]));
    return NULL;
}
