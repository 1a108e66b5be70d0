/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotplug: what the kinds share; see hotplug.h. */
#include "xl/hotplug/hotplug.h"

#include <string.h>

#include "lib/file.h"
#include "lib/run.h"
#include "lib/str.h"

#define SCRIPTS "/etc/xen/scripts"

const struct err_kind hotplug_busy = {"busy", 1};

const char *const hotplug_actions[] = {
    [HOTPLUG_ADD] = "add",
    [HOTPLUG_REMOVE] = "remove",
    [HOTPLUG_ONLINE] = "online",
    [HOTPLUG_OFFLINE] = "offline",
    NULL,
};

const char *hotplug_word(const struct hotplug *h, const char *name)
{
    size_t len = strlen(name);
    const char *value = NULL;

    for (char **w = h->words; w && *w; w++)
        if (!strncmp(*w, name, len) && (*w)[len] == '=')
            value = *w + len + 1;
    if (!value)
        value = getenv(name);
    return value && *value ? value : NULL;
}

struct err *hotplug_read(const struct hotplug *h, const char *const *names,
                         const char **ret)
{
    struct store_batch batch = {.pool = h->pool};

    for (size_t i = 0; names[i]; i++)
        store_batch_read(&batch, "%s/%s", h->path, names[i]);
    TRY(store_batch_run(h->store, &batch));
    for (size_t i = 0; i < batch.n; i++) {
        const char *text = batch.reqs[i].text;

        ret[i] = text && *text ? text : NULL;
    }
    return NULL;
}

struct err *hotplug_write(const struct hotplug *h,
                          const struct hotplug_node *nodes, size_t n)
{
    struct store_batch batch = {.pool = h->pool};

    for (size_t i = 0; i < n; i++) {
        const char *path = nodes[i].path;

        if (*path != '/')
            path = pool_printf(h->pool, "%s/%s", h->path, path);
        store_batch_write(&batch, path, nodes[i].value, strlen(nodes[i].value));
    }
    TRY(store_batch_run(h->store, &batch));
    for (size_t i = 0; i < batch.n; i++)
        TRY(store_req_err(&batch.reqs[i]));
    return NULL;
}

struct err *hotplug_connected(const struct hotplug *h)
{
    return hotplug_write(
        h, &(const struct hotplug_node){"hotplug-status", "connected"}, 1);
}

/* ---- other programs ------------------------------------------------------ */

static struct err *run_hook(const struct hotplug *h, const char *path,
                            const char *const *env)
{
    const char *const argv[] = {"/bin/bash", "-c", ". \"$0\"", path, NULL};
    struct run run = {.argv = argv, .env = env, .timeout = 30};

    return err_wrap(run_check(&run, h->pool), "%s", path);
}

struct err *hotplug_run_hooks(const struct hotplug *h, const char *dev,
                              const char *bridge)
{
    static const char dir[] = SCRIPTS "/vif-post.d";
    const char *env[] = {
        pool_printf(h->pool, "command=%s", hotplug_actions[h->action]),
        pool_printf(h->pool, "dev=%s", dev),
        pool_printf(h->pool, "bridge=%s", bridge ? bridge : ""),
        pool_printf(h->pool, "XENBUS_PATH=%s", h->path), NULL};
    size_t n = 0;
    char **names;

    if (!file_exists(dir))
        return NULL;
    TRY(file_list(h->pool, dir, &names, &n));
    for (size_t i = 0; i < n; i++) {
        const char *path = pool_printf(h->pool, "%s/%s", dir, names[i]);
        const char *end = strrchr(names[i], '.');

        if (end && !strcmp(end, ".hook") && !access(path, X_OK))
            TRY(run_hook(h, path, env));
    }
    return NULL;
}

struct err *hotplug_become(const struct hotplug *h, const char *name)
{
    const char *path = pool_printf(h->pool, SCRIPTS "/%s", name);
    char **argv = NULL;
    size_t n = 0;

    *pool_push(h->pool, argv, n) = pool_str(h->pool, path);
    *pool_push(h->pool, argv, n) =
        pool_str(h->pool, hotplug_actions[h->action]);
    for (char **w = h->words; w && *w; w++)
        *pool_push(h->pool, argv, n) = *w;
    *pool_push(h->pool, argv, n) = NULL;
    execv(path, argv);
    return err_errno(errno, "cannot run %s", path);
}
