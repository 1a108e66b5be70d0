/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_net: one network interface of xl-network-configuration(5).
 */
#include <inttypes.h>
#include <string.h>

#include "xl/domain/spec.h"

static struct err *mac_read(const struct slot *, const struct value *, void *,
                            struct fill *);
static struct err *rate_read(const struct slot *, const struct value *, void *,
                             struct fill *);
static struct err *number_read(const struct slot *, const struct value *,
                               void *, struct fill *);
static struct err *accel_read(const struct slot *, const struct value *, void *,
                              struct fill *);

static const struct slot_kind kind_mac = {
    .name = "MAC address", .read = mac_read, .takes_word = true};
static const struct slot_kind kind_rate = {
    .name = "rate", .read = rate_read, .takes_word = true};
static const struct slot_kind kind_number = {
    .name = "number", .read = number_read, .takes_word = true};
static const struct slot_kind kind_accel = {
    .name = "string", .read = accel_read, .takes_word = true};

/* clang-format off */
static const struct slot_choice types[] = {
    {"ioemu", LIBXL_NIC_TYPE_VIF_IOEMU, "Paravirtual and emulated: the guest chooses."},
    {"vif",   LIBXL_NIC_TYPE_VIF,       "Paravirtual."},
    {NULL},
};

#define N libxl_device_nic
#define NUMBER(member) .kind = &kind_number, SPEC_AT(N, member), .max = INT32_MAX
/* What COLO's proxies on the two hosts are told. */
#define COLO(name_) {#name_, STRING_OF(N, name_), .unit = "TEXT", .doc = "For COLO."}
static const struct slot net_rows[] = {
    {"mac",        .kind = &kind_mac, SPEC_AT(N, mac),  .unit = "MAC",
     .doc = "MAC address in the guest; made up unless given."},
    {"bridge",     STRING_OF(N, bridge),                .unit = "BRIDGE",
     .doc = "Bridge that the interface joins; xenbr0 unless given."},
    {"gatewaydev", STRING_OF(N, gatewaydev),            .unit = "DEVICE",
     .doc = "Interface of this host that the vif-route script goes by."},
    {"netdev",     STRING_OF(N, gatewaydev),            .instead = "gatewaydev",
     .doc = "As gatewaydev."},
    {"type",       SPEC_WORD(N, nictype, types),        .unit = "TYPE",
     .doc = "What an HVM guest sees."},
    {"model",      STRING_OF(N, model),                 .unit = "MODEL",
     .doc = "Emulated card of an HVM guest: rtl8139, e1000 ..."},
    {"vifname",    STRING_OF(N, ifname),                .unit = "NAME",
     .doc = "Name of the interface in the backend; vifDOMID.DEVID unless given."},
    {"script",     STRING_OF(N, script),                .unit = "SCRIPT",
     .doc = "Hotplug script; vif-bridge unless given."},
    {"ip",         STRING_OF(N, ip),                    .unit = "ADDRESS",
     .doc = "Addresses of the guest, for the hotplug script."},
    {"backend",    STRING_OF(N, backend_domname),       .unit = "DOMAIN",
     .doc = "The domain that serves the interface; Dom0 unless given."},
    {"rate",       .kind = &kind_rate, SPEC_AT(N, rate_bytes_per_interval), .unit = "RATE",
     .doc = "Limit of what the guest sends: 10Mb/s, 250KB/s, 1MB/s@20ms."},
    {"devid",      NUMBER(devid),                       .unit = "NUMBER",
     .doc = "Index of the interface; its place in the list unless given."},
    {"mtu",        NUMBER(mtu),                         .unit = "BYTES",
     .doc = "Largest packet; the bridge's unless given."},
    {"trusted",    SPEC_DEFBOOL_FLAG(N, trusted, 1),
     .doc = "The guest may trust the backend."},
    {"untrusted",  SPEC_DEFBOOL_FLAG(N, trusted, 0),
     .doc = "The guest should guard itself against the backend."},
    {"accel",      .kind = &kind_accel, .size = 0,      .flags = SLOT_HIDDEN,
     .doc = "Without effect."},
    {"forwarddev", STRING_OF(N, coloft_forwarddev),     .unit = "DEVICE",
     .doc = "Interface that COLO's traffic is forwarded by."},
    COLO(colo_sock_mirror_id), COLO(colo_sock_mirror_ip), COLO(colo_sock_mirror_port),
    COLO(colo_sock_compare_pri_in_id), COLO(colo_sock_compare_pri_in_ip),
    COLO(colo_sock_compare_pri_in_port), COLO(colo_sock_compare_sec_in_id),
    COLO(colo_sock_compare_sec_in_ip), COLO(colo_sock_compare_sec_in_port),
    COLO(colo_sock_compare_notify_id), COLO(colo_sock_compare_notify_ip),
    COLO(colo_sock_compare_notify_port), COLO(colo_sock_redirector0_id),
    COLO(colo_sock_redirector0_ip), COLO(colo_sock_redirector0_port),
    COLO(colo_sock_redirector1_id), COLO(colo_sock_redirector1_ip),
    COLO(colo_sock_redirector1_port), COLO(colo_sock_redirector2_id),
    COLO(colo_sock_redirector2_ip), COLO(colo_sock_redirector2_port),
    COLO(colo_filter_mirror_queue), COLO(colo_filter_mirror_outdev),
    COLO(colo_filter_redirector0_queue), COLO(colo_filter_redirector0_indev),
    COLO(colo_filter_redirector0_outdev), COLO(colo_filter_redirector1_queue),
    COLO(colo_filter_redirector1_indev), COLO(colo_filter_redirector1_outdev),
    COLO(colo_compare_pri_in), COLO(colo_compare_sec_in), COLO(colo_compare_out),
    COLO(colo_compare_notify_dev), COLO(colo_sock_sec_redirector0_id),
    COLO(colo_sock_sec_redirector0_ip), COLO(colo_sock_sec_redirector0_port),
    COLO(colo_sock_sec_redirector1_id), COLO(colo_sock_sec_redirector1_ip),
    COLO(colo_sock_sec_redirector1_port), COLO(colo_filter_sec_redirector0_queue),
    COLO(colo_filter_sec_redirector0_indev), COLO(colo_filter_sec_redirector0_outdev),
    COLO(colo_filter_sec_redirector1_queue), COLO(colo_filter_sec_redirector1_indev),
    COLO(colo_filter_sec_redirector1_outdev), COLO(colo_filter_sec_rewriter0_queue),
    COLO(colo_checkpoint_host), COLO(colo_checkpoint_port),
    {NULL},
};
#undef N

static const struct unit {
    const char *name;
    uint64_t factor, divisor;
} rate_units[] = {
    {"GB/s", 1000000000, 1}, {"Gb/s", 1000000000, 8},
    {"MB/s", 1000000,    1}, {"Mb/s", 1000000,    8},
    {"KB/s", 1000,       1}, {"Kb/s", 1000,       8},
    {"B/s",  1,          1}, {"b/s",  1,          8},
    {NULL},
}, interval_units[] = {
    {"us", 1, 1}, {"ms", 1000, 1}, {"s", 1000000, 1}, {"", 1000000, 1},
    {NULL},
};
/* clang-format on */

const struct slot_table net_keys = {.rows = net_rows, .noun = "vif setting"};

/* ---- kinds -----------------------------------------------------------------
 */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Six groups of one or two digits with any one character between. */
static bool parse_mac(const char *text, libxl_mac mac)
{
    for (int i = 0; i < 6; i++) {
        int high, low;

        if (i && !*text++)
            return false;
        high = hex_digit(*text);
        if (high < 0)
            return false;
        low = hex_digit(*++text);
        text += low >= 0;
        mac[i] = (uint8_t)(low < 0 ? high : high << 4 | low);
    }
    return !*text;
}

static struct err *mac_read(const struct slot *slot, const struct value *value,
                            void *field, struct fill *f)
{
    const char *text;
    libxl_mac mac;

    (void)slot;
    TRY(slot_text(value, f->pool, &text));
    if (!parse_mac(text, mac))
        return ERR_AS(
            input, "'%s' is not a MAC address: want 00:16:3e:01:02:03", text);
    if (mac[0] & 1)
        diag_warning(f->diags, value->place,
                     "mac: '%s' is a group address: no interface has one",
                     text);
    memcpy(field, mac, sizeof(mac));
    return NULL;
}

/* Reads "<digits><unit>" as NUMBER in units of the table's base. */
static bool parse_quantity(const char *text, const struct unit *units,
                           uint64_t *ret_number, const struct unit **ret_unit)
{
    size_t digits = strspn(text, "0123456789");

    if (!digits)
        return false;
    *ret_number = strtoull(text, NULL, 0); /* 010 is 8 to libxlutil too */
    for (const struct unit *u = units; u->name; u++) {
        if (!strcmp(text + digits, u->name)) {
            *ret_unit = u;
            return *ret_number > 0 && *ret_number <= UINT32_MAX;
        }
    }
    return false;
}

static struct err *parse_interval(const char *text, uint64_t *ret_usecs)
{
    const struct unit *unit;
    uint64_t number;

    if (!parse_quantity(text, interval_units, &number, &unit) ||
        number * unit->factor > UINT32_MAX)
        return ERR_AS(input,
                      "'%s' is not an interval: want a number of us, ms or s, "
                      "as 20ms, up to 4294s",
                      text);
    *ret_usecs = number * unit->factor;
    return NULL;
}

/* Netback refills the credit of an interface every interval. */
static struct err *parse_rate(const char *text, struct pool *p,
                              libxl_device_nic *nic)
{
    size_t len = strcspn(text, "@");
    const char *amount = pool_strn(p, text, len);
    const struct unit *unit;
    uint64_t number, per_second, usecs = 50000, bytes;

    if (!parse_quantity(amount, rate_units, &number, &unit))
        return ERR_AS(input,
                      "'%s' is not a rate: want a number of GB/s, MB/s, KB/s, "
                      "B/s, Gb/s, Mb/s, Kb/s or b/s, as 10Mb/s or 1MB/s@20ms",
                      text);
    if (text[len])
        TRY(parse_interval(text + len + 1, &usecs));
    per_second = number * unit->factor / unit->divisor;
    if (__builtin_mul_overflow(per_second, usecs, &bytes))
        return ERR_AS(input, "'%s' is more than Xen can count", text);
    nic->rate_bytes_per_interval = bytes / 1000000;
    nic->rate_interval_usecs = (uint32_t)usecs;
    return NULL;
}

static struct err *rate_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    const char *text;

    (void)slot;
    (void)field;
    TRY(slot_text(value, f->pool, &text));
    return parse_rate(text, f->pool, f->base);
}

/* Decimal: a leading 0 says nothing here. */
static struct err *number_read(const struct slot *slot,
                               const struct value *value, void *field,
                               struct fill *f)
{
    const char *text;
    int64_t n;

    TRY(slot_text(value, f->pool, &text));
    TRY(text_to_int(text, 10, slot->min, slot->max, &n));
    *(int *)field = (int)n;
    return NULL;
}

static struct err *accel_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    (void)slot;
    (void)field;
    diag_warning(f->diags, value->name_place,
                 "vif setting 'accel' has no effect: Xen has no accelerated "
                 "interfaces any more");
    return NULL;
}

/* ---- the whole
 * --------------------------------------------------------------- */

static void take_default(char **field, const char *text)
{
    if (text)
        kind_replace(field, text);
}

void spec_net_parse(const struct value *value,
                    const struct guest_defaults *defaults,
                    libxl_device_nic *nic, struct pool *p, struct diags *diags)
{
    if (defaults) {
        take_default(&nic->script, defaults->vif_script);
        take_default(&nic->bridge, defaults->vif_bridge);
        take_default(&nic->gatewaydev, defaults->vif_gatewaydev);
        take_default(&nic->backend_domname, defaults->vif_backend);
    }
    spec_fill(&net_keys, value, nic, p, diags);
}
