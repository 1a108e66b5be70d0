/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vif: see vif.h. */
#include "xl/hotplug/vif.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"

/* ---- which --------------------------------------------------------------- */

/* vifs go online and offline, taps are added and removed; libxl also calls for
 * the other two. */
static bool concerns(const struct hotplug *h, bool is_tap)
{
    bool of_vif = h->action == HOTPLUG_ONLINE || h->action == HOTPLUG_OFFLINE;

    return of_vif != is_tap;
}

/* A tap is called vifDOMID.DEVID-emu, and the backend's nodes are beside it. */
static void find_backend(struct vif *v)
{
    unsigned domid, devid;

    if (v->is_tap && sscanf(v->dev, "vif%u.%u-emu", &domid, &devid) == 2)
        v->h->path = pool_printf(
            v->h->pool, "/local/domain/0/backend/vif/%u/%u", domid, devid);
}

static struct err *find_numbers(struct vif *v, const char *frontend)
{
    if (!frontend || !v->handle)
        return v->comes ? ERR("'%s' is no backend in XenStore", v->h->path)
                        : NULL;
    TRY(text_to_int(frontend, 10, 0, INT64_MAX, &v->domid));
    return text_to_int(v->handle, 10, 0, INT64_MAX, &v->devid);
}

/* ---- its name ------------------------------------------------------------ */

static struct err *rename_it(struct vif *v, const char *name)
{
    const struct link_change change = {.name = name};
    struct link old, other;

    if (strlen(name) >= IFNAMSIZ)
        return ERR_AS(input,
                      "the vifname '%s' is longer than the %d characters an "
                      "interface's name may have",
                      name, IFNAMSIZ - 1);
    TRY(link_look(v->links, v->dev, &old));
    TRY(link_look(v->links, name, &other));
    if (!old.exists && other.exists) /* it has its name already */
        return NULL;
    if (other.exists)
        return ERR("cannot call %s %s: another interface has that name", v->dev,
                   name);
    return link_change(v->links, v->dev, &change);
}

static struct err *find_name(struct vif *v, const char *vifname)
{
    const char *name;

    if (!vifname)
        return NULL;
    name = pool_printf(v->h->pool, "%s%s", vifname, v->is_tap ? "-emu" : "");
    if (v->comes)
        TRY(rename_it(v, name));
    v->dev = name;
    return NULL;
}

/* -------------------------------------------------------------------------- */

static struct err *look(struct vif *v)
{
    static const char *const names[] = {
        "vifname", "bridge",      "mtu",        "ip",
        "handle",  "frontend-id", "gatewaydev", NULL,
    };
    const char *read[ARRAY_LEN(names)];

    TRY(hotplug_read(v->h, names, read));
    v->bridge = read[1] ? read[1] : hotplug_word(v->h, "bridge");
    v->mtu = read[2];
    v->ip = read[3] ? read[3] : hotplug_word(v->h, "ip");
    v->handle = read[4];
    v->gateway = hotplug_word(v->h, "gatewaydev");
    if (!v->gateway)
        v->gateway = read[6] ? read[6] : hotplug_word(v->h, "netdev");
    TRY(find_numbers(v, read[5]));
    return find_name(v, read[0]);
}

static struct err *run(struct vif *v, struct err *(*body)(struct vif *v))
{
    TRY(links_open(&v->links));
    TRY(look(v));
    TRY(body(v));
    TRY(hotplug_run_hooks(v->h, v->dev, v->bridge));
    return v->comes && !v->is_tap ? hotplug_connected(v->h) : NULL;
}

struct err *vif_run(struct hotplug *h, struct err *(*body)(struct vif *v))
{
    const char *type = hotplug_word(h, "type_if");
    struct vif v = {.h = h};
    const char *word;
    struct err *e;

    if (type && strcmp(type, "vif") && strcmp(type, "tap"))
        return ERR_AS(usage, "type_if is vif or tap, not '%s'", type);
    v.is_tap = text_eq(type, "tap");
    v.comes = h->action == HOTPLUG_ADD || h->action == HOTPLUG_ONLINE;
    if (!concerns(h, v.is_tap))
        return NULL;
    word = v.is_tap ? "INTERFACE" : "vif";
    v.dev = hotplug_word(h, word);
    if (!v.dev)
        return ERR("%s, the network interface, is not set", word);
    find_backend(&v);
    if (!h->path)
        return ERR("XENBUS_PATH, the backend, is not set");
    e = run(&v, body);
    links_close(v.links);
    return e;
}

struct err *vif_down(const struct vif *v)
{
    struct err *e = link_change(
        v->links, v->dev,
        &(const struct link_change){.power = LINK_DOWN, .master = -1});

    if (!e || !err_is(e, &err_kind_not_found))
        return e;
    err_drop(e, "it has gone with its guest");
    return NULL;
}

struct err *vif_proxy_arp(const struct vif *v)
{
    const char *path =
        pool_printf(v->h->pool, "/proc/sys/net/ipv4/conf/%s/proxy_arp", v->dev);
    AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(errno, "%s", path);
    return err_wrap(file_write_all(fd, "1", 1), "%s", path);
}
