/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_appliance: what an appliance's operations are about; see ops.h. */
#ifndef XAPI_OPS_APPLIANCE_H
#define XAPI_OPS_APPLIANCE_H

#include "xapi/ops/ops.h"

/* OP does something to VM. */
bool appliance_concerns(enum VM_appliance_operations op,
                        const struct object *vm);
/* Its VM I. */
struct object *appliance_vm(const struct db *db, const struct object *appliance,
                            unsigned i);

#endif
