/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create: from a configuration to a running domain, all or nothing. Each
 * create is journalled before its first step (journal.h), so that what a
 * killed one left is taken back by the next call that changes anything.
 */
#ifndef XL_DOMAIN_CREATE_H
#define XL_DOMAIN_CREATE_H

#include "xl/domain/host.h"

struct create {
    bool paused;           /* leave it paused */
    bool keep;             /* hand it to the keeper, which obeys on_* */
    bool autoballoon;      /* free memory for it in Dom0 first */
    const int *restore_fd; /* it is read from there; NULL: it is new */
    const bool *abortable; /* as that of struct await, of the building */
    uint32_t beside; /* the domain that it comes from, and shares its uuid with
                      * for now; 0: none */
    const char *disk_script; /* for disks that name none; NULL: ours */
    const char *lockfile;    /* held while memory is being freed and taken */
    /* Called at each step ("building it" ...) and once a second while it
     * lasts; may be NULL. */
    void (*step)(void *arg, const char *what);
    void *step_arg;
    /* Called once the domain has a console to attach to, while it is still
     * paused; may be NULL. A failure of it is the create's. */
    struct err *(*console)(void *arg, uint32_t domid);
    void *console_arg;
};

/*
 * CONFIG gets libxl's defaults filled in. On failure nothing of the domain is
 * left: no domain, XenStore node, loop device, vif, qemu or file. SIGINT,
 * SIGTERM and SIGHUP while it runs are a failure of kind interrupted.
 */
struct err *create_domain(struct host *h, libxl_domain_config *config,
                          const struct create *how,
                          uint32_t *ret_domid) MUST_USE;

/* Whether xl.conf's autoballoon="auto" means on: it does unless Xen was told
 * Dom0's memory (dom0_mem=) on its command line. */
bool create_autoballoons_by_default(struct host *h);

#endif
