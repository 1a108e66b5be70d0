/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main: from the name it is called by to the kind of device, and from an error
 * to the nodes that tell it to libxl. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "xl/hotplug/hotplug.h"

static const struct kind {
    const char *name;
    struct err *(*run)(struct hotplug *h);
    const char *doc;
} kinds[] = {
    {"block", hotplug_block, "disks: block devices and raw images"},
    {"block-dummy", hotplug_block_dummy,
     "images called dummy:FILE, to try scripts with"},
    {"vif-bridge", hotplug_vif_bridge, "NICs on a bridge"},
    {"vif-nat", hotplug_vif_nat, "NICs behind an address of Dom0's"},
    {"vif-route", hotplug_vif_route, "NICs that Dom0 routes to"},
    {0},
};

static int usage(FILE *to, const char *name)
{
    fprintf(to,
            "Usage: KIND add|remove|online|offline [NAME=VALUE...]\n"
            "Run by libxl for a device's backend, which XENBUS_PATH names.\n"
            "Kinds, which are the names this program goes by:\n");
    for (const struct kind *k = kinds; k->name; k++)
        fprintf(to, "  %-12s%s\n", k->name, k->doc);
    if (to == stderr)
        fprintf(to, "%s is none of them, or has no such action\n", name);
    return to == stderr ? 2 : 0;
}

static const struct kind *find_kind(const char *argv0)
{
    const char *slash = strrchr(argv0, '/');
    const char *name = slash ? slash + 1 : argv0;
    const struct kind *k = kinds;

    while (k->name && strcmp(k->name, name))
        k++;
    return k->name ? k : NULL;
}

static bool find_action(const char *name, enum hotplug_action *ret)
{
    for (unsigned i = 0; hotplug_actions[i]; i++)
        if (!strcmp(hotplug_actions[i], name)) {
            *ret = (enum hotplug_action)i;
            return true;
        }
    return false;
}

/* What went wrong into the backend, where libxl looks for it. */
static void tell(const struct hotplug *h, const struct kind *kind,
                 const struct err *e)
{
    const struct hotplug_node nodes[] = {
        {"hotplug-error", err_text(e)},
        {"hotplug-status", err_is(e, &hotplug_busy) ? "busy" : "error"},
    };

    openlog(kind->name, LOG_PID, LOG_DAEMON);
    syslog(LOG_ERR, "%s: %s", h->path ? h->path : "no XENBUS_PATH",
           err_text(e));
    fprintf(stderr, "%s: %s\n", kind->name, err_text(e));
    if (h->store && h->path)
        err_drop(hotplug_write(h, nodes, 2), "XenStore has gone; it is logged");
}

static struct err *run(struct hotplug *h, const struct kind *kind)
{
    h->path = hotplug_word(h, "XENBUS_PATH");
    TRY(store_open(&h->store));
    return kind->run(h);
}

int main(int argc, char **argv)
{
    AUTO_POOL struct pool *p = pool_new();
    struct hotplug h = {.pool = p};
    const struct kind *kind = argc ? find_kind(argv[0]) : NULL;
    struct err *e;

    if (argc > 1 && !strcmp(argv[1], "--help"))
        return usage(stdout, argv[0]);
    if (!kind && argc > 1) { /* "hotplug block add" */
        kind = find_kind(argv[1]);
        argv++;
        argc--;
    }
    if (!kind || argc < 2 || !find_action(argv[1], &h.action))
        return usage(stderr, argv[0]);
    h.words = argv + 2;
    e = run(&h, kind);
    if (e)
        tell(&h, kind, e);
    store_close(h.store);
    err_free(e);
    return e ? 1 : 0;
}
