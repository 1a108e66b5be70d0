/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/pool: the calls between hosts, of a pool of one: its one host is the
 * master, and nobody else is asked or told. */
#include <string.h>

#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/generic.h"
#include "xapi/ops/ops.h"
#include "xapi/call/server.h"

struct err *pool_is_slave(struct call *c, const struct pool_is_slave_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    call_return_int(c, false);
    return NULL;
}

static struct err *check_pool(const struct call *c, unsigned op)
{
    return ops_check(
        c->db, db_find(c->db, &model_classes[CLASS_pool], c->server->pool), op,
        false);
}

/* There are no members; here all that was answered is on disk. */
struct err *pool_sync_database(struct call *c)
{
    (void)c;
    return NULL;
}

struct err *pool_designate_new_master(
    struct call *c, const struct pool_designate_new_master_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    TRY(check_pool(c, pool_allowed_operations_designate_new_master));
    return strcmp(object_ref(host), c->server->host) != 0
               ? err_HOST_OFFLINE(object_ref(host))
               : NULL;
}

/* The one host there is cannot go; what else the database knows does not run.
 */
struct err *pool_eject(struct call *c, const struct pool_eject_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    TRY(check_pool(c, pool_allowed_operations_eject));
    return strcmp(object_ref(host), c->server->host) != 0
               ? err_HOST_OFFLINE(object_ref(host))
               : err_OPERATION_NOT_ALLOWED(
                     "The master of a pool cannot be ejected from it");
}

/* A host that is alone promises to follow itself, which comes to nothing; to
 * follow another would be to join its pool. */
static bool is_here(const struct call *c, const char *address)
{
    const struct object *host =
        db_find(c->db, &model_classes[CLASS_host], c->server->host);

    return !strcmp(get_host_address(host), address);
}

static struct err *check_master(const struct call *c, const char *address)
{
    return !is_here(c, address)
               ? err_HA_ABORT_NEW_MASTER(pool_printf(
                     c->pool, "%s is no host of this pool", address))
               : NULL;
}

struct err *host_propose_new_master(
    struct call *c, const struct host_propose_new_master_args *a)
{
    return check_master(c, a->address);
}

struct err *host_commit_new_master(struct call *c,
                                   const struct host_commit_new_master_args *a)
{
    return check_master(c, a->address);
}

struct err *host_abort_new_master(struct call *c,
                                  const struct host_abort_new_master_args *a)
{
    return check_master(c, a->address);
}

/* It is. */
struct err *pool_emergency_transition_to_master(struct call *c)
{
    (void)c;
    return NULL;
}

/* It follows itself; to be told another is for those who follow somebody. */
struct err *pool_emergency_reset_master(
    struct call *c, const struct pool_emergency_reset_master_args *a)
{
    return !is_here(c, a->master_address)
               ? err_OPERATION_NOT_ALLOWED(
                     "This host is the master of its pool; only its members "
                     "can be told of another")
               : NULL;
}

struct err *pool_recover_slaves(struct call *c)
{
    call_return(c, DATUM_EMPTY);
    return NULL;
}

/* ---- what is the same wherever this daemon is ---------------------------- */

struct err *pool_get_license_state(struct call *c,
                                   const struct pool_get_license_state_args *a)
{
    static const union model_atom keys[] = {{.s = "edition"}, {.s = "expiry"}};
    static const union model_atom values[] = {{.s = ""}, {.s = "never"}};
    struct object *pool;

    (void)a;
    TRY(call_object(c, 0, &pool));
    call_return(c, (struct model_value){ARRAY_LEN(keys), keys, values});
    return NULL;
}

struct err *pool_disable_ssl_legacy(
    struct call *c, const struct pool_disable_ssl_legacy_args *a)
{
    struct object *pool;

    (void)a;
    return call_object(c, 0, &pool);
}

static struct err *has_no_extension(struct call *c)
{
    struct object *o;

    TRY(call_object(c, 0, &o));
    call_return_int(c, false);
    return NULL;
}

struct err *pool_has_extension(struct call *c,
                               const struct pool_has_extension_args *a)
{
    (void)a;
    return has_no_extension(c);
}

struct err *host_has_extension(struct call *c,
                               const struct host_has_extension_args *a)
{
    (void)a;
    return has_no_extension(c);
}

/* ---- hosts that know the pool's secret ----------------------------------- */

struct err *pool_initial_auth(struct call *c)
{
    call_return_string(c, c->server->secret);
    return NULL;
}

struct err *pool_hello(struct call *c, const struct pool_hello_args *a)
{
    const struct object *host =
        db_by_uuid(c->db, &model_classes[CLASS_host], a->host_uuid);

    call_return_int(c, host ? pool_hello_return_ok
                            : pool_hello_return_unknown_host);
    return NULL;
}
