/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conf: xl.conf(5), the settings of this host, as rows. Every command reads
 * it; a missing file is fine, a bad one is complained about at its place and
 * the good settings of it hold.
 */
#ifndef XL_CONF_H
#define XL_CONF_H

#include "xl/domain/guest.h"

#define CONF_PATH "/etc/xen/xl.conf"

struct conf {
    struct guest_defaults guest;
    int autoballoon; /* enum conf_autoballoon */
    const char *lockfile;
    const char *disk_script; /* NULL: ours */
    int output_format;       /* enum conf_output */
};

enum conf_autoballoon { AUTOBALLOON_OFF, AUTOBALLOON_ON, AUTOBALLOON_AUTO };
enum conf_output { OUTPUT_JSON, OUTPUT_SXP };

extern const struct slot_table conf_settings;

/* Defaults, then PATH over them. Complaints go to DIAGS; strings live in P. */
void conf_load(struct conf *c, const char *path, struct pool *p,
               struct diags *diags);

#endif
