/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakehv: preloaded into Debian's xenstored or oxenstored, it lets them serve
 * their Unix socket on a machine without Xen. The few hypervisor calls they
 * make at start are answered as by a host with no domain but Dom0, event
 * channels never fire, and oxenstored, whose paths are fixed, gets its
 * run-time directory from XENSTORED_RUNDIR as the C daemon does.
 *
 *     XENSTORED_RUNDIR=/tmp/x LD_PRELOAD=build/tests/fakehv.so xenstored -N -D
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define RUNDIR "/var/run/xenstored"
#define DOMAINS 8 /* that nodes can belong to; none is connected */

static char handle; /* what every open returns the address of */

/* ---- hypervisor ---------------------------------------------------------- */

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild, unsigned flags)
{
    (void)logger, (void)dombuild, (void)flags;
    return (xc_interface *)&handle;
}

int xc_interface_close(xc_interface *xch)
{
    (void)xch;
    return 0;
}

int xc_domain_getinfo(xc_interface *xch, uint32_t first, unsigned max,
                      xc_dominfo_t *info)
{
    (void)xch;
    if (first >= DOMAINS || !max)
        return 0;
    memset(info, 0, sizeof(*info));
    info->domid = first;
    info->running = 1;
    return 1;
}

/* ---- event channels and grants ------------------------------------------- */

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return (xenevtchn_handle *)&handle;
}

xenevtchn_handle *xenevtchn_fdopen(xentoollog_logger *logger, int fd,
                                   unsigned flags)
{
    (void)fd;
    return xenevtchn_open(logger, flags);
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    (void)xce;
    return 0;
}

/* Never readable. */
int xenevtchn_fd(xenevtchn_handle *xce)
{
    static int fd = -1;

    (void)xce;
    if (fd < 0)
        fd = eventfd(0, EFD_CLOEXEC);
    return fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
                                              unsigned virq)
{
    (void)xce;
    return 1 + (int)virq;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce,
                                                     uint32_t domid,
                                                     evtchn_port_t port)
{
    (void)xce, (void)domid;
    return 100 + (int)port;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce, (void)port;
    return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    (void)xce, (void)port;
    return 0;
}

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return (xengnttab_handle *)&handle;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t n)
{
    (void)xgt, (void)n;
    return 0;
}

/* ---- paths and limits ---------------------------------------------------- */

static const char *moved(const char *path, char *buf, size_t size)
{
    const char *to = getenv("XENSTORED_RUNDIR");

    if (!to || strncmp(path, RUNDIR, strlen(RUNDIR)))
        return path;
    snprintf(buf, size, "%s%s", to, path + strlen(RUNDIR));
    return buf;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char buf[sizeof(un.sun_path)];

    if (addr->sa_family != AF_UNIX)
        return NEXT(bind)(fd, addr, len);
    snprintf(
        un.sun_path, sizeof(un.sun_path), "%s",
        moved(((const struct sockaddr_un *)addr)->sun_path, buf, sizeof(buf)));
    return NEXT(bind)(fd, (const struct sockaddr *)&un, sizeof(un));
}

int unlink(const char *path)
{
    char buf[4096];

    return NEXT(unlink)(moved(path, buf, sizeof(buf)));
}

int chmod(const char *path, mode_t mode)
{
    char buf[4096];

    return NEXT(chmod)(moved(path, buf, sizeof(buf)), mode);
}

int mkdir(const char *path, mode_t mode)
{
    char buf[4096];

    return NEXT(mkdir)(moved(path, buf, sizeof(buf)), mode);
}

/*
 * What Linux tells of Dom0's own connection: the number of its event channel,
 * and its ring, a page on which nothing ever happens.
 */
int open(const char *path, int flags, ...)
{
    static const char port[] = "1";
    char buf[4096];
    va_list ap;
    mode_t mode;
    int fd;

    va_start(ap, flags);
    mode = va_arg(ap, mode_t);
    va_end(ap);
    if (strcmp(path, "/proc/xen/xsd_port") && strcmp(path, "/proc/xen/xsd_kva"))
        return NEXT(open)(moved(path, buf, sizeof(buf)), flags, mode);
    fd = memfd_create("xsd", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    if (!strcmp(path, "/proc/xen/xsd_kva"))
        return ftruncate(fd, 4096) < 0 ? -1 : fd;
    if (pwrite(fd, port, sizeof(port) - 1, 0) < 0)
        return -1;
    return fd;
}

/* Who may not raise the limit of open files serves with what there is. */
int setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
    int rc = NEXT(setrlimit)(what, limit);

    return rc < 0 && errno == EPERM ? 0 : rc;
}
