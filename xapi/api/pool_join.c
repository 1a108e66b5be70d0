/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api/pool_join: a host that would become a member of another pool: whether it
 * could. The original's questions in the original's order, asked of this host's
 * database and of the other pool's master. That it then does become one is not
 * there yet.
 */
#include <stdio.h>
#include <string.h>

#include "xapi/vm/vm.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/net/pif.h"
#include "xapi/ops/ops.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/call/fetch.h"
#include "xapi/call/remote.h"
#include "xapi/call/server.h"

/* This host and its pool; and the other pool, its master and the interface that
 * is managed through, as XenAPI's records. */
struct join {
    const struct db *db;
    struct pool *mem;
    const struct object *host, *pool;
    const struct value *to_pool, *to_host, *to_pif;
    const char *to_master; /* ref */
};

/* ---- what records say ---------------------------------------------------- */

static const char *said(const struct value *record, const char *field)
{
    const struct value *v = record ? value_get(record, field) : NULL;

    return v && v->kind == VALUE_STRING ? v->s.text : "";
}

static bool is_set(const struct value *record, const char *field)
{
    const struct value *v = record ? value_get(record, field) : NULL;

    return v && v->kind == VALUE_BOOL && v->b;
}

static const char *said_in(const struct value *record, const char *map,
                           const char *key)
{
    const struct value *v = record ? value_get(record, map) : NULL;

    return v && v->kind == VALUE_STRUCT ? said(v, key) : "";
}

static const char *own(struct model_value map, const char *key)
{
    const char *text = datum_map_get(map, key);

    return text ? text : "";
}

/* ---- both ends ----------------------------------------------------------- */

static struct err *check_ha(const struct join *j)
{
    return get_pool_ha_enabled(j->pool) || is_set(j->to_pool, "ha_enabled")
               ? err_HA_IS_ENABLED()
               : NULL;
}

static struct err *check_managed(const struct join *j)
{
    return pif_management(j->db, j->host)
               ? NULL
               : err_SLAVE_REQUIRES_MANAGEMENT_INTERFACE();
}

static struct err *check_other(const struct join *j)
{
    return !strcmp(said(j->to_pool, "uuid"), get_pool_uuid(j->pool))
               ? err_OPERATION_NOT_ALLOWED("Host cannot become slave of itself")
               : NULL;
}

static struct err *check_alone(const struct join *j)
{
    return db_count(j->db, &model_classes[CLASS_host]) > 1
               ? err_JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS()
               : NULL;
}

static const struct object *find_vm(const struct join *j,
                                    bool (*is_one)(const struct object *vm))
{
    const struct object *vm = db_first(j->db, &model_classes[CLASS_VM]);

    while (vm && (get_VM_is_control_domain(vm) || !is_one(vm)))
        vm = object_next(vm);
    return vm;
}

static struct err *check_running(const struct join *j)
{
    return find_vm(j, vm_is_up) ? err_JOINING_HOST_CANNOT_HAVE_RUNNING_VMS()
                                : NULL;
}

static bool is_busy(const struct object *vm)
{
    return ops_current(vm).n;
}

static struct err *check_operations(const struct join *j)
{
    return find_vm(j, is_busy)
               ? err_JOINING_HOST_CANNOT_HAVE_VMS_WITH_CURRENT_OPERATIONS()
               : NULL;
}

/* ---- hosts that go together ---------------------------------------------- */

/* The same product of the same version. */
static struct err *check_compatible(const struct join *j)
{
    static const char *const keys[] = {"product_brand", "product_version"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(own(get_host_software_version(j->host), keys[i]),
                   said_in(j->to_host, "software_version", keys[i])))
            return err_HOSTS_NOT_COMPATIBLE();
    return NULL;
}

static struct err *check_homogeneous(const struct join *j)
{
    static const char *const versions[] = {"xen", "linux"};

    for (size_t i = 0; i < ARRAY_LEN(versions); i++)
        if (strcmp(own(get_host_software_version(j->host), versions[i]),
                   said_in(j->to_host, "software_version", versions[i])))
            return err_HOSTS_NOT_HOMOGENEOUS(
                pool_printf(j->mem, "the versions of %s differ", versions[i]));
    if (strcmp(own(get_host_cpu_info(j->host), "vendor"),
               said_in(j->to_host, "cpu_info", "vendor")))
        return err_HOSTS_NOT_HOMOGENEOUS("CPUs differ");
    return NULL;
}

static struct err *check_version(const struct join *j)
{
    const char *mine = pool_printf(
        j->mem, "%lld.%lld", (long long)get_host_API_version_major(j->host),
        (long long)get_host_API_version_minor(j->host));
    const char *its =
        pool_printf(j->mem, "%s.%s", said(j->to_host, "API_version_major"),
                    said(j->to_host, "API_version_minor"));

    return strcmp(mine, its) != 0
               ? err_POOL_JOINING_HOST_MUST_HAVE_SAME_API_VERSION(mine, its)
               : NULL;
}

static struct err *check_directory(const struct join *j)
{
    return strcmp(get_host_external_auth_type(j->host),
                  said(j->to_host, "external_auth_type")) ||
                   strcmp(get_host_external_auth_service_name(j->host),
                          said(j->to_host, "external_auth_service_name"))
               ? err_POOL_JOINING_EXTERNAL_AUTH_MISMATCH()
               : NULL;
}

static struct err *check_tls(const struct join *j)
{
    return get_pool_tls_verification_enabled(j->pool) !=
                   is_set(j->to_pool, "tls_verification_enabled")
               ? err_POOL_JOINING_HOST_TLS_VERIFICATION_MISMATCH()
               : NULL;
}

/* ---- storage and networks ------------------------------------------------ */

static struct err *check_storage(const struct join *j)
{
    const struct object *sr = db_first(j->db, &model_classes[CLASS_SR]);

    while (sr && !get_SR_shared(sr))
        sr = object_next(sr);
    return sr ? err_JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS() : NULL;
}

static struct err *check_bonds(const struct join *j)
{
    return db_count(j->db, &model_classes[CLASS_Bond])
               ? err_POOL_JOINING_HOST_HAS_BONDS()
               : NULL;
}

static struct err *check_tunnels(const struct join *j)
{
    return db_count(j->db, &model_classes[CLASS_tunnel])
               ? err_POOL_JOINING_HOST_HAS_TUNNELS()
               : NULL;
}

static struct err *check_sriovs(const struct join *j)
{
    return db_count(j->db, &model_classes[CLASS_network_sriov])
               ? err_POOL_JOINING_HOST_HAS_NETWORK_SRIOVS()
               : NULL;
}

static struct err *check_vlans(const struct join *j)
{
    const struct object *pif = db_first(j->db, &model_classes[CLASS_PIF]);

    while (pif && (get_PIF_VLAN(pif) < 0 || get_PIF_management(pif)))
        pif = object_next(pif);
    return pif ? err_POOL_JOINING_HOST_HAS_NON_MANAGEMENT_VLANS() : NULL;
}

static struct err *check_management_vlan(const struct join *j)
{
    const char *mine =
        pool_printf(j->mem, "%lld",
                    (long long)get_PIF_VLAN(pif_management(j->db, j->host)));
    const char *its = j->to_pif ? said(j->to_pif, "VLAN") : "-1";

    return strcmp(mine, its) != 0
               ? err_POOL_JOINING_HOST_MANAGEMENT_VLAN_DOES_NOT_MATCH(mine, its)
               : NULL;
}

/* ---- all of it ----------------------------------------------------------- */

static const struct {
    struct err *(*check)(const struct join *j);
    bool can_be_forced;
} checks[] = {
    {check_ha},         {check_managed},
    {check_other},      {check_alone},
    {check_running},    {check_operations},
    {check_compatible}, {check_homogeneous, true},
    {check_storage},    {check_bonds},
    {check_tunnels},    {check_sriovs},
    {check_vlans},      {check_management_vlan},
    {check_directory},  {check_version},
    {check_tls},
};

static struct err *check_all(const struct join *j, bool force)
{
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        if (!force || !checks[i].can_be_forced)
            TRY(checks[i].check(j));
    return NULL;
}

/* The one that is managed through. */
static const struct value *its_pif(const struct value *pifs, const char *host)
{
    const struct value *pif = pifs->kids.first;

    while (pif &&
           (strcmp(said(pif, "host"), host) || !is_set(pif, "management")))
        pif = pif->next;
    return pif;
}

static struct err *ask(struct join *j, struct remote *r)
{
    const struct value *pools, *hosts, *pifs;

    TRY(remote_call(r, "pool.get_all_records", &pools));
    TRY(remote_call(r, "host.get_all_records", &hosts));
    TRY(remote_call(r, "PIF.get_all_records", &pifs));
    if (pools->kind != VALUE_STRUCT || !pools->kids.first ||
        hosts->kind != VALUE_STRUCT || pifs->kind != VALUE_STRUCT)
        return err_JOINING_HOST_SERVICE_FAILED();
    j->to_pool = pools->kids.first;
    j->to_master = said(j->to_pool, "master");
    j->to_host = value_get(hosts, j->to_master);
    j->to_pif = its_pif(pifs, j->to_master);
    return j->to_host ? NULL : err_JOINING_HOST_SERVICE_FAILED();
}

static struct err *join_pool(struct job *job, const struct ops_work *w,
                             bool force)
{
    struct join j = {
        .db = job_db(job),
        .mem = job_pool(job),
        .host = w->host,
        .pool = db_first(job_db(job), &model_classes[CLASS_pool]),
    };
    const struct remote_to to = {
        .address = vm_arg(w->call, 0).s,
        .user = vm_arg(w->call, 1).s,
        .password = vm_arg(w->call, 2).s,
        .trust = get_pool_tls_verification_enabled(j.pool) &&
                         get_host_tls_verification_enabled(j.host)
                     ? &w->call->server->fetch->trust
                     : NULL,
    };
    struct remote *r;
    struct err *e;

    TRY(remote_login(j.mem, &to, &r));
    e = ask(&j, r);
    remote_logout(r);
    TRY(e);
    TRY(check_all(&j, force));
    return err_NOT_IMPLEMENTED(w->call->row->name);
}

static struct err *join(struct job *j, void *arg)
{
    return join_pool(j, arg, false);
}

static struct err *join_force(struct job *j, void *arg)
{
    return join_pool(j, arg, true);
}

struct err *pool_join(struct call *c, const struct pool_join_args *a)
{
    (void)a;
    return ops_run_on(c, NULL, 0,
                      &(const struct ops_body){.work = join, .no_host = true});
}

struct err *pool_join_force(struct call *c,
                            const struct pool_join_force_args *a)
{
    (void)a;
    return ops_run_on(
        c, NULL, 0,
        &(const struct ops_body){.work = join_force, .no_host = true});
}
