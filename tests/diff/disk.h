/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * disk: one disk string to spec_disk_parse and to libxlutil's xlu_disk_parse.
 * The outcome is the whole libxl_device_disk. The words `trusted` and
 * `untrusted`, which libxlutil does not know, are changed before both see them.
 */
#ifndef TESTS_DIFF_DISK_H
#define TESTS_DIFF_DISK_H

#include <libxlutil.h>

#include "tests/diff/diff.h"
#include "xl/domain/guest.h"

static inline const char *disk_text(struct pool *p, struct diff_input in)
{
    char *text = pool_strn(p, in.text, strnlen(in.text, in.len)), *at = text;

    while ((at = strstr(at, "trusted")))
        at[0] = 'T';
    return text;
}

static inline const char *disk_outcome(struct pool *p,
                                       const libxl_device_disk *d)
{
#define TEXT(t) ((t) ? (t) : "(none)")
    return pool_printf(
        p,
        "target '%s' vdev '%s' backend %d '%s' of %d format %d script '%s' "
        "removable %d readwrite %d cdrom %d direct %d discard %d "
        "specification %d transport %d irq %u base %llu trusted %d "
        "colo %d %d '%s' %d '%s' '%s' '%s'",
        TEXT(d->pdev_path), TEXT(d->vdev), (int)d->backend,
        TEXT(d->backend_domname), (int)d->backend_domid, (int)d->format,
        TEXT(d->script), d->removable, d->readwrite, d->is_cdrom,
        d->direct_io_safe, d->discard_enable.val, (int)d->specification,
        (int)d->transport, d->irq, (unsigned long long)d->base, d->trusted.val,
        d->colo_enable.val, d->colo_restore_enable.val, TEXT(d->colo_host),
        d->colo_port, TEXT(d->colo_export), TEXT(d->active_disk),
        TEXT(d->hidden_disk));
#undef TEXT
}

static inline const char *disk_ours(struct pool *p, struct diff_input in)
{
    struct diags diags = {.pool = p};
    libxl_device_disk disk;
    const char *outcome = DIFF_REJECTED;

    libxl_device_disk_init(&disk);
    spec_disk_parse(value_string(p, disk_text(p, in)), &disk, p, &diags);
    if (!diags.n_errors)
        outcome = disk_outcome(p, &disk);
    libxl_device_disk_dispose(&disk);
    return outcome;
}

static inline const char *disk_oracle(struct pool *p, struct diff_input in)
{
    const char *spec = disk_text(p, in), *outcome = DIFF_REJECTED;
    FILE *report = fopen("/dev/null", "w");
    XLU_Config *cfg = xlu_cfg_init(report, "disk");
    libxl_device_disk disk;

    libxl_device_disk_init(&disk);
    if (!xlu_disk_parse(cfg, 1, &spec, &disk))
        outcome = disk_outcome(p, &disk);
    libxl_device_disk_dispose(&disk);
    xlu_cfg_destroy(cfg);
    fclose(report);
    return outcome;
}

/* Refused, with a '=' that ends a line: perhaps one on its own. */
static inline bool disk_jams(struct diff_input in)
{
    AUTO_POOL struct pool *p = pool_new();

    return strstr(disk_text(p, in), "=\n") &&
           !strcmp(disk_ours(p, in), DIFF_REJECTED);
}

/* clang-format off */
static const struct diff_known disk_known[] = {
    {.why = "a '=' on its own at the end of a line is refused; there libxlutil's scanner ends the process",
     .applies = disk_jams, .expect = DIFF_REJECTED},
    {.why = NULL},
};
/* clang-format on */

static const struct diff_pair disk_pair = {
    .name = "disk",
    .ours = disk_ours,
    .oracle = disk_oracle,
    .known = disk_known,
};

#endif
