/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ls: a subtree, as Debian's xenstore-ls lays it out, or drawn as a tree. */
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>

#include "xenstore/glob.h"
#include "xenstore/quote.h"
#include "xenstore/tools/tools.h"
#include "xenstore/tree.h"

#define PIPE_WIDTH 80 /* where output is no terminal */
#define PERMS_COLUMN 60
#define FRAME_LEN 8 /* what a line that was cut has beyond name and value */
#define FLUSH_SIZE (1u << 20)

struct ls_args {
    bool flat, perms, full, tree, socket;
    int format;
    struct slot_words paths;
};

struct ls {
    const struct ls_args *args;
    struct pool *pool;
    struct str out;
    struct table *table;
    int width;               /* of a line; INT_MAX: nothing is cut */
    const struct tree *root; /* that has a line of its own; NULL: it has none */
    struct err *err;         /* the first */
};

static const struct table_col ls_cols[] = {
    {.name = "path", .doc = "The node."},
    {.name = "value", .doc = "Its value, quoted as xenstore-read prints it."},
    {.name = "permissions",
     .doc = "The owner with what all others may, then "
            "what single domains may."},
    {.name = NULL},
};

static int line_width(const struct ls_args *args)
{
    struct winsize size;

    if (args->full)
        return INT_MAX;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
        return PIPE_WIDTH;
    return size.ws_col - 2;
}

/* ---- lines --------------------------------------------------------------- */

static void add_perms(const struct tree *node, struct str *out)
{
    str_add(out, "  (");
    for (size_t i = 0; i < node->n_perms; i++)
        str_addf(out, "%s%s", i ? "," : "", node->perms[i]);
    str_add(out, ")");
}

static void add_dots(struct str *out, int column, int width)
{
    int end = width < PERMS_COLUMN ? width : PERMS_COLUMN;

    str_addc(out, ' ');
    while (++column < end)
        str_addc(out, column % 2 ? '.' : ' ');
}

static void flat_line(struct ls *ls, const struct tree *node)
{
    str_add(&ls->out, node->path);
    if (!node->value) {
        str_add(&ls->out, ":\n");
        return;
    }
    str_add(&ls->out, " = \"");
    quote_add(&ls->out, node->value, node->len);
    str_add(&ls->out, "\"");
    if (ls->args->perms) {
        str_addc(&ls->out, ' ');
        add_perms(node, &ls->out);
    }
    str_addc(&ls->out, '\n');
}

/* How many of LEN characters fit behind USED; on a terminal too narrow for
 * anything all do. */
static int fitting(const struct ls *ls, int used, size_t len)
{
    int room = ls->width - FRAME_LEN - used;

    return room < 0 || (size_t)room > len ? (int)len : room;
}

static void indented_line(struct ls *ls, const struct tree *node, int depth)
{
    AUTO_STR struct str value = STR_INIT(STR_MAX);
    int used = depth + fitting(ls, depth, strlen(node->name));
    size_t shown;
    bool cut;

    str_repeat(&ls->out, ' ', (size_t)depth);
    str_addn(&ls->out, node->name, (size_t)(used - depth));
    if (!node->value) {
        str_add(&ls->out, ":\n");
        return;
    }
    quote_add(&value, node->value, node->len);
    /* As in Debian's, the length before quoting decides. */
    cut = (int)node->len > ls->width - FRAME_LEN - used;
    shown = cut ? (size_t)fitting(ls, used, value.len) : value.len;
    str_add(&ls->out, " = \"");
    str_addn(&ls->out, str_text(&value), shown);
    str_add(&ls->out, cut ? "\\...\"" : "\"");
    if (ls->args->perms && !cut)
        add_dots(&ls->out, used + 5 + (int)value.len, ls->width);
    if (ls->args->perms)
        add_perms(node, &ls->out);
    str_addc(&ls->out, '\n');
}

static bool is_last(const struct tree *node)
{
    return node->parent->kids[node->parent->n_kids - 1] == node;
}

/* What comes down from the nodes above, up to and with NODE itself. */
static void add_branches(const struct ls *ls, const struct tree *node,
                         struct str *out)
{
    if (node == ls->root)
        return;
    add_branches(ls, node->parent, out);
    str_add(out, is_last(node) ? "   " : "|  ");
}

static void tree_line(struct ls *ls, const struct tree *node)
{
    struct str *out = &ls->out;

    if (node != ls->root) {
        add_branches(ls, node->parent, out);
        str_add(out, is_last(node) ? "`- " : "|- ");
    }
    str_add(out, node->name);
    if (node->len) {
        str_add(out, " = \"");
        quote_add(out, node->value, node->len);
        str_add(out, "\"");
    }
    if (ls->args->perms)
        add_perms(node, out);
    str_addc(out, '\n');
}

static void table_line(struct ls *ls, const struct tree *node)
{
    struct value *perms = value_list(ls->pool);

    for (size_t i = 0; i < node->n_perms; i++)
        value_append(perms, value_string(ls->pool, node->perms[i]));
    table_row(ls->table);
    table_str(ls->table, node->path);
    table_str(ls->table,
              node->value ? quote(ls->pool, node->value, node->len) : NULL);
    table_cell(ls->table, ls->args->perms ? perms : value_nil(ls->pool), NULL);
}

/* ---- walking ------------------------------------------------------------- */

/* Goes on where a directory cannot be listed, and says so at the end. */
static void note_unlisted(struct ls *ls, const struct tree *node)
{
    if (node->errnum && !ls->err)
        ls->err = err_errno(node->errnum, "cannot list '%s'", node->path);
}

static void print_node(const struct tree *node, unsigned depth, void *arg)
{
    struct ls *ls = arg;

    note_unlisted(ls, node);
    if (ls->args->format != TABLE_TEXT)
        table_line(ls, node);
    else if (ls->args->tree)
        tree_line(ls, node);
    else if (ls->args->flat)
        flat_line(ls, node);
    else
        indented_line(ls, node, (int)depth + (ls->root && node != ls->root));
    if (ls->out.len > FLUSH_SIZE) {
        ls->err = err_join(ls->err, tools_print(&ls->out));
        str_clear(&ls->out);
    }
}

/* The root has a line where it is not known from what was asked for. */
static struct err *print_subtree(struct ls *ls, struct store *s,
                                 const char *path, bool with_root)
{
    struct tree_opts opts = {.perms = ls->args->perms};
    struct tree *root;

    TRY(tree_read(s, ls->pool, path, &opts, &root));
    ls->root = with_root ? root : NULL;
    if (with_root)
        print_node(root, 0, ls);
    tree_each(root, print_node, ls);
    return NULL;
}

static struct err *print_word(struct ls *ls, struct tools *tools,
                              const char *word)
{
    bool with_root = ls->args->tree || glob_is_pattern(word);
    struct slot_words words = {&word, 1};
    const char **paths;
    struct store *s;
    size_t n;

    TRY(tools_store(tools, &s));
    TRY(tools_paths(tools, &words, &paths, &n));
    for (size_t i = 0; i < n; i++)
        TRY(print_subtree(ls, s, paths[i], with_root));
    return NULL;
}

static struct err *run_ls(void *app, const void *args_, struct pool *p)
{
    static const char *const whole[] = {"/"};
    struct ls ls = {.args = args_, .pool = p, .out = STR_INIT(STR_MAX)};
    struct slot_words paths = ls.args->paths;
    struct err *e = NULL;

    if (!paths.n)
        paths = (struct slot_words){(const char **)whole, 1};
    ls.width = line_width(ls.args);
    ls.table = table_new(p, ls_cols);
    for (size_t i = 0; i < paths.n && !e; i++)
        e = print_word(&ls, app, paths.list[i]);
    if (ls.args->format != TABLE_TEXT)
        table_print(ls.table, ls.args->format, &ls.out);
    e = err_join(e, tools_print(&ls.out));
    str_done(&ls.out);
    return err_join(e, ls.err);
}

/* clang-format off */
static const struct slot ls_opts[] = {
    OPT('f', "flat",   SLOT_FLAG(struct ls_args, flat),  .doc = "Whole paths, whole values."),
    OPT('p', "prefix", SLOT_FLAG(struct ls_args, perms), .doc = "Print permissions, too."),
    OPT(0,   "full",   SLOT_FLAG(struct ls_args, full),  .doc = "Do not cut long values without -f either."),
    OPT(0,   "tree",   SLOT_FLAG(struct ls_args, tree),  .doc = "Draw a tree, with the node itself as its root and values that are not empty."),
    OPT_FORMAT(struct ls_args),
    OPT_SOCKET(struct ls_args),
    ARGS("path",       SLOT_WORDS(struct ls_args, paths), .doc = "What to list all below of; a pattern lists all that matches with all below."),
    OPT_END };

const struct cmd cmds_ls[] = {
    { .name = "ls", .run = run_ls, .opts = ls_opts, .args_size = sizeof(struct ls_args),
      .doc = "List all nodes below a path with their values." },
    { .name = NULL } };
/* clang-format on */
