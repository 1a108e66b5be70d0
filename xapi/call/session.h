/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session: who is logged in. Each is an object of the class session, too; here
 * is what calls ask for on their way (roles), and what is nobody's business
 * (what it has registered for events). Idle ones end after a day, and when a
 * user or a program opens too many, the least active of its own end.
 */
#ifndef XAPI_SESSION_H
#define XAPI_SESSION_H

#include "xapi/db/db.h"
#include "xapi/db/event.h"

struct server;
struct session;
struct sessions;

#define SESSION_IDLE_SECONDS (24 * 3600)
#define SESSIONS_MAX 500 /* of one user name, and of one originator */

struct sessions *sessions_new(struct server *server);
void sessions_free(struct sessions *s); /* NULL is fine */

/* What a login says. Texts are copied. */
struct session_login {
    const char *user;
    const char *originator;
    bool root;             /* may do everything */
    model_role_bits roles; /* unless ROOT */
    const char *subject;   /* ref, or NULL */
};
struct err *session_open(struct sessions *s, const struct session_login *login,
                         struct session **ret) MUST_USE;
/* Calls of it that wait fail of SESSION_INVALID. */
void session_close(struct sessions *s, struct session *session);

/* NULL: no such, or it has ended. */
struct session *session_find(const struct sessions *s, const char *ref);
const char *session_ref(const struct session *s);
const char *session_user(const struct session *s);
const char *session_program(const struct session *s);
/* It has one of ROLES; root has all. */
bool session_may(const struct session *s, model_role_bits roles);
/* RBAC_PERMISSION_DENIED, unless it may make the call; KEY is of the map that
 * the call is about, or NULL. */
struct err *session_may_call(const struct session *s,
                             const struct model_call *row,
                             const char *key) MUST_USE;
/* It is in use now. */
void session_touch(struct session *s);

/* What event.register and event.next know of a session. */
struct session_events {
    struct pool *pool; /* of the words; NULL: not registered */
    const char **words;
    size_t n_words;
    struct event_filters filters;
    struct event_token token;
};
struct session_events *session_events(struct session *s);

#endif
