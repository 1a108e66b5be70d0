/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint: see lint.h. */
#include "xl/domain/lint.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/domain/cfg.h"

#ifndef XEN_BIN_DIR
#define XEN_BIN_DIR "/usr/lib/xen-4.17/bin"
#endif

/* Where KEY's value, or the N-th item of it, stands. */
static struct place place_of(const struct value *record, const char *key, int n)
{
    const struct value *v = value_get(record, key);

    if (!v)
        return (struct place){0};
    if (v->kind == VALUE_LIST) {
        int i = 0;

        value_each(item, v)
        {
            if (i++ == n)
                return item->place;
        }
    }
    return v->place;
}

/* ---- files --------------------------------------------------------------- */

struct file_key {
    const char *key;
    const char *path;
    bool program; /* also looked for in Xen's own directory */
};

static void check_file(const struct file_key *k, const struct value *record,
                       struct diags *diags)
{
    AUTO_FREE char *in_xen = NULL;
    struct stat st;

    if (!k->path || !*k->path || !value_get(record, k->key))
        return;
    in_xen = xprintf(XEN_BIN_DIR "/%s", k->path);
    if (k->program && *k->path != '/' && !stat(in_xen, &st))
        return;
    if (stat(k->path, &st))
        diag_warning(diags, place_of(record, k->key, 0),
                     "%s: '%s': %s on this host", k->key, k->path,
                     strerror(errno));
    else if (S_ISDIR(st.st_mode))
        diag_warning(diags, place_of(record, k->key, 0),
                     "%s: '%s' is a directory", k->key, k->path);
}

static void check_files(const struct guest *g, const struct value *record,
                        struct diags *diags)
{
    const libxl_domain_build_info *b = &g->config.b_info;
    const struct file_key keys[] = {
        {"kernel", b->kernel},
        {"ramdisk", b->ramdisk},
        {"firmware", b->kernel},
        {"bootloader", b->bootloader, true},
        {"device_model_override", b->device_model},
        {"device_tree", b->device_tree},
    };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        check_file(&keys[i], record, diags);
}

static void check_hvm_files(const struct guest *g, const struct value *record,
                            struct diags *diags)
{
    const libxl_domain_build_info *b = &g->config.b_info;
    const struct file_key keys[] = {
        {"firmware", b->u.hvm.firmware, true},
        {"firmware_override", b->u.hvm.firmware, true},
        {"bios_path_override", b->u.hvm.system_firmware},
        {"acpi_firmware", b->u.hvm.acpi_firmware},
        {"smbios_firmware", b->u.hvm.smbios_firmware},
    };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        check_file(&keys[i], record, diags);
}

/* ---- devices ------------------------------------------------------------- */

/* A disk of this host's own that has a path is a file or a block device. */
static void check_disk(const libxl_device_disk *d, struct place place,
                       struct diags *diags)
{
    AUTO_FREE char *in_dev = NULL;
    struct stat st;

    if (!d->pdev_path || !*d->pdev_path || d->script || d->backend_domname ||
        d->backend_domid || d->format == LIBXL_DISK_FORMAT_EMPTY)
        return;
    in_dev = xprintf("/dev/%s", d->pdev_path);
    if (stat(d->pdev_path, &st) && (*d->pdev_path == '/' || stat(in_dev, &st)))
        diag_warning(diags, place, "disk: '%s': %s on this host", d->pdev_path,
                     strerror(errno));
    else if (S_ISDIR(st.st_mode))
        diag_warning(diags, place, "disk: '%s' is a directory", d->pdev_path);
}

static bool is_taken(const libxl_domain_config *c, int i)
{
    for (int j = 0; j < i && c->disks[i].vdev; j++) {
        if (c->disks[j].vdev && !strcmp(c->disks[i].vdev, c->disks[j].vdev))
            return true;
    }
    return false;
}

static void check_vdevs(const struct guest *g, const struct value *record,
                        struct diags *diags)
{
    const libxl_domain_config *c = &g->config;

    for (int i = 0; i < c->num_disks; i++) {
        if (is_taken(c, i))
            diag_warning(diags, place_of(record, "disk", i),
                         "disk: another disk is '%s' already",
                         c->disks[i].vdev);
    }
}

static void check_disks(const struct guest *g, const struct value *record,
                        struct diags *diags)
{
    for (int i = 0; i < g->config.num_disks; i++)
        check_disk(&g->config.disks[i], place_of(record, "disk", i), diags);
}

/* A bridge of Linux, or perhaps one of Open vSwitch: at least an interface. */
static void check_nics(const struct guest *g, const struct value *record,
                       struct diags *diags)
{
    for (int i = 0; i < g->config.num_nics; i++) {
        const libxl_device_nic *nic = &g->config.nics[i];
        const char *bridge = nic->bridge ? nic->bridge : "xenbr0";
        AUTO_FREE char *path = xprintf("/sys/class/net/%s", bridge);

        if (nic->script || nic->backend_domname || nic->backend_domid ||
            strchr(bridge, '/') || file_exists(path))
            continue;
        diag_warning(diags, place_of(record, "vif", i),
                     "vif: this host has no bridge '%s'%s", bridge,
                     nic->bridge ? "" : " (the default)");
    }
}

void lint_host(const struct guest *g, const struct value *record,
               struct diags *diags)
{
    check_files(g, record, diags);
    if (g->config.c_info.type == LIBXL_DOMAIN_TYPE_HVM)
        check_hvm_files(g, record, diags);
    check_disks(g, record, diags);
    check_nics(g, record, diags);
}

/* ---- a file -------------------------------------------------------------- */

/* Warnings that are errors in strict mode, including those given before. */
static void be_strict(struct diags *diags)
{
    for (size_t i = 0; i < diags->n; i++) {
        if (diags->list[i].level == DIAG_WARNING)
            diags->list[i].level = DIAG_ERROR;
    }
    diags->n_errors += diags->n_warnings;
    diags->n_warnings = 0;
}

struct err *lint_file(const char *path, const struct lint *how,
                      struct diags *diags)
{
    struct value *record = value_struct(diags->pool);
    struct guest_defaults defaults =
        how->defaults ? *how->defaults : guest_defaults_builtin;
    struct guest g;

    defaults.host_cpus = NULL;
    TRY(cfg_parse_file(diags->pool, path, record, diags));
    guest_init(&g, &defaults);
    guest_parse(&g, record, diags->pool, diags);
    check_vdevs(&g, record, diags);
    if (!how->no_host && !diags->n_errors)
        lint_host(&g, record, diags);
    guest_done(&g);
    if (how->strict)
        be_strict(diags);
    return NULL;
}
