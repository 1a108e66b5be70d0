/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_place: where a VM may run. */
#include <stdio.h>

#include "xapi/vm/vm.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"

static struct err *check_memory(const struct object *vm,
                                const struct object *host)
{
    const struct object *metrics = get_host_metrics(host);
    int64_t needed = get_VM_memory_dynamic_max(vm) + vm_memory_overhead(vm);
    int64_t total = metrics ? get_host_metrics_memory_total(metrics) : needed;
    char texts[2][32];

    if (needed <= total)
        return NULL;
    snprintf(texts[0], sizeof(texts[0]), "%lld", (long long)needed);
    snprintf(texts[1], sizeof(texts[1]), "%lld", (long long)total);
    return err_HOST_NOT_ENOUGH_FREE_MEMORY(texts[0], texts[1]);
}

/* SR has, or can have, a connection to HOST. */
static bool reaches(const struct db *db, const struct object *sr,
                    const struct object *host)
{
    struct model_value pbds = get_SR_PBDs(sr);

    for (unsigned i = 0; i < pbds.n; i++)
        if (get_PBD_host(
                db_find(db, &model_classes[CLASS_PBD], pbds.keys[i].s)) == host)
            return true;
    return false;
}

static struct err *check_storage(const struct db *db, const struct object *vm,
                                 const struct object *host)
{
    struct model_value vbds = get_VM_VBDs(vm);

    for (unsigned i = 0; i < vbds.n; i++) {
        const struct object *vbd =
            db_find(db, &model_classes[CLASS_VBD], vbds.keys[i].s);
        const struct object *vdi = get_VBD_VDI(vbd);
        const struct object *sr = vdi ? get_VDI_SR(vdi) : NULL;

        if (sr && !reaches(db, sr, host))
            return err_VM_REQUIRES_SR(object_ref(vm), object_ref(sr));
    }
    return NULL;
}

/* Networks that are of no wire are everywhere. */
static bool has_network(const struct db *db, const struct object *network,
                        const struct object *host)
{
    struct model_value pifs = get_network_PIFs(network);

    for (unsigned i = 0; i < pifs.n; i++)
        if (get_PIF_host(
                db_find(db, &model_classes[CLASS_PIF], pifs.keys[i].s)) == host)
            return true;
    return !pifs.n;
}

static struct err *check_networks(const struct db *db, const struct object *vm,
                                  const struct object *host)
{
    struct model_value vifs = get_VM_VIFs(vm);

    for (unsigned i = 0; i < vifs.n; i++) {
        const struct object *network = get_VIF_network(
            db_find(db, &model_classes[CLASS_VIF], vifs.keys[i].s));

        if (network && !has_network(db, network, host))
            return err_VM_REQUIRES_NETWORK(object_ref(vm), object_ref(network));
    }
    return NULL;
}

struct err *vm_check_host(const struct db *db, const struct object *vm,
                          const struct object *host)
{
    const struct object *metrics = get_host_metrics(host);

    TRY(vm_check_vcpus(vm));
    TRY(vm_check_memory(vm));
    if (metrics && !get_host_metrics_live(metrics))
        return err_HOST_NOT_LIVE();
    if (!get_host_enabled(host) && !get_VM_is_control_domain(vm) &&
        get_VM_resident_on(vm) != host)
        return err_HOST_DISABLED(object_ref(host));
    TRY(check_storage(db, vm, host));
    TRY(check_networks(db, vm, host));
    return check_memory(vm, host);
}

struct err *VM_assert_can_boot_here(
    struct call *c, const struct VM_assert_can_boot_here_args *a)
{
    struct object *vm = NULL, *host = NULL;

    (void)a;
    TRY(call_object(c, 0, &vm));
    TRY(call_object(c, 1, &host));
    return vm_check_host(c->db, vm, host);
}

struct err *VM_get_possible_hosts(struct call *c,
                                  const struct VM_get_possible_hosts_args *a)
{
    const struct model_class *class = &model_classes[CLASS_host];
    union model_atom *refs =
        pool_alloc(c->pool, (db_count(c->db, class) + 1) * sizeof(*refs));
    struct object *vm = NULL;
    unsigned n = 0;

    (void)a;
    TRY(call_object(c, 0, &vm));
    for (const struct object *host = db_first(c->db, class); host;
         host = object_next(host)) {
        AUTO_ERR struct err *e = vm_check_host(c->db, vm, host);

        if (!e)
            refs[n++].s = pool_str(c->pool, object_ref(host));
    }
    call_return(c, (struct model_value){n, refs, NULL});
    return NULL;
}

/* All its disks are where each host can have them. */
static struct err *check_shared(const struct db *db, const struct object *vm)
{
    struct model_value vbds = get_VM_VBDs(vm);

    for (unsigned i = 0; i < vbds.n; i++) {
        const struct object *vdi =
            get_VBD_VDI(db_find(db, &model_classes[CLASS_VBD], vbds.keys[i].s));
        const struct object *sr = vdi ? get_VDI_SR(vdi) : NULL;

        if (sr && !get_SR_shared(sr))
            return err_VM_REQUIRES_SR(object_ref(vm), object_ref(sr));
    }
    return NULL;
}

struct err *VM_assert_agile(struct call *c,
                            const struct VM_assert_agile_args *a)
{
    struct object *vm = NULL;

    (void)a;
    TRY(call_object(c, 0, &vm));
    TRY(check_shared(c->db, vm));
    for (const struct object *host =
             db_first(c->db, &model_classes[CLASS_host]);
         host; host = object_next(host)) {
        TRY(check_storage(c->db, vm, host));
        TRY(check_networks(c->db, vm, host));
    }
    return NULL;
}

/* ---- of old times -------------------------------------------------------- */

struct err *VM_get_cooperative(struct call *c,
                               const struct VM_get_cooperative_args *a)
{
    struct object *vm = NULL;

    (void)a;
    TRY(call_object(c, 0, &vm));
    call_return_int(c, true);
    return NULL;
}

static struct err *return_none(struct call *c)
{
    struct object *host = NULL;

    TRY(call_object(c, 0, &host));
    call_return(c, (struct model_value){.n = 0});
    return NULL;
}

struct err *host_get_uncooperative_resident_VMs(
    struct call *c, const struct host_get_uncooperative_resident_VMs_args *a)
{
    (void)a;
    return return_none(c);
}

struct err *host_get_uncooperative_domains(
    struct call *c, const struct host_get_uncooperative_domains_args *a)
{
    (void)a;
    return return_none(c);
}

static struct err *set_resident_on(struct call *c, struct txn *txn,
                                   struct object *vm)
{
    struct object *host = NULL;

    TRY(call_object(c, 1, &host));
    TRY(set_VM_resident_on(txn, vm, host));
    return set_VM_scheduled_to_be_resident_on(txn, vm, NULL);
}

struct err *VM_atomic_set_resident_on(
    struct call *c, const struct VM_atomic_set_resident_on_args *a)
{
    (void)a;
    return vm_write(c, set_resident_on);
}
