/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_network: networks have one operation, attaching: all that changes the
 * host's network, one at a time. It is never advertised. */
#include "xapi/ops/ops.h"

static struct err *check(const struct db *db, const struct object *o,
                         unsigned op, bool strict)
{
    (void)db, (void)op, (void)strict;
    return ops_current(o).n ? ops_in_progress(o) : NULL;
}

static bool hidden(unsigned op)
{
    (void)op;
    return true;
}

const struct ops_class ops_network = {
    .class = CLASS_network,
    .allowed = network_allowed_operations,
    .current = network_current_operations,
    .check = check,
    .hidden = hidden,
};
