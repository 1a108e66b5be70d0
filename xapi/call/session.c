/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* session: see session.h. */
#include "xapi/call/session.h"

#include <event2/event.h>
#include <string.h>
#include <time.h>

#include "lib/hash.h"
#include "lib/log.h"
#include "xapi/call/call.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/server.h"

#define SWEEP_SECONDS 60
#define ORIGINATOR_MAX 128

struct session {
    struct hash_node by_ref;
    struct session *next, **link; /* newest first */
    struct sessions *all;
    char *ref, *user, *originator;
    bool root;
    model_role_bits roles;
    int64_t last_active; /* seconds since 1970 ... */
    int64_t shown;       /* ... and as the object says it */
    struct session_events events;
};

struct sessions {
    struct server *server;
    struct hash refs;
    struct session *first;
    struct event *sweep;
};

static int64_t now(void)
{
    return (int64_t)time(NULL);
}

static uint32_t hash_ref(const char *ref)
{
    return hash_bytes(0, ref, strlen(ref)); /* refs are made here */
}

/* ---- the end of one ------------------------------------------------------ */

static void drop(struct session *s)
{
    hash_remove(&s->all->refs, &s->by_ref);
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    pool_free(s->events.pool);
    free(s->ref);
    free(s->user);
    free(s->originator);
    free(s);
}

/* Async calls go on: they have their task. */
static void cancel_calls(struct server *server, const char *ref)
{
    struct call *next;

    for (struct call *c = server->waiting; c; c = next) {
        next = c->next;
        if (c->async || c->cancelled || !c->session || strcmp(c->session, ref))
            continue;
        call_cancel(c, err_SESSION_INVALID(ref));
        next = server->waiting; /* others may have ended by it */
    }
}

void session_close(struct sessions *all, struct session *s)
{
    struct db *db = all->server->db;
    struct object *o = db_find(db, &model_classes[CLASS_session], s->ref);

    cancel_calls(all->server, s->ref);
    log_info("session", "one of \"%s\" ends", s->user);
    if (o) {
        struct txn *txn = txn_begin(db);

        txn_destroy(txn, o);
        txn_commit(txn);
    }
    drop(s);
}

static void show_activity(struct sessions *all)
{
    struct db *db = all->server->db;
    struct txn *txn = txn_begin(db);

    for (struct session *s = all->first; s; s = s->next) {
        struct object *o = db_find(db, &model_classes[CLASS_session], s->ref);

        if (o && s->last_active != s->shown)
            err_drop(set_session_last_active(txn, o, s->last_active),
                     "it is of the field's type");
        s->shown = s->last_active;
    }
    txn_commit(txn);
}

static void sweep(int fd, short what, void *arg)
{
    struct sessions *all = arg;
    struct session *next;

    (void)fd, (void)what;
    show_activity(all);
    for (struct session *s = all->first; s; s = next) {
        next = s->next;
        if (now() - s->last_active > SESSION_IDLE_SECONDS)
            session_close(all, s);
    }
}

/* ---- a new one ----------------------------------------------------------- */

/* The least active of those that SAME finds alike goes, if they are too many.
 */
static void make_room(struct sessions *all,
                      bool (*same)(const struct session *s,
                                   const struct session_login *login),
                      const struct session_login *login)
{
    struct session *oldest = NULL;
    unsigned n = 0;

    for (struct session *s = all->first; s; s = s->next) {
        if (!same(s, login))
            continue;
        n++;
        if (!oldest || s->last_active <= oldest->last_active)
            oldest = s;
    }
    if (n >= SESSIONS_MAX)
        session_close(all, oldest);
}

static bool same_user(const struct session *s,
                      const struct session_login *login)
{
    return !strcmp(s->user, login->user);
}

static bool same_originator(const struct session *s,
                            const struct session_login *login)
{
    return *login->originator && !strcmp(s->originator, login->originator);
}

static struct err *fill(struct txn *txn, struct object *o,
                        const struct session *s,
                        const struct session_login *login)
{
    struct db *db = txn_db(txn);

    TRY(set_session_this_host(
        txn, o, db_find(db, &model_classes[CLASS_host], s->all->server->host)));
    TRY(set_session_last_active(txn, o, s->last_active));
    TRY(set_session_validation_time(txn, o, s->last_active));
    TRY(set_session_is_local_superuser(txn, o, s->root));
    TRY(set_session_subject(
        txn, o, db_find(db, &model_classes[CLASS_subject], login->subject)));
    if (login->subject)
        TRY(set_session_auth_user_sid(txn, o, s->user));
    TRY(set_session_auth_user_name(txn, o, s->user));
    return set_session_originator(txn, o, s->originator);
}

static struct err *make_object(struct session *s,
                               const struct session_login *login)
{
    struct txn *txn = txn_begin(s->all->server->db);
    struct object *o;
    struct err *e =
        txn_create(txn, &model_classes[CLASS_session], NULL, NULL, &o);

    if (!e)
        e = fill(txn, o, s, login);
    if (!e)
        s->ref = xstrdup(object_ref(o));
    return txn_end(txn, e);
}

struct err *session_open(struct sessions *all,
                         const struct session_login *login,
                         struct session **ret)
{
    struct session *s;
    struct err *e;

    make_room(all, same_user, login);
    make_room(all, same_originator, login);
    s = xcalloc(1, sizeof(*s));
    s->all = all;
    s->user = xstrdup(login->user);
    s->originator = xprintf("%.*s", ORIGINATOR_MAX, login->originator);
    s->root = login->root;
    s->roles = login->roles;
    s->last_active = s->shown = now();
    e = make_object(s, login);
    if (e) {
        free(s->user);
        free(s->originator);
        free(s);
        return e;
    }
    hash_add(&all->refs, &s->by_ref, hash_ref(s->ref));
    s->next = all->first;
    s->link = &all->first;
    if (s->next)
        s->next->link = &s->next;
    all->first = s;
    log_info("session", "one of \"%s\" begins, for \"%s\"", s->user,
             s->originator);
    *ret = s;
    return NULL;
}

/* ---- questions ----------------------------------------------------------- */

struct session *session_find(const struct sessions *all, const char *ref)
{
    struct hash_node *node = hash_first(&all->refs, hash_ref(ref));

    for (; node; node = hash_next(node)) {
        struct session *s = hash_entry(node, struct session, by_ref);

        if (!strcmp(s->ref, ref))
            return s;
    }
    return NULL;
}

const char *session_ref(const struct session *s)
{
    return s->ref;
}

const char *session_user(const struct session *s)
{
    return s->user;
}

const char *session_program(const struct session *s)
{
    return s->originator;
}

bool session_may(const struct session *s, model_role_bits roles)
{
    return s->root || s->roles & roles;
}

struct err *session_may_call(const struct session *s,
                             const struct model_call *row, const char *key)
{
    model_role_bits roles = key ? model_key_roles(row, key) : row->roles;
    AUTO_FREE char *permission = NULL;

    if (session_may(s, roles))
        return NULL;
    if (roles != row->roles)
        permission = xprintf("%s/key:%s", row->name, key);
    return err_RBAC_PERMISSION_DENIED(permission ? permission : row->name,
                                      "No permission in user session");
}

void session_touch(struct session *s)
{
    s->last_active = now();
}

struct session_events *session_events(struct session *s)
{
    return &s->events;
}

/* ---- all of them --------------------------------------------------------- */

struct sessions *sessions_new(struct server *server)
{
    struct sessions *all = xcalloc(1, sizeof(*all));

    all->server = server;
    all->sweep = event_new(server->base, -1, EV_PERSIST, sweep, all);
    event_add(all->sweep, &(struct timeval){SWEEP_SECONDS, 0});
    return all;
}

void sessions_free(struct sessions *all)
{
    if (!all)
        return;
    event_free(all->sweep);
    while (all->first)
        drop(all->first);
    hash_done(&all->refs);
    free(all);
}
