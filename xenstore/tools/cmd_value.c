/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands about single nodes: read, write, list, exists, rm. */
#include <errno.h>
#include <string.h>

#include "xenstore/quote.h"
#include "xenstore/tools/tools.h"

/* ---- read ---------------------------------------------------------------- */

struct read_args {
    bool prefix, raw, socket;
    int format;
    struct slot_words paths;
};

static const struct table_col value_cols[] = {
    {.name = "path", .doc = "The node."},
    {.name = "value", .doc = "Its value, quoted as xenstore-read prints it."},
    {.name = NULL},
};

static void print_value(const struct read_args *args,
                        const struct store_req *req, struct str *out)
{
    if (args->prefix)
        str_addf(out, "%s: ", req->path);
    if (args->raw) {
        str_addn(out, req->text, req->len);
        return;
    }
    quote_add(out, req->text, req->len);
    str_addc(out, '\n');
}

/* What was read up to the first failure, then the failure. */
static struct err *print_values(const struct read_args *args,
                                const struct store_batch *b, struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct table *t = table_new(p, value_cols);
    struct err *e = NULL;

    for (size_t i = 0; i < b->n && !e; i++) {
        const struct store_req *req = &b->reqs[i];

        e = store_req_err(req);
        if (e)
            break;
        table_row(t);
        table_str(t, req->path);
        table_str(t, quote(p, req->text, req->len));
        if (args->format == TABLE_TEXT)
            print_value(args, req, &out);
    }
    if (args->format != TABLE_TEXT)
        table_print(t, args->format, &out);
    return err_join(e, tools_print(&out));
}

static struct err *run_read(void *app, const void *args_, struct pool *p)
{
    const struct read_args *args = args_;
    struct tools *tools = app;
    struct store_batch b = {.pool = p};
    const char **paths;
    struct store *s;
    size_t n;

    TRY(tools_store(tools, &s));
    TRY(tools_paths(tools, &args->paths, &paths, &n));
    for (size_t i = 0; i < n; i++)
        store_batch_add(&b, STORE_READ, paths[i]);
    TRY(tools_run(s, &b, false));
    return print_values(args, &b, p);
}

/* ---- write --------------------------------------------------------------- */

struct write_args {
    bool raw, batch, socket;
    struct slot_words pairs;
};

static void add_write(const struct write_args *args, struct store_batch *b,
                      const char *path, const char *word)
{
    size_t len = strlen(word);
    const char *value = args->raw ? word : quote_undo(b->pool, word, len, &len);

    store_batch_write(b, path, value, len);
}

/* Without a transaction: each write for itself, all of them tried. */
static struct err *write_each(struct store *s, struct store_batch *b)
{
    TRY(store_batch_run(s, b));
    return tools_failure(b);
}

static struct err *run_write(void *app, const void *args_, struct pool *p)
{
    const struct write_args *args = args_;
    const struct slot_words *pairs = &args->pairs;
    struct store_batch b = {.pool = p};
    struct store *s;

    if (pairs->n % 2)
        return ERR_AS(usage,
                      "path '%s' has no value: a value follows each "
                      "path",
                      pairs->list[pairs->n - 1]);
    for (size_t i = 0; i < pairs->n; i += 2)
        add_write(args, &b, pairs->list[i], pairs->list[i + 1]);
    TRY(tools_store(app, &s));
    return args->batch ? write_each(s, &b) : tools_run(s, &b, true);
}

/* ---- list ---------------------------------------------------------------- */

struct list_args {
    bool prefix, socket;
    int format;
    struct slot_words paths;
};

static const struct table_col name_cols[] = {
    {.name = "path", .doc = "The directory."},
    {.name = "name", .doc = "A node in it."},
    {.name = NULL},
};

static void list_one(const struct list_args *args, const struct store_req *req,
                     struct table *t, struct str *out)
{
    for (size_t i = 0; i < req->n_names; i++) {
        table_row(t);
        table_str(t, req->path);
        table_str(t, req->names[i]);
        if (args->format != TABLE_TEXT)
            continue;
        if (args->prefix)
            str_addf(out, "%s/", req->path);
        str_addf(out, "%s\n", req->names[i]);
    }
}

static struct err *run_list(void *app, const void *args_, struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    const struct list_args *args = args_;
    struct table *t = table_new(p, name_cols);
    struct store_batch b = {.pool = p};
    struct err *e = NULL;
    const char **paths;
    struct store *s;
    size_t n;

    TRY(tools_store(app, &s));
    TRY(tools_paths(app, &args->paths, &paths, &n));
    for (size_t i = 0; i < n; i++)
        store_batch_add(&b, STORE_LIST, paths[i]);
    TRY(tools_run(s, &b, false));
    for (size_t i = 0; i < b.n && !e; i++) {
        e = store_req_err(&b.reqs[i]);
        list_one(args, &b.reqs[i], t, &out);
    }
    if (args->format != TABLE_TEXT)
        table_print(t, args->format, &out);
    return err_join(e, tools_print(&out));
}

/* ---- exists -------------------------------------------------------------- */

struct exists_args {
    bool socket;
    struct slot_words paths;
};

/* Says no by its exit status alone. */
static struct err *run_exists(void *app, const void *args_, struct pool *p)
{
    const struct exists_args *args = args_;
    struct store_batch b = {.pool = p};
    const char **paths;
    struct store *s;
    struct err *e;
    size_t n;

    TRY(tools_store(app, &s));
    e = tools_paths(app, &args->paths, &paths, &n);
    if (err_is(e, &err_kind_not_found)) {
        err_drop(e, "the exit status says it");
        return err_silent(1);
    }
    TRY(e);
    for (size_t i = 0; i < n; i++)
        store_batch_add(&b, STORE_READ, paths[i]);
    TRY(tools_run(s, &b, false));
    for (size_t i = 0; i < n; i++) {
        if (b.reqs[i].errnum == ENOENT || b.reqs[i].errnum == EINVAL)
            return err_silent(1);
        TRY(store_req_err(&b.reqs[i]));
    }
    return NULL;
}

/* ---- rm ------------------------------------------------------------------ */

struct rm_args {
    bool tidy, socket;
    struct slot_words paths;
};

struct rm {
    const struct rm_args *args;
    const char **paths;
    size_t n;
};

/* Whether a node has neither value nor children. */
static struct err *is_bare(struct store *s, uint32_t tx, const char *path,
                           struct pool *p, bool *ret)
{
    struct store_batch b = {.pool = p, .tx = tx};

    store_batch_add(&b, STORE_READ, path);
    store_batch_add(&b, STORE_LIST, path);
    TRY(store_batch_run(s, &b));
    *ret = !b.reqs[0].errnum && !b.reqs[0].len && !b.reqs[1].errnum &&
           !b.reqs[1].n_names;
    return NULL;
}

/* Removes what is bare above PATH, up to the first node that is not. */
static struct err *tidy(struct store *s, uint32_t tx, const char *path,
                        struct pool *p)
{
    char *dir = pool_str(p, path), *slash;
    bool bare = true;

    while ((slash = strrchr(dir, '/')) && slash != dir) {
        struct store_req rm = {.op = STORE_REMOVE, .path = dir, .tx = tx};

        *slash = '\0';
        TRY(is_bare(s, tx, dir, p, &bare));
        if (!bare)
            return NULL;
        TRY(store_run(s, &rm, 1, p));
        TRY(store_req_err(&rm));
    }
    return NULL;
}

static struct err *remove_all(struct store *s, uint32_t tx, void *arg)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct rm *rm = arg;
    struct store_batch b = {.pool = p, .tx = tx};

    for (size_t i = 0; i < rm->n; i++)
        store_batch_add(&b, STORE_REMOVE, rm->paths[i]);
    TRY(store_batch_run(s, &b));
    for (size_t i = 0; i < rm->n; i++) {
        TRY(store_req_err(&b.reqs[i]));
    }
    for (size_t i = 0; rm->args->tidy && i < rm->n; i++)
        TRY(tidy(s, tx, rm->paths[i], p));
    return NULL;
}

static struct err *run_rm(void *app, const void *args_, struct pool *p)
{
    struct rm rm = {.args = args_};
    struct store *s;

    (void)p;
    TRY(tools_store(app, &s));
    TRY(tools_paths(app, &rm.args->paths, &rm.paths, &rm.n));
    return store_transaction(s, remove_all, &rm);
}

/* ---- rows ---------------------------------------------------------------- */

/* clang-format off */
static const struct slot read_opts[] = {
    OPT('p', "prefix", SLOT_FLAG(struct read_args, prefix), .doc = "Print each value behind its path."),
    OPT('R', "raw",    SLOT_FLAG(struct read_args, raw),    .doc = "Print values as they are: nothing quoted, no line ends."),
    OPT_FORMAT(struct read_args),
    OPT_SOCKET(struct read_args),
    ARG("path",        SLOT_WORDS(struct read_args, paths), .doc = "A node, or a pattern of nodes."),
    ARGS("path",       SLOT_WORDS(struct read_args, paths), .doc = "More of them."),
    OPT_END };

static const struct slot write_opts[] = {
    OPT('R', "raw",    SLOT_FLAG(struct write_args, raw),   .doc = "Take values as they are: a backslash is one."),
    OPT('b', "batch",  SLOT_FLAG(struct write_args, batch), .doc = "No transaction: each write stands for itself; much faster for thousands."),
    OPT_SOCKET(struct write_args),
    ARG("path",        SLOT_WORDS(struct write_args, pairs), .doc = "A node; it and those above it are made if missing."),
    ARG("value",       SLOT_WORDS(struct write_args, pairs), .doc = "Its value; \\n, \\t, \\x41, \\101 and \\\\ are understood."),
    ARGS("path value", SLOT_WORDS(struct write_args, pairs), .doc = "More pairs: all are written, or none."),
    OPT_END };

static const struct slot list_opts[] = {
    OPT('p', "prefix", SLOT_FLAG(struct list_args, prefix), .doc = "Print whole paths."),
    OPT_FORMAT(struct list_args),
    OPT_SOCKET(struct list_args),
    ARG("path",        SLOT_WORDS(struct list_args, paths), .doc = "A directory, or a pattern of directories."),
    ARGS("path",       SLOT_WORDS(struct list_args, paths), .doc = "More of them."),
    OPT_END };

static const struct slot exists_opts[] = {
    OPT_SOCKET(struct exists_args),
    ARG("path",        SLOT_WORDS(struct exists_args, paths), .doc = "A node, or a pattern of nodes."),
    ARGS("path",       SLOT_WORDS(struct exists_args, paths), .doc = "More of them: all have to exist."),
    OPT_END };

static const struct slot rm_opts[] = {
    OPT('t', "tidy",   SLOT_FLAG(struct rm_args, tidy),  .doc = "Remove what becomes empty above it, too."),
    OPT_SOCKET(struct rm_args),
    ARG("path",        SLOT_WORDS(struct rm_args, paths), .doc = "A node, or a pattern of nodes; all below goes with it."),
    ARGS("path",       SLOT_WORDS(struct rm_args, paths), .doc = "More of them: all are removed, or none."),
    OPT_END };

#define CMD(name_, args_, flags_, doc_) \
    { .name = #name_, .run = run_##name_, .opts = name_##_opts, .args_size = sizeof(struct args_), .flags = flags_, .doc = doc_ }

const struct cmd cmds_value[] = {
    CMD(read,   read_args,   0,            "Print values of nodes."),
    CMD(write,  write_args,  CMD_MODIFIES, "Write values."),
    CMD(list,   list_args,   0,            "List the names in a directory."),
    CMD(exists, exists_args, 0,            "Say by the exit status whether nodes exist."),
    CMD(rm,     rm_args,     CMD_MODIFIES, "Remove nodes with all below them."),
    { .name = NULL } };
/* clang-format on */
