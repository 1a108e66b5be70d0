/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libexec: where the programs are that others of ours run. */
#ifndef XL_DOMAIN_LIBEXEC_H
#define XL_DOMAIN_LIBEXEC_H

#include "lib/pool.h"

/* The path of NAME: beside this program, as built or as installed; else where
 * it would have been installed. */
const char *libexec_path(struct pool *p, const char *name);

#endif
