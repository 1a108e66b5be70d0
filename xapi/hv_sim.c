/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_sim: a host of files; see hv.h. */
#include <errno.h>
#include <string.h>

#include "lib/file.h"
#include "xapi/hv.h"
#include "xapi/job.h"
#include "xapi/plan.h"

#define FILE_BYTES 65536
#define DELAY_MAX 600
#define DOMIDS 32752

static const char *const states[] = {
    [HV_PAUSED] = "paused",
    [HV_RUNNING] = "running",
    [HV_SHUT] = "shut",
};

/* ---- files --------------------------------------------------------------- */

static const char *path_of(const struct hv *hv, struct pool *p, uint32_t domid)
{
    return pool_printf(p, "%s/domains/%u", hv->dir, domid);
}

/* What stands behind WORD in a line that begins with it, or NULL. */
static const char *line_of(struct pool *p, const char *text, const char *word)
{
    size_t n;
    char **lines = text_split(p, text, '\n', &n);

    for (size_t i = 0; i < n; i++)
        if (text_has_prefix(lines[i], word) && lines[i][strlen(word)] == ' ')
            return lines[i] + strlen(word) + 1;
    return NULL;
}

static struct err *read_domain(const struct hv *hv, struct pool *p,
                               uint32_t domid, char **ret)
{
    size_t len;

    return err_wrap(file_read(p, path_of(hv, p, domid), FILE_BYTES, ret, &len),
                    "domain %u", domid);
}

static struct err *set_state(const struct hv *hv, uint32_t domid,
                             enum hv_state state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(FILE_BYTES);
    char *text, **lines;
    size_t n;

    TRY(read_domain(hv, p, domid, &text));
    lines = text_split(p, text_trim(p, text), '\n', &n);
    for (size_t i = 0; i < n; i++)
        if (!text_has_prefix(lines[i], "state "))
            str_addf(&out, "%s\n", lines[i]);
    str_addf(&out, "state %s\n", states[state]);
    return file_write(path_of(hv, p, domid), str_text(&out), out.len, 0600);
}

/* ---- faults -------------------------------------------------------------- */

struct fault {
    const char *fail; /* or NULL */
    double delay;
    bool ignore;
};

static struct err *read_fault(const struct hv *hv, struct pool *p,
                              const char *verb, struct fault *ret)
{
    const char *path = pool_printf(p, "%s/fault/%s", hv->dir, verb);
    const char *delay;
    char *text;
    size_t len;

    *ret = (struct fault){0};
    if (!file_exists(path))
        return NULL;
    TRY(file_read(p, path, FILE_BYTES, &text, &len));
    ret->fail = line_of(p, text, "fail");
    ret->ignore = text_has_prefix(text, "ignore");
    delay = line_of(p, text, "delay");
    return delay ? err_wrap(text_to_double(delay, 0, DELAY_MAX, &ret->delay),
                            "%s", path)
                 : NULL;
}

/* What a test wants of VERB on a domain that is there. */
static struct err *obey(const struct hv *hv, const char *verb)
{
    AUTO_POOL struct pool *p = pool_new();
    struct fault fault;

    TRY(read_fault(hv, p, verb, &fault));
    TRY(job_sleep(fault.delay));
    return fault.fail ? ERR("%s: %s", verb, fault.fail) : NULL;
}

/* ---- verbs --------------------------------------------------------------- */

static struct err *destroy(const struct hv *hv, uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(obey(hv, "destroy"));
    return file_remove(path_of(hv, p, domid));
}

/* The file FROM under the first number that nobody has. */
static struct err *take_domid(const struct hv *hv, struct pool *p,
                              const char *from, uint32_t *ret)
{
    for (uint32_t domid = 1; domid < DOMIDS; domid++) {
        if (!link(from, path_of(hv, p, domid))) {
            *ret = domid;
            return NULL;
        }
        if (errno != EEXIST)
            return err_errno(errno, "%s", path_of(hv, p, domid));
    }
    return ERR("there are no more domain numbers");
}

static struct err *create(const struct hv *hv, const struct plan *plan,
                          uint32_t *ret_domid)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = pool_printf(
        p, "uuid %s\nname %s\ntype %s\nmemory %lld\nvcpus %lld\nstate paused\n",
        plan->uuid, plan->name, plan->type, (long long)plan->memory,
        (long long)plan->vcpus);
    const char *new = pool_printf(p, "%s/new.%d", hv->dir, (int)getpid());
    uint32_t domid = 0;
    struct err *e;

    TRY(file_write(new, text, strlen(text), 0600));
    e = take_domid(hv, p, new, &domid);
    TRY(err_join(e, file_remove(new)));
    e = obey(hv, "create");
    if (e) /* a fault of it, or cancelled */
        return err_join(e, file_remove(path_of(hv, p, domid)));
    *ret_domid = domid;
    return NULL;
}

static struct err *pause_(const struct hv *hv, uint32_t domid)
{
    TRY(obey(hv, "pause"));
    return set_state(hv, domid, HV_PAUSED);
}

static struct err *unpause(const struct hv *hv, uint32_t domid)
{
    TRY(obey(hv, "unpause"));
    return set_state(hv, domid, HV_RUNNING);
}

static struct err *shutdown_(const struct hv *hv, uint32_t domid,
                             enum hv_reason how)
{
    AUTO_POOL struct pool *p = pool_new();
    struct fault fault;

    (void)how;
    TRY(read_fault(hv, p, "shutdown", &fault));
    TRY(obey(hv, "shutdown"));
    return fault.ignore ? NULL : set_state(hv, domid, HV_SHUT);
}

static struct err *describe(const struct hv *hv, struct pool *p,
                            const char *name, struct hv_domain *ret)
{
    const char *state;
    int64_t domid;
    char *text;

    TRY(text_to_int(name, 10, 1, DOMIDS, &domid));
    ret->domid = (uint32_t)domid;
    TRY(read_domain(hv, p, ret->domid, &text));
    ret->uuid = line_of(p, text, "uuid");
    state = line_of(p, text, "state");
    for (size_t i = 0; state && i < ARRAY_LEN(states); i++)
        if (!strcmp(state, states[i]))
            ret->state = (enum hv_state)i;
    return ret->uuid ? NULL : ERR("domain %s has no uuid", name);
}

static struct err *list(const struct hv *hv, struct pool *p,
                        struct hv_domain **ret, size_t *ret_n)
{
    struct hv_domain *domains = NULL;
    size_t n_names, n = 0;
    char **names;

    TRY(obey(hv, "list"));
    TRY(file_list(p, pool_printf(p, "%s/domains", hv->dir), &names, &n_names));
    for (size_t i = 0; i < n_names; i++) {
        struct hv_domain domain = {0};
        struct err *e = describe(hv, p, names[i], &domain);

        if (e)
            err_drop(e, "it has gone meanwhile");
        else
            *pool_push(p, domains, n) = domain;
    }
    *ret = domains;
    *ret_n = n;
    return NULL;
}

struct err *hv_sim_open(const char *dir, struct hv *ret)
{
    static const struct hv sim = {.name = "sim",
                                  .create = create,
                                  .destroy = destroy,
                                  .pause = pause_,
                                  .unpause = unpause,
                                  .shutdown = shutdown_,
                                  .list = list};
    AUTO_POOL struct pool *p = pool_new();

    TRY(file_make_dirs(pool_printf(p, "%s/domains", dir), 0700));
    TRY(file_make_dirs(pool_printf(p, "%s/fault", dir), 0700));
    *ret = sim;
    ret->dir = dir;
    return NULL;
}
