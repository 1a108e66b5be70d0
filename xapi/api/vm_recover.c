/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_recover: which storage guests need to be recovered. The pool they are
 * recovered in is the session's, and there are no other pools' sessions: it is
 * this one. */
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/ops/ops_appliance.h"
#include "xapi/ops/ops_sr.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"

static struct err *check_session(const struct call *c, const char *ref)
{
    return ref && session_find(c->server->sessions, ref)
               ? NULL
               : db_no_object(&model_classes[CLASS_session], ref);
}

static struct object *sr_at(const struct db *db, const struct object *vm,
                            unsigned i)
{
    const struct object *vdi = get_VBD_VDI(
        db_find(db, &model_classes[CLASS_VBD], get_VM_VBDs(vm).keys[i].s));

    return vdi ? get_VDI_SR(vdi) : NULL;
}

static struct err *check_vm(const struct db *db, const struct object *vm)
{
    for (unsigned i = 0; i < get_VM_VBDs(vm).n; i++) {
        const struct object *sr = sr_at(db, vm, i);

        if (sr && !sr_is_plugged(db, sr))
            return err_VM_REQUIRES_SR(object_ref(vm), object_ref(sr));
    }
    return NULL;
}

/* SET, of the call's result, with those of VM in it. */
static struct model_value add_srs(const struct call *c, const struct object *vm,
                                  struct model_value set)
{
    for (unsigned i = 0; i < get_VM_VBDs(vm).n; i++) {
        const struct object *sr = sr_at(c->db, vm, i);

        if (sr)
            set = datum_with(c->pool, c->row->result, set,
                             (union model_atom){.s = object_ref(sr)},
                             (union model_atom){0});
    }
    return set;
}

/* ---- of one -------------------------------------------------------------- */

struct err *VM_assert_can_be_recovered(
    struct call *c, const struct VM_assert_can_be_recovered_args *a)
{
    const struct object *appliance;
    struct object *vm = NULL;

    TRY(call_object(c, 0, &vm));
    TRY(check_session(c, a->session_to));
    appliance = get_VM_appliance(vm);
    if (appliance)
        return err_VM_IS_PART_OF_AN_APPLIANCE(object_ref(vm),
                                              object_ref(appliance));
    return check_vm(c->db, vm);
}

struct err *VM_get_SRs_required_for_recovery(
    struct call *c, const struct VM_get_SRs_required_for_recovery_args *a)
{
    struct object *vm = NULL;

    TRY(call_object(c, 0, &vm));
    TRY(check_session(c, a->session_to));
    call_return(
        c, datum_copy(c->pool, c->row->result, add_srs(c, vm, DATUM_EMPTY)));
    return NULL;
}

/* ---- of an appliance ----------------------------------------------------- */

struct err *VM_appliance_assert_can_be_recovered(
    struct call *c, const struct VM_appliance_assert_can_be_recovered_args *a)
{
    struct object *o = NULL;

    TRY(call_object(c, 0, &o));
    TRY(check_session(c, a->session_to));
    for (unsigned i = 0; i < get_VM_appliance_VMs(o).n; i++)
        TRY(check_vm(c->db, appliance_vm(c->db, o, i)));
    return NULL;
}

struct err *VM_appliance_get_SRs_required_for_recovery(
    struct call *c,
    const struct VM_appliance_get_SRs_required_for_recovery_args *a)
{
    struct model_value set = DATUM_EMPTY;
    struct object *o = NULL;

    TRY(call_object(c, 0, &o));
    TRY(check_session(c, a->session_to));
    for (unsigned i = 0; i < get_VM_appliance_VMs(o).n; i++)
        set = add_srs(c, appliance_vm(c->db, o, i), set);
    call_return(c, datum_copy(c->pool, c->row->result, set));
    return NULL;
}
