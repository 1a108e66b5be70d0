/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/host_power: hosts go out of service and into it: enabled or not, emptied,
 * off, the daemon begun anew, gone for good. */
#include <ctype.h>
#include <event2/event.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/vm/vm.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/console.h"
#include "xapi/call/server.h"

/* ---- enabled ------------------------------------------------------------- */

static struct err *write_enabled(struct txn *txn, struct object *host,
                                 bool enabled)
{
    TRY(set_host_enabled(txn, host, enabled));
    return ops_update(txn, host);
}

static struct err *set_enabled(struct call *c, bool enabled)
{
    struct object *host;
    struct txn *txn;

    TRY(call_object(c, 0, &host));
    if (enabled)
        TRY(ops_check(c->db, host, host_allowed_operations_enable, false));
    txn = txn_begin(c->db);
    return txn_end(txn, write_enabled(txn, host, enabled));
}

struct err *host_enable(struct call *c, const struct host_enable_args *a)
{
    (void)a;
    return set_enabled(c, true);
}

/* It stays disabled over restarts of the daemon, whatever auto_enable says. */
struct err *host_disable(struct call *c, const struct host_disable_args *a)
{
    (void)a;
    return set_enabled(c, false);
}

/* ---- guests leave: there is no other host -------------------------------- */

static bool is_guest_of(const struct object *vm, const struct object *host)
{
    return get_VM_resident_on(vm) == host && !get_VM_is_control_domain(vm);
}

static struct object *next_guest(const struct object *host, struct object *vm)
{
    while (vm && !is_guest_of(vm, host))
        vm = object_next(vm);
    return vm;
}

static struct object *first_guest(const struct db *db,
                                  const struct object *host)
{
    return next_guest(host, db_first(db, &model_classes[CLASS_VM]));
}

#define NOWHERE "NO_HOSTS_AVAILABLE"

struct err *host_get_vms_which_prevent_evacuation(
    struct call *c, const struct host_get_vms_which_prevent_evacuation_args *a)
{
    struct model_value found = DATUM_EMPTY;
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    for (struct object *vm = first_guest(c->db, host); vm;
         vm = next_guest(host, object_next(vm))) {
        const union model_atom words[] = {{.s = NOWHERE},
                                          {.s = object_ref(vm)}};
        AUTO_STR struct str set = STR_INIT(STR_MAX);

        datum_to_text(c->row->result->item,
                      (struct model_value){2, words, NULL}, &set);
        found = datum_with(
            c->pool, c->row->result, found,
            (union model_atom){.s = object_ref(vm)},
            (union model_atom){.s = pool_str(c->pool, str_text(&set))});
    }
    call_return(c, found);
    return NULL;
}

struct err *host_assert_can_evacuate(
    struct call *c, const struct host_assert_can_evacuate_args *a)
{
    AUTO_STR struct str why = STR_INIT(STR_MAX);
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    for (const struct object *vm = first_guest(c->db, host); vm;
         vm = next_guest(host, object_next(vm)))
        str_addf(&why, "%s" NOWHERE ",%s", why.len ? "|" : "", object_ref(vm));
    return why.len ? err_CANNOT_EVACUATE_HOST(str_text(&why)) : NULL;
}

struct err *host_evacuate(struct call *c, const struct host_evacuate_args *a)
{
    const struct object *vm;
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    TRY(ops_check(c->db, host, host_allowed_operations_evacuate, false));
    vm = first_guest(c->db, host);
    return vm ? err_code(NOWHERE, (const char *const[]){object_ref(vm)}, 1)
              : NULL;
}

/* ---- how it could be switched on ----------------------------------------- */

static struct err *write_power_on(struct txn *txn, struct object *host,
                                  const struct host_set_power_on_mode_args *a)
{
    TRY(set_host_power_on_mode(txn, host, a->power_on_mode));
    TRY(set_host_power_on_config(txn, host, a->power_on_config));
    return ops_update(txn, host);
}

struct err *host_set_power_on_mode(struct call *c,
                                   const struct host_set_power_on_mode_args *a)
{
    struct object *host;
    struct txn *txn;

    TRY(call_object(c, 0, &host));
    txn = txn_begin(c->db);
    return txn_end(txn, write_power_on(txn, host, a));
}

/* ---- off ----------------------------------------------------------------- */

static struct err *check_empty(const struct call *c)
{
    struct object *host;
    const struct object *vm;

    TRY(call_this_host(c, 0));
    TRY(call_object(c, 0, &host));
    vm = first_guest(c->db, host);
    return vm ? err_HOST_IN_USE(object_ref(host), "VM", object_ref(vm)) : NULL;
}

static struct err *power_off(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    (void)j;
    return w->hv->power(w->hv, false);
}

static struct err *power_again(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    (void)j;
    return w->hv->power(w->hv, true);
}

static struct err *power(struct call *c, enum host_allowed_operations op,
                         job_work_fn *work)
{
    struct object *host;

    TRY(call_object(c, 0, &host));
    TRY(ops_check(c->db, host, op, false));
    TRY(check_empty(c));
    return ops_run(c, op, &(const struct ops_body){.work = work});
}

struct err *host_shutdown(struct call *c, const struct host_shutdown_args *a)
{
    (void)a;
    return power(c, host_allowed_operations_shutdown, power_off);
}

struct err *host_reboot(struct call *c, const struct host_reboot_args *a)
{
    (void)a;
    return power(c, host_allowed_operations_reboot, power_again);
}

/* ---- the daemon begins anew ---------------------------------------------- */

struct err *host_restart_agent(struct call *c,
                               const struct host_restart_agent_args *a)
{
    (void)a;
    TRY(call_this_host(c, 0));
    c->server->restart(c->server);
    return NULL;
}

/* ---- hosts that are gone ------------------------------------------------- */

/* The daemon's own is not. */
static struct err *check_gone(const struct call *c, const struct object *host)
{
    const struct object *metrics = get_host_metrics(host);

    return !strcmp(object_ref(host), c->server->host) ||
                   (metrics && get_host_metrics_live(metrics))
               ? err_HOST_IS_LIVE(object_ref(host))
               : NULL;
}

static struct err *bury(struct txn *txn, struct object *host)
{
    for (struct object *vm = first_guest(txn_db(txn), host); vm;
         vm = first_guest(txn_db(txn), host)) {
        TRY(vm_set_down(txn, vm, VM_power_state_Halted));
        TRY(ops_update(txn, vm));
    }
    return write_enabled(txn, host, false);
}

struct err *host_declare_dead(struct call *c,
                              const struct host_declare_dead_args *a)
{
    struct object *host;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &host));
    TRY(check_gone(c, host));
    txn = txn_begin(c->db);
    return txn_end(txn, bury(txn, host));
}

static void destroy(struct txn *txn, struct object *host)
{
    struct object *metrics = get_host_metrics(host);
    struct object *next;

    for (struct object *vm = db_first(txn_db(txn), &model_classes[CLASS_VM]);
         vm; vm = next) {
        next = object_next(vm);
        if (get_VM_is_control_domain(vm) && get_VM_resident_on(vm) == host)
            txn_destroy(txn, vm);
    }
    if (metrics)
        txn_destroy(txn, metrics);
    txn_destroy(txn, host);
}

struct err *host_destroy(struct call *c, const struct host_destroy_args *a)
{
    struct object *host;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &host));
    if (!strcmp(object_ref(host), c->server->host))
        return err_HOST_CANNOT_DESTROY_SELF(object_ref(host));
    TRY(check_gone(c, host));
    if (first_guest(c->db, host))
        return err_HOST_HAS_RESIDENT_VMS(object_ref(host));
    txn = txn_begin(c->db);
    destroy(txn, host);
    return txn_end(txn, NULL);
}

/* ---- its name ------------------------------------------------------------ */

/* Labels of letters, digits and hyphens, dots between (RFC 1123). */
static struct err *check_hostname(const char *name)
{
    size_t label = 0;

    if (!*name)
        return err_HOST_NAME_INVALID("Host name must be non-empty");
    if (strlen(name) > 63)
        return err_HOST_NAME_INVALID("Host name is too long");
    for (const char *s = name; *s; s++) {
        bool edge = !label || !s[1] || s[1] == '.';

        if (*s == '.' ? !label || !s[1]
                      : !isalnum((unsigned char)*s) && (*s != '-' || edge))
            return err_HOST_NAME_INVALID(
                "Host name contains invalid characters");
        label = *s == '.' ? 0 : label + 1;
    }
    return NULL;
}

static struct err *write_hostname(struct txn *txn, void *arg)
{
    const struct ops_work *w = arg;

    TRY(set_host_hostname(txn, w->self, vm_arg(w->call, 1).s));
    return console_locate_all(txn, w->self);
}

static struct err *name_host(struct job *j, void *arg)
{
    struct ops_work *w = arg;

    w->self = w->host;
    TRY(w->hv->set_hostname(w->hv, vm_arg(w->call, 1).s));
    return job_commit(j, write_hostname, w);
}

struct err *host_set_hostname_live(struct call *c,
                                   const struct host_set_hostname_live_args *a)
{
    struct object *host;

    TRY(call_object(c, 0, &host));
    TRY(check_hostname(a->hostname));
    return ops_run_on(c, NULL, 0, &(const struct ops_body){.work = name_host});
}

/* Clients find consoles by either. */
static struct err *set_and_locate(struct call *c, const struct model_field *f)
{
    struct object *host;
    struct txn *txn;
    struct err *e;

    TRY(call_object(c, 0, &host));
    txn = txn_begin(c->db);
    e = txn_set(txn, host, f, c->args[1]);
    return txn_end(txn, e ? e : console_locate_all(txn, host));
}

CALL_BODY(host, set_hostname, set_and_locate(c, &model_fields[host_hostname]))

CALL_BODY(host, set_address, set_and_locate(c, &model_fields[host_address]))

/* ---- the hypervisor's console -------------------------------------------- */

static struct err *read_dmesg(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    char *text;

    TRY(w->hv->dmesg(w->hv, job_pool(j), &text));
    job_say(j, text);
    return NULL;
}

struct err *host_dmesg(struct call *c, const struct host_dmesg_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    return ops_run_on(c, NULL, 0, &(const struct ops_body){.work = read_dmesg});
}

static struct err *type_keys(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    (void)j;
    return w->hv->send_keys(w->hv, vm_arg(w->call, 1).s);
}

struct err *host_send_debug_keys(struct call *c,
                                 const struct host_send_debug_keys_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    return ops_run_on(c, NULL, 0, &(const struct ops_body){.work = type_keys});
}
