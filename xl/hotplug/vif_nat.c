/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vif_nat: the guest's network of its own with Dom0, behind which Dom0
 * translates addresses (the rule for that is the administrator's). Without ip=
 * the guest is 10.(domid/256).(domid%256).(devid+1), of which it has to know by
 * itself; Dom0 is 127 above.
 */
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/hotplug/vif.h"

#define ROUTER_ABOVE 127

/* The stock script also writes the configuration of a DHCP server. */
static bool wants_dhcp(const struct hotplug *h)
{
    const char *said = hotplug_word(h, "dhcp");

    return said ? !text_eq(said, "no") : file_exists("/etc/dhcpd.conf");
}

static struct err *find_addresses(const struct vif *v, const char **ret_guest,
                                  const char **ret_router)
{
    struct pool *p = v->h->pool;
    unsigned a = 10, b = (unsigned)v->domid / 256, c = (unsigned)v->domid % 256,
             d = (unsigned)v->devid + 1, bits = 16;
    char end;
    int n = v->ip ? sscanf(v->ip, "%3u.%3u.%3u.%3u%c%2u", &a, &b, &c, &d, &end,
                           &bits)
                  : 6;

    if (v->ip && n == 4)
        bits = 32;
    if (n != 4 && (n != 6 || (v->ip && end != '/')))
        return ERR_AS(input,
                      "ip '%s': 192.0.2.1 or 192.0.2.1/24 would be right, one "
                      "address of IPv4",
                      v->ip);
    if (a > 255 || b > 255 || c > 255 || d > 255 - ROUTER_ABOVE || bits > 32)
        return ERR_AS(input,
                      "ip '%u.%u.%u.%u': its last number has to be at most "
                      "%u, as Dom0 is %u above it",
                      a, b, c, d, 255 - ROUTER_ABOVE, ROUTER_ABOVE);
    *ret_guest = pool_printf(p, "%u.%u.%u.%u", a, b, c, d);
    *ret_router =
        pool_printf(p, "%u.%u.%u.%u/%u", a, b, c, d + ROUTER_ABOVE, bits);
    return NULL;
}

static struct err *begin(const struct vif *v)
{
    const char *guest = NULL, *router = NULL;
    struct link_route route = {.name = v->dev};

    TRY(find_addresses(v, &guest, &router));
    TRY(link_change(v->links, v->dev,
                    &(const struct link_change){.power = LINK_UP}));
    TRY(link_add_address(v->links, v->dev, router));
    route.to = guest;
    route.source = pool_strn(v->h->pool, router,
                             (size_t)(strchrnul(router, '/') - router));
    TRY(link_add_route(v->links, &route));
    return vif_proxy_arp(v);
}

static struct err *nat(struct vif *v)
{
    return v->comes ? begin(v) : vif_down(v);
}

struct err *hotplug_vif_nat(struct hotplug *h)
{
    return wants_dhcp(h) ? hotplug_become(h, "vif-nat") : vif_run(h, nat);
}
