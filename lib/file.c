/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* file: see file.h. */
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/str.h"

#define READ_STEP (64u << 10)
#define LOCK_POLL 0.02

/* ---- reading ----------------------------------------------------------- */

static struct err *check_readable(int fd, const char *path)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_errno(errno, "cannot read '%s'", path);
    if (S_ISDIR(st.st_mode))
        return ERR_AS(input, "'%s' is a directory, not a file", path);
    return NULL;
}

static struct err *too_large(const char *path, size_t max)
{
    if (max < 2u << 20)
        return ERR_AS(input, "'%s' is too large: %zu kB is the most", path,
                      max >> 10);
    return ERR_AS(input, "'%s' is too large: %zu MB is the most", path,
                  max >> 20);
}

static struct err *read_all(int fd, const char *path, size_t max,
                            struct str *text)
{
    char part[READ_STEP];
    ssize_t n;

    for (;;) {
        n = read(fd, part, sizeof(part));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(errno, "cannot read '%s'", path);
        if (!n)
            return NULL;
        str_addn(text, part, (size_t)n);
        if (str_full(text))
            return too_large(path, max);
    }
}

struct err *file_read(struct pool *p, const char *path, size_t max,
                      char **ret_text, size_t *ret_len)
{
    bool is_stdin = !strcmp(path, "-");
    AUTO_STR struct str text = STR_INIT(max);
    AUTO_FD int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                              : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (is_stdin)
        path = "standard input";
    if (fd < 0)
        return err_errno(errno, "cannot open '%s'", path);
    TRY(check_readable(fd, path));
    TRY(read_all(fd, path, max, &text));
    *ret_text = pool_strn(p, str_text(&text), text.len);
    *ret_len = text.len;
    return NULL;
}

/* ---- writing ----------------------------------------------------------- */

struct err *file_write_all(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(errno, "cannot write");
        at += n;
        len -= (size_t)n;
    }
    return NULL;
}

static struct err *write_new(int fd, const void *data, size_t len, mode_t mode)
{
    TRY(file_write_all(fd, data, len));
    if (fchmod(fd, mode) < 0)
        return err_errno(errno, "cannot set its mode");
    if (fsync(fd) < 0)
        return err_errno(errno, "cannot flush");
    return NULL;
}

struct err *file_write(const char *path, const void *data, size_t len,
                       mode_t mode)
{
    AUTO_FREE char *temporary = xprintf("%s.XXXXXX", path);
    AUTO_FD int fd = mkostemp(temporary, O_CLOEXEC);
    struct err *e;

    if (fd < 0)
        return err_errno(errno, "cannot create '%s'", path);
    e = write_new(fd, data, len, mode);
    if (!e && rename(temporary, path) < 0)
        e = err_errno(errno, "cannot replace it");
    if (e)
        unlink(temporary);
    return err_wrap(e, "'%s'", path);
}

struct err *file_append_line(const char *path, const char *line, mode_t mode)
{
    AUTO_FREE char *whole = xprintf("%s\n", line);
    AUTO_FD int fd =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode);

    if (fd < 0)
        return err_errno(errno, "cannot open '%s'", path);
    return err_wrap(file_write_all(fd, whole, strlen(whole)), "'%s'", path);
}

/* ---- directories ------------------------------------------------------- */

static bool is_dir(const char *path)
{
    struct stat st;

    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static struct err *make_dir(const char *path, mode_t mode)
{
    int errnum;

    if (!mkdir(path, mode))
        return NULL;
    errnum = errno;
    if (is_dir(path))
        return NULL;
    return err_errno(errnum, "cannot create directory '%s'", path);
}

struct err *file_make_dirs(const char *path, mode_t mode)
{
    AUTO_FREE char *part = xstrdup(path);
    char *slash = part;

    while (*slash && (slash = strchr(slash + 1, '/'))) {
        *slash = '\0';
        TRY(make_dir(part, mode));
        *slash = '/';
    }
    return make_dir(path, mode);
}

struct err *file_remove(const char *path)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return err_errno(errno, "cannot remove '%s'", path);
    return NULL;
}

bool file_exists(const char *path)
{
    return !access(path, F_OK);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *file_folder(struct pool *p, const char *path)
{
    const char *end = strrchr(path, '/');

    if (!end)
        return ".";
    return end == path ? "/" : pool_printf(p, "%.*s", (int)(end - path), path);
}

struct err *file_sync(const char *path)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd < 0 || fsync(fd) ? err_errno(errno, "'%s'", path) : NULL;
}

struct err *file_list(struct pool *p, const char *dir, char ***ret_names,
                      size_t *ret_n)
{
    AUTO_DIR DIR *d = opendir(dir);
    char **names = NULL;
    struct dirent *entry;
    size_t n = 0;

    if (!d)
        return err_errno(errno, "cannot list '%s'", dir);
    while (errno = 0, (entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            *pool_push(p, names, n) = pool_str(p, entry->d_name);
    }
    if (errno)
        return err_errno(errno, "cannot list '%s'", dir);
    if (n)
        qsort(names, n, sizeof(*names), by_name);
    *ret_names = names;
    *ret_n = n;
    return NULL;
}

/* ---- locks ------------------------------------------------------------- */

/* A lock of this kind is of a descriptor, not of a process: its holder's pid
 * is known only when that one took an old-style lock, as stock xl does. */
static struct err *held(int fd, const char *path)
{
    struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (!fcntl(fd, F_OFD_GETLK, &other) && other.l_type != F_UNLCK &&
        other.l_pid > 0)
        return ERR_AS(timeout, "'%s' is locked by process %ld", path,
                      (long)other.l_pid);
    return ERR_AS(timeout, "'%s' is locked by another process", path);
}

static struct err *lock_failed(const char *path)
{
    if (errno == EINTR)
        return ERR_AS(interrupted,
                      "interrupted while waiting for the lock "
                      "'%s'",
                      path);
    return err_errno(errno, "cannot lock '%s'", path);
}

static struct err *lock_before(int fd, const char *path, double deadline)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const struct timespec poll = {.tv_nsec = (long)(LOCK_POLL * 1e9)};

    while (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
        if (errno != EAGAIN && errno != EACCES)
            return lock_failed(path);
        if (clock_now() >= deadline)
            return held(fd, path);
        if (nanosleep(&poll, NULL) < 0)
            return lock_failed(path);
    }
    return NULL;
}

struct err *file_lock(const char *path, double wait, int *ret_fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(errno, "cannot open the lock '%s'", path);
    if (wait >= 0)
        TRY(lock_before(fd, path, clock_now() + wait));
    else if (fcntl(fd, F_OFD_SETLKW, &whole) < 0)
        return lock_failed(path);
    *ret_fd = take_fd(&fd);
    return NULL;
}
