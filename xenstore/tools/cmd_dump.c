/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dump, load and diff: subtrees as text. */
#include <errno.h>
#include <string.h>

#include "lib/file.h"
#include "xenstore/dump.h"
#include "xenstore/quote.h"
#include "xenstore/tools/tools.h"

/* ---- dump ---------------------------------------------------------------- */

struct dump_args {
    struct slot_words paths;
};

static void dump_node(const struct tree *node, unsigned depth, void *out)
{
    (void)depth;
    if (node->value)
        dump_add(node, out);
}

static struct err *run_dump(void *app, const void *args_, struct pool *p)
{
    static const struct tree_opts opts = {.perms = true};
    AUTO_STR struct str out = STR_INIT(DUMP_FILE_MAX);
    const struct dump_args *args = args_;
    const char **paths;
    struct store *s;
    size_t n;

    TRY(tools_store(app, &s));
    TRY(tools_paths(app, &args->paths, &paths, &n));
    for (size_t i = 0; i < n; i++) {
        struct tree *root;

        TRY(tree_read(s, p, paths[i], &opts, &root));
        dump_node(root, 0, &out);
        tree_each(root, dump_node, &out);
    }
    if (str_full(&out))
        return ERR("a dump of more than %u MB", DUMP_FILE_MAX >> 20);
    return tools_print(&out);
}

/* ---- a file of it -------------------------------------------------------- */

static struct err *read_dump(struct pool *p, const char *file, struct dump *ret)
{
    char *text;
    size_t len;

    TRY(file_read(p, file, DUMP_FILE_MAX, &text, &len));
    if (strlen(text) < len)
        return ERR_AS(input, "%s: no dump: it has a NUL", file);
    return dump_parse(p, file, text, ret);
}

/* ---- load ---------------------------------------------------------------- */

struct load_args {
    const char *file, *to;
};

/* Where a node goes: below TO instead of below the dump's first node. */
static struct err *place(struct pool *p, const struct dump *dump,
                         const char *to, const char *path, const char **ret)
{
    const char *first = dump->nodes[0].path;
    size_t len = strcmp(first, "/") ? strlen(first) : 0;

    if (!to) {
        *ret = path;
        return NULL;
    }
    if (strncmp(path, first, len) || (path[len] && path[len] != '/'))
        return ERR_AS(input, "'%s' is not below '%s', the dump's first node",
                      path, first);
    if (!len && !path[1])
        len = 1;
    *ret = pool_printf(p, "%s%s", strcmp(to, "/") ? to : "", path + len);
    return NULL;
}

static struct err *add_node(struct store_batch *values,
                            struct store_batch *perms, const char *path,
                            const struct dump_node *node)
{
    size_t i;

    store_batch_write(values, path, node->value, node->len);
    if (!node->perms)
        return NULL;
    i = store_batch_add(perms, STORE_SET_PERMS, path);
    perms->reqs[i].data = node->perms;
    perms->reqs[i].data_len = node->perms_len;
    return NULL;
}

static struct err *run_all(struct store *s, struct store_batch *b)
{
    TRY(store_batch_run(s, b));
    return tools_failure(b);
}

static struct err *run_load(void *app, const void *args_, struct pool *p)
{
    const struct load_args *args = args_;
    struct store_batch values = {.pool = p}, perms = {.pool = p};
    const char *file = args->file ? args->file : "-";
    struct store *s;
    struct dump dump;

    TRY(read_dump(p, file, &dump));
    for (size_t i = 0; i < dump.n; i++) {
        const char *path = NULL;

        TRY(place(p, &dump, args->to, dump.nodes[i].path, &path));
        TRY(add_node(&values, &perms, path, &dump.nodes[i]));
    }
    TRY(tools_store(app, &s));
    TRY(run_all(s, &values));
    return run_all(s, &perms);
}

/* ---- diff ---------------------------------------------------------------- */

struct diff_args {
    bool perms;
    int format;
    const char *old, *new;
};

/* A node of either side by its path below the root of its side. */
struct side_node {
    const char *rest;
    const char *shown; /* value and permissions */
};

struct side {
    struct pool *pool;
    const char *root;
    struct side_node *nodes;
    size_t n;
};

static const struct table_col diff_cols[] = {
    {.name = "path", .doc = "The node, below what is compared."},
    {.name = "old", .doc = "Its value in the first; nil: it is not there."},
    {.name = "new", .doc = "Its value in the second; nil: it is not there."},
    {.name = NULL},
};

static const char *shown(struct pool *p, const struct dump_node *node,
                         bool with_perms)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    size_t at = 0;

    str_add(&out, "\"");
    quote_add(&out, node->value, node->len);
    str_add(&out, "\"");
    while (with_perms && node->perms && at < node->perms_len) {
        str_addf(&out, "%s%s", at ? "," : " (", node->perms + at);
        at += strlen(node->perms + at) + 1;
    }
    if (at)
        str_add(&out, ")");
    return pool_str(p, str_text(&out));
}

static int by_rest(const void *a, const void *b)
{
    return strcmp(((const struct side_node *)a)->rest,
                  ((const struct side_node *)b)->rest);
}

static void take_dump(const struct diff_args *args, const struct dump *dump,
                      struct side *side)
{
    size_t len;

    side->root = dump->n ? dump->nodes[0].path : "/";
    len = strcmp(side->root, "/") ? strlen(side->root) : 0;
    for (size_t i = 0; i < dump->n; i++) {
        const struct dump_node *node = &dump->nodes[i];
        bool below = !strncmp(node->path, side->root, len);
        const char *rest = below ? node->path + len : node->path;

        *pool_push(side->pool, side->nodes, side->n) = (struct side_node){
            .rest = *rest ? rest : "/",
            .shown = shown(side->pool, node, args->perms),
        };
    }
    qsort(side->nodes, side->n, sizeof(*side->nodes), by_rest);
}

/* A file is a dump; anything else is a path of XenStore. */
static struct err *read_side(void *app, const struct diff_args *args,
                             const char *word, struct side *side)
{
    static const struct tree_opts opts = {.perms = true};
    AUTO_STR struct str text = STR_INIT(DUMP_FILE_MAX);
    struct tree *root;
    struct dump dump;
    struct store *s;

    if (!strcmp(word, "-") || file_exists(word)) {
        TRY(read_dump(side->pool, word, &dump));
    } else {
        TRY(tools_store(app, &s));
        TRY(tree_read(s, side->pool, word, &opts, &root));
        dump_node(root, 0, &text);
        tree_each(root, dump_node, &text);
        TRY(dump_parse(side->pool, word, str_text(&text), &dump));
    }
    take_dump(args, &dump, side);
    return NULL;
}

static void differ(struct table *t, struct str *out, const char *rest,
                   const char *old, const char *new)
{
    table_row(t);
    table_str(t, rest);
    table_str(t, old);
    table_str(t, new);
    if (old)
        str_addf(out, "-%s = %s\n", rest, old);
    if (new)
        str_addf(out, "+%s = %s\n", rest, new);
}

static size_t compare(const struct side *a, const struct side *b,
                      struct table *t, struct str *out)
{
    size_t i = 0, j = 0, n = 0;

    while (i < a->n || j < b->n) {
        int order = i == a->n   ? 1
                    : j == b->n ? -1
                                : by_rest(&a->nodes[i], &b->nodes[j]);
        const char *old = order <= 0 ? a->nodes[i].shown : NULL;
        const char *new = order >= 0 ? b->nodes[j].shown : NULL;
        const char *rest = old ? a->nodes[i].rest : b->nodes[j].rest;

        i += order <= 0;
        j += order >= 0;
        if (text_eq(old, new))
            continue;
        differ(t, out, rest, old, new);
        n++;
    }
    return n;
}

/* What cannot be compared is neither equal nor different. */
static const struct err_kind kind_trouble = {"trouble", 2};

static struct err *read_sides(void *app, const struct diff_args *args,
                              struct side *a, struct side *b)
{
    TRY(read_side(app, args, args->old, a));
    return read_side(app, args, args->new ? args->new : a->root, b);
}

static struct err *run_diff(void *app, const void *args_, struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(DUMP_FILE_MAX);
    const struct diff_args *args = args_;
    struct side a = {.pool = p}, b = {.pool = p};
    struct table *t = table_new(p, diff_cols);
    AUTO_ERR struct err *trouble = read_sides(app, args, &a, &b);
    size_t n;

    if (trouble)
        return err_make(&kind_trouble, "%s", err_text(trouble));
    n = compare(&a, &b, t, &out);
    if (args->format != TABLE_TEXT) {
        str_clear(&out);
        table_print(t, args->format, &out);
    }
    TRY(tools_print(&out));
    return n ? err_silent(1) : NULL;
}

/* clang-format off */
static const struct slot dump_opts[] = {
    ARG("path",  SLOT_WORDS(struct dump_args, paths), .doc = "A node, or a pattern of nodes, with all below."),
    ARGS("path", SLOT_WORDS(struct dump_args, paths), .doc = "More of them."),
    OPT_END };

static const struct slot load_opts[] = {
    OPT('t', "to", SLOT_WORD(struct load_args, to), .unit = "PATH", .doc = "Make the dump's first node this one, and move all below it along."),
    ARG_OPTIONAL("file", SLOT_WORD(struct load_args, file), .doc = "What xenstore dump or xenstore-ls -fp printed; standard input if missing."),
    OPT_END };

static const struct slot diff_opts[] = {
    OPT('p', "permissions", SLOT_FLAG(struct diff_args, perms), .doc = "Compare permissions, too."),
    OPT_FORMAT(struct diff_args),
    ARG("old",          SLOT_WORD(struct diff_args, old), .doc = "A path of XenStore, or a file with a dump."),
    ARG_OPTIONAL("new", SLOT_WORD(struct diff_args, new), .doc = "Another; if missing, what is in XenStore now where OLD was."),
    OPT_END };

#define CMD(name_, flags_, doc_) \
    { .name = #name_, .run = run_##name_, .opts = name_##_opts, .args_size = sizeof(struct name_##_args), .flags = flags_, .doc = doc_ }

const struct cmd cmds_dump[] = {
    CMD(dump, 0,            "Print nodes with values and permissions as text that load takes."),
    CMD(load, CMD_MODIFIES, "Write the nodes of a dump; others stay."),
    CMD(diff, 0,            "Compare two subtrees, or a dump with what is there now; exit status 1 if they differ, 2 if one cannot be read."),
    { .name = NULL } };
/* clang-format on */
