/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_cpu: lists of physical CPUs as cpus= and cpus_soft= take them. Parts
 * are taken from left to right: each adds to the set, with '^' it takes away.
 */
#include <limits.h>
#include <string.h>

#include "lib/str.h"
#include "xl/domain/keys.h"

#define CPU_MAX 4095

struct cpu_part {
    bool away;  /* '^' */
    bool nodes; /* "node:" or "nodes:" */
    bool all;
    int64_t first, last;
};

static struct err *parse_range(const char *text, size_t len,
                               struct cpu_part *part)
{
    const char *dash = memchr(text, '-', len);
    size_t first_len = dash ? (size_t)(dash - text) : len;
    char first[24], last[24];

    if (first_len >= sizeof(first) || len - first_len > sizeof(last))
        return ERR_AS(input, "'%.*s' is not a number", (int)len, text);
    snprintf(first, sizeof(first), "%.*s", (int)first_len, text);
    TRY(text_to_int(first, 10, 0, CPU_MAX, &part->first));
    part->last = part->first;
    if (!dash)
        return NULL;
    snprintf(last, sizeof(last), "%.*s", (int)(len - first_len - 1), dash + 1);
    TRY(text_to_int(last, 10, 0, CPU_MAX, &part->last));
    if (part->last < part->first)
        return ERR_AS(input, "'%.*s' ends before it starts", (int)len, text);
    return NULL;
}

static struct err *parse_part(const char *text, size_t len,
                              struct cpu_part *part)
{
    memset(part, 0, sizeof(*part));
    if (len && *text == '^') {
        part->away = true;
        text++;
        len--;
    }
    if (len >= 5 && !memcmp(text, "node:", 5))
        part->nodes = true;
    if (len >= 6 && !memcmp(text, "nodes:", 6))
        part->nodes = true;
    if (part->nodes) {
        size_t prefix = text[4] == 's' ? 6 : 5;

        text += prefix;
        len -= prefix;
    }
    if (len == 3 && !memcmp(text, "all", 3)) {
        part->all = true;
        return part->away ? ERR_AS(input, "'^' and 'all' leave nothing") : NULL;
    }
    return parse_range(text, len, part);
}

static bool is_in(const struct cpu_part *part, const struct host_cpus *host,
                  unsigned cpu)
{
    int64_t n = cpu;

    if (part->all)
        return true;
    if (part->nodes)
        n = cpu < host->n && host->node_of && host->node_of[cpu] != UINT_MAX
                ? (int64_t)host->node_of[cpu]
                : -1;
    return n >= part->first && n <= part->last;
}

/* Numbers past the host's last CPU, up to a whole byte, are kept: libxl's maps
 * have them. */
static void apply_part(const struct cpu_part *part,
                       const struct host_cpus *host, libxl_bitmap *map)
{
    unsigned end = map->size * 8, cpu = 0;

    if (!part->nodes && !part->all) {
        cpu = (unsigned)part->first;
        end = part->last < end ? (unsigned)part->last + 1 : end;
    }
    for (; cpu < end; cpu++) {
        if (!is_in(part, host, cpu))
            continue;
        if (part->away)
            libxl_bitmap_reset(map, (int)cpu);
        else
            libxl_bitmap_set(map, (int)cpu);
    }
}

struct err *spec_cpu_parse(const char *text, const struct host_cpus *host,
                           libxl_bitmap *map)
{
    struct cpu_part part;

    kind_bitmap_alloc(map, host->n ? host->n : CPU_MAX + 1);
    while (*text) {
        size_t len = strcspn(text, ","), from = strspn(text, " \t"), to = len;

        while (to > from && strchr(" \t", text[to - 1]))
            to--;
        if (to > from) {
            TRY(parse_part(text + from, to - from, &part));
            apply_part(&part, host, map);
        }
        text += len + (text[len] == ',');
    }
    return NULL;
}
