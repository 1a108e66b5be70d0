/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key_set: what only one key understands, the words of enums that xl spells
 * in its own way, and lists of plain items.
 */
#include <string.h>
#include <strings.h>

#include "lib/str.h"
#include "xl/domain/keys.h"

/* clang-format off */
const struct slot_choice choices_type[] = {
    {"pv",  LIBXL_DOMAIN_TYPE_PV,  "paravirtualized: the kernel knows Xen"},
    {"pvh", LIBXL_DOMAIN_TYPE_PVH, "hardware virtualization without emulated devices"},
    {"hvm", LIBXL_DOMAIN_TYPE_HVM, "a whole emulated machine"},
    {NULL},
};
const struct slot_choice choices_builder[] = {
    {"generic", LIBXL_DOMAIN_TYPE_PV,  "type=\"pv\""},
    {"hvm",     LIBXL_DOMAIN_TYPE_HVM, "type=\"hvm\""},
    {NULL},
};
const struct slot_choice choices_action[] = {
    {"destroy",          LIBXL_ACTION_ON_SHUTDOWN_DESTROY,          "remove the domain"},
    {"restart",          LIBXL_ACTION_ON_SHUTDOWN_RESTART,          "remove it and create it again"},
    {"rename-restart",   LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME,   "keep it under another name and create it again"},
    {"preserve",         LIBXL_ACTION_ON_SHUTDOWN_PRESERVE,         "keep it to be looked at"},
    {"coredump-destroy", LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_DESTROY, "write its memory to /var/lib/xen/dump, then destroy"},
    {"coredump-restart", LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_RESTART, "write its memory to /var/lib/xen/dump, then restart"},
    {"soft-reset",       LIBXL_ACTION_ON_SHUTDOWN_SOFT_RESET,       "reset its Xen interfaces and let it go on"},
    {NULL},
};
const struct slot_choice choices_device_model[] = {
    {"qemu-xen",             LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN,             "today's QEMU"},
    {"qemu-xen-traditional", LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN_TRADITIONAL, "Xen's old fork of QEMU"},
    {NULL},
};
const struct slot_choice choices_vga[] = {
    {"stdvga", LIBXL_VGA_INTERFACE_TYPE_STD,    "VGA with VESA modes"},
    {"cirrus", LIBXL_VGA_INTERFACE_TYPE_CIRRUS, "Cirrus Logic"},
    {"qxl",    LIBXL_VGA_INTERFACE_TYPE_QXL,    "QXL, for SPICE"},
    {"none",   LIBXL_VGA_INTERFACE_TYPE_NONE,   "no graphics card"},
    {NULL},
};
/* clang-format on */

static struct guest *guest_of(struct fill *f)
{
    return f->base;
}

/* ---- old keys without effect --------------------------------------------- */

static struct err *read_no_effect(const struct slot *slot,
                                  const struct value *value, struct fill *f)
{
    (void)slot;
    (void)value;
    (void)f;
    return NULL;
}

const struct kind_set set_no_effect = {read_no_effect, .form = "anything"};

/* ---- cpuid --------------------------------------------------------------- */

/* What libxl's parser means by its answers. */
static const char *cpuid_problem(int rc)
{
    switch (rc) {
    case 1:
        return "want NAME=VALUE";
    case 2:
        return "there is no CPU feature of that name";
    case 3:
        return "the value is none of 0, 1, x, k and s";
    default:
        return "it has a bad form";
    }
}

static struct err *cpuid_words(libxl_cpuid_policy_list *list, const char *text,
                               struct pool *p)
{
    size_t n;
    char **words = text_split(p, text, ',', &n);

    if (strcmp(words[0], "host"))
        return ERR_AS(input, "'%s' does not start with 'host,'", text);
    for (size_t i = 1; i < n; i++) {
        int rc = libxl_cpuid_parse_config(list, text_trim(p, words[i]));

        if (rc)
            return ERR_AS(input, "'%s': %s", words[i], cpuid_problem(rc));
    }
    return NULL;
}

static struct err *cpuid_leaf(libxl_cpuid_policy_list *list,
                              const struct value *item, struct pool *p)
{
    const char *text;

    TRY(slot_text(item, p, &text));
    if (libxl_cpuid_parse_config_xend(list, text))
        return ERR_AS(input,
                      "'%s' is not LEAF[,SUBLEAF]:REGISTER=BITS with 32 bits "
                      "of 0, 1, x, k or s",
                      text);
    return NULL;
}

static struct err *read_cpuid(const struct slot *slot,
                              const struct value *value, struct fill *f)
{
    libxl_cpuid_policy_list *list = &guest_of(f)->config.b_info.cpuid;
    const char *text;

    if (value->kind != VALUE_LIST) {
        TRY(slot_text(value, f->pool, &text));
        return cpuid_words(list, text, f->pool);
    }
    value_each(item, value)
    {
        TRY(kind_item_err(slot, item, cpuid_leaf(list, item, f->pool), f));
    }
    return NULL;
}

const struct kind_set set_cpuid = {read_cpuid,
                                   .form = "string or list of strings"};

/* ---- viridian ------------------------------------------------------------ */

static const char *const *viridian_words(struct pool *p)
{
    const char **words = NULL;
    size_t n = 0;

    *pool_push(p, words, n) = "all";
    *pool_push(p, words, n) = "defaults";
    for (const libxl_enum_string_table *t =
             libxl_viridian_enlightenment_string_table;
         t->s; t++)
        *pool_push(p, words, n) = t->s;
    *pool_push(p, words, n) = NULL;
    return words;
}

#define VIRIDIAN_BITS 64

static struct err *viridian_one(libxl_domain_build_info *b,
                                const struct value *item, struct pool *p)
{
    libxl_viridian_enlightenment bit;
    const char *word;
    bool off;

    TRY(slot_text(item, p, &word));
    off = *word == '!';
    if (!strcmp(word, "all")) {
        libxl_bitmap_set_any(&b->u.hvm.viridian_enable);
        return NULL;
    }
    if (!strcmp(word, "defaults")) {
        libxl_defbool_set(&b->u.hvm.viridian, true);
        return NULL;
    }
    if (libxl_viridian_enlightenment_from_string(word + off, &bit))
        return slot_bad_word(word + off, viridian_words(p), p);
    if (off) {
        libxl_bitmap_reset(&b->u.hvm.viridian_enable, bit);
        libxl_bitmap_set(&b->u.hvm.viridian_disable, bit);
    } else {
        libxl_bitmap_set(&b->u.hvm.viridian_enable, bit);
        libxl_bitmap_reset(&b->u.hvm.viridian_disable, bit);
    }
    return NULL;
}

static struct err *read_viridian(const struct slot *slot,
                                 const struct value *value, struct fill *f)
{
    libxl_domain_build_info *b = &guest_of(f)->config.b_info;

    if (value->kind != VALUE_LIST)
        return kind_defbool.read(slot, value, &b->u.hvm.viridian, f);
    kind_bitmap_alloc(&b->u.hvm.viridian_enable, VIRIDIAN_BITS);
    kind_bitmap_alloc(&b->u.hvm.viridian_disable, VIRIDIAN_BITS);
    value_each(item, value)
    {
        TRY(kind_item_err(slot, item, viridian_one(b, item, f->pool), f));
    }
    return NULL;
}

const struct kind_set set_viridian = {read_viridian,
                                      .form = "truth value or list of strings"};

/* ---- gfx_passthru -------------------------------------------------------- */

static const char *const gfx_words[] = {"0", "1", "default", "igd", NULL};

static struct err *read_gfx_passthru(const struct slot *slot,
                                     const struct value *value, struct fill *f)
{
    libxl_domain_build_info *b = &guest_of(f)->config.b_info;
    libxl_gfx_passthru_kind kind;
    const char *word;

    TRY(slot_text(value, f->pool, &word));
    if (!libxl_gfx_passthru_kind_from_string(word, &kind)) {
        b->u.hvm.gfx_passthru_kind = kind;
        libxl_defbool_set(&b->u.hvm.gfx_passthru, true);
        return NULL;
    }
    if (!*word || word[strspn(word, "0123456789")])
        return slot_bad_word(word, gfx_words, f->pool);
    return kind_defbool.read(slot, value, &b->u.hvm.gfx_passthru, f);
}

const struct kind_set set_gfx_passthru = {read_gfx_passthru, gfx_words,
                                          .form = "truth value or word"};

/* ---- ms_vm_genid, mca_caps ----------------------------------------------- */

static const char *const genid_words[] = {"generate", "none", NULL};

static struct err *read_ms_vm_genid(const struct slot *slot,
                                    const struct value *value, struct fill *f)
{
    libxl_domain_build_info *b = &guest_of(f)->config.b_info;
    const char *word;

    (void)slot;
    TRY(slot_text(value, f->pool, &word));
    if (!strcmp(word, "none"))
        return NULL;
    if (strcmp(word, "generate"))
        return slot_bad_word(word, genid_words, f->pool);
    if (libxl_ms_vm_genid_generate(NULL, &b->u.hvm.ms_vm_genid))
        return ERR("cannot make a random id");
    return NULL;
}

const struct kind_set set_ms_vm_genid = {read_ms_vm_genid, genid_words,
                                         .form = "word"};

#define MCA_CAP_LMCE (1u << 0) /* XEN_HVM_MCA_CAP_LMCE */
static const char *const mca_words[] = {"lmce", NULL};

static struct err *read_mca_caps(const struct slot *slot,
                                 const struct value *value, struct fill *f)
{
    libxl_domain_build_info *b = &guest_of(f)->config.b_info;
    const char *word;

    (void)slot;
    if (value->kind != VALUE_LIST)
        return ERR_AS(input, "want a list, as [\"lmce\"]");
    value_each(item, value)
    {
        TRY(slot_text(item, f->pool, &word));
        if (strcmp(word, "lmce"))
            return slot_bad_word(word, mca_words, f->pool);
        b->u.hvm.mca_caps |= MCA_CAP_LMCE;
    }
    return NULL;
}

const struct kind_set set_mca_caps = {read_mca_caps, mca_words,
                                      .form = "list of words"};

/* ---- rdm ----------------------------------------------------------------- */

static struct err *read_rdm(const struct slot *slot, const struct value *value,
                            struct fill *f)
{
    const char *text;

    (void)slot;
    TRY(slot_text(value, f->pool, &text));
    spec_rdm_parse(value, &guest_of(f)->config.b_info.u.hvm.rdm, f->pool,
                   f->diags);
    return NULL;
}

const struct kind_set set_rdm = {read_rdm, .form = "string"};

/* ---- irqs, ioports, iomem ------------------------------------------------ */

static struct err *parse_irq(const char *text, uint32_t *irq)
{
    int64_t n;

    TRY(text_to_int(text, 10, 0, INT32_MAX, &n));
    *irq = (uint32_t)n;
    return NULL;
}

static struct err *parse_hex(const char *text, int64_t max, int64_t *ret)
{
    return err_wrap(text_to_int(text, 16, 0, max, ret), "in hexadecimal");
}

static struct err *parse_ioports(char *text, libxl_ioport_range *range)
{
    char *dash = strchr(text, '-');
    int64_t first, last;

    if (dash)
        *dash = '\0';
    TRY(parse_hex(text, 0xffff, &first));
    last = first;
    if (dash)
        TRY(parse_hex(dash + 1, 0xffff, &last));
    if (last < first)
        return ERR_AS(input, "ends before it starts");
    range->first = (uint32_t)first;
    range->number = (uint32_t)(last - first + 1);
    return NULL;
}

static struct err *parse_iomem(char *text, libxl_iomem_range *range)
{
    char *comma = strchr(text, ','), *at = strchr(text, '@');
    int64_t start, number, gfn;

    if (!comma || (at && at < comma))
        return ERR_AS(input, "want START,PAGES or START,PAGES@GFN");
    *comma = '\0';
    if (at)
        *at = '\0';
    TRY(parse_hex(text, INT64_MAX, &start));
    TRY(parse_hex(comma + 1, INT64_MAX, &number));
    if (at) {
        TRY(parse_hex(at + 1, INT64_MAX, &gfn));
        range->gfn = (uint64_t)gfn;
    }
    range->start = (uint64_t)start;
    range->number = (uint64_t)number;
    return NULL;
}

enum item_kind { ITEM_IRQ, ITEM_IOPORTS, ITEM_IOMEM };

static void parse_item(enum item_kind kind, const struct slot *slot,
                       const struct value *value, void *item, struct fill *f)
{
    const char *text = "";
    struct err *e = slot_text(value, f->pool, &text);
    char *copy = pool_str(f->pool, text);

    if (!e && kind == ITEM_IRQ)
        e = parse_irq(text, item);
    else if (!e && kind == ITEM_IOPORTS)
        e = parse_ioports(copy, item);
    else if (!e)
        e = parse_iomem(copy, item);
    if (e)
        diag_err(f->diags, value->place,
                 err_wrap(e, "%s: '%s'", slot->name, text));
}

static void irq_parse(const struct slot *slot, const struct value *value,
                      void *item, size_t index, struct fill *f)
{
    (void)index;
    parse_item(ITEM_IRQ, slot, value, item, f);
}

static void ioports_parse(const struct slot *slot, const struct value *value,
                          void *item, size_t index, struct fill *f)
{
    (void)index;
    parse_item(ITEM_IOPORTS, slot, value, item, f);
}

static void iomem_parse(const struct slot *slot, const struct value *value,
                        void *item, size_t index, struct fill *f)
{
    (void)index;
    parse_item(ITEM_IOMEM, slot, value, item, f);
}

static void iomem_init(void *item)
{
    libxl_iomem_range_init(item);
}

#define ITEMS_AT(member, n_member)                    \
    .array = offsetof(struct guest, config.member),   \
    .count = offsetof(struct guest, config.n_member), \
    .item_size = sizeof(*((struct guest *)0)->config.member)

const struct kind_items items_irqs = {ITEMS_AT(b_info.irqs, b_info.num_irqs),
                                      .parse = irq_parse};
const struct kind_items items_ioports = {
    ITEMS_AT(b_info.ioports, b_info.num_ioports), .parse = ioports_parse};
const struct kind_items items_iomem = {ITEMS_AT(b_info.iomem, b_info.num_iomem),
                                       .init = iomem_init,
                                       .parse = iomem_parse};
