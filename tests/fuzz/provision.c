/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* provision: what a template asks for, whatever it says, are disks that can be
 * asked for. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/vm/provision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = pool_strn(p, (const char *)data, size);
    struct provision_disk *disks = NULL;
    size_t n = 0;
    struct err *e = provision_read(p, text, &disks, &n);

    if (e) {
        err_free(e);
        return 0;
    }
    fuzz_must(n <= PROVISION_DISKS_MAX, "there are not too many");
    for (size_t i = 0; i < n; i++) {
        fuzz_must(disks[i].size > 0, "each has a size");
        fuzz_must(*disks[i].device && disks[i].sr && disks[i].type,
                  "each has a place");
        for (size_t k = 0; k < i; k++)
            fuzz_must(strcmp(disks[i].device, disks[k].device),
                      "no two have the same place");
    }
    return 0;
}
