/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * death: what becomes of a domain that shut down: on_poweroff, on_reboot,
 * on_watchdog, on_crash and on_soft_reset of its configuration decide (see
 * xl.cfg(5)). The keeper's workers and `xl create -F` obey through this.
 */
#ifndef XL_DOMAIN_DEATH_H
#define XL_DOMAIN_DEATH_H

#include "xl/domain/guest.h"
#include "xl/domain/host.h"

/* Coredumps go to DUMP_DIR/NAME. */
#define DUMP_DIR "/var/lib/xen/dump"

struct death {
    struct host *h;
    uint32_t domid;
    /* For a domain that is restarted. */
    const struct guest_defaults *defaults;
    bool keep, autoballoon;
    const char *lockfile;
    /* Called with the whole configuration, as libxl's JSON, before the old
     * domain goes and a new one is created from it; may be NULL. */
    struct err *(*restarting)(void *arg, const char *json);
    void *arg;
};

enum death_result {
    DEATH_LIVES,     /* not dead at all, suspended, or soft-reset */
    DEATH_GONE,      /* there is nothing to follow any more */
    DEATH_PRESERVED, /* dead, and kept so */
    DEATH_RESTARTED, /* there is a new domain */
};

/* Obeys. Says in the log what it does. *RET_DOMID is the new domain's. */
struct err *death_obey(const struct death *d, enum death_result *ret,
                       uint32_t *ret_domid) MUST_USE;

/* Creates the domain of JSON, which death's restarting was told. */
struct err *death_recreate(const struct death *d, const char *json,
                           uint32_t *ret_domid) MUST_USE;

/* Waits for the deaths of d->domid and of each that is started in its place,
 * and obeys, until nothing is left to follow. */
struct err *death_follow(const struct death *d) MUST_USE;

#endif
