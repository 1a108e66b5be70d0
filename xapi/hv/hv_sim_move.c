/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_sim_move: a simulated guest goes from one domain into another; see
 * hv.h. */
#include <string.h>

#include "lib/str.h"
#include "xapi/hv/hv_sim_file.h"

static struct err *go_on(const struct hv *hv, uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();
    char *text;

    TRY(sim_read(hv, p, domid, &text));
    if (!text_eq(sim_line(p, text, "state"), sim_states[HV_SHUT]))
        return NULL;
    if (!text_eq(sim_line(p, text, "reason"), sim_reasons[HV_SUSPEND]))
        return ERR("domain %u is not suspended", domid);
    TRY(sim_set(hv, domid, "reason", NULL));
    return sim_set(hv, domid, "state", sim_states[HV_RUNNING]);
}

struct err *sim_go_on(const struct hv *hv, uint32_t domid)
{
    TRY(sim_obey(hv, "go_on", NULL));
    return go_on(hv, domid);
}

/* ---- there --------------------------------------------------------------- */

/* All that the old one has. */
static struct err *make_beside(const struct hv *hv, uint32_t domid,
                               uint32_t *ret_domid)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str new = STR_INIT(SIM_FILE_BYTES);
    char *text, **lines;

    TRY(sim_read(hv, p, domid, &text));
    for (lines = text_split(p, text, '\n', NULL); *lines; lines++)
        if (sim_is(*lines, "state"))
            sim_add(&new, "state", sim_states[HV_PAUSED]);
        else if (**lines)
            str_addf(&new, "%s%s\n", *lines,
                     sim_is(*lines, "name") ? HV_ARRIVING : "");
    if (str_full(&new))
        return ERR("domain %u: over %d bytes", domid, SIM_FILE_BYTES);
    return sim_create(hv, str_text(&new), ret_domid);
}

static struct err *move(const struct hv *hv, uint32_t domid,
                        const struct hv_move *how)
{
    if (!how->live)
        TRY(sim_stop(hv, domid));
    if (how->progress)
        how->progress(how->arg, 0.5);
    return sim_suspend(hv, "migrate", domid);
}

struct err *sim_migrate(const struct hv *hv, uint32_t domid,
                        const struct hv_move *how, uint32_t *ret_domid)
{
    uint32_t to = 0;
    struct err *e;

    TRY(make_beside(hv, domid, &to));
    e = move(hv, domid, how);
    if (e)
        return err_join(err_join(e, sim_remove(hv, to)), go_on(hv, domid));
    *ret_domid = to;
    return NULL;
}

/* ---- and in its place ---------------------------------------------------- */

struct err *sim_land(const struct hv *hv, uint32_t old, uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *name, *end;
    char *text;

    TRY(sim_obey(hv, "land", NULL));
    if (old)
        TRY(sim_remove(hv, old));
    TRY(sim_read(hv, p, domid, &text));
    name = sim_line(p, text, "name");
    end = name ? strstr(name, HV_ARRIVING) : NULL;
    if (end)
        TRY(sim_set(hv, domid, "name",
                    pool_printf(p, "%.*s", (int)(end - name), name)));
    if (!text_eq(sim_line(p, text, "state"), sim_states[HV_PAUSED]))
        return NULL;
    return sim_set(hv, domid, "state", sim_states[HV_RUNNING]);
}
