/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* layout: see layout.h. */
#include "xenstore/top/layout.h"

#include <limits.h>

/* Takes an item if it fits into *LEFT. */
static bool take(const struct layout_item *item, int *left)
{
    if (item->width + 1 > *left)
        return false;
    *left -= item->width + 1;
    return true;
}

/* The lowest rank at which items no longer fit together. */
static int rank_that_fits(const struct layout_item *items, size_t n, int left)
{
    for (int rank = 1;; rank++) {
        int next = INT_MAX, room = left;

        for (size_t i = 1; i < n; i++) {
            if (items[i].rank > rank && items[i].rank < next)
                next = items[i].rank;
            if (items[i].rank && items[i].rank <= rank &&
                !take(&items[i], &room))
                return rank - 1;
        }
        if (next == INT_MAX)
            return rank;
        rank = next - 1;
    }
}

static int grow(struct layout_place *place, const struct layout_item *item,
                int left)
{
    int more = item->grow_to - place->width;

    if (more <= 0 || left <= 0)
        return left;
    if (more > left)
        more = left;
    place->width += more;
    return left - more;
}

size_t layout_place(const struct layout_item *items, size_t n, int width,
                    size_t skip, struct layout_place *ret)
{
    int left = width - (n ? items[0].width : 0), col = 0;
    int rank = skip ? INT_MAX : rank_that_fits(items, n, left);
    size_t n_ret = 0;

    for (size_t i = 0; i < n; i++) {
        bool here =
            skip ? i >= skip + 1 : items[i].rank && items[i].rank <= rank;

        if (i && !here)
            continue;
        if (i && !take(&items[i], &left))
            break;
        ret[n_ret++] = (struct layout_place){i, 0, items[i].width};
    }
    for (size_t i = 0; i < n_ret; i++) {
        left = grow(&ret[i], &items[ret[i].item], left);
        ret[i].col = col;
        col += ret[i].width + 1;
    }
    return n_ret;
}

int layout_top(int top, int n, int rows, int cursor)
{
    if (cursor >= 0 && cursor < top)
        top = cursor;
    if (cursor >= 0 && cursor >= top + rows)
        top = cursor - rows + 1;
    if (top > n - rows)
        top = n - rows;
    return top < 0 ? 0 : top;
}
