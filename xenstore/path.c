/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* path: see path.h. */
#include "xenstore/path.h"

#include <ctype.h>
#include <string.h>

#define REL_MAX 2048 /* XENSTORE_REL_PATH_MAX of Xen's io/xs_wire.h */
#define HOME "/local/domain/"

/* Without a domain's own part in front. */
static size_t relative_len(const char *path)
{
    const char *rest = path;

    if (!strncmp(path, HOME, strlen(HOME))) {
        rest += strlen(HOME);
        rest += strspn(rest, "0123456789");
        rest += *rest == '/';
    }
    return strlen(rest);
}

const char *path_fault(struct pool *p, const char *path)
{
    size_t len = strlen(path);

    if (!len)
        return "a path has at least one character";
    for (const char *c = path; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("-/_@", *c))
            continue;
        if (isprint((unsigned char)*c))
            return pool_printf(p,
                               "'%c' cannot be in a path, which is letters, "
                               "digits and - / _ @",
                               *c);
        return pool_printf(p, "the byte 0x%02x cannot be in a path",
                           (unsigned char)*c);
    }
    if (strstr(path, "//"))
        return "a part between slashes is empty";
    if (len > 1 && path[len - 1] == '/')
        return "a path does not end with '/'";
    if (relative_len(path) > REL_MAX)
        return pool_printf(p,
                           "of its %zu characters the daemon takes %d, not "
                           "counting /local/domain/DOMID/",
                           len, REL_MAX);
    return NULL;
}
