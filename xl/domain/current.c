/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* current: see current.h. */
#define HAVE_YAJL_YAJL_VERSION_H 1 /* libxl_json.h: yajl 2 */
#include "xl/domain/current.h"

#include <libxl_json.h>
#include <libxl_utils.h>
#include <string.h>

#include "lib/file.h"
#include "xenstore/store.h"

#define USERDATA_DIR "/var/lib/xen" /* libxl's, in Debian's 4.17 */
#define CONFIG_SIZE_MAX (4u << 20)

/* A domain, and which requests of the batch were made for it. */
struct item {
    const struct domain *domain;
    libxl_domain_config config;
    bool covered;                    /* by the rounds here; else libxl's turn */
    bool loaded;                     /* config is what libxl stored */
    size_t name, target, max, kinds; /* requests of the first round */
    size_t cpus, disks, nics;        /* of the second */
};

struct gather {
    struct host *host;
    struct pool *pool;
    struct item *items;
    size_t n;
    struct store_batch batch;
    size_t pci; /* request: domains that have devices passed through */
    int scheduler;
};

static const struct store_req *answer(const struct gather *g, size_t i)
{
    return &g->batch.reqs[i];
}

static bool load_config(struct gather *g, struct item *it)
{
    const char *path =
        pool_printf(g->pool, USERDATA_DIR "/userdata-d.%u.%s.libxl-json",
                    it->domain->id, uuid_text(g->pool, &it->domain->uuid));
    struct err *e;
    char *text;
    size_t len;

    e = file_read(g->pool, path, CONFIG_SIZE_MAX, &text, &len);
    if (e) {
        err_drop(e, "libxl says better what is missing");
        return false;
    }
    return !libxl_domain_config_from_json(g->host->ctx, &it->config, text);
}

/* libxl stores a device there before it makes it: with none stored, there is
 * none to look for. */
static bool has_devices(const libxl_domain_config *c)
{
    return c->num_disks || c->num_nics || c->num_pcidevs || c->num_vtpms ||
           c->num_usbctrls || c->num_usbdevs || c->num_vdispls || c->num_vsnds;
}

static struct err *ask_first(struct gather *g)
{
    struct store_batch *b = &g->batch;

    g->pci = store_batch_list(b, "/local/domain/0/backend/pci");
    for (size_t i = 0; i < g->n; i++) {
        struct item *it = &g->items[i];
        uint32_t id = it->domain->id;

        if (!it->loaded)
            continue;
        it->name = store_batch_read(b, "/local/domain/%u/name", id);
        it->target = store_batch_read(b, "/local/domain/%u/memory/target", id);
        it->max = store_batch_read(b, "/local/domain/%u/memory/static-max", id);
        if (has_devices(&it->config))
            it->kinds = store_batch_list(b, "/libxl/%u/device", id);
    }
    return store_batch_run(g->host->store, b);
}

static bool has_name(const struct store_req *list, const char *name)
{
    for (size_t i = 0; i < list->n_names; i++) {
        if (!strcmp(list->names[i], name))
            return true;
    }
    return false;
}

/* What libxl would look for elsewhere, and change in the configuration. */
static bool only_plain_devices(const struct gather *g, const struct item *it)
{
    static const char *const others[] = {"virtio_disk", "vtpm",   "vusb",
                                         "pci",         "vdispl", "vsnd"};
    const libxl_domain_config *c = &it->config;
    const char *id = pool_printf(g->pool, "%u", it->domain->id);

    for (size_t i = 0; it->kinds && i < ARRAY_LEN(others); i++) {
        if (has_name(answer(g, it->kinds), others[i]))
            return false;
    }
    if (has_name(answer(g, g->pci), id))
        return false;
    return !c->num_pcidevs && !c->num_vtpms && !c->num_usbctrls &&
           !c->num_usbdevs && !c->num_vdispls && !c->num_vsnds;
}

/* Removable media can have been changed; libxl asks the back end. */
static bool only_fixed_disks(const libxl_domain_config *c)
{
    for (int i = 0; i < c->num_disks; i++) {
        const libxl_device_disk *d = &c->disks[i];

        if (d->is_cdrom || d->removable ||
            d->specification == LIBXL_DISK_SPECIFICATION_VIRTIO ||
            disk_number(d->vdev) < 0)
            return false;
    }
    return true;
}

/* QEMU is asked which VCPUs an HVM guest has, unless it can have one only. */
static bool cpus_are_in_store(const libxl_domain_config *c)
{
    libxl_defbool stubdomain = c->b_info.device_model_stubdomain;

    return c->c_info.type != LIBXL_DOMAIN_TYPE_HVM ||
           (c->b_info.max_vcpus <= 1 && (libxl_defbool_is_default(stubdomain) ||
                                         !libxl_defbool_val(stubdomain)));
}

/* With one at most, libxl leaves avail_vcpus as it was. */
static bool has_many_cpus(const struct item *it)
{
    return it->config.b_info.max_vcpus > 1;
}

static bool is_covered(struct gather *g, struct item *it)
{
    if (!it->loaded || answer(g, it->target)->errnum ||
        answer(g, it->max)->errnum || answer(g, it->name)->errnum ||
        it->domain->info.cpupool ||
        (g->scheduler != XEN_SCHEDULER_CREDIT2 &&
         g->scheduler != XEN_SCHEDULER_CREDIT))
        return false;
    return only_plain_devices(g, it) && only_fixed_disks(&it->config) &&
           cpus_are_in_store(&it->config);
}

/* Asks for the devices of a kind; 0, which is another's, if it has none. */
static size_t ask_devices(struct gather *g, const struct item *it,
                          const char *kind)
{
    if (!it->kinds || !has_name(answer(g, it->kinds), kind))
        return 0;
    return store_batch_list(&g->batch, "/libxl/%u/device/%s", it->domain->id,
                            kind);
}

static struct err *ask_second(struct gather *g)
{
    struct store_batch *b = &g->batch;

    for (size_t i = 0; i < g->n; i++) {
        struct item *it = &g->items[i];
        uint32_t id = it->domain->id;

        if (!it->covered)
            continue;
        it->cpus = b->n;
        for (int v = 0; has_many_cpus(it) && v < it->config.b_info.max_vcpus;
             v++)
            store_batch_read(b, "/local/domain/%u/cpu/%d/availability", id, v);
        it->disks = ask_devices(g, it, "vbd");
        it->nics = ask_devices(g, it, "vif");
    }
    return store_batch_run(g->host->store, b);
}

long disk_number(const char *vdev)
{
    static const struct {
        const char *front;
        int major, letters, shift, first;
    } kinds[] = {
        {"xvd", 202, 16, 4, 0},
        {"sd", 8, 16, 4, 0},
        {"hd", 3, 2, 6, 0},
        {"hd", 22, 4, 6, 2},
    };

    for (size_t i = 0; vdev && i < ARRAY_LEN(kinds); i++) {
        const char *rest = vdev + strlen(kinds[i].front);
        int letter = text_has_prefix(vdev, kinds[i].front) ? *rest - 'a' : -1;
        int64_t partition = 0;
        struct err *e = NULL;

        if (letter < kinds[i].first || letter >= kinds[i].letters)
            continue;
        if (rest[1])
            e = text_to_int(rest + 1, 10, 1, (1 << kinds[i].shift) - 1,
                            &partition);
        if (e) {
            err_drop(e, "a name of another kind");
            return -1;
        }
        return (long)kinds[i].major << 8 |
               (long)(letter - kinds[i].first) << kinds[i].shift | partition;
    }
    return -1;
}

/* What was there at creation is there now, and nothing else. */
static bool devices_as_created(const struct gather *g, const struct item *it)
{
    const libxl_domain_config *c = &it->config;
    const struct store_req none = {0};
    const struct store_req *disks = it->disks ? answer(g, it->disks) : &none;
    const struct store_req *nics = it->nics ? answer(g, it->nics) : &none;

    if (disks->n_names != (size_t)c->num_disks ||
        nics->n_names != (size_t)c->num_nics)
        return false;
    for (int i = 0; i < c->num_disks; i++) {
        if (!has_name(disks, pool_printf(g->pool, "%ld",
                                         disk_number(c->disks[i].vdev))))
            return false;
    }
    for (int i = 0; i < c->num_nics; i++) {
        if (!has_name(nics, pool_printf(g->pool, "%d", c->nics[i].devid)))
            return false;
    }
    return true;
}

static bool take_scheduling(struct gather *g, struct item *it)
{
    libxl_domain_sched_params *s = &it->config.b_info.sched_params;
    struct xen_domctl_sched_credit2 credit2;
    struct xen_domctl_sched_credit credit;
    bool is_2 = g->scheduler == XEN_SCHEDULER_CREDIT2;
    int rc =
        is_2
            ? xc_sched_credit2_domain_get(g->host->xc, it->domain->id, &credit2)
            : xc_sched_credit_domain_get(g->host->xc, it->domain->id, &credit);

    if (rc)
        return false;
    libxl_domain_sched_params_dispose(s);
    libxl_domain_sched_params_init(s);
    s->sched = is_2 ? LIBXL_SCHEDULER_CREDIT2 : LIBXL_SCHEDULER_CREDIT;
    s->weight = is_2 ? credit2.weight : credit.weight;
    s->cap = is_2 ? credit2.cap : credit.cap;
    return true;
}

static bool take_memory(const struct gather *g, struct item *it)
{
    libxl_domain_build_info *b = &it->config.b_info;
    int64_t target, max;
    struct err *e =
        text_to_int(answer(g, it->target)->text, 10, 0, INT64_MAX, &target);

    if (!e)
        e = text_to_int(answer(g, it->max)->text, 10, 0, INT64_MAX, &max);
    if (e) {
        err_drop(e, "libxl says better what is wrong with it");
        return false;
    }
    /* As libxl has it: an unset video_memkb (Dom0's) counts as -1. */
    b->target_memkb = (uint64_t)target + b->video_memkb;
    b->max_memkb = (uint64_t)max;
    return true;
}

static bool take_cpus(struct gather *g, struct item *it)
{
    libxl_domain_build_info *b = &it->config.b_info;

    if (!has_many_cpus(it))
        return true;
    libxl_bitmap_dispose(&b->avail_vcpus);
    libxl_bitmap_init(&b->avail_vcpus);
    if (libxl_cpu_bitmap_alloc(g->host->ctx, &b->avail_vcpus, b->max_vcpus))
        return false;
    for (int v = 0; v < b->max_vcpus; v++) {
        const struct store_req *r = answer(g, it->cpus + (size_t)v);

        if (!r->errnum && !strcmp(r->text, "online"))
            libxl_bitmap_set(&b->avail_vcpus, v);
    }
    return true;
}

static bool update(struct gather *g, struct item *it)
{
    libxl_domain_create_info *c = &it->config.c_info;

    if (!devices_as_created(g, it) || !take_scheduling(g, it) ||
        !take_memory(g, it) || !take_cpus(g, it))
        return false;
    free(c->name);
    c->name = xstrdup(answer(g, it->name)->text);
    libxl_uuid_copy(g->host->ctx, &c->uuid, &it->domain->uuid);
    return true;
}

/* ---- printing ------------------------------------------------------------ */

static void print_piece(void *out, const char *text, size_t len)
{
    str_addn(out, text, len);
}

static bool print_one(yajl_gen gen, struct item *it)
{
    return !yajl_gen_map_open(gen) &&
           !yajl_gen_string(gen, (const unsigned char *)"domid", 5) &&
           !yajl_gen_integer(gen, it->domain->id) &&
           !yajl_gen_string(gen, (const unsigned char *)"config", 6) &&
           !libxl_domain_config_gen_json(gen, &it->config) &&
           !yajl_gen_map_close(gen);
}

/* False: the domain is not there (any more). */
static bool ask_libxl(struct gather *g, struct item *it)
{
    libxl_domain_config_dispose(&it->config);
    libxl_domain_config_init(&it->config);
    host_mark(g->host);
    return !libxl_retrieve_domain_configuration(g->host->ctx, it->domain->id,
                                                &it->config, NULL);
}

static struct err *print_all(struct gather *g, struct str *out)
{
    yajl_gen gen = yajl_gen_alloc(NULL);
    bool ok;

    yajl_gen_config(gen, yajl_gen_beautify, 1);
    yajl_gen_config(gen, yajl_gen_indent_string, "    ");
    yajl_gen_config(gen, yajl_gen_print_callback, print_piece, out);
    ok = !yajl_gen_array_open(gen);
    for (size_t i = 0; i < g->n && ok; i++) {
        struct item *it = &g->items[i];

        it->covered = it->covered && update(g, it);
        if (it->covered || ask_libxl(g, it))
            ok = print_one(gen, it);
    }
    ok = ok && !yajl_gen_array_close(gen);
    yajl_gen_free(gen);
    return ok ? NULL : ERR("libxl cannot print a domain's configuration");
}

static void free_configs(void *arg)
{
    struct gather *g = arg;

    for (size_t i = 0; i < g->n; i++)
        libxl_domain_config_dispose(&g->items[i].config);
}

struct err *current_configs(struct host *h, const struct domain *list, size_t n,
                            struct pool *p, struct str *out)
{
    struct gather *g = pool_new_of(p, struct gather);

    g->host = h;
    g->pool = p;
    g->batch.pool = p;
    g->items = pool_alloc(p, (n + 1) * sizeof(*g->items));
    g->n = n;
    for (size_t i = 0; i < n; i++) {
        g->items[i].domain = &list[i];
        libxl_domain_config_init(&g->items[i].config);
        g->items[i].loaded = load_config(g, &g->items[i]);
    }
    pool_at_free(p, free_configs, g);
    if (xc_sched_id(h->xc, &g->scheduler))
        g->scheduler = -1;
    TRY(ask_first(g));
    for (size_t i = 0; i < n; i++)
        g->items[i].covered = is_covered(g, &g->items[i]);
    TRY(ask_second(g));
    return print_all(g, out);
}
