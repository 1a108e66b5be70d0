/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv: the hypervisor, as the daemon needs it: a few verbs on domains, with a
 * body for each kind of host. All of them block, and are called in workers
 * (job.h); what waits for long waits by job_sleep. Domains are known by their
 * number; the uuid is the VM's. Knows no database.
 */
#ifndef XAPI_HV_H
#define XAPI_HV_H

#include <stdint.h>

#include "lib/pool.h"

struct plan;
struct plan_disk;
struct plan_nic;
struct plan_pair;
struct hv_watch;
struct sample;

enum hv_state {
    HV_PAUSED,
    HV_RUNNING,
    HV_SHUT, /* the guest has ended; the domain is there until destroyed */
};

enum hv_reason { /* why a guest has ended, or shall */
                 HV_POWEROFF,
                 HV_REBOOT,
                 HV_SUSPEND,
                 HV_CRASH,
                 HV_WATCHDOG,
                 HV_SOFT_RESET,
};

struct hv_domain {
    uint32_t domid;
    const char *uuid;
    const char *name; /* NULL: none is known */
    const char *type; /* as in a plan, or NULL: not known */
    enum hv_state state;
    enum hv_reason reason; /* of HV_SHUT */
    int64_t memory;        /* bytes it has now */
    int64_t vcpus;         /* that are online */
};

struct hv_host {
    int64_t memory_total, memory_free; /* bytes */
    int64_t cpus, sockets;
    int64_t cpu_mhz;
    bool has_control;
    struct hv_domain control; /* Dom0: state, memory, vcpus */
};

enum hv_console {
    HV_CONSOLE_SERIAL,
    HV_CONSOLE_VNC,
};

#define HV_AGENT "xenserver/" /* what its agent reads, and answers there */
#define HV_SAID                              \
    {                                        \
        "attr", "control", "data", "feature" \
    }
#define HV_SAID_MAX 512 /* nodes; the rest is not heard */

struct hv_move {
    bool live; /* most of its memory goes over while it runs */
    void (*progress)(void *arg, double share); /* or NULL */
    void *arg;
};
/* Behind the guest's name as long as it is not the new domain's. */
#define HV_ARRIVING "--arriving"

struct hv {
    const char *name;          /* of --hv */
    const char *dir;           /* where the body may keep files */
    struct hv_watch *watching; /* the body's own, of watch and hear */
    /* A domain that has not run yet, with all devices of the plan; an error
     * leaves nothing behind. */
    struct err *(*create)(const struct hv *hv, const struct plan *plan,
                          uint32_t *ret_domid);
    /* At once, whatever it does. No such domain is fine. */
    struct err *(*destroy)(const struct hv *hv, uint32_t domid);
    struct err *(*pause)(const struct hv *hv, uint32_t domid);
    struct err *(*unpause)(const struct hv *hv, uint32_t domid);
    /* Asks the guest to end, HOW being HV_POWEROFF or HV_REBOOT; whether it
     * does, list tells. */
    struct err *(*shutdown)(const struct hv *hv, uint32_t domid,
                            enum hv_reason how);
    /* The guest into the file at PATH, which is there and big enough (a VDI);
     * then it is HV_SHUT. After an error it runs on, unless it has ended by
     * itself meanwhile; one of kind timeout: it does not listen. */
    struct err *(*suspend)(const struct hv *hv, uint32_t domid,
                           const char *path);
    /* As create, with what suspend has written at PATH. */
    struct err *(*resume)(const struct hv *hv, const struct plan *plan,
                          const char *path, uint32_t *ret_domid);
    /* The guest into another domain of this host, with all that it has. That
     * one is paused, and called NAME HV_ARRIVING; of the two with its uuid the
     * old is HV_SHUT for HV_SUSPEND, and writes to no disk any more. After an
     * error it runs on, and nothing else is there. */
    struct err *(*migrate)(const struct hv *hv, uint32_t domid,
                           const struct hv_move *how, uint32_t *ret_domid);
    /* DOMID, which migrate has made, takes the place of OLD: that goes (0: it
     * has gone), DOMID has the guest's name, and runs. Nothing cancels it, and
     * what was done of it already is fine. */
    struct err *(*land)(const struct hv *hv, uint32_t old, uint32_t domid);
    /* A guest that is HV_SHUT for HV_SUSPEND runs on as if it had not been
     * asked to; one that runs is fine. */
    struct err *(*go_on)(const struct hv *hv, uint32_t domid);
    /* All domains but Dom0; the list and its texts are in P. */
    struct err *(*list)(const struct hv *hv, struct pool *p,
                        struct hv_domain **ret, size_t *ret_n);
    /* Devices of a domain that lives. An error leaves it as it was. FORCE: also
     * when the guest does not let go. */
    struct err *(*attach_disk)(const struct hv *hv, uint32_t domid,
                               const struct plan_disk *disk);
    struct err *(*detach_disk)(const struct hv *hv, uint32_t domid,
                               const struct plan_disk *disk, bool force);
    /* Another medium (or none, a path of NULL) into a CD drive. */
    struct err *(*set_medium)(const struct hv *hv, uint32_t domid,
                              const struct plan_disk *disk);
    /* The guest's writes go to the file at disk->path from now on (a new
     * overlay of what it wrote to until now, which nobody writes to any more).
     * NULL: the body cannot; a disk that is in use has no snapshots then. */
    struct err *(*switch_disk)(const struct hv *hv, uint32_t domid,
                               const struct plan_disk *disk);
    /* What is at disk->path is BYTES large from now on, for the guest too: more
     * than before. NULL: the body cannot. */
    struct err *(*resize_disk)(const struct hv *hv, uint32_t domid,
                               const struct plan_disk *disk, int64_t bytes);
    struct err *(*attach_nic)(const struct hv *hv, uint32_t domid,
                              const struct plan_nic *nic);
    struct err *(*detach_nic)(const struct hv *hv, uint32_t domid,
                              const struct plan_nic *nic, bool force);
    /* What the guest may send by NIC, whether it is there already or not, as
     * nic->lock says; until it is detached or the domain destroyed. */
    struct err *(*lock_nic)(const struct hv *hv, uint32_t domid,
                            const struct plan_nic *nic);
    /* What the balloon shall come to, in bytes; it gets there by and by. */
    struct err *(*set_memory)(const struct hv *hv, uint32_t domid,
                              int64_t bytes);
    /* That many bytes for the page tables that Xen keeps of it: no PV guest. */
    struct err *(*set_shadow)(const struct hv *hv, uint32_t domid,
                              int64_t bytes);
    struct err *(*set_vcpus)(const struct hv *hv, uint32_t domid,
                             int64_t vcpus);
    /* The machine goes off, or (AGAIN) starts again, soon after this. */
    struct err *(*power)(const struct hv *hv, bool again);
    struct err *(*set_hostname)(const struct hv *hv, const char *name);
    /* The machine's service NAME runs, begun anew, and will at each start of
     * the machine; or it ends, and will not. */
    struct err *(*set_service)(const struct hv *hv, const char *name, bool on);
    struct err *(*has_service)(const struct hv *hv, const char *name,
                               bool *ret);
    /* A file of the machine's settings holds TEXT, or (NULL) is not there. */
    struct err *(*set_file)(const struct hv *hv, const char *path,
                            const char *text);
    /* What the hypervisor has in its log, in P. */
    struct err *(*dmesg)(const struct hv *hv, struct pool *p, char **ret);
    /* As if they were typed on the hypervisor's console. */
    struct err *(*send_keys)(const struct hv *hv, const char *keys);
    struct err *(*host)(const struct hv *hv, struct hv_host *ret);
    /* Entries below the domain's own path in XenStore; a value of NULL: it
     * goes. The guest may write those that begin with HV_AGENT, too. */
    struct err *(*set_data)(const struct hv *hv, uint32_t domid,
                            const struct plan_pair *pairs, size_t n);
    /* What the guest says of itself there: the nodes below HV_SAID, with their
     * paths from the domain's own; in P. */
    struct err *(*said)(const struct hv *hv, uint32_t domid, struct pool *p,
                        struct plan_pair **ret, size_t *ret_n);
    /* What the host and its domains, Dom0 too, have done until now: PARTS (of
     * enum sample_part) of a reading of it, in P. */
    struct err *(*measure)(const struct hv *hv, unsigned parts, struct pool *p,
                           const struct sample **ret);
    /* A console of the domain, both ways, opened now. */
    struct err *(*console)(const struct hv *hv, uint32_t domid,
                           enum hv_console kind, int *ret_fd);
    /* The one verb that is for the daemon's loop: a descriptor that is readable
     * when a domain may have come, gone or ended since. hear takes off it what
     * is there, and says whether list is worth asking; after an error it is
     * closed, and watch gives another. */
    struct err *(*watch)(const struct hv *hv, int *ret_fd);
    struct err *(*hear)(const struct hv *hv, int fd, bool *ret_changed);
};

/* The body of that NAME. DIR has to stay. */
struct err *hv_open(const char *name, const char *dir, struct hv *ret) MUST_USE;

/* --hv=libxl: this host's Xen. */
struct err *hv_libxl_open(const char *dir, struct hv *ret) MUST_USE;

/*
 * --hv=sim: a host of files. DIR/domains has a file a domain, named by its
 * number; lines are a key, a blank and a value: uuid, name, type, memory (now,
 * bytes), vcpus (online), what else is in the plan, and
 *
 *     state paused|running|shut
 *     reason poweroff|reboot|suspend|crash|watchdog|soft_reset
 *     life UUID                      the same as long as the guest remembers
 *     disk VBD DEVICE disk|cdrom rw|ro boot|- FORMAT PATH      "- -": empty
 *     nic VIF DEVID MAC BRIDGE MTU RATE
 *     lock VIF locked|disabled ADDRESS ...     unless it may send anything
 *     platform NAME VALUE
 *     xenstore NAME VALUE
 *     guest PATH VALUE               what it says of itself
 *     load SHARE                     of a processor that each VCPU takes; or 0
 *     flow DEVICE IN OUT             bytes a second that a disk ("xvda") reads
 *                                    and writes, in requests of SIM_REQUEST
 *                                    bytes, each of SIM_REQUEST_SECONDS, or
 *                                    that a NIC (its DEVID) receives and sends
 *
 * Tests play the guest by putting another file in a domain's place. Their
 * DIR/fault/VERB, VERB being a verb of struct hv, has "fail TEXT", "delay
 * SECONDS" (also before it fails; after what create and suspend do was begun,
 * and when half of migrate's stream is over),
 * or "ignore": the guest does not listen to shutdown, suspend and migrate, or
 * does not let go of the device of detach_disk and detach_nic. A serial console
 * says the domain's name and what it hears; a screen (of HVM, and of PV with
 * platform pvfb) is SIM_SCREEN_WIDTH by SIM_SCREEN_HEIGHT points of one colour,
 * the last key that was pressed. What power, set_hostname and send_keys were
 * told is a line each of DIR/VERB; DIR/service/NAME is "on" or "off" (not
 * there: on), and settings of the machine are below DIR; DIR/dmesg is the
 * hypervisor's log, DIR/load the share of each of its processors that is used.
 */
#define SIM_REQUEST 4096
#define SIM_REQUEST_SECONDS 0.001
#define SIM_SCREEN_WIDTH 640
#define SIM_SCREEN_HEIGHT 400
struct err *hv_sim_open(const char *dir, struct hv *ret) MUST_USE;

#endif
