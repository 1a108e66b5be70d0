/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_host: the calls of class host that need no hypervisor. */
#include <time.h>

#include "xapi/calls_gen.h"
#include "xapi/errors_gen.h"
#include "xapi/fields_gen.h"
#include "xapi/generic.h"

static struct err *set_enabled(struct call *c, bool enabled)
{
    struct object *host;
    struct txn *txn;

    TRY(call_object(c, 0, &host));
    txn = txn_begin(c->db);
    return txn_end(txn, set_host_enabled(txn, host, enabled));
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

struct err *host_get_servertime(struct call *c,
                                const struct host_get_servertime_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    call_return_int(c, time(NULL));
    return NULL;
}

/* A datetime has no zone: the hands of a clock here. */
struct err *host_get_server_localtime(
    struct call *c, const struct host_get_server_localtime_args *a)
{
    time_t now = time(NULL);
    struct object *host;
    struct tm tm;

    (void)a;
    TRY(call_object(c, 0, &host));
    localtime_r(&now, &tm);
    call_return_int(c, now + tm.tm_gmtoff);
    return NULL;
}

/* A pool of one: this host is its master, and reaches itself. */
struct err *host_is_in_emergency_mode(struct call *c)
{
    call_return_int(c, false);
    return NULL;
}
