/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net_rt: see net_rt.h. */
#include "xapi/net/net_rt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"

#define LINE_BYTES 4096

struct err *net_rt_open(struct net_rt *rt)
{
    TRY(rt_open(&rt->sock));
    TRY(rt_err(rtnl_link_alloc_cache(rt->sock, AF_UNSPEC, &rt->links),
               "the list of interfaces"));
    TRY(rt_err(rtnl_addr_alloc_cache(rt->sock, &rt->addresses),
               "the list of addresses"));
    return rt_err(rtnl_route_alloc_cache(rt->sock, AF_UNSPEC, 0, &rt->routes),
                  "the list of routes");
}

void net_rt_done(struct net_rt *rt)
{
    struct nl_cache *caches[] = {rt->links, rt->addresses, rt->routes};

    for (size_t i = 0; i < ARRAY_LEN(caches); i++)
        if (caches[i])
            nl_cache_free(caches[i]);
    if (rt->sock)
        nl_socket_free(rt->sock);
}

struct err *net_rt_link(const struct net_rt *rt, const char *name,
                        struct rtnl_link **ret)
{
    struct rtnl_link *l = rtnl_link_get_by_name(rt->links, name);

    if (!l)
        return ERR_AS(not_found, "there is no interface \"%s\"", name);
    rtnl_link_put(l); /* the cache has it */
    *ret = l;
    return NULL;
}

/* ---- files --------------------------------------------------------------- */

static const char *path_of(struct pool *p, const char *root, const char *link,
                           const char *name)
{
    return pool_printf(p, "%s/%s/%s", root, link, name);
}

const char *net_file(struct pool *p, const char *root, const char *link,
                     const char *name)
{
    char *text;
    size_t len;
    struct err *e =
        file_read(p, path_of(p, root, link, name), LINE_BYTES, &text, &len);

    err_drop(e, "the kernel does not say");
    return e ? NULL : text_trim(p, text);
}

/* In place: these are no files that could be renamed. */
struct err *net_file_write(const char *root, const char *link, const char *name,
                           const char *text)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, root, link, name);
    AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(errno, "%s", path);
    return err_wrap(file_write_all(fd, text, strlen(text)), "%s = %s", path,
                    text);
}
