/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper: the one process that follows all domains: it obeys their on_poweroff,
 * on_reboot, on_watchdog, on_crash and on_soft_reset when they die (death.h),
 * and empties CD drives that they eject (eject.h).
 *
 * Which domains it keeps is written with each domain, as libxl userdata
 * KEEPER_MARK (its text: the disks that can be ejected), so the list dies with
 * the domains, and a keeper that was killed takes them over again when it is
 * next started. It works on a domain in a
 * process of its own, which holds a lock on a file in KEEPER_DIR named by the
 * domain's uuid; between the end of the old domain and the start of the new
 * one that file has the configuration, so that a kill then loses nothing.
 */
#ifndef XL_DOMAIN_KEEPER_H
#define XL_DOMAIN_KEEPER_H

#include "xl/domain/guest.h"
#include "xl/domain/host.h"

#define KEEPER_MARK "dom0kit-keep"
#define KEEPER_RUN "/run/dom0kit"
#define KEEPER_DIR KEEPER_RUN "/restart"
#define KEEPER_SOCKET KEEPER_RUN "/keeper.sock"
#define KEEPER_LOCK KEEPER_RUN "/keeper.lock"
#define KEEPER_LOG "/var/log/xen/xl-keeper.log"

/* Makes sure that the keeper runs and follows DOMID, which was made of CONFIG.
 */
struct err *keeper_follow(struct host *h, uint32_t domid,
                          const libxl_domain_config *config) MUST_USE;

/* Starts the keeper if there is something for it to do and none runs: cheap,
 * opens no libxl. */
struct err *keeper_ensure(void) MUST_USE;

/* Makes the keeper look again; false when none runs. */
bool keeper_poke(void);

/* A name of a file with libxl userdata KEEPER_MARK, taken apart. */
bool keeper_mark_parse(const char *name, uint32_t *ret_domid,
                       char ret_uuid[37]);

/* What a restarted domain shall be created with. */
struct keeper_settings {
    const struct guest_defaults *defaults;
    bool autoballoon;
    bool autoballoon_auto;
    const char *lockfile;
};

/* The keeper itself: returns when nothing was left to keep for IDLE seconds,
 * or after SIGTERM (what it works on is finished then). */
struct err *keeper_run(const struct keeper_settings *settings,
                       int idle) MUST_USE;

#endif
