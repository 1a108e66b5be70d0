/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stock: the lines that stock xentop has around its table and below a domain,
 * to the letter: the screen shows them and batch output prints them.
 */
#ifndef XENSTORE_TOP_STOCK_H
#define XENSTORE_TOP_STOCK_H

#include "lib/str.h"
#include "xenstore/top/sample.h"

/* "xentop - 13:25:33   Xen 4.17.7" */
const char *stock_title(const struct sample *s, struct pool *p);
/* "3 domains: 1 running, ..." */
const char *stock_domains(const struct sample *s, struct pool *p);
/* "Mem: ... CPUs: ..." */
const char *stock_memory(const struct sample *s, struct pool *p);

/* Below a domain; each line ends in LF. */
void stock_vcpus(const struct sample_domain *d, struct str *out);
void stock_vifs(const struct sample_domain *d, struct str *out);
void stock_vbds(const struct sample_domain *d, struct str *out);

#endif
