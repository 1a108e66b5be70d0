/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_mem: how much memory a domain has and may have. */
#include <ctype.h>
#include <string.h>

#include "xl/cmds.h"
#include "xl/xl.h"

struct mem_args {
    const char *domain, *size;
};

/* clang-format off */
static const struct slot mem_opts[] = {
    ARG("domain", SLOT_WORD(struct mem_args, domain),
        .doc = "Name, id or uuid."),
    ARG("size", SLOT_WORD(struct mem_args, size), .unit = "MB[b|k|m|g|t]",
        .doc = "In megabytes, or with the unit said."),
    OPT_END,
};

static const struct {
    char letter;
    uint64_t bytes;
} units[] = {
    {'b', 1}, {'k', 1ull << 10}, {'m', 1ull << 20}, {'g', 1ull << 30},
    {'t', 1ull << 40},
};
/* clang-format on */

/* kB, rounded down. */
static struct err *parse_size(const char *word, uint64_t *ret_kb)
{
    size_t len = strlen(word);
    uint64_t unit = 1 << 20;
    AUTO_FREE char *digits = xstrdup(word);
    AUTO_ERR struct err *e = NULL;
    int64_t n;

    for (size_t i = 0; len && i < ARRAY_LEN(units); i++) {
        if (tolower((unsigned char)word[len - 1]) == units[i].letter) {
            unit = units[i].bytes;
            digits[len - 1] = '\0';
            break;
        }
    }
    e = text_to_int(digits, 0, 0, (int64_t)(INT64_MAX / unit), &n);
    if (e)
        return ERR_AS(input,
                      "invalid memory size '%s': a number of megabytes, or "
                      "one with b, k, m, g or t behind it, would be right",
                      word);
    *ret_kb = (uint64_t)n * unit / 1024;
    return NULL;
}

static struct err *set(struct xl *xl, const struct mem_args *a,
                       const char *what,
                       int (*fn)(libxl_ctx *ctx, uint32_t domid, uint64_t kb))
{
    struct host *h;
    uint32_t domid;
    uint64_t kb = 0;
    int rc;

    TRY(parse_size(a->size, &kb));
    TRY(find_and_open(xl, a->domain, &domid, &h));
    rc = fn(h->ctx, domid, kb);
    return rc ? host_err(h, rc, "domain '%s': cannot set its %s to %s",
                         a->domain, what, a->size)
              : NULL;
}

static int set_target(libxl_ctx *ctx, uint32_t domid, uint64_t kb)
{
    return libxl_set_memory_target(ctx, domid, (int64_t)kb, 0, 1);
}

static struct err *run_mem_set(void *app, const void *args, struct pool *p)
{
    (void)p;
    return set(app, args, "memory", set_target);
}

static struct err *run_mem_max(void *app, const void *args, struct pool *p)
{
    (void)p;
    return set(app, args, "most memory", libxl_domain_setmaxmem);
}

/* clang-format off */
const struct cmd cmds_mem[] = {
    {"mem-max", NULL, run_mem_max, mem_opts, sizeof(struct mem_args),
     CMD_MODIFIES, "Set the most memory that a domain may have."},
    {"mem-set", NULL, run_mem_set, mem_opts, sizeof(struct mem_args),
     CMD_MODIFIES, "Set how much memory a domain has, through its balloon driver."},
    {.name = NULL},
};
/* clang-format on */
