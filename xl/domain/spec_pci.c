/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_pci: PCI devices as xl-pci-configuration(5) says, and rdm=. libxlutil is
 * not asked: of an address that is none it reads what it has not written, and
 * of "strategy=host,policy=strict" it takes nothing.
 */
#include <ctype.h>
#include <string.h>

#include "lib/str.h"
#include "xl/domain/keys.h"
#include "xl/domain/spec.h"

/* ---- addresses ----------------------------------------------------------- */

/* Moves *AT behind up to DIGITS hexadecimal ones that say at most MAX. */
static bool take_hex(const char **at, int digits, unsigned max, unsigned *ret)
{
    const char *start = *at;

    *ret = 0;
    for (; isxdigit((unsigned char)**at) && *at - start < digits; (*at)++) {
        char c = (char)tolower((unsigned char)**at);

        *ret = *ret * 16 +
               (unsigned)(isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10);
    }
    return *at > start && *ret <= max;
}

static bool take(const char **at, char c)
{
    bool is = **at == c;

    *at += is;
    return is;
}

static bool take_slot(const char **at, uint32_t *vdevfn)
{
    unsigned slot;

    if (!take_hex(at, 2, 0x1f, &slot))
        return false;
    *vdevfn = slot << 3;
    return true;
}

static bool take_function(const char **at, libxl_device_pci *pci)
{
    unsigned func = 0;
    bool all = take(at, '*');

    if (!all && !take_hex(at, 1, 7, &func))
        return false;
    pci->func = (uint8_t)func;
    pci->vfunc_mask = all ? LIBXL_PCI_FUNC_ALL : 1;
    return true;
}

/* [DOMAIN:]BUS:DEVICE.FUNCTION[@SLOT] */
static bool read_address(const char *at, libxl_device_pci *pci)
{
    unsigned domain = 0, bus, dev;

    if (strchr(at, ':') != strrchr(at, ':') &&
        (!take_hex(&at, 4, 0xffff, &domain) || !take(&at, ':')))
        return false;
    if (!take_hex(&at, 2, 0xff, &bus) || !take(&at, ':') ||
        !take_hex(&at, 2, 0x1f, &dev) || !take(&at, '.') ||
        !take_function(&at, pci))
        return false;
    if (take(&at, '@') && !take_slot(&at, &pci->vdevfn))
        return false;
    pci->domain = (int)domain;
    pci->bus = (uint8_t)bus;
    pci->dev = (uint8_t)dev;
    return !*at;
}

static struct err *bdf_read(const struct slot *slot, const struct value *value,
                            void *field, struct fill *f)
{
    const char *text;

    (void)slot;
    (void)field;
    TRY(slot_text(value, f->pool, &text));
    return read_address(text, f->base)
               ? NULL
               : ERR_AS(input,
                        "'%s' is not the address of a PCI device: want "
                        "[DOMAIN:]BUS:DEVICE.FUNCTION[@SLOT]",
                        text);
}

static struct err *vslot_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    const char *text, *at;

    (void)slot;
    TRY(slot_text(value, f->pool, &text));
    at = text;
    return take_slot(&at, field) && !*at
               ? NULL
               : ERR_AS(input, "'%s' is not a slot: 0 to 1f (hexadecimal) is",
                        text);
}

static const struct slot_kind kind_bdf = {
    .name = "address", .read = bdf_read, .takes_word = true};
static const struct slot_kind kind_vslot = {
    .name = "hexadecimal number", .read = vslot_read, .takes_word = true};

/* ---- devices ------------------------------------------------------------- */

/* clang-format off */
#define P libxl_device_pci
static const struct slot pci_rows[] = {
    {"bdf",          .kind = &kind_bdf, .unit = "[DOMAIN:]BUS:DEVICE.FUNCTION[@SLOT]",
     .doc = "Address of the device in the host, as lspci shows it; `*` is all functions. The name may be left out."},
    {"vslot",        .kind = &kind_vslot, .offset = SLOT_AT(P, vdevfn, uint32_t), .size = SLOT_SIZE(P, vdevfn), .unit = "HEX",
     .doc = "Slot at which the guest sees it, 0 to 1f."},
    {"name",         STRING_OF(P, name), .unit = "NAME",
     .doc = "In the place of an address: what it was called when it was made assignable."},
    {"permissive",   SLOT_BOOL(P, permissive),
     .doc = "Let the guest write all of its configuration space."},
    {"msitranslate", SLOT_BOOL(P, msitranslate),
     .doc = "Translate between MSI and INTx."},
    {"seize",        SLOT_BOOL(P, seize),
     .doc = "Make it assignable if it is not, whatever driver has it."},
    {"power_mgmt",   SLOT_BOOL(P, power_mgmt),
     .doc = "Let an HVM guest set its power state."},
    {"rdm_policy",   ENUM_OF(P, rdm_policy, libxl_rdm_reserve_policy_string_table), .unit = "strict|relaxed",
     .doc = "For this device: whether a conflict with its reserved memory is an error."},
    {NULL},
};
#undef P
/* clang-format on */

const struct slot_table pci_keys = {
    .rows = pci_rows, .noun = "PCI setting", .unknown_is_error = true};

void spec_pci_parse(const struct value *value, libxl_device_pci *pci,
                    struct pool *p, struct diags *diags)
{
    static const char *const positional[] = {"bdf", NULL};
    struct fill fill = {.pool = p, .diags = diags, .base = pci};
    struct value *record = spec_split(value, positional, p, diags);
    bool by_name = value_get(record, "name");

    slot_fill(&pci_keys, record, 0, &fill);
    if (by_name == !!value_get(record, "bdf"))
        diag_error(diags, value->place,
                   by_name ? "pci: an address and a name: want one of them"
                           : "pci: no device: want an address, as "
                             "\"01:00.0\", or name=NAME");
}

/* ---- rdm ----------------------------------------------------------------- */

/* clang-format off */
#define R libxl_rdm_reserve
static const struct slot rdm_rows[] = {
    {"strategy", ENUM_OF(R, strategy, libxl_rdm_reserve_strategy_string_table),
     .unit = "ignore|host", .doc = "Which reserved memory of the host the guest gets to know."},
    {"policy",   ENUM_OF(R, policy, libxl_rdm_reserve_policy_string_table),
     .unit = "strict|relaxed", .doc = "Whether a conflict with it is an error."},
    {NULL},
};
#undef R
/* clang-format on */

const struct slot_table rdm_keys = {
    .rows = rdm_rows, .noun = "rdm setting", .unknown_is_error = true};

void spec_rdm_parse(const struct value *value, libxl_rdm_reserve *rdm,
                    struct pool *p, struct diags *diags)
{
    spec_fill(&rdm_keys, value, rdm, p, diags);
}
