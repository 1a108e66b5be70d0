/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr_iso: discs for CD drives, in a directory and those below it that are no
 * more than DEPTH_MAX down. Nothing is written there; its location is a disc's
 * path below the directory. */
#include "xapi/storage/sr_iso.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xapi/storage/image.h"

#define DEPTH_MAX 4
#define DISCS_MAX 100000

static struct err *dir_of(const struct sr *sr, struct pool *p, const char **ret)
{
    const char *location = sr_config(sr, "location");
    const char *below = sr_config(sr, "path");
    struct stat st;

    if (*location != '/')
        return ERR_AS(input, "location: '%s' is no absolute path", location);
    *ret = *below ? pool_printf(p, "%s/%s", location, below) : location;
    if (stat(*ret, &st))
        return err_errno(errno, "'%s'", *ret);
    return S_ISDIR(st.st_mode) ? NULL : ERR("'%s' is no directory", *ret);
}

static bool is_disc(const char *name)
{
    size_t len = strlen(name);

    return *name != '.' && len > 4 &&
           (!strcasecmp(name + len - 4, ".iso") ||
            !strcasecmp(name + len - 4, ".img"));
}

static struct err *plug(const struct sr *sr)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *dir;

    return dir_of(sr, p, &dir);
}

/* Its discs are not ours to delete. */
static struct err *unplug(const struct sr *sr)
{
    (void)sr;
    return NULL;
}

static struct err *space(const struct sr *sr, struct sr_space *ret)
{
    AUTO_POOL struct pool *p = pool_new();
    struct statvfs st;
    const char *dir;

    TRY(dir_of(sr, p, &dir));
    if (statvfs(dir, &st))
        return err_errno(errno, "'%s'", dir);
    ret->size = (int64_t)st.f_blocks * (int64_t)st.f_frsize;
    ret->used = (int64_t)(st.f_blocks - st.f_bfree) * (int64_t)st.f_frsize;
    return NULL;
}

/* ---- discs --------------------------------------------------------------- */

static struct err *check_location(const char *location)
{
    for (const char *at = location; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (!*at || *at == '.' || *at == '/')
            return ERR_AS(not_found, "'%s' is no name of a disc", location);
    }
    return is_disc(location)
               ? NULL
               : ERR_AS(not_found, "'%s' does not end in .iso or .img",
                        location);
}

static struct err *where(const struct sr *sr, struct pool *p,
                         const char *location, struct sr_path *ret)
{
    const char *dir;

    TRY(check_location(location));
    TRY(dir_of(sr, p, &dir));
    *ret = (struct sr_path){pool_printf(p, "%s/%s", dir, location), "raw"};
    return NULL;
}

static struct err *look(const struct sr *sr, struct pool *p,
                        const char *location, struct sr_volume *ret)
{
    struct sr_path path;
    struct image image;

    TRY(where(sr, p, location, &path));
    TRY(image_look(p, path.path, "raw", &image));
    *ret = (struct sr_volume){.location = pool_str(p, location),
                              .format = "raw",
                              .size = image.size,
                              .used = image.used};
    return NULL;
}

static struct err *attach(const struct sr *sr, struct pool *p,
                          const char *location, const struct sr_use *use,
                          struct sr_path *ret)
{
    struct sr_volume v;

    (void)use;
    TRY(look(sr, p, location, &v));
    return where(sr, p, location, ret);
}

static struct err *detach(const struct sr *sr, const char *location,
                          const char *user)
{
    (void)sr, (void)location, (void)user;
    return NULL;
}

/* ---- all of them --------------------------------------------------------- */

struct walk {
    const struct sr *sr;
    struct pool *pool;
    const char *dir;
    struct sr_volume *volumes;
    size_t n;
};

static struct err *walk(struct walk *w, const char *below, unsigned depth);

static struct err *visit(struct walk *w, const char *location, const char *name,
                         unsigned depth)
{
    const char *path = pool_printf(w->pool, "%s/%s", w->dir, location);
    struct sr_volume v;
    struct err *e;
    struct stat st;

    if (*name == '.' || lstat(path, &st))
        return NULL;
    if (S_ISDIR(st.st_mode))
        return depth < DEPTH_MAX ? walk(w, location, depth + 1) : NULL;
    if (S_ISLNK(st.st_mode) && !stat(path, &st) && !S_ISREG(st.st_mode))
        return NULL; /* directories would come twice, or for ever */
    if (!is_disc(name) || w->n == DISCS_MAX)
        return NULL;
    e = look(w->sr, w->pool, location, &v);
    if (e) {
        log_warning("sr", "not a disc: %s", err_text(e));
        err_free(e);
        return NULL;
    }
    *pool_push(w->pool, w->volumes, w->n) = v;
    return NULL;
}

static struct err *walk(struct walk *w, const char *below, unsigned depth)
{
    char **names;
    size_t n;

    TRY(file_list(w->pool, pool_printf(w->pool, "%s/%s", w->dir, below), &names,
                  &n));
    for (size_t i = 0; i < n; i++)
        TRY(visit(w,
                  *below ? pool_printf(w->pool, "%s/%s", below, names[i])
                         : names[i],
                  names[i], depth));
    return NULL;
}

static struct err *list(const struct sr *sr, struct pool *p,
                        struct sr_volume **ret, size_t *ret_n)
{
    struct walk w = {.sr = sr, .pool = p};

    TRY(dir_of(sr, p, &w.dir));
    TRY(walk(&w, "", 0));
    *ret = w.volumes;
    *ret_n = w.n;
    return NULL;
}

/* clang-format off */
static const struct sr_key keys[] = {
    {"location", "The directory, an absolute path.", true},
    {"path", "A directory below it, where only discs of that are wanted.", false},
    {NULL, NULL, false},
};

const struct sr_type sr_iso = {
    .name = "iso", .label = "Directory of discs",
    .doc = "Images of discs in a directory and below it, for CD drives.",
    .keys = keys, .discs = true,
    .make = plug, .unmake = unplug, .wipe = unplug,
    .plug = plug, .unplug = unplug, .space = space, .list = list,
    .look = look, .attach = attach, .detach = detach, .where = where,
};
/* clang-format on */
