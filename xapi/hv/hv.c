/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv: which bodies there are. */
#include "xapi/hv/hv.h"

#include <string.h>

#include "lib/str.h"

static const struct {
    const char *name;
    struct err *(*open)(const char *dir, struct hv *ret);
} bodies[] = {
    {"libxl", hv_libxl_open},
    {"sim", hv_sim_open},
};

struct err *hv_open(const char *name, const char *dir, struct hv *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        if (!strcmp(bodies[i].name, name))
            return bodies[i].open(dir, ret);
    return ERR_AS(usage, "--hv: there is no \"%s\": want libxl or sim", name);
}
