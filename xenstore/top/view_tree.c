/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* view_tree: see view_tree.h. Rates are per second, and the guest's: in is what
 * it receives. */
#include "xenstore/top/view_tree.h"

#include <inttypes.h>

#include "xenstore/top/sparkline.h"

struct tree {
    struct view_lines *lines;
    const struct change *change;
    const struct change_domain *d;
    uint64_t sub;
    size_t left; /* lines to come */
};

/* Begins a line of the tree; the last one closes it. */
static const char *branch(struct tree *t)
{
    t->left--;
    if (!t->lines->view->utf8)
        return t->left ? "  |-" : "  `-";
    return t->left ? "  ├─" : "  └─";
}

static const char *amount(const struct tree *t, uint64_t n)
{
    return n == SAMPLE_NONE ? "?" : view_amount(t->lines->pool, (double)n);
}

static const char *rate(const struct tree *t, uint64_t n)
{
    return t->d->known ? view_amount(t->lines->pool, change_rate(t->change, n))
                       : "-";
}

static void add_memory(struct tree *t)
{
    const struct sample_domain *d = t->d->now;
    AUTO_STR struct str s = STR_INIT(1000);

    str_addf(&s, "memory %s", amount(t, d->memory));
    if (d->target != SAMPLE_NONE)
        str_addf(&s, "  wanted %s", amount(t, d->target));
    if (d->max_memory != SAMPLE_NONE)
        str_addf(&s, "  at most %s", amount(t, d->max_memory));
    if (d->guest_total != SAMPLE_NONE && d->guest_free <= d->guest_total) {
        double used = (double)(d->guest_total - d->guest_free);

        str_addf(&s, "  guest uses %s of %s ",
                 view_amount(t->lines->pool, used), amount(t, d->guest_total));
        sparkline_bar(d->guest_total ? used / (double)d->guest_total : 0, 10,
                      t->lines->view->blocks, &s);
    }
    view_add_text(t->lines, d->id, t->sub++, STYLE_DIM, "%s%s", branch(t),
                  str_text(&s));
}

static void add_vcpu(struct tree *t, size_t i)
{
    const struct sample_vcpu *v = &t->d->now->vcpus[i];
    double share = change_rate(t->change, t->d->vcpu_ns[i]) / 1e9;
    AUTO_STR struct str bar = STR_INIT(1000);

    sparkline_bar(share, 10, t->lines->view->blocks, &bar);
    view_add_text(
        t->lines, t->d->now->id, t->sub++, STYLE_DIM,
        "%svcpu %-2" PRIu64 " %5.1f%% %s  %" PRIu64 " s  %s CPU %" PRIu64,
        branch(t), v->id, 100 * share, str_text(&bar), v->ns / 1000000000,
        !v->online   ? "offline, was on"
        : v->running ? "runs on"
                     : "waits on",
        v->cpu);
}

static void add_vif(struct tree *t, size_t i)
{
    const struct sample_vif *v = &t->d->now->vifs[i];
    const struct sample_net *n = &t->d->vif[i];

    if (!v->counted) {
        view_add_text(t->lines, t->d->now->id, t->sub++, STYLE_DIM,
                      "%svif %" PRIu64 " %s  counted elsewhere  %s %s",
                      branch(t), v->id, v->dev, v->mac, v->bridge);
        return;
    }
    view_add_text(t->lines, t->d->now->id, t->sub++, STYLE_DIM,
                  "%svif %" PRIu64
                  " %s  in %s/s %s pkt/s  out %s/s %s pkt/s  errors "
                  "%" PRIu64 "  drops %" PRIu64 "  %s %s",
                  branch(t), v->id, v->dev, rate(t, n->in_bytes),
                  rate(t, n->in_packets), rate(t, n->out_bytes),
                  rate(t, n->out_packets), v->net.in_errors + v->net.out_errors,
                  v->net.in_drops + v->net.out_drops, v->mac, v->bridge);
}

static void add_vbd(struct tree *t, size_t i)
{
    const struct sample_vbd *v = &t->d->now->vbds[i];
    const struct sample_blk *n = &t->d->vbd[i];

    if (!v->counted) {
        view_add_text(t->lines, t->d->now->id, t->sub++, STYLE_DIM,
                      "%sdisk %s %s  not counted  %s %s", branch(t), v->dev,
                      v->backend, v->mode, v->target);
        return;
    }
    view_add_text(t->lines, t->d->now->id, t->sub++, STYLE_DIM,
                  "%sdisk %s %s  read %s/s %s req/s  write %s/s %s req/s  "
                  "waits %" PRIu64 "  %s %s",
                  branch(t), v->dev, v->backend, rate(t, n->read_sectors * 512),
                  rate(t, n->reads), rate(t, n->write_sectors * 512),
                  rate(t, n->writes), v->blk.waits, v->mode, v->target);
}

void view_tree(struct view_lines *lines, const struct change_domain *d,
               uint64_t sub)
{
    const struct sample_domain *now = d->now;
    struct tree t = {.lines = lines,
                     .change = lines->data->change,
                     .d = d,
                     .sub = sub,
                     .left = 1 + now->n_vcpus + now->n_vifs + now->n_vbds};

    add_memory(&t);
    for (size_t i = 0; i < now->n_vcpus; i++)
        add_vcpu(&t, i);
    for (size_t i = 0; i < now->n_vifs; i++)
        add_vif(&t, i);
    for (size_t i = 0; i < now->n_vbds; i++)
        add_vbd(&t, i);
}
