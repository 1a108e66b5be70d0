/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_json: a sample as a line of JSON and back; members are the rows of
 * fields.h. What nobody knows is left out. */
#ifndef XENSTORE_TOP_SAMPLE_JSON_H
#define XENSTORE_TOP_SAMPLE_JSON_H

#include "lib/str.h"
#include "lib/value.h"
#include "xenstore/top/sample.h"

void sample_to_json(const struct sample *s, struct str *out);
/* Parts of it: the host without lists and times; a list of a domain's, by name.
 */
struct value *sample_host_value(const struct sample *s, struct pool *p);
struct value *sample_list_value(const char *list, const struct sample_domain *d,
                                struct pool *p);
/* Missing members are 0, "" or not known; an error names the member. */
struct err *sample_from_json(struct pool *p, const char *text, size_t len,
                             const struct sample **ret) MUST_USE;

#endif
