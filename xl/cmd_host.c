/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_host: this host: what it is, what Xen said, since when all runs. */
#include <libxl_utils.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "lib/table.h"
#include "xl/cmds.h"
#include "xl/xl.h"

struct info_args {
    const char *field;
    bool numa;
    int format;
};

struct dmesg_args {
    bool clear;
};

struct uptime_args {
    struct slot_words domains;
    bool brief;
    int format;
};

/* clang-format off */
static const struct slot info_opts[] = {
    OPT('n', "numa", SLOT_FLAG(struct info_args, numa),
        .doc = "Also the host's CPU, device and NUMA topology."),
    OPT_FORMAT(struct info_args),
    ARG_OPTIONAL("field", SLOT_WORD(struct info_args, field),
                 .doc = "Only the values of fields whose names begin so."),
    OPT_END,
};

static const struct slot dmesg_opts[] = {
    OPT('c', "clear", SLOT_FLAG(struct dmesg_args, clear),
        .doc = "Clear the buffer after it was read."),
    OPT_END,
};

static const struct slot uptime_opts[] = {
    OPT_SHORT('s', SLOT_FLAG(struct uptime_args, brief),
              .doc = "One line a domain, with the time of day, without seconds."),
    OPT_FORMAT(struct uptime_args),
    ARGS("domain", SLOT_WORDS(struct uptime_args, domains),
         .doc = "Only these: names, ids or uuids."),
    OPT_END,
};
/* clang-format on */

/* ---- info ---------------------------------------------------------------- */

/* Facts in order; BLOCK is text of several lines without a name, for -n. */
struct fact {
    const char *name, *text;
    struct value *value;
};

struct facts {
    struct pool *pool;
    struct fact *list;
    size_t n;
};

static void add_value(struct facts *f, const char *name, struct value *value,
                      const char *text)
{
    struct fact *fact = pool_push(f->pool, f->list, f->n);

    fact->name = name;
    fact->value = value;
    fact->text = text;
}

static void add_text(struct facts *f, const char *name, const char *text)
{
    add_value(f, name, value_string(f->pool, text), pool_str(f->pool, text));
}

static void add_number(struct facts *f, const char *name, uint64_t n)
{
    add_value(f, name, value_int(f->pool, (int64_t)n),
              pool_printf(f->pool, "%llu", (unsigned long long)n));
}

static void add_machine(struct facts *f)
{
    struct utsname u;

    if (uname(&u))
        return;
    add_text(f, "host", u.nodename);
    add_text(f, "release", u.release);
    add_text(f, "version", u.version);
    add_text(f, "machine", u.machine);
}

static void add_capabilities(struct facts *f, const libxl_physinfo *info)
{
    const struct {
        bool has;
        const char *name;
    } caps[] = {
        {info->cap_pv, " pv"},
        {info->cap_hvm, " hvm"},
        {info->cap_hvm && info->cap_hvm_directio, " hvm_directio"},
        {info->cap_pv && info->cap_hvm_directio, " pv_directio"},
        {info->cap_hap, " hap"},
        {info->cap_shadow, " shadow"},
        {info->cap_iommu_hap_pt_share, " iommu_hap_pt_share"},
        {info->cap_vmtrace, " vmtrace"},
        {info->cap_vpmu, " vpmu"},
        {info->cap_gnttab_v1, " gnttab-v1"},
        {info->cap_gnttab_v2, " gnttab-v2"},
    };
    const char *text = "";

    for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
        if (caps[i].has)
            text = pool_printf(f->pool, "%s%s", text, caps[i].name);
    }
    add_text(f, "virt_caps", *text ? text + 1 : text);
}

static struct err *add_physical(struct facts *f, struct host *h)
{
    uint64_t pages_per_mb =
        (1 << 20) / libxl_get_version_info(h->ctx)->pagesize;
    libxl_physinfo info;
    uint32_t *caps = info.hw_cap;
    int rc;

    libxl_physinfo_init(&info);
    rc = libxl_get_physinfo(h->ctx, &info);
    if (rc)
        return host_err(h, rc, "cannot ask Xen about the host");
    add_number(f, "nr_cpus", info.nr_cpus);
    add_number(f, "max_cpu_id", info.max_cpu_id);
    add_number(f, "nr_nodes", info.nr_nodes);
    add_number(f, "cores_per_socket", info.cores_per_socket);
    add_number(f, "threads_per_core", info.threads_per_core);
    add_value(f, "cpu_mhz", value_double(f->pool, info.cpu_khz / 1000.0),
              pool_printf(f->pool, "%u.%03u", info.cpu_khz / 1000,
                          info.cpu_khz % 1000));
    add_text(f, "hw_caps",
             pool_printf(f->pool, "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x",
                         caps[0], caps[1], caps[2], caps[3], caps[4], caps[5],
                         caps[6], caps[7]));
    add_capabilities(f, &info);
    add_number(f, "total_memory", info.total_pages / pages_per_mb);
    add_number(f, "free_memory",
               (info.free_pages - info.outstanding_pages) / pages_per_mb);
    add_number(f, "sharing_freed_memory",
               info.sharing_freed_pages / pages_per_mb);
    add_number(f, "sharing_used_memory",
               info.sharing_used_frames / pages_per_mb);
    add_number(f, "outstanding_claims", info.outstanding_pages / pages_per_mb);
    libxl_physinfo_dispose(&info);
    return NULL;
}

static struct err *add_free_cpus(struct facts *f, struct host *h)
{
    AUTO(libxl_bitmap_dispose) libxl_bitmap cpus;
    int rc;

    libxl_bitmap_init(&cpus);
    rc = libxl_get_freecpus(h->ctx, &cpus);
    if (rc)
        return host_err(h, rc, "cannot ask Xen which CPUs are free");
    add_number(f, "free_cpus", (uint64_t)libxl_bitmap_count_set(&cpus));
    return NULL;
}

static struct value *add_struct(struct facts *f, struct value *list)
{
    struct value *item = value_struct(f->pool);

    value_append(list, item);
    return item;
}

static void set_int(struct facts *f, struct value *item, const char *name,
                    uint64_t n)
{
    value_set(item, name, value_int(f->pool, (int64_t)n));
}

static void add_cpus(struct facts *f, struct host *h)
{
    AUTO_STR struct str text = STR_INIT(1 << 20);
    struct value *list = value_list(f->pool);
    int n;
    libxl_cputopology *cpus = libxl_get_cpu_topology(h->ctx, &n);

    str_add(&text, "\ncpu:    core    socket     node");
    for (int i = 0; cpus && i < n; i++) {
        struct value *item;

        if (cpus[i].core == LIBXL_CPUTOPOLOGY_INVALID_ENTRY)
            continue;
        str_addf(&text, "\n%3d:    %4u     %4u     %4u", i, cpus[i].core,
                 cpus[i].socket, cpus[i].node);
        item = add_struct(f, list);
        set_int(f, item, "cpu", (uint64_t)i);
        set_int(f, item, "core", cpus[i].core);
        set_int(f, item, "socket", cpus[i].socket);
        set_int(f, item, "node", cpus[i].node);
    }
    if (cpus)
        libxl_cputopology_list_free(cpus, n);
    add_value(f, "cpu_topology", list, pool_str(f->pool, str_text(&text)));
}

static void add_devices(struct facts *f, struct host *h)
{
    AUTO_STR struct str text = STR_INIT(1 << 20);
    struct value *list = value_list(f->pool);
    int n;
    libxl_pcitopology *devs = libxl_get_pci_topology(h->ctx, &n);

    str_add(&text, "\ndevice           node");
    for (int i = 0; devs && i < n; i++) {
        const char *name =
            pool_printf(f->pool, "%04x:%02x:%02x.%01x", devs[i].seg,
                        devs[i].bus, devs[i].devfn >> 3, devs[i].devfn & 7);
        struct value *item;

        if (devs[i].node == LIBXL_PCITOPOLOGY_INVALID_ENTRY)
            continue;
        str_addf(&text, "\n%s      %u", name, devs[i].node);
        item = add_struct(f, list);
        value_set(item, "device", value_string(f->pool, name));
        set_int(f, item, "node", devs[i].node);
    }
    if (devs)
        libxl_pcitopology_list_free(devs, n);
    if (!list->kids.n)
        str_add(&text, "\nNo device topology data available");
    add_value(f, "device topology", list, pool_str(f->pool, str_text(&text)));
}

static void add_nodes(struct facts *f, struct host *h)
{
    AUTO_STR struct str text = STR_INIT(1 << 20);
    struct value *list = value_list(f->pool);
    int n;
    libxl_numainfo *nodes = libxl_get_numainfo(h->ctx, &n);

    str_add(&text, "\nnode:    memsize    memfree    distances");
    for (int i = 0; nodes && i < n; i++) {
        struct value *item, *distances = value_list(f->pool);

        if (nodes[i].size == LIBXL_NUMAINFO_INVALID_ENTRY)
            continue;
        str_addf(&text, "\n%4d:    %6llu     %6llu      ", i,
                 (unsigned long long)nodes[i].size >> 20,
                 (unsigned long long)nodes[i].free >> 20);
        for (int j = 0; j < nodes[i].num_dists; j++) {
            str_addf(&text, "%s%u", j ? "," : "", nodes[i].dists[j]);
            value_append(distances, value_int(f->pool, nodes[i].dists[j]));
        }
        item = add_struct(f, list);
        set_int(f, item, "node", (uint64_t)i);
        set_int(f, item, "memory", nodes[i].size >> 20);
        set_int(f, item, "free", nodes[i].free >> 20);
        value_set(item, "distances", distances);
    }
    if (nodes)
        libxl_numainfo_list_free(nodes, n);
    add_value(f, "numa_info", list, pool_str(f->pool, str_text(&text)));
}

static void add_xen(struct facts *f, struct host *h)
{
    const libxl_version_info *v = libxl_get_version_info(h->ctx);
    const char *scheduler =
        libxl_scheduler_to_string((libxl_scheduler)libxl_get_scheduler(h->ctx));

    add_number(f, "xen_major", (uint64_t)v->xen_version_major);
    add_number(f, "xen_minor", (uint64_t)v->xen_version_minor);
    add_text(f, "xen_extra", v->xen_version_extra);
    add_text(f, "xen_version",
             pool_printf(f->pool, "%d.%d%s", v->xen_version_major,
                         v->xen_version_minor, v->xen_version_extra));
    add_text(f, "xen_caps", v->capabilities);
    add_text(f, "xen_scheduler", scheduler ? scheduler : "unknown");
    add_number(f, "xen_pagesize", (uint64_t)v->pagesize);
    add_text(f, "platform_params",
             pool_printf(f->pool, "virt_start=0x%llx",
                         (unsigned long long)v->virt_start));
    add_text(f, "xen_changeset", v->changeset);
    add_text(f, "xen_commandline", v->commandline);
    add_text(f, "cc_compiler", v->compiler);
    add_text(f, "cc_compile_by", v->compile_by);
    add_text(f, "cc_compile_domain", v->compile_domain);
    add_text(f, "cc_compile_date", v->compile_date);
    add_text(f, "build_id", v->build_id);
    add_number(f, "xend_config_format", 4);
}

static struct err *print_facts(const struct facts *f, const char *only)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    for (size_t i = 0; i < f->n; i++) {
        const struct fact *fact = &f->list[i];
        const char *text = fact->text ? fact->text : "";

        if (only && !text_has_prefix(fact->name, only))
            continue;
        if (only)
            str_addf(&out, "%s\n", *text == '\n' ? text + 1 : text);
        else
            str_addf(&out, "%-23s:%s%s\n", fact->name, *text == '\n' ? "" : " ",
                     text);
    }
    return xl_print(&out);
}

/* A listing of one row whose columns are the facts. */
static struct err *show_facts(const struct facts *f, const char *only,
                              int format)
{
    struct table_col *cols = pool_alloc(f->pool, (f->n + 1) * sizeof(*cols));
    struct table *t;
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++) {
        if (!only || text_has_prefix(f->list[i].name, only))
            cols[n++].name = f->list[i].name;
    }
    t = table_new(f->pool, cols);
    table_row(t);
    for (size_t i = 0; i < f->n; i++) {
        if (!only || text_has_prefix(f->list[i].name, only))
            table_cell(t, f->list[i].value, f->list[i].text);
    }
    return table_show(t, format);
}

static struct err *run_info(void *app, const void *args, struct pool *p)
{
    const struct info_args *a = args;
    struct facts f = {.pool = p};
    struct host *h;

    TRY(xl_host(app, &h));
    host_mark(h);
    if (!libxl_get_version_info(h->ctx))
        return host_err(h, ERROR_FAIL, "cannot ask Xen for its version");
    add_machine(&f);
    TRY(add_physical(&f, h));
    TRY(add_free_cpus(&f, h));
    if (a->numa) {
        add_cpus(&f, h);
        add_devices(&f, h);
        add_nodes(&f, h);
    }
    add_xen(&f, h);
    return a->format == TABLE_TEXT ? print_facts(&f, a->field)
                                   : show_facts(&f, a->field, a->format);
}

/* ---- dmesg --------------------------------------------------------------- */

static struct err *run_dmesg(void *app, const void *args, struct pool *p)
{
    const struct dmesg_args *a = args;
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    libxl_xen_console_reader *reader;
    struct host *h;
    char *line;
    int rc;

    (void)p;
    TRY(xl_host(app, &h));
    host_mark(h);
    reader = libxl_xen_console_read_start(h->ctx, a->clear);
    if (!reader)
        return host_err(h, ERROR_FAIL, "cannot read Xen's message buffer");
    while ((rc = libxl_xen_console_read_line(h->ctx, reader, &line)) > 0)
        str_add(&out, line);
    libxl_xen_console_read_finish(h->ctx, reader);
    if (rc < 0)
        return host_err(h, rc, "cannot read Xen's message buffer");
    return xl_print(&out);
}

/* ---- uptime -------------------------------------------------------------- */

/* clang-format off */
static const struct table_col uptime_cols[] = {
    {"name", "Name                             ", "%-33s", .doc = "Name of the domain."},
    {"id", "   ID", " %4d", .doc = "Id of the domain."},
    {"uptime_s", " Uptime", " %s", .doc = "Seconds since it was started."},
    {.name = NULL},
};
/* clang-format on */

static int64_t host_uptime(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

static struct err *domain_uptime(struct host *h, uint32_t domid, int64_t *ret)
{
    uint32_t start;

    if (!domid) {
        *ret = host_uptime();
        return NULL;
    }
    host_mark(h);
    start = libxl_vm_get_start_time(h->ctx, domid);
    if (start == (uint32_t)-1)
        return host_err(h, ERROR_FAIL, "domain %u has no start time", domid);
    *ret = time(NULL) - (int64_t)start;
    return NULL;
}

/* "3 days,  4:05" and, unless BRIEF, ":06". */
static const char *span_text(struct pool *p, int64_t seconds, bool brief)
{
    int days = (int)(seconds / 86400), minutes = (int)(seconds / 60 % 60);
    int hours = (int)(seconds / 3600 % 24);
    const char *front = "";

    if (days)
        front = pool_printf(p, "%d day%s, ", days, days > 1 ? "s" : "");
    if (brief)
        return pool_printf(p, "%s%2d:%02d", front, hours, minutes);
    return pool_printf(p, "%s%2d:%02d:%02d", front, hours, minutes,
                       (int)(seconds % 60));
}

static struct err *add_uptime(struct host *h, const struct uptime_args *a,
                              struct table *t, struct pool *p, uint32_t domid,
                              struct str *brief)
{
    AUTO_FREE char *name = libxl_domid_to_name(h->ctx, domid);
    time_t now = time(NULL);
    struct tm tm;
    int64_t seconds = 0;
    char clock[16];

    TRY(domain_uptime(h, domid, &seconds));
    localtime_r(&now, &tm);
    strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
    if (a->brief)
        str_addf(brief, " %s up %s, %s (%u)\n", clock,
                 span_text(p, seconds, true), name ? name : "", domid);
    table_row(t);
    table_str(t, pool_str(p, name));
    table_int(t, domid);
    table_cell(t, value_int(p, seconds), span_text(p, seconds, false));
    return NULL;
}

static struct err *add_all_uptimes(struct host *h, const struct uptime_args *a,
                                   struct table *t, struct pool *p,
                                   struct str *brief)
{
    int n;
    libxl_dominfo *list = libxl_list_domain(h->ctx, &n);

    if (!list)
        return host_err(h, ERROR_FAIL, "cannot list the domains");
    for (int i = 0; i < n; i++)
        err_drop(add_uptime(h, a, t, p, list[i].domid, brief),
                 "not all there yet, or gone meanwhile");
    libxl_dominfo_list_free(list, n);
    return NULL;
}

static struct err *run_uptime(void *app, const void *args, struct pool *p)
{
    const struct uptime_args *a = args;
    AUTO_STR struct str brief = STR_INIT(STR_MAX);
    struct table *t = table_new(p, uptime_cols);
    struct host *h;

    TRY(xl_host(app, &h));
    host_mark(h);
    if (!a->domains.n)
        TRY(add_all_uptimes(h, a, t, p, &brief));
    for (size_t i = 0; i < a->domains.n; i++) {
        uint32_t domid;

        TRY(find_domain(app, a->domains.list[i], &domid));
        TRY(add_uptime(h, a, t, p, domid, &brief));
    }
    if (a->brief && a->format == TABLE_TEXT)
        return xl_print(&brief);
    return table_show(t, a->format);
}

/* clang-format off */
const struct cmd cmds_host[] = {
    {"info", NULL, run_info, info_opts, sizeof(struct info_args), 0,
     "Show information about this host and its Xen."},
    {"dmesg", NULL, run_dmesg, dmesg_opts, sizeof(struct dmesg_args), 0,
     "Read Xen's message buffer."},
    {"uptime", NULL, run_uptime, uptime_opts, sizeof(struct uptime_args), 0,
     "Show since when all or some domains run."},
    {.name = NULL},
};
/* clang-format on */
