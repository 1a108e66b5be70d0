/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/host_time: a host's clock and its time zone, by timedatectl; and who
 * keeps it right, systemd-timesyncd. */
#include <string.h>
#include <time.h>

#include "lib/run.h"
#include "lib/str.h"
#include "xapi/call/generic.h"
#include "xapi/door/codec.h"
#include "xapi/hv/hv.h"
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

static struct err *begin_with(struct call *c, const struct ops_body *body)
{
    TRY(call_this_host(c, 0));
    return ops_run_on(c, NULL, 0, body);
}

static struct err *begin(struct call *c, job_work_fn *work)
{
    return begin_with(c,
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

/* Not while something else keeps it right. */
static struct err *set_clock(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct pool *p = job_pool(j);
    const char *at = pool_printf(p, "@%lld", (long long)vm_arg(w->call, 1).i);
    char *said = NULL;
    struct err *e = ask(p, "set-time", at, NULL, &said);

    if (!e)
        return NULL;
    err_drop(ask(p, "show", "--property=NTP", "--value", &said),
             "then it is the first error");
    if (!text_eq(said, "yes"))
        return e;
    err_free(e);
    return err_NOT_ALLOWED_WHEN_NTP_IS_ENABLED(object_ref(w->host));
}

struct err *host_set_servertime(struct call *c,
                                const struct host_set_servertime_args *a)
{
    (void)a;
    return begin(c, set_clock);
}

/* ---- time servers -------------------------------------------------------- */

#define NTP_SERVICE "systemd-timesyncd"
#define NTP_FILE "/etc/systemd/timesyncd.conf.d/dom0kit.conf"
#define NTP_SERVERS_MAX 64

struct servers {
    const struct ops_work *work;
    enum host_ntp_mode mode;
    struct model_value custom; /* names */
};

static bool is_server(const char *name)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-";

    return *name && *name != '-' && strlen(name) <= 253 &&
           !name[strspn(name, alphabet)];
}

static struct err *check_servers(struct pool *p, const struct servers *s)
{
    if (s->mode == host_ntp_mode_Custom && !s->custom.n)
        return err_INVALID_NTP_CONFIG("There are no custom servers.");
    if (s->custom.n > NTP_SERVERS_MAX)
        return err_INVALID_NTP_CONFIG("There are too many servers.");
    for (unsigned i = 0; i < s->custom.n; i++)
        if (!is_server(s->custom.keys[i].s))
            return err_INVALID_NTP_CONFIG(pool_printf(
                p, "\"%s\" is no server's name.", s->custom.keys[i].s));
    return NULL;
}

/* NULL: what the system's makers chose. Servers that DHCP names count in any
 * case. */
static const char *config_of(struct pool *p, const struct servers *s)
{
    const char *names = "";

    if (s->mode != host_ntp_mode_Custom && s->mode != host_ntp_mode_DHCP)
        return NULL;
    for (unsigned i = 0; s->mode == host_ntp_mode_Custom && i < s->custom.n;
         i++)
        names =
            pool_printf(p, "%s%s%s", names, i ? " " : "", s->custom.keys[i].s);
    return pool_printf(p, "[Time]\nNTP=%s\nFallbackNTP=\n", names);
}

static struct err *write_servers(struct txn *txn, void *arg)
{
    const struct servers *s = arg;

    TRY(set_host_ntp_mode(txn, s->work->host, s->mode));
    return set_host_ntp_custom_servers(txn, s->work->host, s->custom);
}

static struct err *keep_by(struct job *j, struct servers *s)
{
    const struct hv *hv = s->work->hv;

    TRY(check_servers(job_pool(j), s));
    TRY(hv->set_file(hv, NTP_FILE, config_of(job_pool(j), s)));
    TRY(hv->set_service(hv, NTP_SERVICE, s->mode != host_ntp_mode_Disabled));
    return job_commit(j, write_servers, s);
}

static struct err *change(struct call *c, job_work_fn *work)
{
    return begin_with(c, &(const struct ops_body){.work = work});
}

static struct err *set_mode(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    return keep_by(
        j, &(struct servers){w, (enum host_ntp_mode)vm_arg(w->call, 1).i,
                             get_host_ntp_custom_servers(w->host)});
}

struct err *host_set_ntp_mode(struct call *c,
                              const struct host_set_ntp_mode_args *a)
{
    (void)a;
    return change(c, set_mode);
}

/* They count at once where they are used. */
static struct err *set_custom(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct servers s = {w, get_host_ntp_mode(w->host), w->call->args[1]};

    if (s.mode == host_ntp_mode_Custom)
        return keep_by(j, &s);
    TRY(check_servers(job_pool(j), &s));
    return job_commit(j, write_servers, &s);
}

struct err *host_set_ntp_custom_servers(
    struct call *c, const struct host_set_ntp_custom_servers_args *a)
{
    (void)a;
    return change(c, set_custom);
}

/* What timesyncd says of them: lines NAME=VALUE. */
static void add_servers(struct pool *p, const char *line, const char *current,
                        union model_atom *names, union model_atom *words,
                        unsigned *n)
{
    const char *at = strchr(line, '=');
    char **list = text_split(p, at ? at + 1 : "", ' ', NULL);

    for (; *list && *n < NTP_SERVERS_MAX; list++) {
        unsigned i = 0;

        while (i < *n && strcmp(names[i].s, *list) != 0)
            i++;
        if (i < *n || !**list)
            continue;
        names[i].s = *list;
        words[i].s = text_eq(*list, current) ? "current" : "unused";
        *n = i + 1;
    }
}

static struct err *say_servers(struct job *j, void *arg)
{
    static const char key[] = "ServerName=";
    const struct ops_work *w = arg;
    struct pool *p = job_pool(j);
    AUTO_STR struct str text = STR_INIT(OUTPUT_MAX);
    union model_atom names[NTP_SERVERS_MAX], words[NTP_SERVERS_MAX];
    const char *current = NULL;
    char *said, **lines;
    unsigned n = 0;

    TRY(ask(p, "show-timesync",
            "--property=ServerName,SystemNTPServers,LinkNTPServers,"
            "FallbackNTPServers",
            NULL, &said));
    lines = text_split(p, said, '\n', NULL);
    for (char **line = lines; *line; line++)
        if (text_has_prefix(*line, key))
            current = *line + strlen(key);
    for (char **line = lines; *line; line++)
        add_servers(p, *line, current, names, words, &n);
    datum_to_text(w->call->row->result, (struct model_value){n, names, words},
                  &text);
    job_say(j, str_text(&text));
    return NULL;
}

struct err *host_get_ntp_servers_status(
    struct call *c, const struct host_get_ntp_servers_status_args *a)
{
    (void)a;
    return begin(c, say_servers);
}
