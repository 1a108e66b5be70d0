/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv_sim_measure: figures of the simulated host, see hv.h. All goes on at the
 * rate that a file says since the clock began; another rate is another device,
 * so that nobody takes the difference for what was done.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "xapi/hv/hv_sim_file.h"
#include "xenstore/top/sample.h"

#define SECTOR 512
#define NS 1e9

struct look {
    struct pool *pool;
    const char *text; /* the domain's */
    double now;
};

static double number(const char *text)
{
    return text ? strtod(text, NULL) : 0;
}

/* ---- devices ------------------------------------------------------------- */

struct flow {
    double in, out; /* bytes until now */
    uint64_t incarnation;
};

static struct flow flow_of(const struct look *l, const char *device)
{
    const char *key = pool_printf(l->pool, "flow %s", device);
    const char *line = sim_line(l->pool, l->text, key);
    char *rest = NULL;

    if (!line)
        return (struct flow){.in = 0};
    return (struct flow){
        .in = strtod(line, &rest) * l->now,
        .out = strtod(rest, NULL) * l->now,
        .incarnation = hash_bytes(0, line, strlen(line)),
    };
}

static void add_disk(const struct look *l, struct sample_domain *d,
                     char *const *words)
{
    struct flow flow = flow_of(l, words[2]);
    struct sample_vbd *vbd = pool_push(l->pool, d->vbds, d->n_vbds);
    double reads = flow.in / SIM_REQUEST, writes = flow.out / SIM_REQUEST;

    *vbd = (struct sample_vbd){
        .id = d->n_vbds,
        .counted = 1,
        .timed = 1,
        .incarnation = flow.incarnation,
        .blk = {.reads = (uint64_t)reads,
                .writes = (uint64_t)writes,
                .read_sectors = (uint64_t)(flow.in / SECTOR),
                .write_sectors = (uint64_t)(flow.out / SECTOR),
                .read_ns = (uint64_t)(reads * SIM_REQUEST_SECONDS * NS),
                .write_ns = (uint64_t)(writes * SIM_REQUEST_SECONDS * NS)},
        .dev = words[2],
        .backend = "qdisk",
        .target = "",
        .mode = "",
    };
}

static void add_nic(const struct look *l, struct sample_domain *d,
                    char *const *words)
{
    struct flow flow = flow_of(l, words[2]);
    struct sample_vif *vif = pool_push(l->pool, d->vifs, d->n_vifs);

    *vif = (struct sample_vif){
        .id = strtoull(words[2], NULL, 10),
        .counted = 1,
        .incarnation = flow.incarnation,
        .net = {.in_bytes = (uint64_t)flow.in, .out_bytes = (uint64_t)flow.out},
        .dev = "",
        .mac = "",
        .bridge = "",
    };
}

static const struct {
    const char *key;
    unsigned part;
    void (*add)(const struct look *l, struct sample_domain *d,
                char *const *words);
} kinds[] = {
    {"disk", SAMPLE_VBDS, add_disk},
    {"nic", SAMPLE_VIFS, add_nic},
};

static void add_device(const struct look *l, unsigned parts, const char *line,
                       struct sample_domain *d)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t n;
        char **words;

        if (!(parts & kinds[i].part) || !sim_is(line, kinds[i].key))
            continue;
        words = text_split(l->pool, line, ' ', &n);
        if (n > 2)
            kinds[i].add(l, d, words);
    }
}

/* ---- domains ------------------------------------------------------------- */

static void add_vcpus(const struct look *l, struct sample_domain *d)
{
    double share = number(sim_line(l->pool, l->text, "load"));

    d->vcpus = pool_alloc(l->pool, d->online_vcpus * sizeof(*d->vcpus));
    for (; d->n_vcpus < d->online_vcpus; d->n_vcpus++)
        d->vcpus[d->n_vcpus] =
            (struct sample_vcpu){.id = d->n_vcpus,
                                 .online = 1,
                                 .blocked = !share,
                                 .ns = (uint64_t)(share * l->now * NS)};
}

/* Guests may write what they like. */
static uint64_t free_of(const struct look *l)
{
    const char *said = sim_line(l->pool, l->text, "guest data/meminfo_free");
    int64_t kib = -1;

    if (said)
        err_drop(text_to_int(said, 10, 0, INT64_MAX >> 10, &kib),
                 "it is not there then");
    return kib < 0 ? SAMPLE_NONE : (uint64_t)kib << 10;
}

static void look_at(const struct look *l, const char *name, unsigned parts,
                    struct sample_domain *d)
{
    bool shut = text_eq(sim_line(l->pool, l->text, "state"), "shut");

    *d = (struct sample_domain){
        .id = strtoull(name, NULL, 10),
        .states = shut ? STATE_SHUTDOWN : 0,
        .memory = (uint64_t)number(sim_line(l->pool, l->text, "memory")),
        .online_vcpus = (uint64_t)number(sim_line(l->pool, l->text, "vcpus")),
        .target = SAMPLE_NONE,
        .guest_total = SAMPLE_NONE,
        .guest_free = free_of(l),
        .name = "",
        .type = "",
    };
    if (parts & SAMPLE_VCPUS)
        add_vcpus(l, d);
    for (char **lines = text_split(l->pool, l->text, '\n', NULL); *lines;
         lines++)
        add_device(l, parts, *lines, d);
}

static int by_id(const void *a_, const void *b_)
{
    const struct sample_domain *a = a_, *b = b_;

    return (a->id > b->id) - (a->id < b->id);
}

static struct err *add_domains(const struct hv *hv, struct pool *p,
                               struct sample *s)
{
    struct look l = {.pool = p, .now = s->time};
    size_t n_names;
    char **names, *text;

    TRY(file_list(p, pool_printf(p, "%s/domains", hv->dir), &names, &n_names));
    for (size_t i = 0; i < n_names; i++) {
        struct err *e =
            sim_read(hv, p, (uint32_t)strtoul(names[i], NULL, 10), &text);

        l.text = text;
        if (e)
            err_drop(e, "it has gone meanwhile");
        else
            look_at(&l, names[i], (unsigned)s->parts,
                    pool_push(p, s->domains, s->n_domains));
    }
    if (s->n_domains)
        qsort(s->domains, s->n_domains, sizeof(*s->domains), by_id);
    return NULL;
}

/* ---- the host ------------------------------------------------------------ */

static struct err *add_cpus(const struct hv *hv, struct pool *p,
                            struct sample *s)
{
    const char *path = pool_printf(p, "%s/load", hv->dir);
    char *text = NULL;
    size_t len;

    if (file_exists(path))
        TRY(file_read(p, path, SIM_FILE_BYTES, &text, &len));
    s->host.cpus = s->host.n_cpu = SIM_CPUS;
    s->host.cpu = pool_alloc(p, SIM_CPUS * sizeof(*s->host.cpu));
    for (size_t i = 0; i < SIM_CPUS; i++)
        s->host.cpu[i] = (struct sample_cpu){
            .id = i, .idle_ns = (uint64_t)((1 - number(text)) * s->time * NS)};
    return NULL;
}

struct err *sim_measure(const struct hv *hv, unsigned parts, struct pool *p,
                        const struct sample **ret)
{
    struct sample *s = pool_new_of(p, struct sample);

    TRY(sim_obey(hv, "measure", NULL));
    *s = (struct sample){.time = clock_now(), .parts = parts};
    TRY(add_cpus(hv, p, s));
    TRY(add_domains(hv, p, s));
    *ret = s;
    return NULL;
}
