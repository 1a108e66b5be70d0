/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net_user: who uses the bridges of guests alone; see net.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/net/net.h"

#define LOCK_SECONDS 60.0

/* Of one bridge, while it is locked against all others who do the same. */
struct users {
    const struct net *net;
    struct pool *pool;
    const char *bridge, *dir;
    int lock;
};

static void end(struct users *u)
{
    auto_close_(&u->lock);
    pool_free(u->pool);
}
#define USERS(name) \
    __attribute__((cleanup(end))) struct users name = {.lock = -1}

static struct err *begin(struct users *u, const struct net *net,
                         const char *bridge)
{
    u->net = net;
    u->pool = pool_new();
    u->bridge = bridge;
    u->dir = pool_printf(u->pool, "%s/users/%s", net->dir, bridge);
    return file_lock(pool_printf(u->pool, "%s/users.lock", net->dir),
                     LOCK_SECONDS, &u->lock);
}

static const char *path_of(const struct users *u, const char *user)
{
    return pool_printf(u->pool, "%s/%s", u->dir, user);
}

static struct err *add(const struct users *u, const char *user)
{
    const char *path = path_of(u, user);
    AUTO_FD int fd = -1;

    TRY(file_make_dirs(u->dir, 0755));
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? err_errno(errno, "'%s'", path) : NULL;
}

static struct err *end_if_unused(const struct users *u)
{
    if (!rmdir(u->dir) || errno == ENOENT)
        return net_down(u->net, u->bridge);
    return errno == ENOTEMPTY || errno == EEXIST
               ? NULL
               : err_errno(errno, "'%s'", u->dir);
}

struct err *net_bridge_join(const struct net *net, const struct net_bridge *b,
                            const char *user)
{
    USERS(u);
    struct err *e;

    TRY(begin(&u, net, b->name));
    TRY(add(&u, user));
    e = net_bridge_up(net, b);
    return e ? err_join(e, file_remove(path_of(&u, user))) : NULL;
}

struct err *net_bridge_leave(const struct net *net, const char *name,
                             const char *user, bool stay)
{
    USERS(u);

    TRY(begin(&u, net, name));
    TRY(file_remove(path_of(&u, user)));
    return stay ? NULL : end_if_unused(&u);
}

static bool is_among(const char *name, const char *const *users, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(users[i], name))
            return true;
    return false;
}

struct err *net_bridge_settle(const struct net *net, const char *name,
                              const char *const *users, size_t n)
{
    USERS(u);
    size_t n_there = 0, n_gone = 0;
    char **there;

    TRY(begin(&u, net, name));
    if (file_exists(u.dir))
        TRY(file_list(u.pool, u.dir, &there, &n_there));
    for (size_t i = 0; i < n_there; i++)
        if (!is_among(there[i], users, n)) {
            TRY(file_remove(path_of(&u, there[i])));
            n_gone++;
        }
    for (size_t i = 0; i < n; i++)
        TRY(add(&u, users[i]));
    return n_gone ? end_if_unused(&u) : NULL;
}
