/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sparkline: see sparkline.h. */
#include "xenstore/top/sparkline.h"

#include <math.h>

#define LEVELS 8

/* By level; zero has a sign of its own. */
static const char *const eights[] = {"·", "▁", "▂", "▃", "▄",
                                     "▅", "▆", "▇", "█"};
static const char *const ascii[] = {"_", ".", ":", "-", "=",
                                    "+", "*", "%", "#"};
/* Eighths of a character, from the left. */
static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

static int level_of(double figure, double top)
{
    if (!(figure > 0) || !(top > 0))
        return 0;
    return (int)fmin(LEVELS, ceil(figure / top * LEVELS));
}

static double greatest(const double *figures, size_t n)
{
    double max = 0;

    for (size_t i = 0; i < n; i++)
        max = fmax(max, figures[i]);
    return max;
}

void sparkline(const double *figures, size_t n, int width, double top,
               bool blocks, struct str *out)
{
    const char *const *signs = blocks ? eights : ascii;
    size_t shown = width < 0 ? 0 : (size_t)width < n ? (size_t)width : n;

    figures += n - shown;
    if (!(top > 0))
        top = greatest(figures, shown);
    if (width > 0)
        str_repeat(out, ' ', (size_t)width - shown);
    for (size_t i = 0; i < shown; i++)
        str_add(out, signs[level_of(figures[i], top)]);
}

void sparkline_bar(double share, int width, bool blocks, struct str *out)
{
    double full = fmin(1, fmax(0, share)) * width;
    int whole = (int)full;

    for (int i = 0; i < whole; i++)
        str_add(out, blocks ? "█" : "#");
    if (whole < width)
        str_add(out, blocks ? eighths[(int)((full - whole) * 8)] : ".");
    for (int i = whole + 1; i < width; i++)
        str_add(out, blocks ? " " : ".");
}
