/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* path: see path.h. */
#include "xenstore/path.h"

#include <ctype.h>
#include <string.h>

const char *path_fault(struct pool *p, const char *path)
{
    size_t len = strlen(path);

    if (!len)
        return "a path has at least one character";
    for (const char *c = path; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("-/_@", *c))
            continue;
        if (isprint((unsigned char)*c))
            return pool_printf(p, "'%c' cannot be in a path, which is letters, "
                                  "digits and - / _ @", *c);
        return pool_printf(p, "the byte 0x%02x cannot be in a path",
                           (unsigned char)*c);
    }
    if (strstr(path, "//"))
        return "a part between slashes is empty";
    if (len > 1 && path[len - 1] == '/')
        return "a path does not end with '/'";
    return NULL;
}
