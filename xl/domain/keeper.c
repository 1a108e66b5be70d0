/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper: the side of those who want a domain kept; see keeper.h. The keeper
 * is told by an empty datagram to look again; nobody at the socket means that
 * it has to be started.
 */
#include "xl/domain/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <libxl_utils.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/domain/eject.h"
#include "xl/domain/journal.h"
#include "xl/domain/libexec.h"

#define USERDATA_DIR "/var/lib/xen"

extern char **environ;

bool keeper_mark_parse(const char *name, uint32_t *ret_domid, char ret_uuid[37])
{
    unsigned domid;
    char uuid[37];
    int n = -1;

    if (sscanf(name, "userdata-d.%u.%36[0-9a-f-]." KEEPER_MARK "%n", &domid,
               uuid, &n) != 2 ||
        n < 0 || name[n] || strlen(uuid) != 36)
        return false;
    *ret_domid = domid;
    memcpy(ret_uuid, uuid, sizeof(uuid));
    return true;
}

/* ---- starting it --------------------------------------------------------- */

/* The environment without the mark of the create that is under way: the
 * keeper is not a part of that. */
static char **unmarked_environ(struct pool *p)
{
    char **env = NULL;
    size_t n = 0;

    for (char **e = environ; *e; e++) {
        if (!text_has_prefix(*e, JOURNAL_ENV "="))
            *pool_push(p, env, n) = *e;
    }
    *pool_push(p, env, n) = NULL;
    return env;
}

/* A session of its own, so that no terminal's end reaches it. */
static struct err *spawn(const char *program, char **env)
{
    char *argv[] = {(char *)program, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    pid_t pid;
    int rc;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID |
                                        POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawn_file_actions_init(&files);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    rc = posix_spawn(&pid, program, &files, &attr, argv, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    return rc ? err_errno(rc, "cannot start the keeper '%s'", program) : NULL;
}

bool keeper_poke(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = KEEPER_SOCKET};
    AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    /* A full queue has enough in it to make the keeper look again. */
    return sendto(fd, "", 0, MSG_DONTWAIT, (struct sockaddr *)&to,
                  sizeof(to)) >= 0 ||
           errno == EAGAIN;
}

static struct err *wake(void)
{
    AUTO_POOL struct pool *p = pool_new();

    return keeper_poke()
               ? NULL
               : spawn(libexec_path(p, "xl-keeper"), unmarked_environ(p));
}

struct err *keeper_follow(struct host *h, uint32_t domid,
                          const libxl_domain_config *config)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *disks = eject_disks(p, config);
    int rc;

    disks = pool_printf(p, "%s ", disks); /* empty userdata is not kept */
    host_mark(h);
    rc = libxl_userdata_store(h->ctx, domid, KEEPER_MARK,
                              (const uint8_t *)disks, (int)strlen(disks));
    if (rc)
        return host_err(h, rc, "cannot note that it is to be kept");
    return wake();
}

static bool has_entry(struct pool *p, const char *dir,
                      bool (*is_one)(const char *name))
{
    struct err *e;
    char **names;
    size_t n;

    if (!file_exists(dir))
        return false;
    e = file_list(p, dir, &names, &n);
    if (e) {
        err_drop(e, "nothing to keep is to be seen");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_one(names[i]))
            return true;
    }
    return false;
}

static bool is_mark(const char *name)
{
    uint32_t domid;
    char uuid[37];

    return keeper_mark_parse(name, &domid, uuid);
}

static bool is_any(const char *name)
{
    return name[0];
}

struct err *keeper_ensure(void)
{
    AUTO_POOL struct pool *p = pool_new();

    if (!has_entry(p, USERDATA_DIR, is_mark) &&
        !has_entry(p, KEEPER_DIR, is_any))
        return NULL;
    return wake();
}
