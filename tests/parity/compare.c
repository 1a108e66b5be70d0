/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compare: two JSON files, field by field:
 *
 *   compare [-r PATH]... [-d PATH]... OURS STOCK
 *
 * prints a line for each difference and exits 1 if there is one. Under a PATH
 * given by -r (as c_info.uuid) values are made up anew at each run: there both
 * have to have one of the same type and length. The PATHs given by -d differ on
 * purpose: it is a difference when they do not.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json.h"

struct paths {
    const char **list;
    size_t n;
};

struct compare {
    struct pool *pool;
    struct paths random, deliberate;
    size_t n_deliberate; /* seen */
    size_t n_differences;
};

static bool is_among(const struct paths *paths, const char *path)
{
    for (size_t i = 0; i < paths->n; i++) {
        if (!strcmp(paths->list[i], path))
            return true;
    }
    return false;
}

static const char *shown(struct compare *c, const struct value *v)
{
    struct str s = STR_INIT(1000);

    if (!v)
        return "nothing";
    json_print(v, false, &s);
    pool_at_free(c->pool, free, s.text);
    return str_text(&s);
}

static void differ(struct compare *c, const char *path,
                   const struct value *ours, const struct value *stock)
{
    if (is_among(&c->deliberate, path)) {
        c->n_deliberate++;
        return;
    }
    printf("    %s: ours %s, stock %s\n", path, shown(c, ours),
           shown(c, stock));
    c->n_differences++;
}

static bool same_shape(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == VALUE_STRING)
        return a->s.len == b->s.len;
    return a->kind != VALUE_LIST || a->kids.n == b->kids.n;
}

static void compare(struct compare *c, const char *path,
                    const struct value *ours, const struct value *stock);

static void compare_structs(struct compare *c, const char *path,
                            const struct value *ours, const struct value *stock)
{
    const char *dot = *path ? "." : "";

    value_each(member, stock)
    {
        compare(c, pool_printf(c->pool, "%s%s%s", path, dot, member->name),
                value_get(ours, member->name), member);
    }
    value_each(member, ours)
    {
        if (!value_get(stock, member->name))
            differ(c, pool_printf(c->pool, "%s%s%s", path, dot, member->name),
                   member, NULL);
    }
}

static void compare_lists(struct compare *c, const char *path,
                          const struct value *ours, const struct value *stock)
{
    const struct value *a = ours->kids.first, *b = stock->kids.first;

    for (size_t i = 0; a || b; i++) {
        compare(c, pool_printf(c->pool, "%s[%zu]", path, i), a, b);
        a = a ? a->next : NULL;
        b = b ? b->next : NULL;
    }
}

static void compare(struct compare *c, const char *path,
                    const struct value *ours, const struct value *stock)
{
    if (!ours || !stock || ours->kind != stock->kind) {
        differ(c, path, ours, stock);
    } else if (is_among(&c->random, path)) {
        if (!same_shape(ours, stock))
            differ(c, path, ours, stock);
    } else if (ours->kind == VALUE_STRUCT) {
        compare_structs(c, path, ours, stock);
    } else if (ours->kind == VALUE_LIST) {
        compare_lists(c, path, ours, stock);
    } else if (!value_equal(ours, stock)) {
        differ(c, path, ours, stock);
    }
}

static struct err *load(struct pool *p, const char *path, struct value **ret)
{
    char *text;
    size_t len;

    TRY(file_read(p, path, 16 << 20, &text, &len));
    return err_wrap(json_parse(p, text, len, ret), "%s", path);
}

static struct err *compare_files(struct compare *c, const char *ours_path,
                                 const char *stock_path)
{
    struct value *ours, *stock;

    TRY(load(c->pool, ours_path, &ours));
    TRY(load(c->pool, stock_path, &stock));
    compare(c, "", ours, stock);
    return NULL;
}

int main(int argc, char **argv)
{
    AUTO_POOL struct pool *p = pool_new();
    struct compare c = {.pool = p};
    AUTO_ERR struct err *e = NULL;
    int option;

    while ((option = getopt(argc, argv, "r:d:")) > 0 && option != '?') {
        struct paths *paths = option == 'r' ? &c.random : &c.deliberate;

        *pool_push(p, paths->list, paths->n) = optarg;
    }
    if (option != -1 || argc - optind != 2) {
        fprintf(stderr,
                "usage: compare [-r PATH]... [-d PATH]... OURS STOCK\n");
        return 2;
    }
    e = compare_files(&c, argv[optind], argv[optind + 1]);
    if (e) {
        printf("    %s\n", err_text(e));
        return 1;
    }
    if (c.n_deliberate != c.deliberate.n) {
        printf("    %zu of %zu deliberate differences are there\n",
               c.n_deliberate, c.deliberate.n);
        return 1;
    }
    return c.n_differences ? 1 : 0;
}
