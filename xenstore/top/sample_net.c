/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_net: see sample_net.h. A dump of RTM_GETSTATS, which unlike that of
 * RTM_GETLINK has little more in it than the counters. */
#include "xenstore/top/sample_net.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/str.h"

#define INTERFACES_MAX 65536
#define ANSWER_SIZE 32768

struct counters {
    uint32_t index;
    struct sample_net net;
};

struct nets {
    int fd; /* of netlink; <0: there is none */
    uint32_t sequence;
    struct counters *list; /* by index */
    size_t n, size;
};

/* A device's interfaces: its own, and the one of its emulated twin. */
struct source {
    const char *names[2];
    uint32_t index[2];
};

struct nets *nets_new(void)
{
    struct nets *n = xcalloc(1, sizeof(*n));
    struct timeval limit = {.tv_sec = 1};

    n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (n->fd >= 0)
        setsockopt(n->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return n;
}

void nets_free(struct nets *n)
{
    if (!n)
        return;
    if (n->fd >= 0)
        close(n->fd);
    free(n->list);
    free(n);
}

/* ---- the dump ------------------------------------------------------------ */

static bool ask(struct nets *n)
{
    struct {
        struct nlmsghdr head;
        struct if_stats_msg what;
    } request = {
        .head = {.nlmsg_len = sizeof(request),
                 .nlmsg_type = RTM_GETSTATS,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                 .nlmsg_seq = ++n->sequence},
        .what = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
    };

    return send(n->fd, &request, sizeof(request), 0) == sizeof(request);
}

/* The interface's receiving side is what the guest sent. */
static struct sample_net guest_view(const struct rtnl_link_stats64 *s)
{
    return (struct sample_net){
        .in_bytes = s->tx_bytes,
        .in_packets = s->tx_packets,
        .in_errors = s->tx_errors,
        .in_drops = s->tx_dropped,
        .out_bytes = s->rx_bytes,
        .out_packets = s->rx_packets,
        .out_errors = s->rx_errors,
        .out_drops = s->rx_dropped,
    };
}

static struct counters *new_counters(struct nets *n)
{
    if (n->n == n->size) {
        n->size = n->size ? 2 * n->size : 64;
        n->list = xrealloc(n->list, n->size, sizeof(*n->list));
    }
    return &n->list[n->n++];
}

static void take_interface(struct nets *n, const struct nlmsghdr *head)
{
    const struct if_stats_msg *what = NLMSG_DATA(head);
    const struct rtattr *attr =
        (const void *)((const char *)what + NLMSG_ALIGN(sizeof(*what)));
    int left = (int)(head->nlmsg_len - NLMSG_SPACE(sizeof(*what)));
    struct rtnl_link_stats64 stats = {0};

    for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
        if (attr->rta_type == IFLA_STATS_LINK_64 && n->n < INTERFACES_MAX) {
            size_t len = RTA_PAYLOAD(attr);

            memcpy(&stats, RTA_DATA(attr),
                   len < sizeof(stats) ? len : sizeof(stats));
            *new_counters(n) =
                (struct counters){what->ifindex, guest_view(&stats)};
        }
}

/* Takes the messages of one answer; true: there are more to come. */
static bool take_answer(struct nets *n, const void *answer, ssize_t len)
{
    const struct nlmsghdr *head = answer;

    if (len <= 0)
        return false;
    for (; NLMSG_OK(head, (size_t)len); head = NLMSG_NEXT(head, len)) {
        if (head->nlmsg_seq != n->sequence)
            continue; /* of a dump that was given up */
        if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR)
            return false;
        if (head->nlmsg_type == RTM_NEWSTATS &&
            head->nlmsg_len >= NLMSG_SPACE(sizeof(struct if_stats_msg)))
            take_interface(n, head);
    }
    return true;
}

static int compare(const void *a_, const void *b_)
{
    const struct counters *a = a_, *b = b_;

    return (a->index > b->index) - (a->index < b->index);
}

void nets_read(struct nets *n)
{
    char *answer = xcalloc(1, ANSWER_SIZE);

    n->n = 0;
    if (n->fd >= 0 && ask(n))
        while (take_answer(n, answer, recv(n->fd, answer, ANSWER_SIZE, 0)))
            ;
    free(answer);
    if (n->n)
        qsort(n->list, n->n, sizeof(*n->list), compare);
}

static const struct counters *find(const struct nets *n, uint32_t index)
{
    struct counters key = {.index = index};

    return n->n && index
               ? bsearch(&key, n->list, n->n, sizeof(*n->list), compare)
               : NULL;
}

/* ---- devices ------------------------------------------------------------- */

static struct source *new_source(uint64_t domid, bool hvm,
                                 const struct catalog_device *device,
                                 struct pool *p)
{
    struct source *s = pool_new_of(p, struct source);

    s->names[0] = *device->texts[2] ? device->texts[2]
                                    : pool_printf(p, "vif%" PRIu64 ".%" PRIu64,
                                                  domid, device->id);
    if (hvm)
        s->names[1] = pool_printf(p, "%s-emu", s->names[0]);
    return s;
}

/* 0: there is no interface of that name now. (SIOCGIFINDEX would have the
 * kernel look for a module of that name first, which takes a second.) */
static uint32_t index_of(const char *name)
{
    AUTO_FD int fd = -1;
    char path[80], text[16];
    ssize_t len;

    if (strchr(name, '/') ||
        (size_t)snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex",
                         name) >= sizeof(path))
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    return (uint32_t)strtoul(text, NULL, 10);
}

static void add(struct sample_net *sum, const struct sample_net *more)
{
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)more;

    for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
        to[i] += from[i];
}

void nets_count(const struct nets *n, uint64_t domid, bool hvm,
                struct catalog_device *device, struct pool *p,
                struct sample_vif *ret)
{
    struct source *s = device->counting;

    if (!s)
        s = device->counting = new_source(domid, hvm, device, p);
    ret->dev = s->names[0];
    for (unsigned i = 0; i < 2 && s->names[i]; i++) {
        const struct counters *c = find(n, s->index[i]);

        if (!c) {
            s->index[i] = index_of(s->names[i]);
            c = find(n, s->index[i]);
        }
        if (!c)
            continue;
        add(&ret->net, &c->net);
        ret->incarnation = ret->incarnation << 32 | c->index;
        ret->counted = 1;
    }
}
