/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeping: what the files of the keeper's own side share. keeping.c has the
 * loop and what wakes it, keeping_list.c knows who is kept and what is to be
 * done for whom, keeping_work.c does it, in forked workers.
 */
#ifndef XL_DOMAIN_KEEPING_H
#define XL_DOMAIN_KEEPING_H

#include <signal.h>
#include <time.h>
#include <xenctrl.h>
#include <xenstore.h>

#include "xl/domain/keeper.h"

enum job {
    JOB_OBEY,     /* its on_... setting, once it is dead */
    JOB_EJECT,    /* its wish to eject VDEV */
    JOB_RECREATE, /* a restart that was cut short */
};

/* One thing to follow of a domain, and the worker that is at it. */
struct kept {
    struct kept *next;
    char uuid[37];
    uint32_t domid;
    enum job job;
    char *vdev, *path; /* JOB_EJECT: the disk, and the node to watch */
    pid_t worker;      /* 0: none */
    bool failed;       /* nothing more can be done for it */
    bool marked;       /* seen in the last scan */
    unsigned n_worker_deaths;
    time_t since; /* 0: before this keeper */
    time_t due;   /* when to act; 0: nothing to do */
};

/* Lives of a uuid that were short, one after the other. */
struct life {
    struct life *next;
    char uuid[37];
    unsigned n_short;
    time_t last;
};

struct keeper {
    const struct keeper_settings *settings;
    struct xs_handle *xs;
    xc_interface *xc;
    int lock, socket, signals;
    sigset_t old_mask;
    struct kept *kept;
    struct life *lives;
    xc_domaininfo_t *domains; /* the last list; malloc'd */
    int n_domains;
    bool stopping;
    time_t idle_since; /* 0: not idle */
};

#define WATCH_DEATHS "died"
#define WATCH_EJECTS "eject"

/* Monotonic seconds, never 0. */
time_t keeping_now(void);

/* Follows the domains that are marked now, those of before this keeper as
 * well, and no others. */
void keeping_scan_marks(struct keeper *k);
/* Restarts that were cut short are due. */
void keeping_scan_restarts(struct keeper *k);
/* Looks who died and who is gone. */
void keeping_check(struct keeper *k);
/* Something happened at PATH, which was watched with WATCH_EJECTS. */
void keeping_eject(struct keeper *k, const char *path);
/* Pid has ended with STATUS. */
void keeping_worker_ended(struct keeper *k, pid_t pid, int status);
void keeping_forget_lives(struct keeper *k);
void keeping_forget_all(struct keeper *k);

/* Starts a worker for what D wants done. */
void keeping_start_worker(struct keeper *k, struct kept *d);

#endif
