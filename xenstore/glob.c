/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* glob: see glob.h. One round of lists for each part that is a pattern. */
#include "xenstore/glob.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "lib/str.h"

struct paths {
    const char **list;
    size_t n;
};

bool glob_is_pattern(const char *word)
{
    return strpbrk(word, "*?[");
}

bool glob_covers(struct pool *p, const char *pattern, const char *path)
{
    size_t n, m;
    char **want = text_split(p, pattern, '/', &n);
    char **have = text_split(p, path, '/', &m);

    if (m < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (fnmatch(want[i], have[i], 0))
            return false;
    }
    return true;
}

char *glob_plain_part(struct pool *p, const char *pattern)
{
    size_t len = strcspn(pattern, "*?[");

    if (!pattern[len])
        return pool_str(p, pattern);
    while (len && pattern[len - 1] != '/')
        len--;
    return len > 1 ? pool_strn(p, pattern, len - 1) : pool_str(p, "/");
}

static char *below(struct pool *p, const char *dir, const char *name)
{
    if (!dir)
        return pool_str(p, name);
    return pool_printf(p, "%s/%s", dir, name);
}

/* The children of all of DIRS whose names match PART. */
static struct err *match_part(struct store *s, struct pool *p,
                              struct paths *dirs, const char *part)
{
    struct store_batch lists = {.pool = p};
    struct paths found = {0};

    for (size_t i = 0; i < dirs->n; i++)
        store_batch_add(&lists, STORE_LIST,
                        *dirs->list[i] ? dirs->list[i] : "/");
    TRY(store_batch_run(s, &lists));
    for (size_t i = 0; i < lists.n; i++) {
        const struct store_req *req = &lists.reqs[i];

        if (req->errnum && req->errnum != ENOENT)
            return store_req_err(req);
        for (size_t j = 0; j < req->n_names; j++) {
            if (!fnmatch(part, req->names[j], 0))
                *pool_push(p, found.list, found.n) =
                    below(p, dirs->list[i], req->names[j]);
        }
    }
    *dirs = found;
    return NULL;
}

/* Those of PATHS that there are: behind the last pattern plain parts were
 * taken as they stand. */
static struct err *keep_existing(struct store *s, struct pool *p,
                                 struct paths *paths)
{
    struct store_batch reads = {.pool = p};
    struct paths kept = {0};

    for (size_t i = 0; i < paths->n; i++)
        store_batch_add(&reads, STORE_READ, paths->list[i]);
    TRY(store_batch_run(s, &reads));
    for (size_t i = 0; i < paths->n; i++) {
        if (reads.reqs[i].errnum != ENOENT)
            *pool_push(p, kept.list, kept.n) = paths->list[i];
    }
    *paths = kept;
    return NULL;
}

static struct err *expand(struct store *s, struct pool *p, const char *word,
                          struct paths *ret)
{
    struct paths paths = {0};
    bool plain_behind = false;
    char **parts;
    size_t n;

    parts = text_split(p, word, '/', &n);
    if (glob_is_pattern(parts[0]))
        return ERR("a pattern begins with '/': '%s'", word);
    *pool_push(p, paths.list, paths.n) = parts[0];
    for (size_t i = 1; i < n; i++) {
        plain_behind = !glob_is_pattern(parts[i]);
        if (!plain_behind)
            TRY(match_part(s, p, &paths, parts[i]));
        for (size_t j = 0; plain_behind && j < paths.n; j++)
            paths.list[j] = below(p, paths.list[j], parts[i]);
    }
    if (plain_behind)
        TRY(keep_existing(s, p, &paths));
    *ret = paths;
    return NULL;
}

struct err *glob_expand(struct store *s, struct pool *p,
                        const char *const *words, size_t n,
                        const char ***ret_paths, size_t *ret_n)
{
    struct paths all = {0};

    for (size_t i = 0; i < n; i++) {
        struct paths found = {0};

        if (!glob_is_pattern(words[i])) {
            *pool_push(p, all.list, all.n) = words[i];
            continue;
        }
        TRY(expand(s, p, words[i], &found));
        if (!found.n)
            return ERR_AS(not_found, "nothing in XenStore matches '%s'",
                          words[i]);
        for (size_t j = 0; j < found.n; j++)
            *pool_push(p, all.list, all.n) = found.list[j];
    }
    *ret_paths = all.list;
    *ret_n = all.n;
    return NULL;
}
