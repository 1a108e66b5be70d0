/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* watch: what changes in XenStore, as it happens. */
#include <limits.h>
#include <search.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"
#include "xenstore/glob.h"
#include "xenstore/quote.h"
#include "xenstore/tools/tools.h"
#include "xenstore/tree.h"

struct watch_args {
    bool values, times, socket;
    int n; /* events, -1: no end */
    int format;
    struct slot_words paths;
};

/* The last value seen of a node. */
struct known {
    char *path;
    char *value; /* quoted; NULL: there is no such node */
};

struct watch {
    const struct watch_args *args;
    struct store *store;
    void *known; /* a tree of struct known, by path */
};

enum {
    FORMAT_TEXT,
    FORMAT_JSON,
};
static const struct slot_choice watch_formats[] = {
    {"text", FORMAT_TEXT, "A line an event."},
    {"json", FORMAT_JSON, "A line an event, each a JSON struct."},
    {NULL},
};

/* ---- what was there before ----------------------------------------------- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->path,
                  ((const struct known *)b)->path);
}

static void free_known(void *node)
{
    struct known *k = node;

    free(k->path);
    free(k->value);
    free(k);
}

/* The record of a path, made if there is none yet. */
static struct known *known_of(struct watch *w, const char *path)
{
    struct known *k = xcalloc(1, sizeof(*k)), *found;

    k->path = xstrdup(path);
    found = *(struct known **)tsearch(k, &w->known, by_path);
    if (found != k)
        free_known(k);
    return found;
}

static void learn(const struct tree *node, unsigned depth, void *arg)
{
    AUTO_STR struct str value = STR_INIT(STR_MAX);
    struct known *k = known_of(arg, node->path);

    (void)depth;
    quote_add(&value, node->value, node->len);
    free(k->value);
    k->value = node->value ? xstrdup(str_text(&value)) : NULL;
}

/* Values before anything has changed. */
static struct err *learn_below(struct watch *w, const char *path)
{
    AUTO_POOL struct pool *p = pool_new();
    static const struct tree_opts opts;
    struct tree *root;
    struct err *e;

    if (*path == '@')
        return NULL;
    e = tree_read(w->store, p, path, &opts, &root);
    if (err_is(e, &err_kind_not_found)) {
        err_drop(e, "what is not there yet can be watched");
        return NULL;
    }
    TRY(e);
    learn(root, 0, w);
    tree_each(root, learn, w);
    return NULL;
}

/* ---- events -------------------------------------------------------------- */

static const char *time_text(struct pool *p)
{
    struct timespec now;
    struct tm tm;
    char text[64], zone[16];

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    strftime(zone, sizeof(zone), "%z", &tm);
    return pool_printf(p, "%s.%06ld%.3s:%s", text, now.tv_nsec / 1000, zone,
                       zone + 3);
}

static void add_value(struct str *out, const char *value)
{
    if (value)
        str_addf(out, "\"%s\"", value);
    else
        str_add(out, "(none)");
}

static void text_line(const struct watch_args *args, const char *time,
                      const char *path, const char *old, const char *new,
                      struct str *out)
{
    if (args->times)
        str_addf(out, "%s ", time);
    str_add(out, path);
    if (args->values) {
        str_add(out, ": ");
        add_value(out, old);
        if (!text_eq(old, new)) {
            str_add(out, " -> ");
            add_value(out, new);
        }
    }
    str_addc(out, '\n');
}

static void json_line(const struct watch_args *args, struct pool *p,
                      const char *time, const char *path, const char *old,
                      const char *new, struct str *out)
{
    struct value *v = value_struct(p);

    value_set(v, "time", value_string(p, time));
    value_set(v, "path", value_string(p, path));
    if (args->values) {
        value_set(v, "old", value_string(p, old));
        value_set(v, "new", value_string(p, new));
    }
    json_print(v, false, out);
    str_addc(out, '\n');
}

static struct err *show(struct watch *w, struct pool *p, const char *path)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct store_req read = {.op = STORE_READ, .path = path};
    const char *time = time_text(p), *new = NULL;
    struct known *k = NULL;

    if (w->args->values && *path != '@') {
        TRY(store_run(w->store, &read, 1, p));
        new = read.text ? quote(p, read.text, read.len) : NULL;
        k = known_of(w, path);
    }
    if (w->args->format == FORMAT_JSON)
        json_line(w->args, p, time, path, k ? k->value : NULL, new, &out);
    else
        text_line(w->args, time, path, k ? k->value : NULL, new, &out);
    if (k) {
        free(k->value);
        k->value = xstrdup(new);
    }
    return tools_print(&out);
}

/* An event of a pattern's plain part counts if it is what the pattern says. */
static bool is_wanted(const struct watch *w, struct pool *p,
                      const struct store_event *event)
{
    const struct slot_words *paths = &w->args->paths;

    for (size_t i = 0; i < paths->n; i++) {
        const char *word = paths->list[i];

        if (!glob_is_pattern(word) ? !strcmp(word, event->watch)
                                   : glob_covers(p, word, event->path))
            return true;
    }
    return false;
}

static struct err *follow(struct watch *w)
{
    for (int seen = 0; w->args->n < 0 || seen < w->args->n;) {
        AUTO_POOL struct pool *p = pool_new();
        struct store_event event;

        TRY(store_wait(w->store, p, -1, -1, &event));
        if (!event.watch || !is_wanted(w, p, &event))
            continue;
        TRY(show(w, p, event.path));
        seen++;
    }
    return NULL;
}

static struct err *set_watches(struct watch *w, struct pool *p)
{
    const struct slot_words *paths = &w->args->paths;

    for (size_t i = 0; i < paths->n; i++) {
        const char *word = paths->list[i];
        const char *path = glob_plain_part(p, word);

        if (w->args->values)
            TRY(learn_below(w, path));
        TRY(store_watch(w->store, path));
    }
    return NULL;
}

static struct err *run_watch(void *app, const void *args_, struct pool *p)
{
    struct watch w = {.args = args_};
    struct err *e;

    TRY(tools_store(app, &w.store));
    store_keep_all_events(w.store);
    e = set_watches(&w, p);
    if (!e)
        e = follow(&w);
    tdestroy(w.known, free_known);
    return e;
}

static void watch_defaults(void *args)
{
    ((struct watch_args *)args)->n = -1;
}

/* clang-format off */
static const struct slot watch_opts[] = {
    OPT('n', "number", SLOT_INT(struct watch_args, n), .max = INT_MAX, .unit = "NUMBER", .doc = "End after that many changes."),
    OPT('v', "values", SLOT_FLAG(struct watch_args, values), .doc = "Print the value before and after."),
    OPT('T', "times",  SLOT_FLAG(struct watch_args, times),  .doc = "Begin each line with the local time."),
    OPT(0,   "format", SLOT_CHOICE(struct watch_args, format, watch_formats), .unit = "text|json", .doc = "Print lines of text or of JSON."),
    OPT_SOCKET(struct watch_args),
    ARG("path",        SLOT_WORDS(struct watch_args, paths), .doc = "What to watch with all below it; a pattern; or @introduceDomain, @releaseDomain."),
    ARGS("path",       SLOT_WORDS(struct watch_args, paths), .doc = "More of them."),
    OPT_END };

const struct cmd cmds_watch[] = {
    { .name = "watch", .run = run_watch, .opts = watch_opts, .args_size = sizeof(struct watch_args),
      .defaults = watch_defaults, .doc = "Print the paths that change; each is also printed once at the start." },
    { .name = NULL } };
/* clang-format on */
