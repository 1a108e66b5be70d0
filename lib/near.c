/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* near: optimal string alignment distance, over three rows. */
#include "lib/near.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define LONGEST 64

static unsigned min2(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

unsigned near_distance(const char *a, const char *b)
{
    size_t a_len = strnlen(a, LONGEST), b_len = strnlen(b, LONGEST);
    unsigned rows[3][LONGEST + 1];

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3];
        unsigned *upup = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replace = up[j - 1] + !same(a[i - 1], b[j - 1]);

            row[j] = min2(replace, 1 + min2(up[j], row[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
                same(a[i - 2], b[j - 1]))
                row[j] = min2(row[j], upup[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

static bool begins(const char *candidate, const char *word, size_t len)
{
    return len >= 3 && !strncasecmp(word, candidate, len);
}

/* A third of the word may be wrong, and a beginning counts as near. Lengths
 * are compared first: distances are dear where many names are tried. */
void near_try(struct near *n, const char *candidate)
{
    size_t len = strlen(n->word), candidate_len = strlen(candidate);
    size_t apart =
        len < candidate_len ? candidate_len - len : len - candidate_len;
    unsigned limit = (unsigned)(len < 3 ? 1 : (len + 2) / 3);
    unsigned distance = limit;

    if (begins(candidate, n->word, len))
        distance = min2(near_distance(n->word, candidate), limit);
    else if (apart <= limit)
        distance = near_distance(n->word, candidate);
    else
        return;
    if (distance > limit || distance >= candidate_len)
        return;
    if (n->best && n->best_distance <= distance)
        return;
    n->best = candidate;
    n->best_distance = distance;
}
