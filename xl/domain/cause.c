/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cause: see cause.h. */
#include "xl/domain/cause.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/str.h"

#define TAIL_SIZE 4096
#define LINE_SHOWN_MAX 300

void cause_begin(struct cause *c)
{
    struct stat st;

    c->hotplug_seen = stat(HOTPLUG_LOG, &st) ? 0 : st.st_size;
}

/* The last line with any text after SEEN; NULL if there is none. */
static const char *last_line(struct pool *p, const char *path, off_t seen)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *text = pool_alloc(p, TAIL_SIZE + 1), *end, *line;
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
        return NULL;
    if (st.st_size < seen) /* another file by now */
        seen = 0;
    if (st.st_size - seen > TAIL_SIZE)
        seen = st.st_size - TAIL_SIZE;
    n = pread(fd, text, TAIL_SIZE, seen);
    if (n <= 0)
        return NULL;
    text[n] = 0;
    end = text + strlen(text);
    while (end > text && strchr("\r\n\t ", end[-1]))
        *--end = 0;
    line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    return *line ? pool_printf(p, "%.*s", LINE_SHOWN_MAX, line) : NULL;
}

static struct err *add(struct err *e, const char *who, const char *line)
{
    struct err *more;

    if (!line || strstr(err_text(e), line))
        return e;
    more = err_make(err_kind(e), "%s (%s: \"%s\")", err_text(e), who, line);
    err_free(e);
    return more;
}

/* libxl says no more of it than that it killed a script. */
static struct err *say_hung(struct err *e)
{
    static const char killing[] = "killing execution of ";
    const char *at = strstr(err_text(e), killing), *script, *end;
    struct err *better;

    if (!at)
        return e;
    script = at + strlen(killing);
    end = strstr(script, " because of timeout");
    if (!end)
        return e;
    better = err_make(&err_kind_timeout,
                      "%.*shotplug script '%.*s' did not end in time and was "
                      "killed",
                      (int)(at - err_text(e)), err_text(e), (int)(end - script),
                      script);
    err_free(e);
    return better;
}

/* libxl does not say which file. */
static struct err *say_firmware(struct err *e)
{
    return strstr(err_text(e), "failed to read BIOS file")
               ? add(e, "firmware",
                     "SeaBIOS is in Debian's package seabios, UEFI in ovmf, "
                     "/usr/share/ovmf/OVMF.fd, which has to be built for Xen")
               : e;
}

static bool mentions(const struct err *e, const char *const *words)
{
    for (; *words; words++) {
        if (strstr(err_text(e), *words))
            return true;
    }
    return false;
}

struct err *cause_explain_with(const struct cause *c, const char *hotplug_log,
                               const char *qemu_log, struct err *e)
{
    static const char *const qemu[] = {"device model", "qemu", "QMP", NULL};
    static const char *const script[] = {"script", "exited with error", NULL};
    AUTO_POOL struct pool *p = pool_new();

    e = say_firmware(say_hung(e));
    if (mentions(e, qemu))
        return add(e, "qemu", last_line(p, qemu_log, 0));
    if (mentions(e, script))
        return add(e, "script", last_line(p, hotplug_log, c->hotplug_seen));
    return e;
}

struct err *cause_explain(const struct cause *c, const char *name,
                          struct err *e)
{
    AUTO_POOL struct pool *p = pool_new();

    return cause_explain_with(c, HOTPLUG_LOG, pool_printf(p, QEMU_LOG, name),
                              e);
}
