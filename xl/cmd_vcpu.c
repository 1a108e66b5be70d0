/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_vcpu: the virtual CPUs of domains: where they run and how many. */
#include <libxl_utils.h>
#include <string.h>

#include "lib/table.h"
#include "xl/cmds.h"
#include "xl/domain/keys.h"
#include "xl/ranges.h"
#include "xl/xl.h"

struct vcpu_list_args {
    struct slot_words domains;
    int format;
};

struct vcpu_set_args {
    const char *domain, *count;
    bool ignore_host;
};

struct vcpu_pin_args {
    const char *domain, *vcpu, *hard, *soft;
    bool force, ignore_masks;
};

/* clang-format off */
static const struct slot vcpu_list_opts[] = {
    OPT_FORMAT(struct vcpu_list_args),
    ARGS("domain", SLOT_WORDS(struct vcpu_list_args, domains),
         .doc = "Only these: names, ids or uuids."),
    OPT_END,
};

static const struct slot vcpu_set_opts[] = {
    OPT('i', "ignore-host", SLOT_FLAG(struct vcpu_set_args, ignore_host),
        .doc = "Allow more than the host has CPUs."),
    ARG("domain", SLOT_WORD(struct vcpu_set_args, domain),
        .doc = "Name, id or uuid."),
    ARG("vcpus", SLOT_WORD(struct vcpu_set_args, count),
        .doc = "How many shall be active."),
    OPT_END,
};

static const struct slot vcpu_pin_opts[] = {
    OPT('f', "force", SLOT_FLAG(struct vcpu_pin_args, force),
        .doc = "Undo a pinning that the guest's kernel made for a while."),
    OPT('i', "ignore-global-affinity-masks",
        SLOT_FLAG(struct vcpu_pin_args, ignore_masks),
        .doc = "Do not limit the CPUs by the vm.cpumask settings of xl.conf."),
    ARG("domain", SLOT_WORD(struct vcpu_pin_args, domain),
        .doc = "Name, id or uuid."),
    ARG("vcpu", SLOT_WORD(struct vcpu_pin_args, vcpu), .unit = "VCPU|all",
        .doc = "Its number, or all."),
    ARG("hard", SLOT_WORD(struct vcpu_pin_args, hard), .unit = "CPUS|-|all",
        .doc = "CPUs it may run on, as 0-3,^2; - leaves them alone."),
    ARG_OPTIONAL("soft", SLOT_WORD(struct vcpu_pin_args, soft),
        .unit = "CPUS|-|all", .doc = "CPUs it had best run on; - leaves them alone."),
    OPT_END,
};

static const struct table_col vcpu_cols[] = {
    {"name", "Name                            ", "%-32s", .doc = "Name of the domain."},
    {"id", "    ID", " %5d", .doc = "Id of the domain."},
    {"vcpu", "  VCPU", " %5d", .doc = "Number of the virtual CPU."},
    {"cpu", "   CPU", "%5s", .doc = "Physical CPU it is on; none when it is offline."},
    {"state", " State", " %5s", .doc = "r running, b blocked, p offline."},
    {"time_s", "   Time(s)", " %9.1f", .doc = "CPU time used, in seconds."},
    {"affinity_hard", " Affinity (Hard / Soft)", "  %s", .doc = "Physical CPUs it may run on."},
    {"affinity_soft", "", " / %s", .doc = "Physical CPUs it had best run on."},
    {.name = NULL},
};
/* clang-format on */

static void add_vcpu(struct table *t, struct pool *p, const char *name,
                     uint32_t domid, const libxl_vcpuinfo *v, int n_cpus)
{
    const char *state =
        pool_printf(p, "%c%c%c", v->running ? 'r' : '-', v->blocked ? 'b' : '-',
                    v->online ? '-' : 'p');

    table_row(t);
    table_str(t, name);
    table_int(t, domid);
    table_int(t, v->vcpuid);
    if (v->online)
        table_cell(t, value_int(p, v->cpu), pool_printf(p, "%u", v->cpu));
    else
        table_cell(t, value_nil(p), "-");
    table_str(t, v->online ? state : "--p");
    table_double(t, (double)v->vcpu_time / 1e9);
    table_str(t, ranges_text(p, &v->cpumap, n_cpus));
    table_str(t, ranges_text(p, &v->cpumap_soft, n_cpus));
}

static struct err *add_domain(struct host *h, struct table *t, struct pool *p,
                              uint32_t domid)
{
    AUTO_FREE char *name = libxl_domid_to_name(h->ctx, domid);
    libxl_vcpuinfo *list;
    int n, n_cpus;

    host_mark(h);
    list = libxl_list_vcpu(h->ctx, domid, &n, &n_cpus);
    if (!list)
        return host_err(h, ERROR_FAIL, "cannot list the VCPUs of domain %u",
                        domid);
    for (int i = 0; i < n; i++)
        add_vcpu(t, p, pool_str(p, name), domid, &list[i], n_cpus);
    libxl_vcpuinfo_list_free(list, n);
    return NULL;
}

/* A domain that went away since the list was made is left out of it. */
static struct err *add_all(struct host *h, struct table *t, struct pool *p)
{
    int n;
    libxl_dominfo *list = libxl_list_domain(h->ctx, &n);

    if (!list)
        return host_err(h, ERROR_FAIL, "cannot list the domains");
    for (int i = 0; i < n; i++)
        err_drop(add_domain(h, t, p, list[i].domid), "gone meanwhile");
    libxl_dominfo_list_free(list, n);
    return NULL;
}

static struct err *run_vcpu_list(void *app, const void *args, struct pool *p)
{
    const struct vcpu_list_args *a = args;
    struct table *t = table_new(p, vcpu_cols);
    struct host *h;

    TRY(xl_host(app, &h));
    host_mark(h);
    if (!a->domains.n)
        TRY(add_all(h, t, p));
    for (size_t i = 0; i < a->domains.n; i++) {
        uint32_t domid;

        TRY(find_domain(app, a->domains.list[i], &domid));
        TRY(add_domain(h, t, p, domid));
    }
    return table_show(t, a->format);
}

/* ---- vcpu-set ------------------------------------------------------------ */

static struct err *check_host(struct host *h, uint32_t domid, int count)
{
    libxl_dominfo info;
    int n_cpus = libxl_get_online_cpus(h->ctx), online, rc;

    libxl_dominfo_init(&info);
    rc = libxl_domain_info(h->ctx, &info, domid);
    online = (int)info.vcpu_online;
    libxl_dominfo_dispose(&info);
    if (rc)
        return host_err(h, rc, "domain %u", domid);
    if (count <= online || count <= n_cpus)
        return NULL;
    return ERR("%d VCPUs are more than the %d CPUs of this host: -i sets them "
               "nevertheless",
               count, n_cpus);
}

static struct err *run_vcpu_set(void *app, const void *args, struct pool *p)
{
    const struct vcpu_set_args *a = args;
    AUTO(libxl_bitmap_dispose) libxl_bitmap map;
    struct host *h;
    uint32_t domid;
    int64_t count;
    int rc;

    (void)p;
    libxl_bitmap_init(&map);
    TRY(err_wrap(text_to_int(a->count, 10, 1, VCPUS_MAX, &count),
                 "number of VCPUs '%s'", a->count));
    TRY(find_and_open(app, a->domain, &domid, &h));
    if (!a->ignore_host)
        TRY(check_host(h, domid, (int)count));
    rc = libxl_cpu_bitmap_alloc(h->ctx, &map, (int)count);
    for (int i = 0; !rc && i < count; i++)
        libxl_bitmap_set(&map, i);
    if (!rc)
        rc = libxl_set_vcpuonline(h->ctx, domid, &map, NULL);
    return rc ? host_err(h, rc, "domain '%s': cannot set %s VCPUs", a->domain,
                         a->count)
              : NULL;
}

/* ---- vcpu-pin ------------------------------------------------------------ */

struct pin {
    struct xl *xl;
    const struct vcpu_pin_args *args;
    struct host *h;
    uint32_t domid;
    bool all;
    int64_t vcpu;
    libxl_dominfo info;
    libxl_bitmap hard, soft;
};

static void pin_init(struct pin *pin)
{
    libxl_dominfo_init(&pin->info);
    libxl_bitmap_init(&pin->hard);
    libxl_bitmap_init(&pin->soft);
}

static void pin_done(struct pin *pin)
{
    libxl_dominfo_dispose(&pin->info);
    libxl_bitmap_dispose(&pin->hard);
    libxl_bitmap_dispose(&pin->soft);
}

static bool is_given(const char *word)
{
    return word && strcmp(word, "-");
}

static struct err *read_pin(struct pin *pin)
{
    const struct vcpu_pin_args *a = pin->args;
    int rc;

    pin->all = !strcmp(a->vcpu, "all");
    if (pin->all && a->force)
        return ERR("--force is for one VCPU, not for all");
    if (!pin->all)
        TRY(err_wrap(text_to_int(a->vcpu, 10, 0, VCPUS_MAX - 1, &pin->vcpu),
                     "VCPU '%s'", a->vcpu));
    TRY(find_and_open(pin->xl, a->domain, &pin->domid, &pin->h));
    rc = libxl_domain_info(pin->h->ctx, &pin->info, pin->domid);
    return rc ? host_err(pin->h, rc, "domain '%s'", a->domain) : NULL;
}

/* xl.conf limits the CPUs it may run on, not those it had best run on. */
static struct err *read_maps(struct pin *pin)
{
    const struct vcpu_pin_args *a = pin->args;
    struct cpu_limit limit AUTO(cpu_limit_done) = {0};
    struct pool *p = pin->xl->pool;
    struct host_cpus cpus = {0};

    TRY(host_cpus_read(pin->h, p, &cpus));
    if (is_given(a->soft))
        TRY(err_wrap(spec_cpu_parse(a->soft, &cpus, &pin->soft), "CPUs '%s'",
                     a->soft));
    if (!is_given(a->hard))
        return NULL;
    TRY(err_wrap(spec_cpu_parse(a->hard, &cpus, &pin->hard), "CPUs '%s'",
                 a->hard));
    if (a->ignore_masks)
        return NULL;
    TRY(cpu_limit_read(&pin->xl->conf.guest, pin->info.domain_type, &cpus, p,
                       &limit));
    return err_wrap(cpu_limit_apply(&limit, &pin->hard), "CPUs '%s'", a->hard);
}

static struct err *show_pin(const struct pin *pin)
{
    const struct vcpu_pin_args *a = pin->args;
    struct pool *p = pin->xl->pool;
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    int n = libxl_get_max_cpus(pin->h->ctx);

    str_addf(&out, "cpumap: %s",
             is_given(a->hard) ? ranges_text(p, &pin->hard, n) : "-");
    if (a->soft)
        str_addf(&out, " %s",
                 is_given(a->soft) ? ranges_text(p, &pin->soft, n) : "-");
    str_addc(&out, '\n');
    return xl_print(&out);
}

static struct err *set_pin(struct pin *pin)
{
    const struct vcpu_pin_args *a = pin->args;
    const libxl_bitmap *hard = is_given(a->hard) ? &pin->hard : NULL;
    const libxl_bitmap *soft = is_given(a->soft) ? &pin->soft : NULL;
    libxl_ctx *ctx = pin->h->ctx;
    uint32_t vcpu = (uint32_t)pin->vcpu;
    int rc;

    host_mark(pin->h);
    if (pin->all)
        rc = libxl_set_vcpuaffinity_all(ctx, pin->domid,
                                        pin->info.vcpu_max_id + 1, hard, soft);
    else if (a->force)
        rc = libxl_set_vcpuaffinity_force(ctx, pin->domid, vcpu, hard, soft);
    else
        rc = libxl_set_vcpuaffinity(ctx, pin->domid, vcpu, hard, soft);
    return rc ? host_err(pin->h, rc, "domain '%s': cannot pin VCPU %s",
                         a->domain, a->vcpu)
              : NULL;
}

static struct err *run_vcpu_pin(void *app, const void *args, struct pool *p)
{
    struct pin pin AUTO(pin_done) = {.xl = app, .args = args};

    (void)p;
    pin_init(&pin);
    TRY(read_pin(&pin));
    TRY(read_maps(&pin));
    return pin.xl->dry_run ? show_pin(&pin) : set_pin(&pin);
}

/* clang-format off */
const struct cmd cmds_vcpu[] = {
    {"vcpu-list", NULL, run_vcpu_list, vcpu_list_opts,
     sizeof(struct vcpu_list_args), 0, "List the VCPUs of all or some domains."},
    {"vcpu-pin", NULL, run_vcpu_pin, vcpu_pin_opts,
     sizeof(struct vcpu_pin_args), CMD_MODIFIES | CMD_DRY_RUN,
     "Set which CPUs a VCPU can use."},
    {"vcpu-set", NULL, run_vcpu_set, vcpu_set_opts,
     sizeof(struct vcpu_set_args), CMD_MODIFIES,
     "Set the number of active VCPUs of a domain."},
    {.name = NULL},
};
/* clang-format on */
