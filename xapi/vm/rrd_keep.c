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

bool rrd_keeps_standard(const struct rrd *r)
{
    return r->server->hv;
}

struct err *rrd_record_on_disk(const struct rrd *r, const struct object *o,
                               const char *source)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *column = column_of(p, o, source);

    if (!rrd_file_can(column))
        return err_INVALID_VALUE("data_source", source);
    if (past_n_chosen(r->past) >= PAST_CHOSEN_MAX)
        return ERR("%d data sources are recorded already, which is the most.",
                   PAST_CHOSEN_MAX);
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
        bool chosen = past_is_chosen(r->past, i);
        unsigned turn = chosen ? r->saved_chosen.n : r->saved_all.n;

        if (!past_archive(r->past, i) || !(chosen || r->saves_all))
            continue;
        past_save(r->past, i, saved);
        complain(rrd_file_save(r->dir, past_name(r->past, i), turn, saved));
    }
}

/* What was recorded of what is no more, and what gave way; one that has just
 * been asked for is not known here yet, but its owner is, and nothing is in it.
 */
static struct err *clean(const struct rrd *r, const struct db *db,
                         struct pool *p, bool starts)
{
    char **names;
    size_t n;

    TRY(rrd_file_list(p, r->dir, &names, &n));
    for (size_t i = 0; i < n; i++)
        if (!rrd_owner_find(db, names[i]) ||
            (!starts && !past_is_recorded(r->past, names[i]) &&
             !rrd_file_is_new(r->dir, names[i])))
            TRY(rrd_file_remove(r->dir, names[i]));
    return NULL;
}

/* Says what is to be forgotten in memory, too. */
static void say_gone(struct job *j, const struct rrd *r)
{
    for (size_t i = 0; i < past_width(r->past); i++)
        if (past_archive(r->past, i) &&
            !rrd_owner_find(job_db(j), past_name(r->past, i)))
            job_say(j, past_name(r->past, i));
}

static struct err *work(struct job *j, void *arg)
{
    const struct rrd *r = arg;

    say_gone(j, r);
    save_all(r);
    return clean(r, job_db(j), job_pool(j), false);
}

static void said(void *arg, const char *text)
{
    const struct rrd *r = arg;

    past_forget(r->past, text);
}

static void saved(void *arg, struct err *e, bool died)
{
    struct rrd *r = arg;

    (void)died;
    r->saving = NULL;
    complain(e);
}

static bool is_due(const struct rrd_saves *s, int64_t now, int64_t seconds)
{
    return now < s->at || now - s->at >= seconds;
}

static void begin_save(struct rrd *r, int64_t now, bool all)
{
    r->saves_all = all;
    r->saved_chosen = (struct rrd_saves){now, r->saved_chosen.n + 1};
    if (all)
        r->saved_all = (struct rrd_saves){now, r->saved_all.n + 1};
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
                                .said = said,
                                .arg = r,
                                .keep_fd = r->server->lock};
    int64_t now = time(NULL);
    struct err *e;

    if (!past_n_recorded(r->past) || r->saving ||
        !is_due(&r->saved_chosen, now, RRD_SAVE_SECONDS))
        return;
    begin_save(r, now, is_due(&r->saved_all, now, RRD_SAVE_ALL_SECONDS));
    e = job_start(&s, &r->saving);
    if (e)
        saved(r, e, false);
}

void rrd_keep_end(struct rrd *r)
{
    if (r->saving)
        job_forget(r->saving);
    begin_save(r, time(NULL), true);
    save_all(r);
}

/* ---- the start ----------------------------------------------------------- */

static struct err *load_all(const struct rrd *r, struct pool *p)
{
    struct past_saved *was = pool_new_of(p, struct past_saved);
    char **names;
    size_t n;

    TRY(clean(r, r->server->db, p, true));
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
    r->saved_all.at = r->saved_chosen.at = time(NULL);
    if (past_end(r->past) > r->saved_all.at)
        log_warning("rrd", "the clock is before what was recorded last: "
                           "nothing is recorded until it has passed that");
}
