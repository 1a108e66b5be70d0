/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest: what an xl.cfg says, as libxl wants it. Filled from a cfg record by
 * the rows of keys.c, the device strings of spec_*.c and the cross-key rules
 * of key_rules.c. Uses libxl's types only: works with no hypervisor.
 *
 * Memory: everything inside `config` is malloc'd, as libxl frees it; the rest
 * lives in the pool given to guest_parse.
 */
#ifndef XL_DOMAIN_GUEST_H
#define XL_DOMAIN_GUEST_H

#include <libxl.h>

#include "lib/diag.h"
#include "lib/slot.h"
#include "lib/value.h"

/* The host's physical CPUs, for affinities. */
struct host_cpus {
    unsigned n; /* highest number + 1; 0: not known */
    unsigned n_nodes;
    const unsigned *node_of; /* [n]; UINT_MAX: no such CPU */
};

/* Who chooses a new domain's id. */
enum guest_domid_policy { DOMID_BY_XEN, DOMID_RANDOM };

/* What xl.conf(5) says that changes the meaning of an xl.cfg. */
struct guest_defaults {
    const char *vif_script;     /* vif.default.script */
    const char *vif_bridge;     /* vif.default.bridge */
    const char *vif_gatewaydev; /* vif.default.gatewaydev */
    const char *vif_backend;    /* vif.default.backend */
    const char *colo_proxy_script, *remus_script;
    uint32_t max_grant_frames;    /* UINT32_MAX: libxl's default */
    uint32_t max_maptrack_frames; /* UINT32_MAX: libxl's default */
    int max_grant_version;        /* -1: libxl's default */
    bool claim_mode;
    const char *vm_cpus, *vm_pv_cpus, *vm_hvm_cpus; /* vm.cpumask and so on */
    bool run_hotplug_scripts;                       /* by libxl, not by udev */
    const char *blkdev_start;                       /* NULL: libxl's default */
    int domid_policy; /* enum guest_domid_policy */
    /* This host's CPUs, asked for when a key needs them (cpus="all"). NULL:
     * not known, such keys are checked for their form alone. */
    struct err *(*host_cpus)(void *arg, struct pool *p, struct host_cpus *ret);
    void *host_cpus_arg;
};

/* libxl's own defaults for all of it: what an empty xl.conf means. */
extern const struct guest_defaults guest_defaults_builtin;

/* Bits of slot.where: the guest types a key is for. */
enum guest_where {
    FOR_PV = 1,
    FOR_PVH = 2,
    FOR_HVM = 4,
};

/* What keys say that more than one field comes from; rules place it. */
struct guest_raw {
    bool broken; /* the text had errors: what is missing may stand there */
    int type, builder;   /* libxl_domain_type; 0: not given */
    int vcpus, maxvcpus; /* 0: not given */
    int stdvga;          /* -1: not given */
    bool pci_permissive, pci_seize, pci_msitranslate, pci_power_mgmt;
    const char *root, *extra, *seclabel, *init_seclabel;
    const struct value *name, *uuid, *firmware, *cpus, *cpus_soft;
    const struct value *pci, *vnuma;
    libxl_device_vfb vfb; /* vnc, sdl and keymap, wherever they go */
};

struct guest {
    libxl_domain_config config;
    const struct guest_defaults *defaults;
    struct guest_raw raw;
};

/* The table: rows of every xl.cfg key. */
extern const struct slot_table guest_keys;

void guest_init(struct guest *g, const struct guest_defaults *defaults);
void guest_done(struct guest *g);

/* Fills G from RECORD; every complaint goes to DIAGS (with diags->n_errors
 * raised when G is not usable). Order of keys in the record does not matter. */
void guest_parse(struct guest *g, const struct value *record, struct pool *p,
                 struct diags *diags);

/* The JSON that libxl would get, as text ending in a newline. DOMID <0: the
 * config alone, as `xl create -n` prints it; else {"domid": N, "config":
 * {...}}, as `xl create -e -d` and `xl list -l` do. */
struct err *guest_json(const struct guest *g, long domid,
                       struct str *out) MUST_USE;

/* ---- device strings (spec_*.c), also for *-attach commands --------------- */

/* One disk of xl-disk-configuration(5). VALUE is the string with its place. */
void spec_disk_parse(const struct value *value, libxl_device_disk *disk,
                     struct pool *p, struct diags *diags);
/* One vif of xl-network-configuration(5). */
void spec_net_parse(const struct value *value,
                    const struct guest_defaults *defaults,
                    libxl_device_nic *nic, struct pool *p, struct diags *diags);
/* One vfb string: fills both. */
void spec_vfb_parse(const struct value *value, libxl_device_vfb *vfb,
                    libxl_device_vkb *vkb, struct pool *p, struct diags *diags);
/* One channel string. */
void spec_channel_parse(const struct value *value,
                        libxl_device_channel *channel, struct pool *p,
                        struct diags *diags);
/* usbctrl= and usbdev= strings. */
void spec_usbctrl_parse(const struct value *value, libxl_device_usbctrl *ctrl,
                        struct pool *p, struct diags *diags);
void spec_usbdev_parse(const struct value *value, libxl_device_usbdev *dev,
                       struct pool *p, struct diags *diags);

/* One PCI device of xl-pci-configuration(5), over the defaults in PCI. */
void spec_pci_parse(const struct value *value, libxl_device_pci *pci,
                    struct pool *p, struct diags *diags);

/* The rarer ones: items of vkb=, p9=, pvcalls=, vtpm=, vdispl=,
 * vsnd= and dtdev=. */
void spec_vkb_parse(const struct value *value, libxl_device_vkb *vkb,
                    struct pool *p, struct diags *diags);
void spec_p9_parse(const struct value *value, libxl_device_p9 *p9,
                   struct pool *p, struct diags *diags);
void spec_pvcalls_parse(const struct value *value, libxl_device_pvcallsif *dev,
                        struct pool *p, struct diags *diags);
void spec_vtpm_parse(const struct value *value, libxl_device_vtpm *vtpm,
                     struct pool *p, struct diags *diags);
void spec_vdispl_parse(const struct value *value, libxl_device_vdispl *display,
                       struct pool *p, struct diags *diags);
void spec_vsnd_parse(const struct value *value, libxl_device_vsnd *card,
                     struct pool *p, struct diags *diags);
void spec_dtdev_parse(const struct value *value, libxl_device_dtdev *dev,
                      struct pool *p, struct diags *diags);

/* Sub-key tables, for docs, completion and fuzz dictionaries. */
extern const struct slot_table disk_keys, net_keys, vfb_keys, channel_keys,
    usbctrl_keys, usbdev_keys, vkb_keys, p9_keys, pvcalls_keys, vtpm_keys,
    rdm_keys, vnode_keys, pci_keys, vdispl_keys;

/*
 * Splits "a=b, c=d,e" device strings into a struct value with places; words
 * without `=` get the name given by POSITIONAL in order (NULL-terminated, may
 * be NULL: such words become flags with a nil value).
 */
struct value *spec_split(const struct value *value,
                         const char *const *positional, struct pool *p,
                         struct diags *diags);

#endif
