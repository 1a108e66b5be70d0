/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * journal: see journal.h. An entry is lines of a word and a value, appended
 * as they become known; a last line cut short by a kill is left out.
 */
#include "xl/domain/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/domain/debris.h"

#define ENTRY_MAX (1u << 20)

/* POSIX locks, not OFD ones: those would live on in forked children. */
static bool lock(int fd)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return !fcntl(fd, F_SETLK, &l);
}

static bool still_there(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && st.st_nlink;
}

/* ---- an entry as text ---------------------------------------------------- */

static void add_loop(void *arg, const char *loop, const char *file)
{
    (void)file;
    str_addf(arg, "loop %s\n", loop);
}

/* The disks that a hotplug script may set up a loop device for. */
static size_t add_files(struct str *text, const libxl_domain_config *config)
{
    size_t n = 0;

    for (int i = 0; i < config->num_disks; i++) {
        AUTO_FREE char *real = NULL;

        if (config->disks[i].pdev_path && config->disks[i].pdev_path[0])
            real = realpath(config->disks[i].pdev_path, NULL);
        if (!real || strchr(real, '\n') || text_has_prefix(real, "/dev/"))
            continue;
        str_addf(text, "file %s\n", real);
        n++;
    }
    return n;
}

static struct err *describe(const libxl_domain_config *config,
                            const char *token, uint32_t beside, struct pool *p,
                            struct str *text)
{
    str_addf(text, "pid %d\ntoken %s\n", (int)getpid(), token);
    if (beside)
        str_addf(text, "beside %u\n", beside);
    if (add_files(text, config))
        return debris_each_loop(p, add_loop, text);
    return NULL;
}

static void read_line(struct debris *d, char *line)
{
    char *value = strchr(line, ' ');

    if (!value)
        return;
    *value++ = 0;
    if (!strcmp(line, "token"))
        d->token = value;
    else if (!strcmp(line, "domid"))
        d->domid = (uint32_t)strtoul(value, NULL, 10);
    else if (!strcmp(line, "beside"))
        d->beside = (uint32_t)strtoul(value, NULL, 10);
    else if (!strcmp(line, "file"))
        *pool_push(d->pool, d->files, d->n_files) = value;
    else if (!strcmp(line, "loop"))
        *pool_push(d->pool, d->loops, d->n_loops) = value;
}

/* Through FD: closing another descriptor of the file would end the lock. */
static struct err *read_entry(struct debris *d, int fd)
{
    char *text = pool_alloc(d->pool, ENTRY_MAX + 1), **lines;
    ssize_t len = pread(fd, text, ENTRY_MAX, 0);
    size_t n;

    if (len < 0)
        return err_errno(errno, "cannot read it");
    lines = text_split(d->pool, text, '\n', &n);
    for (size_t i = 0; i + 1 < n; i++) /* the last has no end */
        read_line(d, lines[i]);
    return NULL;
}

/* ---- taking back --------------------------------------------------------- */

/* FD is PATH, locked by us. */
static struct err *take_back(struct host *h, const char *path, int fd)
{
    AUTO_POOL struct pool *p = pool_new();
    struct debris d = {.pool = p, .domid = NO_DOMID};
    bool complete;

    d.uuid = strrchr(path, '/') + 1;
    d.token = "-"; /* killed before it had started anything */
    TRY(read_entry(&d, fd));
    TRY(debris_remove(&d, h, &complete));
    return file_remove(path);
}

static struct err *take_back_if_dead(struct host *h, const char *path)
{
    AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0 || !lock(fd) || !still_there(fd))
        return NULL;
    return err_wrap(take_back(h, path, fd),
                    "cannot take back what an interrupted create left (%s)",
                    path);
}

bool journal_has_debris(void)
{
    AUTO_POOL struct pool *p = pool_new();
    bool has = false;
    char **names;
    size_t n;

    if (!file_exists(JOURNAL_DIR))
        return false;
    err_drop(file_list(p, JOURNAL_DIR, &names, &n), "seen as empty");
    for (size_t i = 0; i < n && !has; i++) {
        AUTO_FD int fd = open(pool_printf(p, JOURNAL_DIR "/%s", names[i]),
                              O_RDWR | O_CLOEXEC);
        struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        has = fd >= 0 && !fcntl(fd, F_GETLK, &l) && l.l_type == F_UNLCK;
    }
    return has;
}

struct err *journal_recover(struct host *h)
{
    AUTO_POOL struct pool *p = pool_new();
    struct err *e = NULL;
    char **names;
    size_t n;

    TRY(file_list(p, JOURNAL_DIR, &names, &n));
    for (size_t i = 0; i < n; i++)
        e = err_join(e, take_back_if_dead(
                            h, pool_printf(p, JOURNAL_DIR "/%s", names[i])));
    return e;
}

/* ---- the creator's side -------------------------------------------------- */

static struct err *open_entry(struct journal *j)
{
    do {
        if (j->fd >= 0)
            close(j->fd);
        j->fd = open(j->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (j->fd < 0)
            return err_errno(errno, "cannot write '%s'", j->path);
        if (!lock(j->fd))
            return ERR("uuid %s is just being created by another process",
                       j->uuid);
    } while (!still_there(j->fd)); /* its last owner just removed it */
    return NULL;
}

/* Debris of an earlier create of this uuid: the file is not empty. */
static struct err *clear_entry(struct journal *j, struct host *h)
{
    struct stat st;

    if (fstat(j->fd, &st) || !st.st_size)
        return NULL;
    TRY(take_back(h, j->path, j->fd));
    return open_entry(j);
}

static struct err *fill_entry(struct journal *j,
                              const libxl_domain_config *config,
                              uint32_t beside)
{
    AUTO_STR struct str text = STR_INIT(ENTRY_MAX);
    libxl_uuid random;
    const char *token;

    libxl_uuid_generate(&random);
    token = pool_printf(j->pool, LIBXL_UUID_FMT, LIBXL_UUID_BYTES(random));
    TRY(describe(config, token, beside, j->pool, &text));
    TRY(file_write_all(j->fd, str_text(&text), text.len));
    if (setenv(JOURNAL_ENV, token, 1))
        return err_errno(errno, "cannot set the environment");
    return NULL;
}

static void close_entry(struct journal *j)
{
    unsetenv(JOURNAL_ENV);
    if (j->fd >= 0)
        close(j->fd);
    j->fd = -1;
}

static struct err *begin(struct journal *j, struct host *h,
                         const libxl_domain_config *config, uint32_t beside)
{
    struct err *e;

    TRY(file_make_dirs(JOURNAL_DIR, 0700));
    TRY(open_entry(j));
    TRY(clear_entry(j, h));
    e = fill_entry(j, config, beside);
    return e ? err_join(e, file_remove(j->path)) : NULL;
}

struct err *journal_begin(struct journal *j, struct host *h,
                          const libxl_domain_config *config, uint32_t beside,
                          struct pool *p)
{
    struct err *e;

    *j = (struct journal){.pool = p, .fd = -1, .domid = NO_DOMID};
    snprintf(j->uuid, sizeof(j->uuid), LIBXL_UUID_FMT,
             LIBXL_UUID_BYTES(config->c_info.uuid));
    j->path = pool_printf(p, JOURNAL_DIR "/%s", j->uuid);
    e = begin(j, h, config, beside);
    if (e)
        close_entry(j);
    return e;
}

void journal_domid(struct journal *j, uint32_t domid)
{
    char line[32];
    int n = snprintf(line, sizeof(line), "domid %u\n", domid);

    if (j->domid == domid)
        return;
    j->domid = domid;
    err_drop(file_write_all(j->fd, line, (size_t)n),
             "its uuid finds it as well");
}

void journal_end(struct journal *j)
{
    err_drop(file_remove(j->path), "a complete domain is not taken back");
    close_entry(j);
}

struct err *journal_undo(struct journal *j, struct host *h)
{
    struct err *e = take_back(h, j->path, j->fd);

    close_entry(j);
    return e;
}
