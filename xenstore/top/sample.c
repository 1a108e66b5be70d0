/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample: see sample.h. What all samplers share. */
#include "xenstore/top/sample.h"

#include "lib/str.h"

struct sampler {
    const struct sampler_kind *kind;
    void *state;
};

struct sampler *sampler_new(const struct sampler_kind *kind, void *state)
{
    struct sampler *s = xcalloc(1, sizeof(*s));

    s->kind = kind;
    s->state = state;
    return s;
}

void sampler_set_parts(struct sampler *s, unsigned parts)
{
    if (s->kind->set_parts)
        s->kind->set_parts(s->state, parts);
}

bool sampler_waits(const struct sampler *s)
{
    return !s->kind->no_wait;
}

bool sampler_over(const struct sampler *s)
{
    return s->kind->over && s->kind->over(s->state);
}

struct err *sampler_take(struct sampler *s, struct pool *p,
                         const struct sample **ret)
{
    return s->kind->take(s->state, p, ret);
}

void sampler_close(struct sampler *s)
{
    if (!s)
        return;
    s->kind->close(s->state);
    free(s);
}

const struct sample_domain *sample_domain(const struct sample *s, uint64_t id)
{
    size_t low = 0, high = s->n_domains;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (s->domains[mid].id == id)
            return &s->domains[mid];
        if (s->domains[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}
