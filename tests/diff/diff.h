/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diff: runs one input through two parsers, ours and Xen's own (the oracle),
 * and compares what they understood. For the programs here (many inputs, hand
 * written and generated) and for the fuzz targets (diff_agree).
 *
 * An outcome is a text that says everything that was understood, in one way
 * of writing; DIFF_REJECTED when the input was refused. Where we differ on
 * purpose, a row of struct diff_known says how and why.
 */
#ifndef TESTS_DIFF_H
#define TESTS_DIFF_H

#include <stdio.h>
#include <string.h>

#include "lib/pool.h"
#include "lib/str.h"

#define DIFF_REJECTED "rejected"

struct diff_input {
    const char *text; /* NUL-terminated, may have more NULs inside */
    size_t len;
};

/* Either `applies`: these inputs are not shown to the oracle, our outcome has
 * to be `expect`. Or `as_if`: our outcome has to be that of the oracle for
 * the input written in this other way. */
struct diff_known {
    const char *why;
    bool (*applies)(struct diff_input in);
    const char *expect;
    void (*as_if)(struct diff_input in, struct str *out);
};

struct diff_pair {
    const char *name;
    const char *(*ours)(struct pool *p, struct diff_input in);
    const char *(*oracle)(struct pool *p, struct diff_input in);
    const struct diff_known *known; /* ends with a NULL why */
};

enum diff_result { DIFF_SAME, DIFF_KNOWN, DIFF_BAD };

struct diff_verdict {
    enum diff_result result;
    const char *ours, *oracle;
    size_t known; /* row, for DIFF_KNOWN */
};

/* One row's way of writing and, behind it, that of the rows before it too. */
static inline bool diff_agrees_as_if(struct pool *p,
                                     const struct diff_pair *pair,
                                     struct diff_input in,
                                     struct diff_verdict *v)
{
    struct diff_input all = in;

    for (size_t i = 0; pair->known[i].why; i++) {
        struct str one = STR_INIT(STR_MAX), both = STR_INIT(STR_MAX);
        struct diff_input tries[2];

        if (!pair->known[i].as_if)
            continue;
        pair->known[i].as_if(in, &one);
        pair->known[i].as_if(all, &both);
        tries[0].text = pool_strn(p, str_text(&one), tries[0].len = one.len);
        tries[1].text = pool_strn(p, str_text(&both), tries[1].len = both.len);
        all = tries[1];
        str_done(&one);
        str_done(&both);
        for (int j = 0; j < 2; j++) {
            if (strcmp(pair->oracle(p, tries[j]), v->ours))
                continue;
            v->known = i;
            return true;
        }
    }
    return false;
}

static inline struct diff_verdict diff_judge(struct pool *p,
                                             const struct diff_pair *pair,
                                             struct diff_input in)
{
    struct diff_verdict v = {.ours = pair->ours(p, in)};

    for (size_t i = 0; pair->known[i].why; i++) {
        if (!pair->known[i].applies || !pair->known[i].applies(in))
            continue;
        v.known = i;
        v.oracle = pair->known[i].expect;
        v.result = strcmp(v.ours, v.oracle) ? DIFF_BAD : DIFF_KNOWN;
        return v;
    }
    v.oracle = pair->oracle(p, in);
    if (!strcmp(v.ours, v.oracle))
        v.result = DIFF_SAME;
    else if (diff_agrees_as_if(p, pair, in, &v))
        v.result = DIFF_KNOWN;
    else
        v.result = DIFF_BAD;
    return v;
}

static inline void diff_show(const struct diff_pair *pair, struct diff_input in,
                             const struct diff_verdict *v)
{
    printf("%s: a difference for %zu bytes: <<<", pair->name, in.len);
    for (size_t i = 0; i < in.len && i < 500; i++) {
        unsigned char c = (unsigned char)in.text[i];

        if (c == '\n' || (c >= ' ' && c < 0x7f && c != '\\'))
            putchar(c);
        else
            printf("\\x%02x", c);
    }
    printf(">>>\n  ours:   %.500s\n  oracle: %.500s\n", v->ours, v->oracle);
    fflush(stdout);
}

/* For fuzz targets: shows a difference that is not known and aborts. */
static inline void diff_agree(const struct diff_pair *pair, const void *data,
                              size_t len)
{
    AUTO_POOL struct pool *p = pool_new();
    struct diff_input in = {.text = pool_strn(p, data, len), .len = len};
    struct diff_verdict v = diff_judge(p, pair, in);

    if (v.result == DIFF_BAD) {
        diff_show(pair, in, &v);
        abort();
    }
}

/* ---- inputs made by chance, the same in each run ------------------------ */

struct diff_rng {
    uint64_t state;
};

/* A number below N (splitmix64). */
static inline unsigned diff_rand(struct diff_rng *r, unsigned n)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % n);
}

static inline const char *diff_pick(struct diff_rng *r,
                                    const char *const *words, size_t n)
{
    return words[diff_rand(r, (unsigned)n)];
}
#define DIFF_PICK(r, ...)                            \
    diff_pick(r, (const char *const[]){__VA_ARGS__}, \
              ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

/* One small damage: a character gone, doubled, replaced, or two swapped. */
static inline void diff_damage(struct diff_rng *r, struct str *s,
                               const char *alphabet)
{
    size_t at = s->len ? diff_rand(r, (unsigned)s->len) : 0;
    char c = alphabet[diff_rand(r, (unsigned)strlen(alphabet))];

    if (!s->len)
        return;
    switch (diff_rand(r, 4)) {
    case 0:
        memmove(s->text + at, s->text + at + 1, s->len - at);
        s->len--;
        return;
    case 1:
        s->text[at] = c;
        return;
    case 2:
        str_addc(s, c);
        memmove(s->text + at + 1, s->text + at, s->len - 1 - at);
        s->text[at] = c;
        return;
    default:
        c = s->text[at];
        s->text[at] = s->text[s->len - 1 - at];
        s->text[s->len - 1 - at] = c;
    }
}

/* ---- a program --------------------------------------------------------- */

struct diff_run {
    const struct diff_pair *pair;
    size_t n, n_accepted, n_rejected, n_bad;
    size_t n_known[16];
};

static inline void diff_try(struct diff_run *run, const char *text, size_t len)
{
    AUTO_POOL struct pool *p = pool_new();
    struct diff_input in = {.text = pool_strn(p, text, len), .len = len};
    struct diff_verdict v = diff_judge(p, run->pair, in);

    run->n++;
    if (v.result == DIFF_KNOWN)
        run->n_known[v.known]++;
    else if (!strcmp(v.ours, DIFF_REJECTED))
        run->n_rejected++;
    else
        run->n_accepted++;
    if (v.result == DIFF_BAD && run->n_bad++ < 20)
        diff_show(run->pair, in, &v);
}

/* Says what was tried. Fails on a difference, and when the inputs prove too
 * little: a tenth has to be accepted, a tenth rejected, and each row of known
 * differences has to have been met. */
static inline int diff_end(const struct diff_run *run)
{
    bool good = !run->n_bad;

    printf("%s: %zu inputs, %zu accepted by both, %zu rejected by both, "
           "%zu differences\n",
           run->pair->name, run->n, run->n_accepted, run->n_rejected,
           run->n_bad);
    if (run->n_accepted < run->n / 10 || run->n_rejected < run->n / 10) {
        printf("%s: the inputs are too much alike\n", run->pair->name);
        good = false;
    }
    for (size_t i = 0; run->pair->known[i].why; i++) {
        printf("  %6zu on purpose: %s\n", run->n_known[i],
               run->pair->known[i].why);
        if (!run->n_known[i]) {
            printf("%s: no input met this\n", run->pair->name);
            good = false;
        }
    }
    return good ? 0 : 1;
}

#endif
