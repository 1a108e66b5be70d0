/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_pci: PCI devices as xl-pci-configuration(5) says, read by libxlutil (its
 * words about an error become ours), and rdm=, which libxlutil 4.17 cannot
 * read: of "strategy=host,policy=strict" it takes nothing.
 */
#include <libxlutil.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "xl/domain/keys.h"
#include "xl/domain/spec.h"

struct xlu {
    FILE *report;
    char *text;
    size_t len;
    XLU_Config *cfg;
};

static void xlu_open(struct xlu *x)
{
    x->report = open_memstream(&x->text, &x->len);
    x->cfg = x->report ? xlu_cfg_init(x->report, "") : NULL;
    if (!x->cfg)
        abort();
}

/* What it reported, in P; "" when nothing. */
static const char *xlu_close(struct xlu *x, struct pool *p)
{
    const char *said;

    xlu_cfg_destroy(x->cfg);
    fclose(x->report);
    said = text_trim(p, x->text);
    free(x->text);
    return said;
}

/* libxlutil reads past the end of what begins like an address and is none. */
static bool is_address(const char *word)
{
    regex_t re;
    int r = regcomp(&re,
                    "^([0-9a-f]{1,4}:)?[0-9a-f]{1,2}:[0-9a-f]{1,2}"
                    "\\.([0-7]|[*])(@[0-9a-f]{1,2})?$",
                    REG_EXTENDED | REG_ICASE | REG_NOSUB);

    if (r)
        abort();
    r = regexec(&re, word, 0, NULL, 0);
    regfree(&re);
    return !r;
}

static bool is_setting(const char *word)
{
    static const char *const names[] = {
        "vslot=", "name=", "permissive=", "msitranslate=",
        "seize=", "power_mgmt=", "rdm_policy=",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (text_has_prefix(word, names[i]))
            return true;
    }
    return false;
}

/* The first word is the address unless it names a setting. */
static bool has_good_address(const char *text, struct pool *p)
{
    char **words = text_split(p, text, ',', NULL);

    for (size_t i = 0; words[i]; i++) {
        const char *word = text_trim(p, words[i]);

        if (text_has_prefix(word, "bdf="))
            word += strlen("bdf=");
        else if (i || is_setting(word))
            continue;
        if (!is_address(word))
            return false;
    }
    return true;
}

struct err *spec_pci_parse(const struct value *value, libxl_device_pci *pci,
                           struct pool *p)
{
    const char *text, *said = "";
    struct xlu x = {0};
    int rc = -1;

    TRY(slot_text(value, p, &text));
    if (has_good_address(text, p)) {
        xlu_open(&x);
        rc = xlu_pci_parse_spec_string(x.cfg, pci, text);
        said = xlu_close(&x, p);
    }
    if (!rc)
        return NULL;
    return ERR_AS(input,
                  "'%s' is not a PCI device: want [DOMAIN:]BUS:DEVICE.FUNCTION"
                  "[@SLOT][,SETTING=VALUE...]%s%s%s",
                  text, *said ? " (" : "", said, *said ? ")" : "");
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
