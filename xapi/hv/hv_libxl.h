/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv_libxl: what the files hv_libxl*.c share: the bodies of hv.h's verbs on
 * Xen. They run in workers, and each opens libxl for itself: the daemon's main
 * process never does (hv_watch.c, which it calls, talks to XenStore alone).
 */
#ifndef XAPI_HV_LIBXL_H
#define XAPI_HV_LIBXL_H

#include "xapi/hv/hv.h"
#include "xapi/hv/plan.h"
#include "xl/domain/await.h"
#include "xl/domain/guest.h"
#include "xl/domain/host.h"

/*
 * One verb: libxl's context, and signals for as long as it lasts. A cancel
 * (SIGTERM, which workers keep blocked) gets through to libxl's long
 * operations; one that came too late is there for the next job_sleep.
 */
struct lx {
    struct host host;
    bool catches;
    bool forked; /* libxl has made a process */
};
#define AUTO_LX AUTO(lx_end)
/* CHANGES: debris of creates that were killed is taken back first. */
struct err *lx_begin(struct lx *lx, bool changes) MUST_USE;
/* The same without libxl: hypercalls and XenStore alone. */
struct err *lx_begin_quick(struct lx *lx) MUST_USE;
void lx_end(struct lx *lx);
/* The same for one long operation of libxl's, A. */
struct err *lx_begin_await(struct lx *lx, bool changes,
                           struct await *a) MUST_USE;
/* For await.abortable of what reads or writes a guest's memory: libxl 4.17
 * crashes where that fails, or is aborted, before the process that does it is
 * there. */
const bool *lx_streams(struct lx *lx);
/* Bytes that libxl takes before that: its own, and a record's. */
#define STREAM_HEAD 24
/* STARTED is what a libxl call with A's how returned; FMT says what was to be
 * done. An interrupted one is an error of kind interrupted. */
struct err *lx_await(struct await *a, int started, const char *fmt, ...)
    PRINTF_LIKE(3, 4) MUST_USE;

/* What xl takes too: memory is freed and taken by one create at a time. */
#define LX_LOCKFILE "/var/lock/xl"

/* The guest into FD; FLAGS are libxl_domain_suspend's. One that does not listen
 * is an error of kind timeout. */
struct err *lx_save(struct lx *lx, uint32_t domid, int fd, int flags) MUST_USE;
/* A guest that has stopped for a suspend that is not to be goes on. */
struct err *lx_resume_here(struct lx *lx, uint32_t domid) MUST_USE;

/* What PLAN is for libxl, as a domain of that NAME; G is ready for guest_done
 * in any case. Needs no hypervisor. */
struct err *lx_config(const struct plan *plan, const char *name,
                      const struct guest_defaults *defaults, struct guest *g,
                      struct pool *p) MUST_USE;
/* A paused domain: a new one, or (FD not NULL) the one saved in *FD. */
struct err *lx_create(const struct plan *plan, const int *fd,
                      uint32_t *ret_domid) MUST_USE;
/* One device; what they point at is malloc'd. */
struct err *lx_disk(const struct plan_disk *plan,
                    libxl_device_disk *ret) MUST_USE;
struct err *lx_nic(const struct plan_nic *plan, libxl_device_nic *ret) MUST_USE;
/* Where the VNC server of a domain of UUID shall listen, in libxl's words: a
 * socket that only root reaches, as VNC asks nobody who he is; each time
 * another. */
const char *lx_screen(struct pool *p, const char *uuid);
struct err *lx_screen_prepare(void) MUST_USE;
/* The socket's path; NULL: the domain has none of ours. */
struct err *lx_screen_path(struct lx *lx, struct pool *p, uint32_t domid,
                           const char **ret) MUST_USE;
/* DISK is an empty drive of a guest of that TYPE (of plan) without emulated
 * hardware: it sees media come and go, and no drive. */
bool lx_is_no_disk(const char *type, const struct plan_disk *disk);
/* A PV disk that was unplugged is no longer open in the domain's qemu. */
struct err *lx_close_disk(uint32_t domid,
                          const struct plan_disk *disk) MUST_USE;

/* What nft is told so that NIC of DOMID may send what it says. */
const char *lx_lock_rules(struct pool *p, uint32_t domid,
                          const struct plan_nic *nic);
/* The domain has gone. */
struct err *lx_unlock_all(uint32_t domid) MUST_USE;

/* ---- the verbs of other files ------------------------------------------- */

struct err *lx_attach_disk(const struct hv *hv, uint32_t domid,
                           const struct plan_disk *disk);
struct err *lx_detach_disk(const struct hv *hv, uint32_t domid,
                           const struct plan_disk *disk, bool force);
struct err *lx_set_medium(const struct hv *hv, uint32_t domid,
                          const struct plan_disk *disk);
struct err *lx_switch_disk(const struct hv *hv, uint32_t domid,
                           const struct plan_disk *disk);
struct err *lx_resize_disk(const struct hv *hv, uint32_t domid,
                           const struct plan_disk *disk, int64_t bytes);
struct err *lx_attach_nic(const struct hv *hv, uint32_t domid,
                          const struct plan_nic *nic);
struct err *lx_detach_nic(const struct hv *hv, uint32_t domid,
                          const struct plan_nic *nic, bool force);
struct err *lx_lock_nic(const struct hv *hv, uint32_t domid,
                        const struct plan_nic *nic);
struct err *lx_suspend(const struct hv *hv, uint32_t domid, const char *path);
struct err *lx_resume(const struct hv *hv, const struct plan *plan,
                      const char *path, uint32_t *ret_domid);
struct err *lx_migrate(const struct hv *hv, uint32_t domid,
                       const struct hv_move *how, uint32_t *ret_domid);
struct err *lx_land(const struct hv *hv, uint32_t old, uint32_t domid);
struct err *lx_go_on(const struct hv *hv, uint32_t domid);
struct err *lx_set_memory(const struct hv *hv, uint32_t domid, int64_t bytes);
struct err *lx_set_shadow(const struct hv *hv, uint32_t domid, int64_t bytes);
struct err *lx_set_vcpus(const struct hv *hv, uint32_t domid, int64_t vcpus);
struct err *lx_power(const struct hv *hv, bool again);
struct err *lx_set_hostname(const struct hv *hv, const char *name);
struct err *lx_set_service(const struct hv *hv, const char *name, bool on);
struct err *lx_has_service(const struct hv *hv, const char *name, bool *ret);
struct err *lx_set_file(const struct hv *hv, const char *path,
                        const char *text);
struct err *lx_dmesg(const struct hv *hv, struct pool *p, char **ret);
struct err *lx_send_keys(const struct hv *hv, const char *keys);
struct err *lx_host(const struct hv *hv, struct hv_host *ret);
struct err *lx_set_data(const struct hv *hv, uint32_t domid,
                        const struct plan_pair *pairs, size_t n);
struct err *lx_said(const struct hv *hv, uint32_t domid, struct pool *p,
                    struct plan_pair **ret, size_t *ret_n);
struct err *lx_measure(const struct hv *hv, unsigned parts, struct pool *p,
                       const struct sample **ret);
struct err *lx_console(const struct hv *hv, uint32_t domid,
                       enum hv_console kind, int *ret_fd);

#endif
