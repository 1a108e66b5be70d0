/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr_file: a directory of images (device_config:location), a file a volume,
 * named UUID.FORMAT when it was made here; what is put there by hand may have
 * any name that ends like an image's. Beside them: .sr has the repository's
 * uuid, marks (sr_mark.h), bases (sr_chain.h), .NAME.boot is what a guest has
 * written that forgets. */
#include "xapi/storage/sr_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xapi/storage/image.h"
#include "xapi/storage/sr_chain.h"
#include "xapi/storage/sr_mark.h"

#define ID_BYTES 1024
#define NAME_MAX_ 200 /* with a mark around it it still is a name */

static const char *dir_of(const struct sr *sr)
{
    return sr_config(sr, "location");
}

static const char *path_of(const struct sr *sr, struct pool *p,
                           const char *name)
{
    return pool_printf(p, "%s/%s", dir_of(sr), name);
}

static const char *boot_path(const struct sr *sr, struct pool *p,
                             const char *name)
{
    return pool_printf(p, "%s/.%s.boot", dir_of(sr), name);
}

/* ---- the repository ------------------------------------------------------ */

static struct err *probe(const struct sr *sr, struct pool *p,
                         const char **ret_uuid)
{
    const char *path = path_of(sr, p, ".sr");
    char *text;
    size_t len;
    uuid_t id;

    *ret_uuid = NULL;
    if (!file_exists(path))
        return NULL;
    TRY(file_read(p, path, ID_BYTES, &text, &len));
    text = text_trim(p, text);
    if (uuid_parse(text, id))
        return ERR("'%s' has no uuid in it", path);
    *ret_uuid = text;
    return NULL;
}

static struct err *check_dir(const struct sr *sr)
{
    struct stat st;

    if (*dir_of(sr) != '/')
        return ERR_AS(input, "location: '%s' is no absolute path", dir_of(sr));
    if (stat(dir_of(sr), &st))
        return err_errno(errno, "'%s'", dir_of(sr));
    return S_ISDIR(st.st_mode) ? NULL : ERR("'%s' is no directory", dir_of(sr));
}

/* It is this repository's, also from now on. */
static struct err *claim(const struct sr *sr)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *uuid;

    TRY(check_dir(sr));
    TRY(probe(sr, p, &uuid));
    if (uuid && strcmp(uuid, sr->uuid))
        return ERR("'%s' is of the repository %s", dir_of(sr), uuid);
    return uuid ? NULL
                : file_write(path_of(sr, p, ".sr"), sr->uuid, strlen(sr->uuid),
                             0600);
}

static struct err *make(const struct sr *sr)
{
    if (*dir_of(sr) == '/')
        TRY(file_make_dirs(dir_of(sr), 0700));
    return claim(sr);
}

static struct err *unmake(const struct sr *sr)
{
    AUTO_POOL struct pool *p = pool_new();

    return file_remove(path_of(sr, p, ".sr"));
}

static bool is_ours(struct pool *p, const char *name)
{
    struct mark mark;

    return *name != '.'
               ? image_format_of(name) != NULL
               : mark_read(p, name, &mark) || !strcmp(name, ".sr") ||
                     !strcmp(name, ".lock") || text_has_suffix(name, ".boot") ||
                     text_has_suffix(name, ".new");
}

/* What is not ours stays, and the directory. */
static struct err *wipe(const struct sr *sr)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int lock = -1;
    char **names;
    size_t n;

    TRY(claim(sr));
    TRY(mark_lock(dir_of(sr), &lock));
    TRY(file_list(p, dir_of(sr), &names, &n));
    for (size_t i = 0; i < n; i++)
        if (is_ours(p, names[i]))
            TRY(file_remove(path_of(sr, p, names[i])));
    return NULL;
}

static struct err *unplug(const struct sr *sr)
{
    (void)sr;
    return NULL;
}

static struct err *space(const struct sr *sr, struct sr_space *ret)
{
    struct statvfs st;

    if (statvfs(dir_of(sr), &st))
        return err_errno(errno, "'%s'", dir_of(sr));
    ret->size = (int64_t)st.f_blocks * (int64_t)st.f_frsize;
    ret->used = (int64_t)(st.f_blocks - st.f_bfree) * (int64_t)st.f_frsize;
    return NULL;
}

/* ---- what is there ------------------------------------------------------- */

static struct err *check_name(const char *location)
{
    if (strchr(location, '/') || *location == '.' ||
        strlen(location) > NAME_MAX_ || chain_is_base(location))
        return ERR_AS(not_found, "'%s' is no name of a volume", location);
    return image_format_of(location)
               ? NULL
               : ERR_AS(not_found,
                        "'%s' does not end like an image: .raw, "
                        ".qcow2, .vhd, .img or .iso",
                        location);
}

/* UUID.FORMAT says it. */
static const char *uuid_in(struct pool *p, const char *name)
{
    size_t len = UUID_STR_LEN - 1;
    char *text = pool_strn(p, name, strlen(name) < len ? strlen(name) : len);
    uuid_t id;

    if (name[strlen(text)] != '.' || uuid_parse(text, id))
        return NULL;
    uuid_unparse_lower(id, text);
    return text;
}

static struct err *look(const struct sr *sr, struct pool *p,
                        const char *location, struct sr_volume *ret)
{
    struct image image;

    TRY(check_name(location));
    TRY(image_look(p, path_of(sr, p, location), image_format_of(location),
                   &image));
    *ret = (struct sr_volume){.location = pool_str(p, location),
                              .uuid = uuid_in(p, location),
                              .format = image.format,
                              .size = image.size,
                              .used = image.used};
    return NULL;
}

static bool is_pending(char **names, size_t n, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    struct mark mark;

    for (size_t i = 0; i < n; i++)
        if (*names[i] == '.' && mark_read(p, names[i], &mark) && !mark.user &&
            !strcmp(mark.name, name))
            return true;
    return false;
}

static struct err *list(const struct sr *sr, struct pool *p,
                        struct sr_volume **ret, size_t *ret_n)
{
    struct sr_volume *volumes = NULL;
    size_t n_names, n = 0;
    char **names;

    TRY(file_list(p, dir_of(sr), &names, &n_names));
    for (size_t i = 0; i < n_names; i++) {
        struct sr_volume v = {0};
        struct err *e;

        if (*names[i] == '.' || !image_format_of(names[i]) ||
            chain_is_base(names[i]))
            continue;
        e = look(sr, p, names[i], &v);
        if (e) {
            log_warning("sr", "not a volume: %s", err_text(e));
            err_free(e);
            continue;
        }
        v.pending = is_pending(names, n_names, names[i]);
        *pool_push(p, volumes, n) = v;
    }
    *ret = volumes;
    *ret_n = n;
    return NULL;
}

/* ---- made and removed ---------------------------------------------------- */

/* The directory is locked. */
static struct err *remove_files(const struct sr *sr, struct pool *p,
                                const char *name)
{
    TRY(file_remove(boot_path(sr, p, name)));
    if (text_eq(image_format_of(name), "qcow2"))
        TRY(chain_remove(dir_of(sr), name));
    else
        TRY(file_remove(path_of(sr, p, name)));
    return mark_not_pending(dir_of(sr), name);
}

/* MAKE's failure leaves nothing. */
static struct err *keep_or_remove(const struct sr *sr, struct pool *p,
                                  struct sr_volume *v, struct err *e)
{
    if (!e)
        e = look(sr, p, v->location, v);
    return e ? err_join(e, remove_files(sr, p, v->location)) : NULL;
}

static struct err *begin(const struct sr *sr, struct pool *p,
                         struct sr_volume *v)
{
    v->location = pool_printf(p, "%s.%s", v->uuid, v->format);
    if (file_exists(path_of(sr, p, v->location)))
        return ERR("there is a '%s' already", path_of(sr, p, v->location));
    return mark_pending(dir_of(sr), v->location);
}

static struct err *create(const struct sr *sr, struct pool *p,
                          struct sr_volume *v)
{
    int64_t size = image_round(v->size);
    AUTO_FD int lock = -1;

    TRY(mark_lock(dir_of(sr), &lock));
    TRY(begin(sr, p, v));
    return keep_or_remove(
        sr, p, v, image_create(path_of(sr, p, v->location), v->format, size));
}

/* Where nothing can be shared by names, perhaps blocks can. */
static struct err *duplicate(const struct sr *sr, struct pool *p,
                             const char *from, const struct sr_live *live,
                             const char *to)
{
    struct err *e;

    if (live)
        TRY(live->hold(live->arg));
    e = image_duplicate(path_of(sr, p, from), path_of(sr, p, to));
    return live ? err_join(e, live->release(live->arg)) : e;
}

static struct err *branch(const struct sr *sr, struct pool *p, const char *from,
                          const struct sr_live *live, struct sr_volume *v)
{
    struct sr_volume of;
    AUTO_FD int lock = -1;
    struct err *e;

    TRY(look(sr, p, from, &of));
    v->format = of.format;
    TRY(begin(sr, p, v));
    if (strcmp(of.format, "qcow2"))
        return keep_or_remove(sr, p, v,
                              duplicate(sr, p, from, live, v->location));
    e = mark_lock(dir_of(sr), &lock);
    if (!e)
        e = chain_branch(dir_of(sr), from, v->location, live);
    return keep_or_remove(sr, p, v, e);
}

static struct err *remove_(const struct sr *sr, const char *location)
{
    AUTO_POOL struct pool *p = pool_new();
    struct sr_volume v;

    TRY(look(sr, p, location, &v));
    return mark_pending(dir_of(sr), location);
}

static struct err *settle(const struct sr *sr, const char *location, bool stays)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int lock = -1;

    if (stays)
        return mark_not_pending(dir_of(sr), location);
    TRY(mark_lock(dir_of(sr), &lock));
    return remove_files(sr, p, location);
}

static struct err *resize(const struct sr *sr, const char *location,
                          const struct sr_live *live, int64_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    struct sr_volume v;

    TRY(look(sr, p, location, &v));
    size = image_round(size);
    if (size < v.size)
        return ERR_AS(input, "'%s' would become smaller than %lld bytes",
                      location, (long long)v.size);
    if (!strcmp(v.format, "vhd"))
        return ERR_AS(input, "'%s' is a VHD file, which cannot grow", location);
    /* Who has a qcow2 file open changes it by himself. */
    if (!live || strcmp(v.format, "qcow2"))
        TRY(image_grow(path_of(sr, p, location), v.format, size));
    return live ? live->resize(live->arg, path_of(sr, p, location), v.format,
                               size)
                : NULL;
}

/* ---- attached ------------------------------------------------------------ */

static struct err *where(const struct sr *sr, struct pool *p,
                         const char *location, struct sr_path *ret)
{
    const char *boot = boot_path(sr, p, location);

    TRY(check_name(location));
    if (file_exists(boot))
        *ret = (struct sr_path){boot, "qcow2"};
    else
        *ret = (struct sr_path){path_of(sr, p, location),
                                image_format_of(location)};
    return NULL;
}

static struct err *attach(const struct sr *sr, struct pool *p,
                          const char *location, const struct sr_use *use,
                          struct sr_path *ret)
{
    AUTO_FD int lock = -1;
    struct sr_volume v;

    TRY(mark_lock(dir_of(sr), &lock));
    TRY(look(sr, p, location, &v));
    TRY(mark_used(dir_of(sr), location, use->user));
    if (use->writes && use->forgets) {
        struct err *e = image_overlay(boot_path(sr, p, location), location,
                                      v.format, v.size);

        if (e)
            return err_join(e, mark_not_used(dir_of(sr), location, use->user));
    }
    return where(sr, p, location, ret);
}

/* But for USER. */
static struct err *is_used(const struct sr *sr, const char *location,
                           const char *user, bool *ret)
{
    AUTO_POOL struct pool *p = pool_new();
    struct mark mark;
    char **names;
    size_t n;

    *ret = false;
    TRY(file_list(p, dir_of(sr), &names, &n));
    for (size_t i = 0; i < n && !*ret; i++)
        *ret = mark_read(p, names[i], &mark) && mark.user &&
               !strcmp(mark.name, location) && !text_eq(mark.user, user);
    return NULL;
}

static struct err *detach(const struct sr *sr, const char *location,
                          const char *user)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *boot = boot_path(sr, p, location);
    AUTO_FD int lock = -1;
    bool used;

    TRY(mark_lock(dir_of(sr), &lock));
    if (file_exists(boot)) {
        TRY(is_used(sr, location, user, &used));
        if (!used)
            TRY(file_remove(boot));
    }
    return mark_not_used(dir_of(sr), location, user);
}

/* ---- what the dead left -------------------------------------------------- */

static struct err *tidy_mark(const struct sr *sr, struct pool *p,
                             const struct mark *m, const struct sr_known *known)
{
    if (mark_is_held(dir_of(sr), m))
        return NULL;
    if (!m->user)
        return known->volume(known->arg, m->name)
                   ? mark_not_pending(dir_of(sr), m->name)
                   : remove_files(sr, p, m->name);
    return known->user(known->arg, m->user) &&
                   file_exists(path_of(sr, p, m->name))
               ? NULL
               : mark_not_used(dir_of(sr), m->name, m->user);
}

/* .NAME.boot of a NAME that nobody uses. */
static struct err *tidy_boot(const struct sr *sr, struct pool *p,
                             const char *file)
{
    const char *name =
        pool_strn(p, file + 1, strlen(file) - strlen(".boot") - 1);
    bool used;

    TRY(is_used(sr, name, NULL, &used));
    return used ? NULL : file_remove(path_of(sr, p, file));
}

static struct err *tidy(const struct sr *sr, const struct sr_known *known)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int lock = -1;
    struct mark mark;
    char **names;
    size_t n;

    TRY(mark_lock(dir_of(sr), &lock));
    TRY(file_list(p, dir_of(sr), &names, &n));
    for (size_t i = 0; i < n; i++)
        if (mark_read(p, names[i], &mark))
            TRY(tidy_mark(sr, p, &mark, known));
        else if (*names[i] == '.' && text_has_suffix(names[i], ".new"))
            TRY(file_remove(path_of(sr, p, names[i])));
    for (size_t i = 0; i < n; i++)
        if (*names[i] == '.' && text_has_suffix(names[i], ".boot"))
            TRY(tidy_boot(sr, p, names[i]));
    return chain_tidy(dir_of(sr));
}

static struct err *merge(const struct sr *sr)
{
    AUTO_FD int lock = -1;

    TRY(mark_lock(dir_of(sr), &lock));
    return chain_merge(dir_of(sr));
}

/* clang-format off */
static const struct sr_key keys[] = {
    {"location", "The directory, an absolute path.", true},
    {NULL, NULL, false},
};
static const char *const formats[] = {"qcow2", "raw", "vhd", NULL};

const struct sr_type sr_file = {
    .name = "file", .label = "Local directory",
    .doc = "Images in a directory: qcow2, raw and VHD files.",
    .keys = keys, .formats = formats, .resets = true,
    .make = make, .unmake = unmake, .wipe = wipe, .probe = probe,
    .plug = claim, .unplug = unplug, .space = space, .list = list,
    .tidy = tidy, .merge = merge,
    .look = look, .create = create, .branch = branch,
    .remove = remove_, .settle = settle, .resize = resize,
    .attach = attach, .detach = detach, .where = where,
};
/* clang-format on */
