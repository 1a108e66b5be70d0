/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host_about: see host_about.h. */
#include "xapi/host_about.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "xapi/model/fields_gen.h"

#define CPUINFO_MAX (16u << 20)
#define LINE_BYTES 4096

/* ---- files of the kernel ------------------------------------------------- */

/* NULL: not there, or not for us. */
static const char *read_text(struct pool *p, const char *path, size_t max)
{
    char *text;
    size_t len;
    struct err *e = file_read(p, path, max, &text, &len);

    err_drop(e, "the kernel does not say");
    return e ? NULL : text;
}

static const char *read_line(struct pool *p, const char *path)
{
    const char *text = read_text(p, path, LINE_BYTES);

    return text ? text_trim(p, text) : NULL;
}

/* ---- processors ---------------------------------------------------------- */

static void take_line(struct pool *p, const char *line, size_t len,
                      struct cpu_about *cpu)
{
    const struct {
        const char *name;
        const char **text;
        int64_t *number;
    } rows[] = {
        {"vendor_id", &cpu->vendor, NULL},   {"model name", &cpu->name, NULL},
        {"stepping", &cpu->stepping, NULL},  {"flags", &cpu->flags, NULL},
        {"physical id", &cpu->socket, NULL}, {"cpu MHz", NULL, &cpu->mhz},
        {"cpu family", NULL, &cpu->family},  {"model", NULL, &cpu->model},
    };
    const char *colon = memchr(line, ':', len);
    const char *name, *text;

    if (!colon)
        return;
    name = text_trim(p, pool_printf(p, "%.*s", (int)(colon - line), line));
    text = text_trim(
        p, pool_printf(p, "%.*s", (int)(line + len - colon - 1), colon + 1));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, name))
            continue;
        if (rows[i].text)
            *rows[i].text = text;
        else
            *rows[i].number = strtoll(text, NULL, 10);
    }
}

bool host_next_cpu(struct pool *p, const char **at, struct cpu_about *ret)
{
    const char *s = *at + strspn(*at, "\n");

    *ret = (struct cpu_about){"", "", "", "", "", 0, 0, 0};
    *at = s;
    while (*s && *s != '\n') {
        size_t len = strcspn(s, "\n");

        take_line(p, s, len, ret);
        s += len + (s[len] == '\n');
    }
    if (s == *at)
        return false;
    *at = s;
    return true;
}

static struct err *describe_cpu(struct txn *txn, struct object *o,
                                const struct cpu_about *cpu)
{
    TRY(set_host_cpu_vendor(txn, o, cpu->vendor));
    TRY(set_host_cpu_modelname(txn, o, cpu->name));
    TRY(set_host_cpu_stepping(txn, o, cpu->stepping));
    TRY(set_host_cpu_flags(txn, o, cpu->flags));
    TRY(set_host_cpu_speed(txn, o, cpu->mhz));
    TRY(set_host_cpu_family(txn, o, cpu->family));
    return set_host_cpu_model(txn, o, cpu->model);
}

static struct object *find_cpu(struct txn *txn, const struct object *host,
                               int64_t number)
{
    struct object *o = db_first(txn_db(txn), &model_classes[CLASS_host_cpu]);

    while (o &&
           (get_host_cpu_host(o) != host || get_host_cpu_number(o) != number))
        o = object_next(o);
    return o;
}

static struct err *have_cpu(struct txn *txn, struct object *host,
                            int64_t number, struct object **ret)
{
    *ret = find_cpu(txn, host, number);
    if (*ret)
        return NULL;
    TRY(txn_create(txn, &model_classes[CLASS_host_cpu], NULL, NULL, ret));
    TRY(set_host_cpu_host(txn, *ret, host));
    return set_host_cpu_number(txn, *ret, number);
}

/* The machine may have had more at its last start. */
static void drop_cpus(struct txn *txn, const struct object *host, int64_t n)
{
    struct object *o;

    while ((o = find_cpu(txn, host, n++)))
        txn_destroy(txn, o);
}

static struct err *summarise(struct txn *txn, struct object *host, int64_t n,
                             size_t sockets, const struct cpu_about *cpu)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct {
        const char *key, *value;
    } rows[] = {
        {"cpu_count", pool_printf(p, "%lld", (long long)n)},
        {"socket_count", pool_printf(p, "%zu", sockets)},
        {"vendor", cpu->vendor},
        {"modelname", cpu->name},
        {"stepping", cpu->stepping},
        {"flags", cpu->flags},
        {"speed", pool_printf(p, "%lld", (long long)cpu->mhz)},
        {"family", pool_printf(p, "%lld", (long long)cpu->family)},
        {"model", pool_printf(p, "%lld", (long long)cpu->model)},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        TRY(add_to_host_cpu_info(txn, host, rows[i].key, rows[i].value));
    return NULL;
}

static bool is_new(const char *const *list, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i], s))
            return false;
    return true;
}

static bool is_on_xen(struct pool *p)
{
    return text_eq(read_line(p, "/sys/hypervisor/type"), "xen");
}

/* On Xen Dom0 may have fewer than there are. */
struct err *host_describe_cpus(struct txn *txn, struct object *host)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *at = read_text(p, "/proc/cpuinfo", CPUINFO_MAX);
    long configured = sysconf(_SC_NPROCESSORS_CONF);
    struct cpu_about cpu = {"", "", "", "", "", 0, 0, 0}, next;
    const char **sockets = NULL;
    size_t n_sockets = 0;
    struct object *o;
    int64_t n = 0;

    for (; at && host_next_cpu(p, &at, &next); n++) {
        cpu = next;
        if (is_new(sockets, n_sockets, cpu.socket))
            *pool_push(p, sockets, n_sockets) = cpu.socket;
        TRY(have_cpu(txn, host, n, &o));
        TRY(describe_cpu(txn, o, &cpu));
    }
    for (; n < configured; n++) /* they are off */
        TRY(have_cpu(txn, host, n, &o));
    if (!is_on_xen(p))
        drop_cpus(txn, host, n);
    return summarise(txn, host, n, n_sockets, &cpu);
}

struct err *host_describe_machine(struct txn *txn, struct object *host,
                                  int64_t n_cpus, int64_t n_sockets,
                                  int64_t mhz)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *at = read_text(p, "/proc/cpuinfo", CPUINFO_MAX);
    struct cpu_about cpu = {"", "", "", "", "", 0, 0, 0};
    struct object *o;

    if (at)
        host_next_cpu(p, &at, &cpu);
    cpu.mhz = mhz;
    for (int64_t n = 0; n < n_cpus; n++) {
        TRY(have_cpu(txn, host, n, &o));
        TRY(describe_cpu(txn, o, &cpu));
    }
    drop_cpus(txn, host, n_cpus);
    return summarise(txn, host, n_cpus, (size_t)n_sockets, &cpu);
}

/* ---- firmware and versions ----------------------------------------------- */

struct about_row {
    const char *key, *path;
};

static struct err *add_rows(
    struct txn *txn, struct object *host, const struct about_row *rows,
    struct err *(*add)(struct txn *txn, struct object *o, const char *key,
                       const char *value))
{
    AUTO_POOL struct pool *p = pool_new();

    for (; rows->key; rows++) {
        const char *text = read_line(p, rows->path);

        if (text && *text)
            TRY(add(txn, host, rows->key, text));
    }
    return NULL;
}

#define DMI "/sys/class/dmi/id/"

struct err *host_describe_firmware(struct txn *txn, struct object *host)
{
    static const struct about_row rows[] = {
        {"bios-vendor", DMI "bios_vendor"},
        {"bios-version", DMI "bios_version"},
        {"system-manufacturer", DMI "sys_vendor"},
        {"system-product-name", DMI "product_name"},
        {"system-version", DMI "product_version"},
        {"system-serial-number", DMI "product_serial"},
        {"baseboard-manufacturer", DMI "board_vendor"},
        {"baseboard-product-name", DMI "board_name"},
        {"baseboard-version", DMI "board_version"},
        {"baseboard-serial-number", DMI "board_serial"},
        {NULL, NULL},
    };

    return add_rows(txn, host, rows, add_to_host_bios_strings);
}

struct err *host_describe_versions(struct txn *txn, struct object *host)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *part[3];
    static const char *const paths[] = {"/sys/hypervisor/version/major",
                                        "/sys/hypervisor/version/minor",
                                        "/sys/hypervisor/version/extra"};

    if (!is_on_xen(p))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        part[i] = read_line(p, paths[i]);
        if (!part[i])
            return NULL;
    }
    return add_to_host_software_version(
        txn, host, "xen", pool_printf(p, "%s.%s%s", part[0], part[1], part[2]));
}

struct err *host_describe_zone(struct txn *txn, struct object *host)
{
    static const char folder[] = "/zoneinfo/";
    char target[PATH_MAX + 1] = "";
    ssize_t n = readlink("/etc/localtime", target, PATH_MAX);
    const char *zone = n > 0 ? strstr(target, folder) : NULL;

    return set_host_timezone(txn, host, zone ? zone + strlen(folder) : "UTC");
}
