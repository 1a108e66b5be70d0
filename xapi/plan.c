/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan: see plan.h. */
#include "xapi/plan.h"

#include "xapi/fields_gen.h"

void plan_make(struct pool *p, const struct object *vm, struct plan *ret)
{
    const struct model_enum *types = model_fields[VM_domain_type].type->enum_;

    *ret = (struct plan){
        .uuid = pool_str(p, get_VM_uuid(vm)),
        .name = pool_str(p, get_VM_name_label(vm)),
        .type = types->values[get_VM_domain_type(vm)],
        .memory = get_VM_memory_dynamic_max(vm),
        .memory_max = get_VM_memory_static_max(vm),
        .vcpus = get_VM_VCPUs_at_startup(vm),
        .vcpus_max = get_VM_VCPUs_max(vm),
        .kernel = pool_str(p, get_VM_PV_kernel(vm)),
        .ramdisk = pool_str(p, get_VM_PV_ramdisk(vm)),
        .args = pool_str(p, get_VM_PV_args(vm)),
    };
}
