/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vdi_set: fields of disks that are changed by calls of their own. */
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/ops/ops_queue.h"

/* clang-format off */
#define SETTER(name_)                                                      \
    struct err *VDI_set_##name_(struct call *c,                            \
                                const struct VDI_set_##name_##_args *a)    \
    {                                                                      \
        struct object *vdi = NULL;                                         \
        struct txn *txn;                                                   \
        struct err *e;                                                     \
                                                                           \
        TRY(call_object(c, 0, &vdi));                                      \
        txn = txn_begin(c->db);                                            \
        e = set_VDI_##name_(txn, vdi, a->value);                           \
        return txn_end(txn, e ? e : ops_update(txn, vdi));                 \
    }

SETTER(name_label)
SETTER(name_description)
SETTER(read_only)
SETTER(sharable)
SETTER(allow_caching)

/* What is so, and not what somebody wants: in the original, sessions of storage
 * plugins may say it, and here there are none. */
#define FACT(name_)                                                        \
    struct err *VDI_set_##name_(struct call *c,                            \
                                const struct VDI_set_##name_##_args *a)    \
    {                                                                      \
        struct object *vdi = NULL;                                         \
                                                                           \
        (void)a;                                                           \
        TRY(call_object(c, 0, &vdi));                                      \
        return err_PERMISSION_DENIED(                                      \
            "VDI." #name_ " is what its repository says");                 \
    }

FACT(managed)
FACT(missing)
FACT(virtual_size)
FACT(physical_utilisation)
FACT(is_a_snapshot)
FACT(snapshot_time)
FACT(snapshot_of)
FACT(metadata_of_pool)
FACT(cbt_enabled)
/* clang-format on */

/* ---- what happens at boot ------------------------------------------------ */

static struct err *write_on_boot(struct call *c, struct txn *txn,
                                 struct object *vdi)
{
    TRY(set_VDI_on_boot(txn, vdi, (enum VDI_on_boot)vm_arg(c, 1).i));
    return ops_update(txn, vdi);
}

struct err *VDI_set_on_boot(struct call *c,
                            const struct VDI_set_on_boot_args *a)
{
    (void)a;
    return ops_run(c, VDI_operations_set_on_boot,
                   &(const struct ops_body){.change = write_on_boot});
}
