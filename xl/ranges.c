/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ranges: see ranges.h. */
#include "xl/ranges.h"

#include <libxl_utils.h>

#include "lib/str.h"

static void add_range(struct str *out, int first, int last)
{
    if (out->len)
        str_addc(out, ',');
    if (first == last)
        str_addf(out, "%d", first);
    else
        str_addf(out, "%d-%d", first, last);
}

const char *ranges_text(struct pool *p, const libxl_bitmap *map, int n)
{
    AUTO_STR struct str out = STR_INIT(1 << 16);
    int first = -1, n_set = 0;

    for (int i = 0; i <= n; i++) {
        bool set = i < n && libxl_bitmap_test(map, i);

        n_set += set;
        if (set && first < 0)
            first = i;
        if (!set && first >= 0) {
            add_range(&out, first, i - 1);
            first = -1;
        }
    }
    if (n_set == n)
        return "all";
    return n_set ? pool_str(p, str_text(&out)) : "none";
}
