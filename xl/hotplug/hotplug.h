/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hotplug: the program that libxl runs for a device's backend in Dom0, instead
 * of a shell script: the kinds block, block-dummy, vif-bridge, vif-route and
 * vif-nat, by the name it is called by. What it is told comes as libxl gives it
 * to scripts: the action as an argument, the rest as NAME=VALUE arguments and
 * in the environment (XENBUS_PATH, vif, INTERFACE, gatewaydev).
 *
 * It writes what the kernel and libxl wait for into the backend's nodes, and
 * hotplug-status: connected; or, with a sentence in hotplug-error, error, or
 * busy when somebody else has the device. It exits with 1 then.
 */
#ifndef XL_HOTPLUG_HOTPLUG_H
#define XL_HOTPLUG_HOTPLUG_H

#include <stdint.h>

#include "xenstore/store.h"

enum hotplug_action {
    HOTPLUG_ADD,
    HOTPLUG_REMOVE,
    HOTPLUG_ONLINE,
    HOTPLUG_OFFLINE,
};
extern const char *const hotplug_actions[]; /* by enum; ends with NULL */

struct hotplug {
    struct pool *pool;
    struct store *store;
    enum hotplug_action action;
    char **words;     /* NAME=VALUE, ends with NULL */
    const char *path; /* of the backend; NULL: none is known */
};

/* Somebody else uses the device. */
extern const struct err_kind hotplug_busy;

/* What NAME was given as, in an argument or else the environment; NULL: not, or
 * empty. */
const char *hotplug_word(const struct hotplug *h, const char *name);

/* Nodes below the backend: NAMES ends with NULL, the values are NULL for what
 * is not there or empty. */
struct err *hotplug_read(const struct hotplug *h, const char *const *names,
                         const char **ret) MUST_USE;
struct hotplug_node {
    const char *path; /* below the backend, or from / on */
    const char *value;
};
/* In that order. An error names the first that could not be written. */
struct err *hotplug_write(const struct hotplug *h,
                          const struct hotplug_node *nodes, size_t n) MUST_USE;
/* All the device needs is there. */
struct err *hotplug_connected(const struct hotplug *h) MUST_USE;

/* The administrator's own: the .hook files of vif-post.d, shell code that sees
 * what the stock scripts let it see. */
struct err *hotplug_run_hooks(const struct hotplug *h, const char *dev,
                              const char *bridge) MUST_USE;
/* Becomes the stock script NAME, for what is left to it. */
struct err *hotplug_become(const struct hotplug *h, const char *name) MUST_USE;

/* ---- the kinds ----------------------------------------------------------- */

struct err *hotplug_block(struct hotplug *h) MUST_USE;
struct err *hotplug_block_dummy(struct hotplug *h) MUST_USE;
struct err *hotplug_vif_bridge(struct hotplug *h) MUST_USE;
struct err *hotplug_vif_route(struct hotplug *h) MUST_USE;
struct err *hotplug_vif_nat(struct hotplug *h) MUST_USE;

#endif
