/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_sim_file: see hv_sim_file.h. */
#include "xapi/hv/hv_sim_file.h"

#include <errno.h>
#include <string.h>

#include "lib/file.h"

#define LOCK_SECONDS 30

const char *const sim_states[SIM_STATES] = {
    [HV_PAUSED] = "paused",
    [HV_RUNNING] = "running",
    [HV_SHUT] = "shut",
};

const char *const sim_reasons[SIM_REASONS] = {
    [HV_POWEROFF] = "poweroff", [HV_REBOOT] = "reboot",
    [HV_SUSPEND] = "suspend",   [HV_CRASH] = "crash",
    [HV_WATCHDOG] = "watchdog", [HV_SOFT_RESET] = "soft_reset",
};

static const char *path_of(const struct hv *hv, struct pool *p, uint32_t domid)
{
    return pool_printf(p, "%s/domains/%u", hv->dir, domid);
}

/* ---- domains ------------------------------------------------------------- */

struct err *sim_read(const struct hv *hv, struct pool *p, uint32_t domid,
                     char **ret)
{
    size_t len;

    return err_wrap(
        file_read(p, path_of(hv, p, domid), SIM_FILE_BYTES, ret, &len),
        "domain %u", domid);
}

static struct err *take_domid(const struct hv *hv, struct pool *p,
                              const char *from, uint32_t *ret)
{
    for (uint32_t domid = 1; domid < SIM_DOMIDS; domid++) {
        if (!link(from, path_of(hv, p, domid))) {
            *ret = domid;
            return NULL;
        }
        if (errno != EEXIST)
            return err_errno(errno, "%s", path_of(hv, p, domid));
    }
    return ERR("there are no more domain numbers");
}

struct err *sim_create(const struct hv *hv, const char *text,
                       uint32_t *ret_domid)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *new = pool_printf(p, "%s/new.%d", hv->dir, (int)getpid());
    struct err *e;

    TRY(file_write(new, text, strlen(text), 0600));
    e = take_domid(hv, p, new, ret_domid);
    return err_join(e, file_remove(new));
}

struct err *sim_remove(const struct hv *hv, uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();

    return file_remove(path_of(hv, p, domid));
}

/* Two workers may have devices of one domain in hand. */
struct err *sim_set(const struct hv *hv, uint32_t domid, const char *key,
                    const char *value)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(SIM_FILE_BYTES);
    AUTO_FD int lock = -1;
    bool is_there = false;
    char *text, **lines;

    TRY(file_lock(pool_printf(p, "%s/lock", hv->dir), LOCK_SECONDS, &lock));
    TRY(sim_read(hv, p, domid, &text));
    for (lines = text_split(p, text, '\n', NULL); *lines; lines++)
        if (!is_there && sim_is(*lines, key))
            is_there = true;
        else if (**lines)
            str_addf(&out, "%s\n", *lines);
    if (value)
        sim_add(&out, key, value);
    if (str_full(&out))
        return ERR("domain %u: over %d bytes", domid, SIM_FILE_BYTES);
    return file_write(path_of(hv, p, domid), str_text(&out), out.len, 0600);
}

struct err *sim_stop(const struct hv *hv, uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();
    char *text;

    TRY(sim_read(hv, p, domid, &text));
    if (text_eq(sim_line(p, text, "state"), sim_states[HV_SHUT]) &&
        !text_eq(sim_line(p, text, "reason"), sim_reasons[HV_SUSPEND]))
        return ERR("domain %u has ended", domid);
    TRY(sim_set(hv, domid, "reason", sim_reasons[HV_SUSPEND]));
    return sim_set(hv, domid, "state", sim_states[HV_SHUT]);
}

struct err *sim_suspend(const struct hv *hv, const char *verb, uint32_t domid)
{
    bool ignores = false;

    TRY(sim_obey(hv, verb, &ignores));
    return ignores ? ERR_AS(timeout, "domain %u does not listen", domid)
                   : sim_stop(hv, domid);
}

struct err *sim_obey(const struct hv *hv, const char *verb, bool *ret_ignores)
{
    return sim_fault(hv->dir, verb, ret_ignores);
}
