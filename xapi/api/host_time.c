/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/host_time: a host's clock, its time zone and who keeps it right, by
 * timedatectl. */
#include <string.h>
#include <time.h>

#include "lib/run.h"
#include "lib/str.h"
#include "xapi/call/generic.h"
#include "xapi/door/codec.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_queue.h"

#define SECONDS 60 /* for timedatectl */
#define OUTPUT_MAX (1u << 20)

/* ---- the clock ----------------------------------------------------------- */

struct err *host_get_servertime(struct call *c,
                                const struct host_get_servertime_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    call_return_int(c, time(NULL));
    return NULL;
}

static void write_local(struct writer *w, const void *arg)
{
    writer_time_text(w, arg);
}

/* The hands of a clock here: the one date that is written without a zone. */
struct err *host_get_server_localtime(
    struct call *c, const struct host_get_server_localtime_args *a)
{
    time_t now = time(NULL);
    struct object *host;
    char text[CODEC_TIME_SIZE];
    struct tm tm;

    (void)a;
    TRY(call_object(c, 0, &host));
    tzset(); /* the zone may be another by now */
    localtime_r(&now, &tm);
    strftime(text, sizeof(text), "%Y%m%dT%H:%M:%S", &tm);
    call_return_by(c, write_local, pool_str(c->pool, text));
    return NULL;
}

/* ---- timedatectl --------------------------------------------------------- */

/* What it says to WORDS, two at the most. */
static struct err *ask(struct pool *p, const char *verb, const char *word,
                       const char *other, char **ret)
{
    const char *const argv[] = {"timedatectl", "--no-pager", verb,
                                word,          other,        NULL};
    struct run run = {
        .argv = argv, .timeout = SECONDS, .output_max = OUTPUT_MAX};

    TRY(run_check(&run, p));
    *ret = text_trim(p, run.output);
    return NULL;
}

static struct err *list_zones(struct pool *p, char ***ret, size_t *ret_n)
{
    char *text;

    TRY(ask(p, "list-timezones", NULL, NULL, &text));
    *ret = text_split(p, text, '\n', ret_n);
    return NULL;
}

static struct err *begin(struct call *c, job_work_fn *work)
{
    TRY(call_this_host(c, 0));
    return ops_run_on(c, NULL, 0,
                      &(const struct ops_body){.work = work, .no_host = true});
}

static struct err *say_zones(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct pool *p = job_pool(j);
    AUTO_STR struct str text = STR_INIT(OUTPUT_MAX);
    union model_atom *atoms;
    char **names;
    size_t n;

    TRY(list_zones(p, &names, &n));
    atoms = pool_alloc(p, (n + 1) * sizeof(*atoms));
    for (size_t i = 0; i < n; i++)
        atoms[i].s = names[i];
    datum_to_text(w->call->row->result,
                  (struct model_value){(unsigned)n, atoms, NULL}, &text);
    job_say(j, str_text(&text));
    return NULL;
}

struct err *host_list_timezones(struct call *c,
                                const struct host_list_timezones_args *a)
{
    (void)a;
    return begin(c, say_zones);
}

static struct err *write_zone(struct txn *txn, void *arg)
{
    const struct ops_work *w = arg;

    return set_host_timezone(txn, w->host, vm_arg(w->call, 1).s);
}

static struct err *set_zone(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    const char *zone = vm_arg(w->call, 1).s;
    char **names, *said;
    size_t n, i = 0;

    TRY(list_zones(job_pool(j), &names, &n));
    while (i < n && strcmp(names[i], zone) != 0)
        i++;
    if (i == n || !*zone)
        return err_INVALID_VALUE("timezone", zone);
    TRY(ask(job_pool(j), "set-timezone", zone, NULL, &said));
    return job_commit(j, write_zone, arg);
}

struct err *host_set_timezone(struct call *c,
                              const struct host_set_timezone_args *a)
{
    (void)a;
    return begin(c, set_zone);
}

static struct err *say_synchronized(struct job *j, void *arg)
{
    char *said;

    (void)arg;
    TRY(ask(job_pool(j), "show", "--property=NTPSynchronized", "--value",
            &said));
    job_say(j, strcmp(said, "yes") ? "false" : "true");
    return NULL;
}

struct err *host_get_ntp_synchronized(
    struct call *c, const struct host_get_ntp_synchronized_args *a)
{
    (void)a;
    return begin(c, say_synchronized);
}

/* Not while something else keeps it right: timedatectl says so. */
static struct err *set_clock(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct pool *p = job_pool(j);
    char *said;

    return ask(p, "set-time",
               pool_printf(p, "@%lld", (long long)vm_arg(w->call, 1).i), NULL,
               &said);
}

struct err *host_set_servertime(struct call *c,
                                const struct host_set_servertime_args *a)
{
    (void)a;
    return begin(c, set_clock);
}
