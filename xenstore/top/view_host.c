/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_host: the page about the machine: memory and how it is pressed for, CPU
 * pools, NUMA nodes, CPUs, cache monitoring. Sections of text lines.
 */
#include <inttypes.h>
#include <math.h>

#include "xenstore/top/sparkline.h"
#include "xenstore/top/view.h"

enum section { MEMORY, GUESTS, POOLS, NODES, CPUS, PSR };

#define BAR_WIDTH 20

static const char *bar(const struct view_lines *lines, double share)
{
    AUTO_STR struct str s = STR_INIT(1000);

    sparkline_bar(share, BAR_WIDTH, lines->view->blocks, &s);
    return pool_str(lines->pool, str_text(&s));
}

static const char *amount(const struct view_lines *lines, uint64_t n)
{
    return n == SAMPLE_NONE ? "-" : view_amount(lines->pool, (double)n);
}

static double share(uint64_t n, uint64_t of)
{
    return of ? (double)n / (double)of : 0;
}

/* A heading of a section, an empty line above unless it is the first. */
static void section(struct view_lines *lines, enum section id, const char *text)
{
    if (lines->n)
        view_add_text(lines, id, 0, STYLE_PLAIN, " ")->head = true;
    view_add_text(lines, id, 0, STYLE_ON, "%s", text)->head = true;
}

/* ---- memory -------------------------------------------------------------- */

struct pressure {
    uint64_t has, at_most, to_come; /* bytes; to come: targets not reached */
    size_t n_unlimited, n_short;
};

static struct pressure add_up(const struct sample *s)
{
    struct pressure sum = {0};

    for (size_t i = 0; i < s->n_domains; i++) {
        const struct sample_domain *d = &s->domains[i];

        sum.has += d->memory;
        if (d->max_memory == SAMPLE_NONE)
            sum.n_unlimited++;
        else
            sum.at_most += d->max_memory;
        if (d->target != SAMPLE_NONE && d->target > d->memory)
            sum.to_come += d->target - d->memory;
        if (d->guest_total != SAMPLE_NONE && d->guest_free <= d->guest_total &&
            share(d->guest_free, d->guest_total) < 0.1)
            sum.n_short++;
    }
    return sum;
}

static void add_memory(struct view_lines *lines)
{
    const struct sample *s = lines->data->change->now;
    const struct sample_host *h = &s->host;
    struct pressure sum = add_up(s);
    double used = share(h->memory - h->free, h->memory);

    section(lines, MEMORY, "MEMORY");
    view_add_text(lines, MEMORY, 1, STYLE_PLAIN,
                  "host    %6s  used %s %5.1f%%  free %s  promised %s",
                  amount(lines, h->memory), bar(lines, used), 100 * used,
                  amount(lines, h->free), amount(lines, h->claimed));
    view_add_text(lines, MEMORY, 2, STYLE_PLAIN,
                  "domains %6s  could grow to %s%s  still to be given %s",
                  amount(lines, sum.has), amount(lines, sum.at_most),
                  sum.n_unlimited
                      ? pool_printf(lines->pool, " and %zu without limit",
                                    sum.n_unlimited)
                      : "",
                  amount(lines, sum.to_come));
    view_add_text(lines, MEMORY, 3, sum.n_short ? STYLE_WARN : STYLE_PLAIN,
                  "guests  %6zu  say that less than a tenth of their memory "
                  "is free",
                  sum.n_short);
}

static int by_use(const void *a_, const void *b_)
{
    const struct sample_domain *a = *(const struct sample_domain *const *)a_;
    const struct sample_domain *b = *(const struct sample_domain *const *)b_;
    double used_a = -share(a->guest_free, a->guest_total);
    double used_b = -share(b->guest_free, b->guest_total);

    return (used_a < used_b) - (used_a > used_b);
}

static void add_guests(struct view_lines *lines)
{
    const struct sample *s = lines->data->change->now;
    const struct sample_domain **list =
        pool_alloc(lines->pool, s->n_domains * sizeof(*list) + 1);
    size_t n = 0;

    for (size_t i = 0; i < s->n_domains; i++) {
        const struct sample_domain *d = &s->domains[i];

        if (d->guest_total != SAMPLE_NONE && d->guest_free <= d->guest_total)
            list[n++] = d;
    }
    if (!n)
        return;
    qsort(list, n, sizeof(*list), by_use);
    section(lines, GUESTS,
            "GUESTS, AS THEY SAY      HAS  WANTED   TOTAL    FREE  USED(%)");
    for (size_t i = 0; i < n; i++) {
        const struct sample_domain *d = list[i];
        double used = 1 - share(d->guest_free, d->guest_total);

        view_add_text(
            lines, GUESTS, d->id + 1, used > 0.9 ? STYLE_WARN : STYLE_PLAIN,
            "%-20.20s %7s %7s %7s %7s %8.1f  %s", domain_label(d, lines->pool),
            amount(lines, d->memory), amount(lines, d->target),
            amount(lines, d->guest_total), amount(lines, d->guest_free),
            100 * used, bar(lines, used));
    }
}

/* ---- CPUs ---------------------------------------------------------------- */

static void add_pools(struct view_lines *lines)
{
    const struct sample_host *h = &lines->data->change->now->host;

    if (!h->n_pools)
        return;
    section(lines, POOLS, "CPU POOL             SCHEDULER  CPUS  DOMAINS");
    for (size_t i = 0; i < h->n_pools; i++) {
        const struct sample_cpupool *pool = &h->pools[i];

        view_add_text(lines, POOLS, pool->id + 1, STYLE_PLAIN,
                      "%-20.20s %-9.9s %5" PRIu64 " %8" PRIu64, pool->name,
                      pool->scheduler, pool->cpus, pool->domains);
    }
}

/* Of the CPUs of a node, 0 to 1 each. */
static double node_busy(const struct change *c, uint64_t node, unsigned *ret_n)
{
    double busy = 0;

    *ret_n = 0;
    for (size_t i = 0; i < c->now->host.n_cpu; i++) {
        if (c->now->host.cpu[i].node != node)
            continue;
        ++*ret_n;
        busy += change_rate(c, c->busy_ns[i]) / 1e9;
    }
    return *ret_n ? busy / *ret_n : 0;
}

static void add_nodes(struct view_lines *lines)
{
    const struct sample_host *h = &lines->data->change->now->host;

    if (!h->n_nodes)
        return;
    section(lines, NODES,
            "NUMA NODE  MEMORY    FREE  USED(%)                        CPUS  "
            "BUSY(%)");
    for (size_t i = 0; i < h->n_nodes; i++) {
        const struct sample_node *node = &h->nodes[i];
        double used = 1 - share(node->free, node->memory);
        unsigned cpus;
        double busy = node_busy(lines->data->change, node->id, &cpus);

        view_add_text(lines, NODES, node->id + 1, STYLE_PLAIN,
                      "%9" PRIu64 " %7s %7s %8.1f  %s %5u %8.1f  %s", node->id,
                      amount(lines, node->memory), amount(lines, node->free),
                      100 * used, bar(lines, used), cpus, 100 * busy,
                      bar(lines, busy));
    }
}

static void add_cpus(struct view_lines *lines)
{
    const struct change *c = lines->data->change;

    section(lines, CPUS, "CPU  NODE  SOCKET  CORE  POOL  BUSY(%)");
    for (size_t i = 0; i < c->now->host.n_cpu; i++) {
        const struct sample_cpu *cpu = &c->now->host.cpu[i];
        double busy = change_rate(c, c->busy_ns[i]) / 1e9;

        view_add_text(lines, CPUS, cpu->id + 1, STYLE_PLAIN,
                      "%3" PRIu64 " %5" PRIu64 " %7" PRIu64 " %5" PRIu64
                      " %5s %8.1f  %s",
                      cpu->id, cpu->node, cpu->socket, cpu->core,
                      cpu->pool == SAMPLE_NONE
                          ? "-"
                          : pool_printf(lines->pool, "%" PRIu64, cpu->pool),
                      100 * busy, bar(lines, busy));
    }
}

/* ---- cache monitoring ---------------------------------------------------- */

static const char *bandwidth(const struct view_lines *lines,
                             const struct change_domain *d, uint64_t now,
                             uint64_t change)
{
    if (now == SAMPLE_NONE || !d->known)
        return "-";
    return view_amount(lines->pool, change_rate(lines->data->change, change));
}

static bool is_monitored(const struct sample_domain *d)
{
    return d->cache != SAMPLE_NONE || d->bandwidth != SAMPLE_NONE;
}

static void add_psr(struct view_lines *lines)
{
    const struct change *c = lines->data->change;
    size_t n = 0;

    section(lines, PSR,
            "CACHE AND BANDWIDTH   L3 CACHE  MEMORY/s  OF THE OWN NODE/s");
    for (size_t i = 0; i < c->n_domains; i++) {
        const struct change_domain *d = &c->domains[i];

        if (!is_monitored(d->now))
            continue;
        n++;
        view_add_text(
            lines, PSR, d->now->id + 1, STYLE_PLAIN, "%-20.20s %9s %9s %18s",
            domain_label(d->now, lines->pool), amount(lines, d->now->cache),
            bandwidth(lines, d, d->now->bandwidth, d->bandwidth),
            bandwidth(lines, d, d->now->local_bandwidth, d->local_bandwidth));
    }
    if (!n)
        view_add_text(lines, PSR, 0, STYLE_DIM,
                      "No domain is monitored: this host cannot, or nobody "
                      "ran `xl psr-cmt-attach`.");
}

/* ---- the page ------------------------------------------------------------ */

static void fill(struct view_lines *lines)
{
    add_memory(lines);
    add_guests(lines);
    add_pools(lines);
    add_nodes(lines);
    add_cpus(lines);
    add_psr(lines);
}

static void head(const struct view_lines *lines, int row)
{
    const struct sample_host *h = &lines->data->change->now->host;

    grid_putf(lines->grid, row, 0, STYLE_HEAD,
              "%s  up %" PRIu64 " days %02" PRIu64 ":%02" PRIu64, h->name,
              h->uptime / 86400, h->uptime / 3600 % 24, h->uptime / 60 % 60);
}

const struct view_page view_page_host = {
    .name = "Host",
    .doc = "Memory, CPU pools, NUMA nodes, CPUs, cache monitoring.",
    .needs = SAMPLE_CPUS | SAMPLE_MEMORY | SAMPLE_PSR,
    .fill = fill,
    .head = head,
};
