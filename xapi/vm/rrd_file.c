/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_file: see rrd_file.h. */
#include "xapi/vm/rrd_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "lib/auto.h"
#include "lib/file.h"

#define MAGIC UINT64_C(0x32647272696b306d) /* another one for another shape */
#define COPIES 2

struct copy {
    uint64_t magic, sum;
    struct past_saved saved;
};

/* ---- names --------------------------------------------------------------- */

bool rrd_file_can(const char *name)
{
    const char *at = strrchr(name, ':');

    if (!at || at[1] == '.' || !at[1] || strlen(at) > 100)
        return false;
    while (*++at)
        if (!isalnum((unsigned char)*at) && !strchr("_-.", *at))
            return false;
    return true;
}

/* The owner's folder, and the file. */
static const char *path_of(struct pool *p, const char *dir, const char *name,
                           const char **ret_folder)
{
    size_t n;
    char **parts = text_split(p, name, ':', &n);
    const char *folder = pool_printf(p, "%s/%s-%s", dir, parts[0], parts[1]);

    if (ret_folder)
        *ret_folder = folder;
    return pool_printf(p, "%s/%s", folder, parts[2]);
}

/* ---- that there is one --------------------------------------------------- */

struct err *rrd_file_make(const char *dir, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *folder, *path = path_of(p, dir, name, &folder);
    AUTO_FD int fd = -1;

    TRY(file_make_dirs(folder, 0700));
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fsync(fd))
        return err_errno(errno, "%s", path);
    TRY(file_sync(folder));
    return file_sync(dir);
}

struct err *rrd_file_remove(const char *dir, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *folder, *path = path_of(p, dir, name, &folder);

    TRY(file_remove(path));
    if (rmdir(folder) && errno != ENOTEMPTY && errno != ENOENT)
        return err_errno(errno, "%s", folder);
    return file_exists(folder) ? file_sync(folder) : file_sync(dir);
}

/* ---- what is in it ------------------------------------------------------- */

static uint64_t sum_of(const struct past_saved *saved)
{
    return XXH64(saved, sizeof(*saved), 0);
}

struct err *rrd_file_save(const char *dir, const char *name, unsigned turn,
                          const struct past_saved *saved)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *folder, *path = path_of(p, dir, name, &folder);
    struct copy *copy = pool_new_of(p, struct copy);
    AUTO_FD int fd = -1;

    if (!saved->chosen)
        TRY(file_make_dirs(folder, 0700));
    fd = open(path, O_WRONLY | O_CLOEXEC | (saved->chosen ? 0 : O_CREAT), 0600);
    if (fd < 0)
        return errno == ENOENT ? NULL : err_errno(errno, "%s", path);
    copy->magic = MAGIC;
    copy->sum = sum_of(saved);
    copy->saved = *saved;
    if (lseek(fd, (off_t)(turn % COPIES * sizeof(*copy)), SEEK_SET) < 0)
        return err_errno(errno, "%s", path);
    return err_wrap(file_write_all(fd, copy, sizeof(*copy)), "%s", path);
}

bool rrd_file_is_new(const char *dir, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    struct stat st;

    return !stat(path_of(p, dir, name, NULL), &st) && !st.st_size;
}

bool rrd_file_load(const char *dir, const char *name, struct past_saved *ret)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, dir, name, NULL);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct copy *copy = pool_new_of(p, struct copy);
    bool found = false;

    for (size_t i = 0; fd >= 0 && i < COPIES; i++) {
        ssize_t n = pread(fd, copy, sizeof(*copy), (off_t)(i * sizeof(*copy)));

        if (n != sizeof(*copy) || copy->magic != MAGIC ||
            copy->sum != sum_of(&copy->saved) ||
            (found && copy->saved.end <= ret->end))
            continue;
        *ret = copy->saved;
        found = true;
    }
    return found;
}

/* ---- which there are ----------------------------------------------------- */

struct err *rrd_file_list(struct pool *p, const char *dir, char ***ret,
                          size_t *ret_n)
{
    char **owners, **sources, **names = NULL;
    size_t n_owners = 0, n_sources, n = 0;

    if (file_exists(dir))
        TRY(file_list(p, dir, &owners, &n_owners));
    for (size_t i = 0; i < n_owners; i++) {
        char *at = strchr(owners[i], '-');

        if (!at)
            continue;
        TRY(file_list(p, pool_printf(p, "%s/%s", dir, owners[i]), &sources,
                      &n_sources));
        *at = ':';
        for (size_t k = 0; k < n_sources; k++)
            *pool_push(p, names, n) =
                pool_printf(p, "%s:%s", owners[i], sources[k]);
    }
    *ret = names;
    *ret_n = n;
    return NULL;
}
