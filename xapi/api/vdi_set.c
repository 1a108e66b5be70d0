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
        e = set_VDI_##name_(txn, vdi, VALUE_OF(name_));                    \
        return txn_end(txn, e ? e : ops_update(txn, vdi));                 \
    }
#define VALUE_OF(name_) a->value

SETTER(name_label)
SETTER(name_description)
SETTER(managed)
SETTER(read_only)
SETTER(sharable)
SETTER(missing)
SETTER(virtual_size)
SETTER(physical_utilisation)
SETTER(is_a_snapshot)
SETTER(snapshot_time)
SETTER(allow_caching)
SETTER(cbt_enabled)

#undef VALUE_OF
#define VALUE_OF(name_) db_find(c->db, NULL, a->value)
SETTER(snapshot_of)
SETTER(metadata_of_pool)
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
