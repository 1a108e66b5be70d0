/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd: see rrd.h; here the looks, and the paths. */
#include "xapi/vm/rrd.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "xapi/vm/vm.h"
#include "xapi/hv/hv.h"
#include "xapi/call/job.h"
#include "xapi/call/slice.h"
#include "xapi/vm/rrd_answer.h"
#include "xapi/vm/rrd_dump.h"
#include "xapi/vm/rrd_owner.h"
#include "xapi/vm/rrd_past.h"
#include "xapi/vm/usage.h"

#define TEXT_MAX (16u << 20) /* of all that is measured in one look */

/* ---- the worker ---------------------------------------------------------- */

static bool was_asked(const struct rrd *r)
{
    return time(NULL) - r->asked <= RRD_KEEP_SECONDS;
}

static bool is_wanted(const struct rrd *r, const struct object *o,
                      const struct reading *source)
{
    return (source->standard && (was_asked(r) || rrd_keeps_standard(r))) ||
           rrd_is_recorded(r, o, source->name);
}

/* "OWNER", then a line "\tNAME\tVALUE\tCOUNTS\tAT\tMAX\tWHOSE\tKEEP" for each
 * source; KEEP: it is recorded by itself. */
static void say_all(const struct rrd *r, const struct usage *usage,
                    const struct object *o, struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();
    struct reading *list = NULL;
    size_t n = 0;

    usage_of(usage, o, &list, &n);
    if (n)
        str_addf(out, "%s\n", rrd_owner_name(p, o));
    for (size_t i = 0; i < n; i++)
        if (is_wanted(r, o, &list[i]))
            str_addf(out, "\t%s\t%.17g\t%d\t%.17g\t%.17g\t%llx\t%d\n",
                     list[i].name, list[i].value, list[i].counts, list[i].at,
                     list[i].max, (unsigned long long)list[i].whose,
                     list[i].standard && rrd_keeps_standard(r));
}

static struct err *look(struct job *j, void *arg)
{
    AUTO_STR struct str text = STR_INIT(TEXT_MAX);
    const struct rrd *r = arg;
    const struct server *server = r->server;
    const struct usage *usage = NULL;

    TRY(usage_look(job_pool(j), job_db(j), server->hv, server->net, &usage));
    for (size_t i = 0; i < RRD_OWNERS; i++)
        for (struct object *o = db_first(job_db(j), rrd_owners[i].class); o;
             o = object_next(o))
            say_all(r, usage, o, &text);
    job_say(j, str_text(&text));
    return NULL;
}

/* ---- what it says -------------------------------------------------------- */

static void take_source(const struct rrd *r, const char *line)
{
    size_t n;
    char **words = text_split(r->told, line, '\t', &n);

    if (n == 8)
        past_put(r->past, pool_printf(r->told, "%s:%s", r->owner, words[1]),
                 &(struct reading){.value = strtod(words[2], NULL),
                                   .counts = *words[3] == '1',
                                   .at = strtod(words[4], NULL),
                                   .max = strtod(words[5], NULL),
                                   .whose = strtoull(words[6], NULL, 16),
                                   .standard = *words[7] == '1'});
}

static bool take_line(void *arg)
{
    struct rrd *r = arg;
    char *line = r->told_at, *end = strchr(line, '\n');

    if (!*line)
        return false;
    r->told_at = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    if (*line == '\t')
        take_source(r, line);
    else
        r->owner = line;
    return true;
}

/* A slice of it; the row is shown when all is taken. */
static void take_some(int fd, short what, void *arg)
{
    struct rrd *r = arg;

    (void)fd, (void)what;
    if (slice_run(take_line, r)) {
        slice_again(r->taker);
        return;
    }
    past_close(r->past);
    pool_free(take_ptr(r->told));
}

static void said(void *arg, const char *text)
{
    struct rrd *r = arg;
    int64_t now = time(NULL) / PAST_STEP * PAST_STEP;

    if (r->told || now <= past_end(r->past))
        return; /* the clock has been set back */
    r->told = pool_new();
    r->told_at = pool_str(r->told, text);
    r->owner = "";
    past_begin(r->past, now);
    take_some(-1, 0, r);
}

static void looked(void *arg, struct err *e, bool died)
{
    struct rrd *r = arg;

    (void)died;
    r->job = NULL;
    if (e)
        log_warning("rrd", "%s", err_text(e));
    err_free(e);
}

/* ---- the clock ----------------------------------------------------------- */

static void begin_look(struct rrd *r)
{
    const struct job_start s = {.base = r->server->base,
                                .db = r->server->db,
                                .title = "what is measured",
                                .often = true,
                                .work = look,
                                .work_arg = r,
                                .done = looked,
                                .said = said,
                                .arg = r,
                                .keep_fd = r->server->lock};
    struct err *e = job_start(&s, &r->job);

    if (e)
        looked(r, e, false);
}

/* At the next multiple of a step. */
static void wait_on(const struct rrd *r)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    event_add(r->timer,
              &(struct timeval){PAST_STEP - now.tv_sec % PAST_STEP, 0});
}

static void tick(int fd, short what, void *arg)
{
    struct rrd *r = arg;

    (void)fd, (void)what;
    if (!was_asked(r) && !past_n_chosen(r->past) && !rrd_keeps_standard(r))
        return;
    if (!r->job && !r->told)
        begin_look(r);
    rrd_keep_tick(r);
    wait_on(r);
}

void rrd_wake(struct rrd *r)
{
    if (!event_pending(r->timer, EV_TIMEOUT, NULL))
        tick(-1, 0, r);
}

/* ---- paths --------------------------------------------------------------- */

static void get_updates(struct http_request *request, void *arg)
{
    struct rrd *r = arg;

    if (!rrd_answer(request, r->server->base, r->past))
        return;
    r->asked = time(NULL);
    rrd_wake(r);
}

static void get_of(struct http_request *request, const struct rrd *r,
                   const struct object *o)
{
    if (o)
        rrd_dump(request, r->server->base, r->past,
                 rrd_owner_name(request->pool, o));
    else
        http_page(request, 404, "There is none of that uuid.");
}

static void get_by_uuid(struct http_request *request, const struct rrd *r,
                        unsigned class)
{
    const char *uuid = http_param(request, "uuid");

    if (uuid)
        get_of(request, r,
               db_by_uuid(r->server->db, &model_classes[class], uuid));
    else
        http_page(request, 400, "uuid is wanted: of whom.");
}

static void get_vm(struct http_request *request, void *arg)
{
    get_by_uuid(request, arg, CLASS_VM);
}

static void get_sr(struct http_request *request, void *arg)
{
    get_by_uuid(request, arg, CLASS_SR);
}

static void get_host(struct http_request *request, void *arg)
{
    const struct server *server = ((const struct rrd *)arg)->server;

    get_of(request, arg,
           db_find(server->db, &model_classes[CLASS_host], server->host));
}

void rrd_serve(struct http *http, struct rrd *r)
{
    static const struct {
        const char *action;
        gate_fn *fn;
    } paths[RRD_PATHS] = {
        {"rrd_updates", get_updates}, {"vm_rrd", get_vm},
        {"get_vm_rrds", get_vm},      {"host_rrd", get_host},
        {"get_host_rrds", get_host},  {"sr_rrd", get_sr},
    };

    r->past = past_new();
    r->timer = evtimer_new(r->server->base, tick, r);
    r->taker = evtimer_new(r->server->base, take_some, r);
    rrd_keep_load(r);
    for (size_t i = 0; i < RRD_PATHS; i++) {
        r->gates[i] = (struct gate){
            .action = paths[i].action, .fn = paths[i].fn, .arg = r};
        gate_serve(http, &r->gates[i], r->server, 0);
    }
    rrd_wake(r);
}

void rrd_done(struct rrd *r)
{
    if (!r->past)
        return;
    if (r->job)
        job_forget(r->job);
    rrd_keep_end(r);
    event_free(r->timer);
    event_free(r->taker);
    if (r->told)
        pool_free(r->told);
    past_free(r->past);
}
