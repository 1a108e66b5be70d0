/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_form: see rrd_form.h. */
#include "xapi/vm/rrd_form.h"

#include <math.h>
#include <string.h>

bool rrd_wants_json(struct http_request *r)
{
    const char *accept = http_header(r, "accept");

    if (accept && (strstr(accept, "json") || strstr(accept, "*/*")))
        return true;
    return !(accept && strstr(accept, "xml")) &&
           text_eq(http_param(r, "json"), "true");
}

void rrd_add_number(struct str *out, double value)
{
    if (isnan(value))
        str_add(out, "NaN");
    else if (value == 0)
        str_add(out, "0.0");
    else
        str_addf(out, "%.15g", value);
}
