/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lint: everything that is wrong with an xl.cfg, without a hypervisor: what
 * guest_parse complains about, and what a create on this host would then miss
 * (files, images, bridges).
 */
#ifndef XL_DOMAIN_LINT_H
#define XL_DOMAIN_LINT_H

#include "xl/domain/guest.h"

struct lint {
    const struct guest_defaults *defaults; /* NULL: libxl's own */
    bool strict;  /* unknown keys and other warnings are errors */
    bool no_host; /* look at the text alone, at nothing of this host */
};

/* Complaints about the file PATH go to DIAGS (diags->pool keeps its text).
 * The error is about reading the file only. */
struct err *lint_file(const char *path, const struct lint *how,
                      struct diags *diags) MUST_USE;

/* The checks of a guest that was parsed without errors from RECORD against
 * this host's files and interfaces: warnings. */
void lint_host(const struct guest *g, const struct value *record,
               struct diags *diags);

#endif
