/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keys: what the table of xl.cfg keys (keys.c), its private setters
 * (key_set.c), the lists (key_lists.c) and the rules (key_rules.c) share.
 */
#ifndef XL_DOMAIN_KEYS_H
#define XL_DOMAIN_KEYS_H

#include "xl/domain/guest.h"
#include "xl/domain/kinds.h"

/* Private setters of keys that no kind fits. */
extern const struct kind_set set_cpuid, set_viridian, set_gfx_passthru,
    set_ms_vm_genid, set_mca_caps, set_rdm, set_no_effect;

/* Lists that become arrays of structs. */
extern const struct kind_items items_irqs, items_ioports, items_iomem,
    items_disk, items_vif, items_vfb, items_vkb, items_channel, items_usbctrl,
    items_usbdev, items_p9, items_pvcalls, items_vtpm, items_vdispl, items_vsnd,
    items_dtdev;

/* Words of our own for libxl's enums. */
extern const struct slot_choice choices_type[], choices_builder[],
    choices_action[], choices_device_model[], choices_vga[];

#define VCPUS_MAX 4096 /* far more than Xen has */

/* A rule sees the whole guest after all keys are in. */
struct key_rule {
    const char *name;
    void (*apply)(struct guest *g, const struct value *record, struct fill *f);
};

/* In the order they are applied; ends with a row without a name. */
extern const struct key_rule key_rules[];

/* The rules of key_cpus.c. */
void key_rule_vcpus(struct guest *g, const struct value *record,
                    struct fill *f);
void key_rule_affinities(struct guest *g, const struct value *record,
                         struct fill *f);
void key_rule_cpu_masks(struct guest *g, const struct value *record,
                        struct fill *f);

/* The rule of key_vnuma.c. */
void key_rule_vnuma(struct guest *g, const struct value *record,
                    struct fill *f);

/* The host's CPUs, as far as known; a failure is complained about at PLACE. */
struct host_cpus key_host_cpus(const struct guest *g, struct fill *f,
                               struct place place);

/* Where KEY's value was written, for complaints; nowhere when it was not. */
struct place key_place(const struct value *record, const char *key);

/* The domain type that "type" and "builder" say together; INVALID when they
 * contradict each other. */
libxl_domain_type key_rule_type(const struct guest *g);

/*
 * One list of physical CPUs as cpus= takes it: "all", "0-3,5,^1",
 * "nodes:0-1,^node:1". MAP is allocated here.
 */
struct err *spec_cpu_parse(const char *text, const struct host_cpus *host,
                           libxl_bitmap *map) MUST_USE;

/* What xl.conf's vm.cpumask, vm.pv.cpumask and vm.hvm.cpumask allow guests of a
 * type: zeroed to begin with. Without SETTINGS, which names those that limit
 * anything, all CPUs. */
struct cpu_limit {
    libxl_bitmap map;
    const char *settings;
};

static inline void cpu_limit_done(struct cpu_limit *limit)
{
    libxl_bitmap_dispose(&limit->map);
}

bool cpu_limit_is_set(const struct guest_defaults *d, libxl_domain_type type);
struct err *cpu_limit_read(const struct guest_defaults *d,
                           libxl_domain_type type, const struct host_cpus *host,
                           struct pool *p, struct cpu_limit *ret) MUST_USE;
/* Takes away from MAP what is not allowed; nothing left is an error. */
struct err *cpu_limit_apply(const struct cpu_limit *limit,
                            libxl_bitmap *map) MUST_USE;

/* The setting of rdm=. */
void spec_rdm_parse(const struct value *value, libxl_rdm_reserve *rdm,
                    struct pool *p, struct diags *diags);

#endif
