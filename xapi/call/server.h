/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server: what one xapid is made of. There is one, it is made by main.c and
 * handed around; nothing of the daemon is global.
 */
#ifndef XAPI_SERVER_H
#define XAPI_SERVER_H

#include "xapi/db/db.h"

struct audit;
struct auth;
struct call;
struct crowd;
struct door;
struct event;
struct event_base;
struct fetch_how;
struct hv;
struct limits;
struct net;
struct ops_queue;
struct report;
struct rrd;
struct sessions;

struct server {
    struct event_base *base;
    struct db *db;
    struct door *door;
    struct sessions *sessions;
    struct auth *auth;
    struct audit *audit;  /* or NULL */
    struct event *lines;  /* call.c's */
    struct call *doing;   /* the call that writes now, or NULL */
    struct call *waiting; /* calls that are answered later */
    struct crowd *crowd;  /* of whom they are */
    const struct limits *limits;
    const struct fetch_how *fetch;
    struct transfer_all *transfers;
    struct ops_queue *ops;
    const struct hv *hv;   /* NULL: none, VMs are records only */
    const struct net *net; /* NULL: none, when there is no hv */
    struct rrd *rrd;
    const struct report *report;
    int lock;         /* of the state: workers hold it too; -1: none */
    const char *host; /* ref of the host that this is */
    const char *pool; /* ref of its pool */
    const char *state, *plugins; /* folders */
    const char *certificate;     /* file of HTTPS: key, certificate, chain */
    const char *secret;          /* the pool's */
    bool has_https;
    /* The daemon ends soon, and begins anew. */
    void (*restart)(struct server *server);
};

#endif
