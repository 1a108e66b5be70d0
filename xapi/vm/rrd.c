/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd: see rrd.h. What is asked and how it is answered is rrd_answer.c's. */
#include "xapi/vm/rrd.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "xapi/vm/vm.h"
#include "xapi/hv/hv.h"
#include "xapi/call/job.h"
#include "xapi/vm/rrd_answer.h"
#include "xapi/vm/rrd_owner.h"
#include "xapi/vm/rrd_past.h"
#include "xapi/vm/usage.h"

#define TEXT_MAX (64u << 20) /* of all that is measured in one look */

/* ---- the worker ---------------------------------------------------------- */

/* "OWNER", then a line "\tNAME\tVALUE\tCOUNTS\tAT\tMAX\tWHOSE" for each
 * source. */
static void say_all(const struct usage *usage, const struct object *o,
                    struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();
    struct reading *list = NULL;
    size_t n = 0;

    usage_of(usage, o, &list, &n);
    if (n)
        str_addf(out, "%s\n", rrd_owner_name(p, o));
    for (size_t i = 0; i < n; i++)
        if (list[i].standard)
            str_addf(out, "\t%s\t%.17g\t%d\t%.17g\t%.17g\t%llx\n", list[i].name,
                     list[i].value, list[i].counts, list[i].at, list[i].max,
                     (unsigned long long)list[i].whose);
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
            say_all(usage, o, &text);
    job_say(j, str_text(&text));
    return NULL;
}

/* ---- what it says -------------------------------------------------------- */

static void take_line(struct rrd *r, struct pool *p, const char *owner,
                      const char *line)
{
    size_t n;
    char **words = text_split(p, line, '\t', &n);

    if (n == 7)
        past_put(r->past, pool_printf(p, "%s:%s", owner, words[1]),
                 &(struct reading){.value = strtod(words[2], NULL),
                                   .counts = *words[3] == '1',
                                   .at = strtod(words[4], NULL),
                                   .max = strtod(words[5], NULL),
                                   .whose = strtoull(words[6], NULL, 16)});
}

static void said(void *arg, const char *text)
{
    AUTO_POOL struct pool *p = pool_new();
    struct rrd *r = arg;
    const char *owner = "";
    int64_t now = time(NULL) / PAST_STEP * PAST_STEP;

    if (now <= past_end(r->past))
        return; /* the clock has been set back */
    past_begin(r->past, now);
    for (char **lines = text_split(p, text, '\n', NULL); *lines; lines++)
        if (**lines == '\t')
            take_line(r, p, owner, *lines);
        else
            owner = *lines;
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
    if (time(NULL) - r->asked > RRD_KEEP_SECONDS)
        return;
    if (!r->job)
        begin_look(r);
    wait_on(r);
}

static void get(struct http_request *request, void *arg)
{
    struct rrd *r = arg;

    if (!rrd_answer(request, r->past))
        return;
    r->asked = time(NULL);
    if (!event_pending(r->timer, EV_TIMEOUT, NULL))
        tick(-1, 0, r);
}

void rrd_serve(struct http *http, struct rrd *r)
{
    r->past = past_new();
    r->timer = evtimer_new(r->server->base, tick, r);
    r->gate = (struct gate){.action = "rrd_updates", .fn = get, .arg = r};
    gate_serve(http, &r->gate, r->server, 0);
}

void rrd_done(struct rrd *r)
{
    if (r->job)
        job_forget(r->job);
    if (r->timer)
        event_free(r->timer);
    past_free(r->past);
}
