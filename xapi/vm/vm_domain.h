/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_domain: a VM as a domain with its disks and NICs. Steps that operations on
 * VMs are made of, in workers (job.h), on work->self. All that has to do with
 * one domain is here; which operation may begin is ops.h's.
 */
#ifndef XAPI_VM_DOMAIN_H
#define XAPI_VM_DOMAIN_H

#include "xapi/ops/ops_queue.h"

struct vm_up {
    const char *from; /* path of VM.suspend_VDI, attached for the VM: it goes on
                         from there, and the VDI goes; NULL: it boots */
    bool paused;      /* it stays so */
    const char *news; /* message: "VM_STARTED", or NULL */
};
/* A new domain with all its devices, and the database says so. Taken back if
 * the work fails from here on: the VM has no domain then, but its record is the
 * caller's to take back. */
struct err *vm_bring_up(struct job *j, const struct ops_work *w,
                        const struct vm_up *up) MUST_USE;
/* Its domain goes, if there is one, what it had is given back, and the database
 * says STATE: Halted (with NEWS as a message; its memory image goes too) or
 * Suspended. */
struct err *vm_bring_down(struct job *j, const struct ops_work *w,
                          enum VM_power_state state, const char *news) MUST_USE;
/* The same where the domain has gone: its number may be another VM's now. */
struct err *vm_domain_gone(struct job *j, const struct ops_work *w,
                           enum VM_power_state state,
                           const char *news) MUST_USE;
/* Another domain in the place of the one it has, which goes. When that fails it
 * is halted. */
struct err *vm_renew(struct job *j, const struct ops_work *w,
                     const char *news) MUST_USE;

/* Whole operations (api/vm_power.c), for calls that do them on several VMs;
 * ops_work.call's argument 1 says whether to start paused. */
struct err *vm_do_start(struct job *j, void *work) MUST_USE;
struct err *vm_do_clean_shutdown(struct job *j, void *work) MUST_USE;
struct err *vm_do_hard_shutdown(struct job *j, void *work) MUST_USE;
struct err *vm_do_shutdown(struct job *j, void *work) MUST_USE;

/* Whether domain DOMID still lives. */
struct err *vm_lives(struct job *j, const struct hv *hv, int64_t domid,
                     bool *ret) MUST_USE;

/* E, why its guest could not be suspended, as the API says it: one that does
 * not listen, or has ended by itself meanwhile. */
struct err *vm_not_suspended(struct job *j, const struct ops_work *w,
                             struct err *e) MUST_USE;

/* For ops_body.also of what brings a VM up: its devices are held, too. */
void vm_hold_devices(const struct call *c, const struct object *vm,
                     struct ops_more *more);

/* A message about VM, with the priority of its name. */
struct err *vm_tell(struct txn *txn, const struct object *vm,
                    const char *news) MUST_USE;

#endif
