/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* chmod: who may read and write nodes. */
#include <string.h>

#include "xenstore/tools/tools.h"
#include "xenstore/tree.h"

struct chmod_args {
    bool recurse, upto, socket;
    const char *path;
    struct slot_words modes;
};

/* One chmod of all nodes concerned, as a batch that can run again. */
struct chmod {
    const struct chmod_args *args;
    const char *perms; /* as the daemon wants them: a NUL behind each */
    size_t perms_len;
    struct store_batch batch;
};

static struct err *parse_mode(const char *mode, struct str *perms)
{
    int64_t domid;
    struct err *e;

    if (!*mode || !strchr("nrwb", *mode))
        return ERR_AS(input,
                      "'%s' is no mode: n (none), r (read), w (write) "
                      "or b (both) and a domain's number, as in r7",
                      mode);
    if (!mode[1]) {
        str_addf(perms, "%c0", *mode);
    } else {
        e = text_to_int(mode + 1, 10, 0, 65535, &domid);
        if (e)
            return err_wrap(e, "mode '%s'", mode);
        str_addf(perms, "%c%d", *mode, (int)domid);
    }
    str_addn(perms, "", 1);
    return NULL;
}

static void add(struct chmod *c, const char *path)
{
    size_t i = store_batch_add(&c->batch, STORE_SET_PERMS, path);
    struct store_req *req = &c->batch.reqs[i];

    req->data = c->perms;
    req->data_len = c->perms_len;
}

static void add_node(const struct tree *node, unsigned depth, void *arg)
{
    (void)depth;
    add(arg, node->path);
}

static struct err *add_below(struct store *s, struct chmod *c, const char *path)
{
    static const struct tree_opts opts;
    struct tree *root;

    TRY(tree_read(s, c->batch.pool, path, &opts, &root));
    tree_each(root, add_node, c);
    return NULL;
}

static void add_above(struct chmod *c, const char *path)
{
    char *dir = pool_str(c->batch.pool, path), *slash;

    while ((slash = strrchr(dir, '/')) && slash != dir) {
        *slash = '\0';
        add(c, dir);
    }
}

static struct err *run_chmod(void *app, const void *args_, struct pool *p)
{
    AUTO_STR struct str perms = STR_INIT(STORE_PAYLOAD_MAX);
    const struct chmod_args *args = args_;
    struct slot_words words = {.list = (const char **)&args->path, .n = 1};
    struct chmod c = {.args = args, .batch.pool = p};
    const char **paths;
    struct store *s;
    size_t n;

    for (size_t i = 0; i < args->modes.n; i++)
        TRY(parse_mode(args->modes.list[i], &perms));
    c.perms = perms.text;
    c.perms_len = perms.len;
    TRY(tools_store(app, &s));
    TRY(tools_paths(app, &words, &paths, &n));
    for (size_t i = 0; i < n; i++) {
        add(&c, paths[i]);
        if (args->upto)
            add_above(&c, paths[i]);
        if (args->recurse)
            TRY(add_below(s, &c, paths[i]));
    }
    return tools_run(s, &c.batch, true);
}

/* clang-format off */
static const struct slot chmod_opts[] = {
    OPT('r', "recurse", SLOT_FLAG(struct chmod_args, recurse), .doc = "Also for all nodes below."),
    OPT('u', "upto",    SLOT_FLAG(struct chmod_args, upto),    .doc = "Also for all nodes above."),
    OPT_SOCKET(struct chmod_args),
    ARG("path",         SLOT_WORD(struct chmod_args, path),    .doc = "A node, or a pattern of nodes."),
    ARG("mode",         SLOT_WORDS(struct chmod_args, modes),  .doc = "The owner's number behind what all others may: n, r, w or b."),
    ARGS("mode",        SLOT_WORDS(struct chmod_args, modes),  .doc = "What the domain of that number may."),
    OPT_END };

const struct cmd cmds_chmod[] = {
    { .name = "chmod", .run = run_chmod, .opts = chmod_opts, .args_size = sizeof(struct chmod_args),
      .flags = CMD_MODIFIES, .doc = "Set the permissions of nodes." },
    { .name = NULL } };
/* clang-format on */
