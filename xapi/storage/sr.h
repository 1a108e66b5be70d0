/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sr: storage repositories, as the daemon needs them: a few verbs on what can
 * hold volumes, with a row for each kind (SR.type). All of them block, and are
 * called in workers (job.h). A volume is known by its location in its
 * repository, which is VDI.location. Knows no database: what is written there
 * of what is done here is disk.h's.
 *
 * What is made or removed is pending until it is settled: the worker that did
 * it holds it, and when that has gone (killed, perhaps), the database decides:
 * what it knows stays, all else goes (sr_type.tidy). So nothing has to be taken
 * back by who died.
 *
 * Errors are sentences, of kind not_found when there is no such volume, of kind
 * input when what is asked for makes no sense.
 */
#ifndef XAPI_SR_H
#define XAPI_SR_H

#include <stdint.h>

#include "lib/pool.h"

struct sr_type;

struct sr_pair {
    const char *name, *value;
};

/* One that can be used, as the device_config of a PBD says. */
struct sr {
    const struct sr_type *type;
    const char *uuid;
    const struct sr_pair *config;
    size_t n_config;
};

struct sr_space {
    int64_t size, used; /* bytes */
};

struct sr_volume {
    const char *location;
    const char *uuid;   /* that its name says, or NULL */
    const char *format; /* "raw", "qcow2", "vhd" */
    int64_t size, used; /* bytes: as guests see it; that it takes */
    bool pending;       /* whether it is there is being decided */
};

struct sr_path {
    const char *path;
    const char *format;
};

/* How USER, a text of hexadecimal digits and hyphens, has a volume. */
struct sr_use {
    const char *user;
    bool writes;
    bool forgets; /* what is written is gone at the end */
};

/* A living domain that writes to a volume that shall be held still. */
struct sr_live {
    void *arg;
    /* No writes until release. */
    struct err *(*hold)(void *arg);
    struct err *(*release)(void *arg);
    /* The same volume goes on as the file at PATH, a new overlay of itself. */
    struct err *(*switch_to)(void *arg, const char *path, const char *format);
    /* It is SIZE large, from now on also for the guest. */
    struct err *(*resize)(void *arg, const char *path, const char *format,
                          int64_t size);
};

/* What the database says is there. */
struct sr_known {
    const void *arg;
    bool (*volume)(const void *arg, const char *location);
    bool (*user)(const void *arg, const char *user); /* of a volume */
};

/* A key of device_config. */
struct sr_key {
    const char *name, *doc;
    bool required;
};

/* A verb that is NULL is one that its kind does not have. Texts of results are
 * in P. */
struct sr_type {
    const char *name, *label, *doc;
    const struct sr_key *keys;  /* end with a name of NULL */
    const char *const *formats; /* of new volumes, the default first; NULL */
    bool discs;                 /* its volumes are for CD drives */
    bool resets;                /* sr_use.forgets works */

    /* ---- the repository */
    /* Makes what has to be there once; where another is: an error. */
    struct err *(*make)(const struct sr *sr);
    /* Takes that back; volumes stay. */
    struct err *(*unmake)(const struct sr *sr);
    /* Removes all volumes, and what make has made. */
    struct err *(*wipe)(const struct sr *sr);
    /* The uuid of the repository that is there, or NULL. */
    struct err *(*probe)(const struct sr *sr, struct pool *p,
                         const char **ret_uuid);
    /* Connects this host, or finds that it is. */
    struct err *(*plug)(const struct sr *sr);
    struct err *(*unplug)(const struct sr *sr);
    struct err *(*space)(const struct sr *sr, struct sr_space *ret);
    /* All volumes. One that cannot be read is left out, with a warning in the
     * log. */
    struct err *(*list)(const struct sr *sr, struct pool *p,
                        struct sr_volume **ret, size_t *ret_n);
    /* Settles what dead workers left. */
    struct err *(*tidy)(const struct sr *sr, const struct sr_known *known);
    /* Merges what need not be two; takes its time. */
    struct err *(*merge)(const struct sr *sr);

    /* ---- volumes */
    struct err *(*look)(const struct sr *sr, struct pool *p,
                        const char *location, struct sr_volume *ret);
    /* Of zeros, pending. V has its uuid, size and format; the rest is set. */
    struct err *(*create)(const struct sr *sr, struct pool *p,
                          struct sr_volume *v);
    /* A volume V (its uuid is set) with what is in FROM now, pending; LIVE
     * (NULL: none) writes to FROM. */
    struct err *(*branch)(const struct sr *sr, struct pool *p, const char *from,
                          const struct sr_live *live, struct sr_volume *v);
    /* Pending: it can be used no more. */
    struct err *(*remove)(const struct sr *sr, const char *location);
    /* A pending volume STAYS, or goes; not there is fine. */
    struct err *(*settle)(const struct sr *sr, const char *location,
                          bool stays);
    /* Never smaller. */
    struct err *(*resize)(const struct sr *sr, const char *location,
                          const struct sr_live *live, int64_t size);
    /* A path for a domain, until detach. Again is fine. */
    struct err *(*attach)(const struct sr *sr, struct pool *p,
                          const char *location, const struct sr_use *use,
                          struct sr_path *ret);
    /* Not attached is fine. */
    struct err *(*detach)(const struct sr *sr, const char *location,
                          const char *user);
    /* The path that attach gave. */
    struct err *(*where)(const struct sr *sr, struct pool *p,
                         const char *location, struct sr_path *ret);
};

/* All there are, by name; then NULL. */
extern const struct sr_type *const sr_types[];
const struct sr_type *sr_type_of(const char *name); /* or NULL */

/* The value of a key, "" when it is not given. */
const char *sr_config(const struct sr *sr, const char *name);
/* All keys that are required are there. */
struct err *sr_check_config(const struct sr *sr) MUST_USE;

/* What a kind can do, as SM.features has it: "VDI_CREATE". */
struct sr_feature {
    const char *name;
    int version;
};
/* In P; ends with a name of NULL. */
const struct sr_feature *sr_features(struct pool *p,
                                     const struct sr_type *type);

#endif
