/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * journal: what a create has begun, written under JOURNAL_DIR before its first
 * step and removed after its last, so that a killed one can be taken back: the
 * domain, its XenStore nodes, its loop devices, the processes that were
 * started for it (qemu, hotplug scripts) and its files.
 *
 * An entry is a file named by the guest's uuid. Its creator holds a lock on it
 * which dies with the creator, so an entry that can be locked is debris.
 * Processes started for a create carry JOURNAL_ENV=<token> in their
 * environment; a domain belongs to a create if it has the uuid, is paused and
 * has never run: one that has run is complete.
 */
#ifndef XL_DOMAIN_JOURNAL_H
#define XL_DOMAIN_JOURNAL_H

#include "xl/domain/host.h"

#define JOURNAL_DIR "/run/dom0kit/create"
#define JOURNAL_ENV "DOM0KIT_CREATE"

struct journal {
    struct pool *pool;
    const char *path;
    int fd;
    uint32_t domid; /* NO_DOMID while not known */
    char uuid[LIBXL_UUID_FMTLEN + 1];
};

/* Begins an entry for CONFIG. Another create of the same uuid that is under
 * way is an error; debris of one is taken back first. BESIDE: the domain that
 * rightly has the uuid, too, and stays; 0: none. */
struct err *journal_begin(struct journal *j, struct host *h,
                          const libxl_domain_config *config, uint32_t beside,
                          struct pool *p) MUST_USE;
/* The domain has come into being as DOMID. */
void journal_domid(struct journal *j, uint32_t domid);
/* All done: forgets it. */
void journal_end(struct journal *j);
/* It failed: takes back what is left, then forgets it. */
struct err *journal_undo(struct journal *j, struct host *h) MUST_USE;

/* True when there may be debris; opens no libxl. */
bool journal_has_debris(void);
/* Takes back what creates that were killed have left. */
struct err *journal_recover(struct host *h) MUST_USE;

#endif
