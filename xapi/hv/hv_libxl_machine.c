/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl_machine: the machine that Xen runs on, and Xen's own console; see
 * hv_libxl.h. */
#include <errno.h>
#include <string.h>

#include "lib/file.h"
#include "lib/run.h"
#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"

#define HOSTNAME "/etc/hostname"
#define DMESG_MAX (16u << 20)

static struct err *tell_systemd(const char *option, const char *verb,
                                const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *argv[] = {"systemctl", option, verb, name, NULL};
    struct run r = {.argv = argv, .timeout = 60};

    return run_check(&r, p);
}

/* systemd has what is to be done first; it takes the daemon with it. */
struct err *lx_power(const struct hv *hv, bool again)
{
    (void)hv;
    return tell_systemd("--no-block", again ? "reboot" : "poweroff", NULL);
}

struct err *lx_set_service(const struct hv *hv, const char *name, bool on)
{
    (void)hv;
    if (!on)
        return tell_systemd("--now", "disable", name);
    TRY(tell_systemd("--quiet", "enable", name));
    return tell_systemd("--quiet", "restart", name);
}

/* A machine without systemd has none. */
struct err *lx_has_service(const struct hv *hv, const char *name, bool *ret)
{
    struct err *e = tell_systemd("--quiet", "is-active", name);

    (void)hv;
    *ret = !e;
    err_free(e);
    return NULL;
}

struct err *lx_set_file(const struct hv *hv, const char *path, const char *text)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)hv;
    if (!text)
        return file_remove(path);
    TRY(file_make_dirs(file_folder(p, path), 0755));
    return file_write(path, text, strlen(text), 0644);
}

struct err *lx_set_hostname(const struct hv *hv, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *line = pool_printf(p, "%s\n", name);

    (void)hv;
    TRY(file_write(HOSTNAME, line, strlen(line), 0644));
    return sethostname(name, strlen(name))
               ? err_errno(errno, "the host's name \"%s\"", name)
               : NULL;
}

struct err *lx_dmesg(const struct hv *hv, struct pool *p, char **ret)
{
    struct lx lx AUTO_LX = {0};
    AUTO_STR struct str text = STR_INIT(DMESG_MAX);
    libxl_xen_console_reader *reader;
    char *line;
    int rc;

    (void)hv;
    TRY(lx_begin(&lx, false));
    host_mark(&lx.host);
    reader = libxl_xen_console_read_start(lx.host.ctx, 0);
    if (!reader)
        return host_err(&lx.host, ERROR_FAIL, "cannot read Xen's log");
    while ((rc = libxl_xen_console_read_line(lx.host.ctx, reader, &line)) > 0)
        str_add(&text, line);
    libxl_xen_console_read_finish(lx.host.ctx, reader);
    if (rc < 0)
        return host_err(&lx.host, rc, "cannot read Xen's log");
    *ret = pool_str(p, str_text(&text));
    return NULL;
}

struct err *lx_send_keys(const struct hv *hv, const char *keys)
{
    struct lx lx AUTO_LX = {0};
    AUTO_FREE char *copy = xstrdup(keys);
    int rc;

    (void)hv;
    TRY(lx_begin(&lx, false));
    host_mark(&lx.host);
    rc = libxl_send_debug_keys(lx.host.ctx, copy);
    return rc ? host_err(&lx.host, rc, "cannot send keys to Xen") : NULL;
}
