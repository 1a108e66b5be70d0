/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pci: spec_pci_parse against libxlutil's xlu_pci_parse_spec_string, on
 * addresses that are well formed: of others libxlutil reads what it has not
 * written.
 *
 *   pci [COUNT [SEED]]     (10000 strings, seed 1)
 */
#include <libxlutil.h>
#include <sanitizer/lsan_interface.h>

#include "tests/diff/diff.h"
#include "xl/domain/guest.h"

static const char *outcome(struct pool *p, const libxl_device_pci *d)
{
    return pool_printf(p,
                       "%04x:%02x:%02x.%x mask %x slot %x msi %d power %d "
                       "permissive %d seize %d rdm %d name '%s'",
                       d->domain, d->bus, d->dev, d->func, d->vfunc_mask,
                       d->vdevfn, d->msitranslate, d->power_mgmt, d->permissive,
                       d->seize, (int)d->rdm_policy,
                       d->name ? d->name : "(none)");
}

static const char *ours(struct pool *p, struct diff_input in)
{
    struct diags diags = {.pool = p};
    const char *said = DIFF_REJECTED;
    libxl_device_pci pci;

    libxl_device_pci_init(&pci);
    spec_pci_parse(value_string(p, in.text), &pci, p, &diags);
    if (!diags.n_errors)
        said = outcome(p, &pci);
    libxl_device_pci_dispose(&pci);
    return said;
}

static const char *oracle(struct pool *p, struct diff_input in)
{
    const char *said = DIFF_REJECTED;
    FILE *report = fopen("/dev/null", "w");
    XLU_Config *cfg = xlu_cfg_init(report, "pci");
    libxl_device_pci pci;

    __lsan_disable(); /* it loses names */
    libxl_device_pci_init(&pci);
    if (!xlu_pci_parse_spec_string(cfg, &pci, in.text))
        said = outcome(p, &pci);
    libxl_device_pci_dispose(&pci);
    xlu_cfg_destroy(cfg);
    __lsan_enable();
    fclose(report);
    return said;
}

/* clang-format off */
static const struct diff_known known[] = {
    {.why = NULL},
};

static const struct diff_pair pair = {
    .name = "pci", .ours = ours, .oracle = oracle, .known = known};

static const char *const addresses[] = {
    "01:00.0", "0000:02:00.1", "ffff:ff:1f.7", "0:0:0.0", "A0:1F.3", "3:4.*",
    "abcd:1:2.*", "36:00.0@20", "36:00.0@1f", "36:00.0@0", "0001:36:00.0@a",
    "100:00.0", "01:20.0", "01:00.8", "10000:01:00.0", "01:00.0@20x", "1:2.3x",
    "bdf=01:00.0", "bdf=0002:01:00.*", "name=nic", "name=a b", "nonsense", "x",
    "permissive=1", "bdf=01:40.0", "name=",
};
static const char *const settings[] = {
    "permissive=1", "permissive=0", "msitranslate=1", "msitranslate=0",
    "seize=1", "seize=0", "power_mgmt=1", "power_mgmt=0", "vslot=8",
    "vslot=1f", "vslot=20", "vslot=x", "rdm_policy=strict",
    "rdm_policy=relaxed", "rdm_policy=what", "name=nic", "unknown=1",
    "permissive=2",
};
/* clang-format on */

/* Each setting once at most, as xl-pci-configuration(5) has it. */
static void add_setting(struct diff_rng *r, struct str *s)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *setting = diff_pick(r, settings, ARRAY_LEN(settings));
    const char *name = pool_strn(p, setting, strcspn(setting, "="));

    if (strstr(str_text(s), name))
        return;
    str_addc(s, ',');
    str_add(s, setting);
}

static void generate(struct diff_rng *r, struct str *s)
{
    unsigned n = diff_rand(r, 5);

    str_add(s, diff_pick(r, addresses, ARRAY_LEN(addresses)));
    while (n--)
        add_setting(r, s);
}

int main(int argc, char **argv)
{
    struct diff_run run = {.pair = &pair};
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
    struct diff_rng rng = {.state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1};
    AUTO_STR struct str s = STR_INIT(1 << 16);

    for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
        diff_try(&run, addresses[i], strlen(addresses[i]));
    while (count-- > 0) {
        str_clear(&s);
        generate(&rng, &s);
        diff_try(&run, str_text(&s), s.len);
    }
    return diff_end(&run);
}
