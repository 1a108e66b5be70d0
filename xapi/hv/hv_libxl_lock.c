/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv_libxl_lock: what guests may send over bridges, by nftables: one table, in
 * which the name of a guest's interface leads to a chain of its own, so that
 * all others pay one look. What is limited is noted by files (a domain's are
 * taken away with it).
 */
#include <arpa/inet.h>
#include <string.h>

#include "lib/file.h"
#include "lib/run.h"
#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"

#define NOTES "/run/dom0kit/locked"
#define RULES_MAX (1u << 20)
#define NFT_SECONDS 30
#define TABLE "bridge dom0kit"

/* ---- addresses ----------------------------------------------------------- */

static bool is_ip6(const char *address)
{
    return strchr(address, ':');
}

/* Those allowed of one family, and MORE, with commas between. */
static const char *list_of(struct pool *p, const struct plan_nic *nic, bool ip6,
                           const char *more)
{
    const char *list = more;

    for (size_t i = 0; i < nic->n_allowed; i++)
        if (is_ip6(nic->allowed[i]) == ip6)
            list = *list ? pool_printf(p, "%s, %s", list, nic->allowed[i])
                         : nic->allowed[i];
    return list;
}

/* What a guest makes for itself of its MAC. */
static const char *link_local(struct pool *p, const char *mac)
{
    unsigned b[6];

    if (sscanf(mac, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3],
               &b[4], &b[5]) != 6)
        return "";
    return pool_printf(p, "fe80::%x:%x:%x:%x", (b[0] ^ 2) << 8 | b[1],
                       b[2] << 8 | 0xff, 0xfe00 | b[3], b[4] << 8 | b[5]);
}

/* The same addresses as numbers: for what nft has no name yet. */
static const char *numbers_of(struct pool *p, const char *list)
{
    const char *numbers = "";
    char **each = text_split(p, list, ',', NULL);

    for (; *each; each++) {
        const char *text = *each + strspn(*each, " ");
        unsigned char bytes[16];

        if (inet_pton(AF_INET6, text, bytes) != 1)
            continue;
        numbers = pool_printf(p, "%s%s0x", numbers, *numbers ? ", " : "");
        for (size_t i = 0; i < sizeof(bytes); i++)
            numbers = pool_printf(p, "%s%02x", numbers, bytes[i]);
    }
    return numbers;
}

/* ---- rules --------------------------------------------------------------- */

struct rules {
    struct pool *pool;
    struct str *text;
    const char *chain;
};

static void add(const struct rules *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add(const struct rules *r, const char *fmt, ...)
{
    va_list ap;

    str_addf(r->text, "add rule " TABLE " %s ", r->chain);
    va_start(ap, fmt);
    str_vaddf(r->text, fmt, ap);
    va_end(ap);
    str_add(r->text, "\n");
}

static void add_ip4(const struct rules *r, const struct plan_nic *nic)
{
    const char *own = list_of(r->pool, nic, false, "");

    add(r, "arp saddr ether != %s drop", nic->mac);
    if (!*own)
        return;
    add(r, "arp saddr ip { 0.0.0.0, %s } accept", own); /* 0: is it free? */
    add(r, "ip saddr { %s } accept", own);
    add(r, "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 "
           "udp dport 67 accept");
}

/* Nobody is a router, and neighbours are told of its own addresses alone. */
static void add_ip6(const struct rules *r, const struct plan_nic *nic)
{
    const char *allowed = list_of(r->pool, nic, true, "");
    const char *own =
        *allowed ? list_of(r->pool, nic, true, link_local(r->pool, nic->mac))
                 : "";

    if (!*own)
        return;
    add(r, "icmpv6 type { nd-router-advert, nd-redirect } drop");
    add(r, "icmpv6 type nd-neighbor-advert @th,64,128 != { %s } drop",
        numbers_of(r->pool, own));
    add(r, "ip6 saddr { %s } accept", own);
    add(r, "ip6 saddr :: icmpv6 type { nd-neighbor-solicit, "
           "nd-router-solicit, mld-listener-report, mld2-listener-report } "
           "accept");
}

static void add_table(struct str *text)
{
    str_add(text,
            "add table " TABLE "\n"
            "add map " TABLE " from { type ifname : verdict ; }\n"
            "add map " TABLE " to { type ifname : verdict ; }\n"
            "add chain " TABLE " sent { type filter hook prerouting priority "
            "-200 ; policy accept ; }\n"
            "add chain " TABLE " got { type filter hook postrouting priority "
            "200 ; policy accept ; }\n"
            "flush chain " TABLE " sent\n"
            "flush chain " TABLE " got\n"
            "add rule " TABLE " sent iifname vmap @from\n"
            "add rule " TABLE " got oifname vmap @to\n");
}

/* Each is added before it is deleted, as it may be there or not. */
static void add_names(const struct rules *r, const char *map, const char *name,
                      bool stay)
{
    static const char *const kinds[] = {"", "-emu"};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        str_addf(r->text, "add element " TABLE " %s { \"%s%s\" : jump %s }\n",
                 map, name, kinds[i], r->chain);
        if (!stay)
            str_addf(r->text, "delete element " TABLE " %s { \"%s%s\" }\n", map,
                     name, kinds[i]);
    }
}

const char *lx_lock_rules(struct pool *p, uint32_t domid,
                          const struct plan_nic *nic)
{
    AUTO_STR struct str text = STR_INIT(RULES_MAX);
    const char *name = pool_printf(p, "vif%u.%d", domid, (int)nic->devid);
    const struct rules r = {p, &text,
                            pool_printf(p, "vif%u_%d", domid, (int)nic->devid)};

    add_table(&text);
    str_addf(&text, "add chain " TABLE " %s\nflush chain " TABLE " %s\n",
             r.chain, r.chain);
    if (nic->lock == PLAN_LOCKED) {
        add(&r, "ether saddr != %s drop", nic->mac);
        add_ip4(&r, nic);
        add_ip6(&r, nic);
    }
    if (nic->lock != PLAN_UNLOCKED)
        add(&r, "drop");
    add_names(&r, "from", name, nic->lock != PLAN_UNLOCKED);
    add_names(&r, "to", name, nic->lock == PLAN_DISABLED);
    if (nic->lock == PLAN_UNLOCKED)
        str_addf(&text, "delete chain " TABLE " %s\n", r.chain);
    return str_full(&text) ? NULL : pool_str(p, str_text(&text));
}

/* ---- enforced ------------------------------------------------------------ */

static struct err *enforce(struct pool *p, uint32_t domid,
                           const struct plan_nic *nic)
{
    static const char *const argv[] = {"nft", "-f", "-", NULL};
    const char *rules = lx_lock_rules(p, domid, nic);
    struct run nft = {.argv = argv, .input = rules, .timeout = NFT_SECONDS};

    if (!rules)
        return ERR("NIC %d of domain %u is allowed too many addresses",
                   (int)nic->devid, domid);
    nft.input_len = strlen(rules);
    return run_check(&nft, p);
}

static const char *note_of(struct pool *p, uint32_t domid, int64_t devid)
{
    return pool_printf(p, NOTES "/%u.%d", domid, (int)devid);
}

struct err *lx_lock_nic(const struct hv *hv, uint32_t domid,
                        const struct plan_nic *nic)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *note = note_of(p, domid, nic->devid);

    (void)hv;
    TRY(file_make_dirs(NOTES, 0700));
    TRY(file_write(note, "", 0, 0600));
    TRY(enforce(p, domid, nic));
    return nic->lock == PLAN_UNLOCKED ? file_remove(note) : NULL;
}

struct err *lx_unlock_all(uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *own = pool_printf(p, "%u.", domid);
    char **names;
    size_t n = 0;

    if (!file_exists(NOTES))
        return NULL;
    TRY(file_list(p, NOTES, &names, &n));
    for (size_t i = 0; i < n; i++) {
        struct plan_nic nic = {.mac = "", .lock = PLAN_UNLOCKED};

        if (!text_has_prefix(names[i], own))
            continue;
        TRY(text_to_int(names[i] + strlen(own), 10, 0, INT32_MAX, &nic.devid));
        TRY(lx_lock_nic(NULL, domid, &nic));
    }
    return NULL;
}
