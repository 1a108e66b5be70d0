/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_keep: what is recorded, on disk and in memory; see rrd.h. */
#include <time.h>

#include "lib/log.h"
#include "lib/str.h"
#include "xapi/call/job.h"
#include "xapi/model/errors_gen.h"
#include "xapi/vm/rrd.h"
#include "xapi/vm/rrd_file.h"
#include "xapi/vm/rrd_owner.h"

static const char *column_of(struct pool *p, const struct object *o,
                             const char *source)
{
    return pool_printf(p, "%s:%s", rrd_owner_name(p, o), source);
}

/* ---- what clients say ---------------------------------------------------- */

bool rrd_is_recorded(const struct rrd *r, const struct object *o,
                     const char *source)
{
    AUTO_POOL struct pool *p = pool_new();

    return past_is_recorded(r->past, column_of(p, o, source));
}

struct err *rrd_record_on_disk(const struct rrd *r, const struct object *o,
                               const char *source)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *column = column_of(p, o, source);

    if (!rrd_file_can(column))
        return err_INVALID_VALUE("data_source", source);
    if (past_n_recorded(r->past) >= PAST_RECORDED_MAX &&
        !past_is_recorded(r->past, column))
        return ERR("%d data sources are recorded already, which is the most.",
                   PAST_RECORDED_MAX);
    return rrd_file_make(r->dir, column);
}

void rrd_record(struct rrd *r, const struct object *o, const char *source)
{
    AUTO_POOL struct pool *p = pool_new();

    if (past_record(r->past, column_of(p, o, source)))
        rrd_wake(r);
    else
        log_warning("rrd", "too much is recorded already");
}

struct err *rrd_forget_on_disk(const struct rrd *r, const struct object *o,
                               const char *source)
{
    AUTO_POOL struct pool *p = pool_new();

    return rrd_file_remove(r->dir, column_of(p, o, source));
}

void rrd_forget(const struct rrd *r, const struct object *o, const char *source)
{
    AUTO_POOL struct pool *p = pool_new();

    past_forget(r->past, column_of(p, o, source));
}

/* ---- saving -------------------------------------------------------------- */

static void complain(struct err *e)
{
    if (e)
        log_warning("rrd", "%s", err_text(e));
    err_free(e);
}

static void save_all(const struct rrd *r)
{
    AUTO_POOL struct pool *p = pool_new();
    struct past_saved *saved = pool_new_of(p, struct past_saved);

    for (size_t i = 0; i < past_width(r->past); i++) {
        if (!past_archive(r->past, i))
            continue;
        past_save(r->past, i, saved);
        complain(
            rrd_file_save(r->dir, past_name(r->past, i), r->n_saves, saved));
    }
}

/* What was recorded of what is no more; one that has just been asked for is not
 * known here yet, but its owner is. */
static struct err *clean(const struct rrd *r, const struct db *db,
                         struct pool *p)
{
    char **names;
    size_t n;

    TRY(rrd_file_list(p, r->dir, &names, &n));
    for (size_t i = 0; i < n; i++)
        if (!rrd_owner_find(db, names[i]))
            TRY(rrd_file_remove(r->dir, names[i]));
    return NULL;
}

static struct err *work(struct job *j, void *arg)
{
    save_all(arg);
    return clean(arg, job_db(j), job_pool(j));
}

static void saved(void *arg, struct err *e, bool died)
{
    struct rrd *r = arg;

    (void)died;
    r->saving = NULL;
    complain(e);
}

/* In memory; clean does it on disk. */
static void forget_gone(const struct rrd *r)
{
    for (size_t i = 0; i < past_width(r->past); i++)
        if (past_archive(r->past, i) &&
            !rrd_owner_find(r->server->db, past_name(r->past, i)))
            past_forget(r->past, past_name(r->past, i));
}

void rrd_keep_tick(struct rrd *r)
{
    const struct job_start s = {.base = r->server->base,
                                .db = r->server->db,
                                .title = "what is recorded",
                                .often = true,
                                .work = work,
                                .work_arg = r,
                                .done = saved,
                                .arg = r,
                                .keep_fd = r->server->lock};
    int64_t now = time(NULL);
    struct err *e;

    if (!past_n_recorded(r->past) || r->saving ||
        (now >= r->saved && now - r->saved < RRD_SAVE_SECONDS))
        return;
    forget_gone(r);
    r->saved = now;
    r->n_saves++;
    e = job_start(&s, &r->saving);
    if (e)
        saved(r, e, false);
}

void rrd_keep_end(struct rrd *r)
{
    if (r->saving)
        job_forget(r->saving);
    r->n_saves++;
    save_all(r);
}

/* ---- the start ----------------------------------------------------------- */

static struct err *load_all(const struct rrd *r, struct pool *p)
{
    struct past_saved *was = pool_new_of(p, struct past_saved);
    char **names;
    size_t n;

    TRY(clean(r, r->server->db, p));
    TRY(rrd_file_list(p, r->dir, &names, &n));
    for (size_t i = 0; i < n; i++)
        if (rrd_file_load(r->dir, names[i], was))
            past_restore(r->past, names[i], was);
        else if (!past_record(r->past, names[i]))
            return ERR("%s: there is too much", r->dir);
    return NULL;
}

void rrd_keep_load(struct rrd *r)
{
    AUTO_POOL struct pool *p = pool_new();

    complain(load_all(r, p));
    r->saved = time(NULL);
    if (past_end(r->past) > r->saved)
        log_warning("rrd", "the clock is before what was recorded last: "
                           "nothing is recorded until it has passed that");
}
