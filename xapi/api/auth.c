/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api/auth: the calls of class auth: who users are. Here they are who can log
 * in: those of a file (--auth=FILE), or with PAM those of this system. A user's
 * identifier is his name. Groups are told, but are no subjects.
 */
#include "xapi/vm/vm.h"
#include "xapi/call/auth.h"
#include "xapi/call/auth_ask.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/call/server.h"

/* The user of the call's first argument. The system may have to ask somebody
 * else, so this is for workers. */
static struct err *find_user(struct job *j, const struct call *c,
                             struct auth_user *ret)
{
    struct err *e = auth_ask_user(job_pool(j), auth_method(c->server->auth),
                                  vm_arg(c, 0).s, ret);

    if (!e || !err_is(e, &err_kind_not_found))
        return e;
    err_free(e);
    return err_SUBJECT_CANNOT_BE_RESOLVED();
}

/* A set or map as the text of the call's result. */
static void say(struct job *j, const struct call *c, struct model_value d)
{
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);

    datum_to_text(c->row->result, d, &text);
    job_say(j, str_text(&text));
}

static struct err *identify(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct auth_user user;

    TRY(find_user(j, w->call, &user));
    job_say(j, user.name);
    return NULL;
}

static struct err *describe(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct pool *p = job_pool(j);
    struct model_value all = DATUM_EMPTY;
    struct auth_user user = {NULL};

    TRY(find_user(j, w->call, &user));
    const struct {
        const char *key, *value;
    } rows[] = {
        {"subject-name", user.name},
        {"subject-gecos", user.full_name},
        {"subject-displayname", *user.full_name ? user.full_name : user.name},
        {"subject-uid", user.uid},
        {"subject-gid", user.gid},
        {"subject-is-group", "false"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        all = datum_with(p, w->call->row->result, all,
                         (union model_atom){.s = rows[i].key},
                         (union model_atom){.s = rows[i].value});
    say(j, w->call, all);
    return NULL;
}

static struct err *list_groups(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct model_value all = DATUM_EMPTY;
    struct auth_user user;

    TRY(find_user(j, w->call, &user));
    for (size_t i = 0; i < user.n_groups; i++)
        all = datum_with(job_pool(j), w->call->row->result, all,
                         (union model_atom){.s = user.groups[i]},
                         (union model_atom){0});
    say(j, w->call, all);
    return NULL;
}

#define BODY(name_, work_)    \
    CALL_BODY(auth, name_,    \
              ops_run_on(     \
                  c, NULL, 0, \
                  &(const struct ops_body){.work = (work_), .no_host = true}))

BODY(get_subject_identifier, identify)
BODY(get_subject_information_from_identifier, describe)
BODY(get_group_membership, list_groups)
