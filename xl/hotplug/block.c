/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* block: a disk's backend gets its block device: the one that is named, or a
 * loop device of the image that is. A script that has found the device of a
 * disk names it (params=), and has the rest done here. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/hotplug/lock.h"
#include "xl/hotplug/loop.h"
#include "xl/hotplug/sharing.h"

#define LOCK "block"  /* the stock scripts' */
#define INIT_WAIT "2" /* XenbusStateInitWait */

static const char *const names[] = {
    "params", "mode", "physical-device", "frontend-id", "state", "type",
    "node",   NULL,
};

struct block {
    struct hotplug *h;
    const char *prefix; /* before the path in params, or "" */
    union {
        const char *read[ARRAY_LEN(names)];
        struct {
            const char *params, *mode, *physical, *frontend, *state, *type,
                *node;
        };
    };
    const char *path; /* of the device or file; NULL: an empty drive */
    struct stat st;
    int64_t domid, devid;
    bool writes, forced;
};

/* ---- what it is ---------------------------------------------------------- */

static struct err *find_path(struct block *b)
{
    struct pool *p = b->h->pool;
    char *real;

    if (!b->params)
        return NULL;
    b->path =
        *b->params == '/' ? b->params : pool_printf(p, "/dev/%s", b->params);
    real = realpath(b->path, NULL);
    if (!real || stat(real, &b->st)) {
        struct err *e = err_errno(errno, "'%s'", b->path);

        free(real);
        return e;
    }
    b->path = pool_str(p, real);
    free(real);
    return NULL;
}

static struct err *find_params(struct block *b)
{
    const char *said = hotplug_word(b->h, "params");

    if (said)
        b->params = said;
    if (!*b->prefix)
        return NULL;
    if (!b->params || !text_has_prefix(b->params, b->prefix) ||
        !b->params[strlen(b->prefix)])
        return ERR_AS(input, "target '%s': %s/PATH/OF/FILE would be right",
                      b->params ? b->params : "", b->prefix);
    b->params += strlen(b->prefix);
    return NULL;
}

static struct err *look(struct block *b)
{
    const char *slash = strrchr(b->h->path, '/');

    TRY(hotplug_read(b->h, names, b->read));
    TRY(find_params(b));
    b->writes = b->mode && strchr(b->mode, 'w');
    b->forced = b->writes && strchr(b->mode, '!');
    if (!b->frontend)
        return ERR("'%s' is no backend in XenStore", b->h->path);
    TRY(text_to_int(b->frontend, 10, 0, INT64_MAX, &b->domid));
    return text_to_int(slash ? slash + 1 : "", 10, 0, INT64_MAX, &b->devid);
}

/* ---- add ----------------------------------------------------------------- */

static struct err *check_sharing(const struct block *b, bool is_file)
{
    struct sharing_use use = {
        .what = pool_printf(b->h->pool, "'%s'", b->path),
        .writes = b->writes,
        .domid = b->domid,
        .devid = b->devid,
        .devices = &b->st.st_rdev,
        .n = 1,
    };
    dev_t *loops = NULL;

    if (b->forced)
        return NULL;
    if (is_file) {
        TRY(loop_find(b->h->pool, b->st.st_dev, b->st.st_ino, &loops, &use.n));
        use.devices = loops;
    }
    return use.n ? sharing_check(b->h, &sharing_places, &use) : NULL;
}

/* The kernel takes it from here. */
static struct err *hand_over(const struct block *b, const char *device,
                             bool is_loop)
{
    struct hotplug_node nodes[4];
    struct stat st;
    size_t n = 0;

    if (stat(device, &st))
        return err_errno(errno, "'%s'", device);
    if (is_loop)
        nodes[n++] = (struct hotplug_node){"node", device};
    nodes[n++] = (struct hotplug_node){"physical-device-path", device};
    nodes[n++] = (struct hotplug_node){
        "physical-device",
        pool_printf(b->h->pool, "%x:%x", major(st.st_rdev), minor(st.st_rdev))};
    nodes[n++] = (struct hotplug_node){"hotplug-status", "connected"};
    return hotplug_write(b->h, nodes, n);
}

static struct err *add_file(const struct block *b)
{
    const char *device = NULL;
    struct err *e;

    if (b->writes && !(b->st.st_mode & 0222))
        return err_make(&hotplug_busy,
                        "'%s' is read-only, and so cannot be attached for "
                        "writing",
                        b->path);
    TRY(loop_attach(b->h->pool, b->path, b->writes, &device));
    e = hand_over(b, device, true);
    return e ? err_join(e, loop_detach(device)) : NULL;
}

static struct err *add_locked(const struct block *b)
{
    static const char *const state[] = {"state", NULL};
    bool is_file = S_ISREG(b->st.st_mode);
    const char *now = NULL;

    /* It may have been given up while we waited. */
    TRY(hotplug_read(b->h, state, &now));
    if (!text_eq(now, INIT_WAIT))
        return ERR("the backend '%s' waits for no device any more (its state "
                   "is %s)",
                   b->h->path, now ? now : "gone");
    TRY(check_sharing(b, is_file));
    return is_file ? add_file(b) : hand_over(b, b->path, false);
}

static struct err *add(struct block *b)
{
    struct err *e;
    int lock;

    if (b->physical) /* we were here before */
        return NULL;
    TRY(find_path(b));
    if (!b->path)
        return hotplug_connected(b->h);
    if (!S_ISBLK(b->st.st_mode) && !S_ISREG(b->st.st_mode))
        return ERR("'%s' is neither a block device nor a file", b->path);
    TRY(lock_take(b->h->pool, LOCK, &lock));
    e = add_locked(b);
    lock_drop(b->h->pool, LOCK, lock);
    return e;
}

/* -------------------------------------------------------------------------- */

/* Types of disks that the administrator has scripts for, as the stock script
 * calls them. */
static bool is_foreign(const struct block *b)
{
    static const char *const ours[] = {"phy", "file"};

    if (!b->type)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (!strcmp(b->type, ours[i]))
            return false;
    return true;
}

static struct err *run(struct hotplug *h, const char *prefix)
{
    struct block b = {.h = h, .prefix = prefix};

    if (!h->path)
        return ERR("XENBUS_PATH, the backend, is not set");
    if (h->action != HOTPLUG_ADD && h->action != HOTPLUG_REMOVE)
        return ERR("a disk is added or removed, not %s",
                   hotplug_actions[h->action]);
    TRY(look(&b));
    if (is_foreign(&b))
        return hotplug_become(h, pool_printf(h->pool, "block-%s", b.type));
    if (h->action == HOTPLUG_ADD)
        return add(&b);
    return b.node ? loop_detach(b.node) : NULL;
}

struct err *hotplug_block(struct hotplug *h)
{
    return run(h, "");
}

struct err *hotplug_block_dummy(struct hotplug *h)
{
    return run(h, "dummy:");
}
