/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* first: see first.h. */
#include "xapi/first.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "xapi/model/fields_gen.h"
#include "xapi/host_about.h"
#include "xapi/ops/ops.h"
#include "xapi/storage/sm.h"
#include "xapi/vm/templates.h"

/* ---- roles --------------------------------------------------------------- */

/* The same on every host, whatever the name. */
static void uuid_of_name(const char *name, char ret[UUID_STR_LEN])
{
    static const uuid_t space = {0x2d, 0x1b, 0x0a, 0x5c, 0x64, 0x6f,
                                 0x4d, 0x30, 0x8b, 0x69, 0x74, 0x72,
                                 0x6f, 0x6c, 0x65, 0x73};
    uuid_t uuid;

    uuid_generate_sha1(uuid, space, name, strlen(name));
    uuid_unparse_lower(uuid, ret);
}

static struct err *make_role(struct txn *txn, const struct model_role *role)
{
    AUTO_STR struct str ref = STR_INIT(128);
    const struct model_class *class = &model_classes[CLASS_role];
    char uuid[UUID_STR_LEN];
    struct object *o;

    if (role->uuid)
        snprintf(uuid, sizeof(uuid), "%s", role->uuid);
    else
        uuid_of_name(role->name, uuid);
    str_addf(&ref, DATUM_REF_PREFIX "%s", uuid);
    o = db_find(txn_db(txn), class, str_text(&ref));
    if (!o)
        TRY(txn_create(txn, class, str_text(&ref), uuid, &o));
    TRY(set_role_name_label(txn, o, role->name));
    TRY(set_role_is_internal(txn, o, role->internal));
    return set_role_name_description(txn, o, role->doc ? role->doc : "");
}

/* ---- the host ------------------------------------------------------------ */

static struct err *make_host(struct txn *txn, struct object **ret)
{
    struct object *host, *metrics;

    TRY(txn_create(txn, &model_classes[CLASS_host], NULL, NULL, &host));
    TRY(txn_create(txn, &model_classes[CLASS_host_metrics], NULL, NULL,
                   &metrics));
    TRY(set_host_metrics(txn, host, metrics));
    TRY(set_host_enabled(txn, host, true));
    *ret = host;
    return NULL;
}

/* Clients decide by these what they may use: they name the release of the
 * original whose interface this is. */
static struct err *describe_versions(struct txn *txn, struct object *host,
                                     const struct utsname *names)
{
    const struct {
        const char *key, *value;
    } rows[] = {
        {"product_brand", "dom0kit"},    {"product_version", "8.3.0"},
        {"product_version_text", "8.3"}, {"product_version_text_short", "8.3"},
        {"platform_name", "XCP"},        {"platform_version", "3.4.0"},
        {"network_backend", "bridge"},   {"linux", names->release},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        TRY(add_to_host_software_version(txn, host, rows[i].key,
                                         rows[i].value));
    return NULL;
}

/* Seconds with a point, as the original writes them: clients wait for the
 * agent's to change when they have restarted it. */
static struct err *describe_times(struct txn *txn, struct object *host)
{
    struct timespec up;
    time_t now = time(NULL);
    char text[32];

    if (clock_gettime(CLOCK_BOOTTIME, &up))
        return ERR("clock_gettime fails");
    snprintf(text, sizeof(text), "%lld.", (long long)(now - up.tv_sec));
    TRY(add_to_host_other_config(txn, host, "boot_time", text));
    snprintf(text, sizeof(text), "%lld.", (long long)now);
    return add_to_host_other_config(txn, host, "agent_start_time", text);
}

/* What may be different since the last start. */
static struct err *describe_host(struct txn *txn, struct object *host)
{
    struct object *metrics = get_host_metrics(host);
    struct utsname names;
    int64_t page = sysconf(_SC_PAGESIZE);

    if (uname(&names))
        return ERR("uname fails");
    if (!*get_host_name_label(host))
        TRY(set_host_name_label(txn, host, names.nodename));
    TRY(set_host_hostname(txn, host, names.nodename));
    TRY(set_host_ssl_legacy(txn, host, false));
    TRY(set_host_API_version_major(txn, host, model_version.major));
    TRY(set_host_API_version_minor(txn, host, model_version.minor));
    TRY(set_host_API_version_vendor(txn, host, model_version.vendor));
    TRY(describe_versions(txn, host, &names));
    TRY(describe_times(txn, host));
    if (!metrics)
        return NULL;
    TRY(set_host_metrics_live(txn, metrics, true));
    TRY(set_host_metrics_last_updated(txn, metrics, time(NULL)));
    TRY(set_host_metrics_memory_total(txn, metrics,
                                      sysconf(_SC_PHYS_PAGES) * page));
    return set_host_metrics_memory_free(txn, metrics,
                                        sysconf(_SC_AVPHYS_PAGES) * page);
}

/* ---- all of it ----------------------------------------------------------- */

static struct err *make_pool(struct txn *txn, struct object *host,
                             struct object **ret)
{
    struct object *pool;

    TRY(txn_create(txn, &model_classes[CLASS_pool], NULL, NULL, &pool));
    *ret = pool;
    return set_pool_master(txn, pool, host);
}

static struct err *prepare(struct txn *txn, struct db *db)
{
    struct object *pool = db_first(db, &model_classes[CLASS_pool]);
    struct object *host = pool ? get_pool_master(pool) : NULL;

    for (const struct model_role *role = model_roles; role->name; role++)
        TRY(make_role(txn, role));
    if (!host)
        TRY(make_host(txn, &host));
    if (!pool)
        TRY(make_pool(txn, host, &pool));
    TRY(templates_add(txn, pool));
    TRY(sm_prepare(txn));
    TRY(host_describe_cpus(txn, host));
    TRY(host_describe_firmware(txn, host));
    TRY(host_describe_versions(txn, host));
    TRY(host_describe_zone(txn, host));
    TRY(describe_host(txn, host));
    return ops_update(txn, host);
}

struct err *first_prepare(struct server *server)
{
    struct txn *txn = txn_begin(server->db);
    const struct object *pool;

    TRY(err_wrap(txn_end(txn, prepare(txn, server->db)),
                 "the pool and this host"));
    pool = db_first(server->db, &model_classes[CLASS_pool]);
    server->pool = object_ref(pool);
    server->host = object_ref(get_pool_master(pool));
    return NULL;
}
