/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr_mark: see sr_mark.h. */
#include "xapi/storage/sr_mark.h"

#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/call/job.h"

#define PENDING ".pending"
#define USED ".used."
#define LOOK_SECONDS 0.05

static const char *pending_path(struct pool *p, const char *dir,
                                const char *name)
{
    return pool_printf(p, "%s/.%s" PENDING, dir, name);
}

static const char *used_path(struct pool *p, const char *dir, const char *name,
                             const char *user)
{
    return pool_printf(p, "%s/.%s" USED "%s", dir, name, user);
}

/* Waits for it as long as it takes, or until the job is cancelled. */
struct err *mark_lock(const char *dir, int *ret_fd)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = pool_printf(p, "%s/.lock", dir);
    struct err *e = file_lock(path, 0, ret_fd);

    while (e && err_is(e, &err_kind_timeout)) {
        err_drop(e, "somebody else is at work");
        TRY(job_sleep(LOOK_SECONDS));
        e = file_lock(path, 0, ret_fd);
    }
    return e;
}

/* The descriptor that holds the lock is the process's, to its end. A mark that
 * the process holds already is fine. */
static struct err *make(const char *path)
{
    int fd;
    struct err *e = file_lock(path, 0, &fd);

    if (e && err_is(e, &err_kind_timeout)) {
        err_drop(e, "it is held, by us or for the same");
        return NULL;
    }
    return e;
}

struct err *mark_pending(const char *dir, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();

    return make(pending_path(p, dir, name));
}

struct err *mark_used(const char *dir, const char *name, const char *user)
{
    AUTO_POOL struct pool *p = pool_new();

    return make(used_path(p, dir, name, user));
}

struct err *mark_not_pending(const char *dir, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();

    return file_remove(pending_path(p, dir, name));
}

struct err *mark_not_used(const char *dir, const char *name, const char *user)
{
    AUTO_POOL struct pool *p = pool_new();

    return file_remove(used_path(p, dir, name, user));
}

/* The last of them: names of images may have what they want. */
static const char *find_used(const char *file)
{
    const char *found = NULL;

    for (const char *at = strstr(file, USED); at; at = strstr(at + 1, USED))
        found = at;
    return found;
}

bool mark_read(struct pool *p, const char *file, struct mark *ret)
{
    const char *used = *file == '.' ? find_used(file + 1) : NULL;
    size_t len = strlen(file);

    if (used && used > file + 1) {
        ret->name = pool_strn(p, file + 1, (size_t)(used - file) - 1);
        ret->user = used + strlen(USED);
        return *ret->user;
    }
    if (*file != '.' || !text_has_suffix(file, PENDING) ||
        len <= 1 + strlen(PENDING))
        return false;
    ret->name = pool_strn(p, file + 1, len - 1 - strlen(PENDING));
    ret->user = NULL;
    return true;
}

bool mark_is_held(const char *dir, const struct mark *m)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int fd = -1;
    AUTO_ERR struct err *e =
        file_lock(m->user ? used_path(p, dir, m->name, m->user)
                          : pending_path(p, dir, m->name),
                  0, &fd);

    return e && err_is(e, &err_kind_timeout);
}
