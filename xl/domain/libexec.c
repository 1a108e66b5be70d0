/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libexec: see libexec.h. */
#include "xl/domain/libexec.h"

#include <limits.h>
#include <string.h>

#include "lib/str.h"

/* The folder above the one this program is in: build or the prefix. */
static const char *find_top(struct pool *p)
{
    char self[PATH_MAX], *slash;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    self[n < 0 ? 0 : n] = 0;
    for (int up = 0; up < 2; up++) {
        slash = strrchr(self, '/');
        if (!slash)
            return DOM0KIT_PREFIX;
        *slash = 0;
    }
    return pool_str(p, self);
}

const char *libexec_path(struct pool *p, const char *name)
{
    const char *top = find_top(p);
    const char *places[] = {
        pool_printf(p, "%s/libexec/%s", top, name),
        pool_printf(p, "%s/libexec/dom0kit/%s", top, name),
    };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (!access(places[i], X_OK))
            return places[i];
    }
    return pool_printf(p, DOM0KIT_PREFIX "/libexec/dom0kit/%s", name);
}
