/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_form: what answers with measured values have in common. */
#ifndef XAPI_RRD_FORM_H
#define XAPI_RRD_FORM_H

#include "xapi/door/http.h"

/* By the header Accept, or the parameter json. */
bool rrd_wants_json(struct http_request *r);
/* As clients know numbers: "0.0", "0.25", "NaN". */
void rrd_add_number(struct str *out, double value);

#endif
