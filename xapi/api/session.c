/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/session: the calls of class session. */
#include <openssl/crypto.h>
#include <string.h>

#include "lib/log.h"
#include "xapi/call/auth.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"

/* The local superuser; who else can log in is a subject with roles. */
#define ROOT "root"

/* ---- login --------------------------------------------------------------- */

struct login {
    struct call *call;
    struct auth_check *check;
    const char *user, *originator;
};

/* The subject that stands for USER, or NULL. */
static const struct object *subject_of(struct db *db, const char *user)
{
    const struct object *o = db_first(db, &model_classes[CLASS_subject]);

    while (o && strcmp(get_subject_subject_identifier(o), user))
        o = object_next(o);
    return o;
}

static model_role_bits roles_of(struct db *db, const struct object *subject)
{
    struct model_value refs = get_subject_roles(subject);
    model_role_bits roles = 0;

    for (unsigned i = 0; i < refs.n; i++) {
        const struct object *o =
            db_find(db, &model_classes[CLASS_role], refs.keys[i].s);
        const struct model_role *role =
            o ? model_role_find(get_role_name_label(o)) : NULL;

        if (role)
            roles |= 1u << (role - model_roles);
    }
    return roles;
}

static struct err *open_session(struct call *c, const char *user,
                                const char *originator)
{
    struct session_login login = {.user = user, .originator = originator};
    struct session *s;

    login.root = c->caller.root || !strcmp(user, ROOT);
    if (!login.root) {
        const struct object *subject = subject_of(c->db, user);

        if (!subject)
            return err_SESSION_AUTHORIZATION_FAILED(
                user, "the user is no subject of this pool");
        login.subject = object_ref(subject);
        login.roles = roles_of(c->db, subject);
        if (!login.roles)
            return err_RBAC_PERMISSION_DENIED("session.login_with_password",
                                              "the subject has no role");
    }
    TRY(session_open(c->server->sessions, &login, &s));
    call_return_ref(c, session_ref(s));
    return NULL;
}

static struct err *not_authentic(const char *user, const char *why)
{
    return err_code("SESSION_AUTHENTICATION_FAILED",
                    (const char *const[]){user, why}, 2);
}

static void checked(void *arg, const char *why)
{
    struct login *l = arg;

    l->check = NULL;
    call_finish(l->call, why ? not_authentic(l->user, why)
                             : open_session(l->call, l->user, l->originator));
}

static void give_up(struct call *c, void *arg)
{
    struct login *l = arg;

    auth_check_cancel(l->check);
    call_finish(c, NULL);
}

static struct err *log_in(struct call *c, const char *user,
                          const char *password, const char *originator)
{
    struct login *l;

    if (c->caller.root)
        return open_session(c, ROOT, originator);
    l = pool_new_of(c->pool, struct login);
    *l = (struct login){.call = c, .user = user, .originator = originator};
    call_later(c, give_up, l);
    l->check = auth_check(c->server->auth, user, password, checked, l);
    return NULL;
}

struct err *session_login_with_password(
    struct call *c, const struct session_login_with_password_args *a)
{
    return log_in(c, a->uname, a->pwd, a->originator);
}

/* ---- logins without a master --------------------------------------------- */

/* The local superuser's alone. */
static struct err *open_local(struct call *c, const char *originator)
{
    const struct session_login login = {
        .user = ROOT, .originator = originator, .root = true};
    struct session *s;

    TRY(session_open(c->server->sessions, &login, &s));
    call_return_ref(c, session_ref(s));
    return NULL;
}

struct err *session_slave_local_login_with_password(
    struct call *c,
    const struct session_slave_local_login_with_password_args *a)
{
    if (!c->caller.root && strcmp(a->uname, ROOT) != 0)
        return not_authentic(a->uname, "only root logs in here");
    return log_in(c, a->uname, a->pwd, "local");
}

/* As long whatever is wrong. */
static bool knows_secret(const struct call *c, const char *secret)
{
    const char *right = c->server->secret;
    size_t len = strlen(right);

    return strlen(secret) == len && !CRYPTO_memcmp(secret, right, len);
}

static struct err *log_in_by_secret(struct call *c, const char *secret)
{
    return knows_secret(c, secret)
               ? open_local(c, "pool")
               : not_authentic(ROOT, "this is not the secret of the pool");
}

struct err *session_slave_login(struct call *c,
                                const struct session_slave_login_args *a)
{
    struct object *host;

    TRY(call_object(c, 0, &host));
    return log_in_by_secret(c, a->psecret);
}

struct err *session_slave_local_login(
    struct call *c, const struct session_slave_local_login_args *a)
{
    return log_in_by_secret(c, a->psecret);
}

/* ---- another password ---------------------------------------------------- */

struct changing {
    struct call *call;
    struct auth_check *check;
    const char *user, *old, *new;
};

static void changed(void *arg, const char *why)
{
    struct changing *ch = arg;

    ch->check = NULL;
    call_finish(ch->call, why ? err_CHANGE_PASSWORD_REJECTED(why) : NULL);
}

static void begin_change(struct changing *ch)
{
    ch->check = auth_change(ch->call->server->auth, ch->user, ch->old, ch->new,
                            changed, ch);
}

static void old_checked(void *arg, const char *why)
{
    struct changing *ch = arg;

    ch->check = NULL;
    if (why)
        call_finish(ch->call, not_authentic(ch->user, why));
    else
        begin_change(ch);
}

static void give_up_change(struct call *c, void *arg)
{
    struct changing *ch = arg;

    auth_check_cancel(ch->check);
    call_finish(c, NULL);
}

/* Of the local superuser; by the Unix socket the old one is not asked for. */
struct err *session_change_password(
    struct call *c, const struct session_change_password_args *a)
{
    const struct session *s = session_find(c->server->sessions, c->session);
    struct changing *ch = pool_new_of(c->pool, struct changing);

    if (!s || strcmp(session_user(s), ROOT) != 0)
        return err_USER_IS_NOT_LOCAL_SUPERUSER(
            "only the local superuser's password is changed here");
    *ch = (struct changing){.call = c,
                            .user = ROOT,
                            .old = pool_str(c->pool, a->old_pwd),
                            .new = pool_str(c->pool, a->new_pwd)};
    call_later(c, give_up_change, ch);
    if (c->caller.root)
        begin_change(ch);
    else
        ch->check =
            auth_check(c->server->auth, ch->user, ch->old, old_checked, ch);
    return NULL;
}

/* ---- the end ------------------------------------------------------------- */

struct err *session_logout(struct call *c)
{
    struct session *s = session_find(c->server->sessions, c->session);

    session_close(c->server->sessions, s);
    return NULL;
}

struct err *session_local_logout(struct call *c)
{
    return session_logout(c);
}

/* ---- subjects ------------------------------------------------------------ */

static const char *identifier_of(const struct object *session)
{
    const struct object *subject = get_session_subject(session);

    return subject ? get_subject_subject_identifier(subject) : NULL;
}

struct err *session_get_all_subject_identifiers(struct call *c)
{
    const struct model_type *type = c->row->result;
    struct model_value found = DATUM_EMPTY;

    for (const struct object *o =
             db_first(c->db, &model_classes[CLASS_session]);
         o; o = object_next(o)) {
        const char *id = identifier_of(o);

        if (id)
            found =
                datum_with(c->pool, type, found, (union model_atom){.s = id},
                           (union model_atom){0});
    }
    call_return(c, found);
    return NULL;
}

struct err *session_logout_subject_identifier(
    struct call *c, const struct session_logout_subject_identifier_args *a)
{
    struct object *next;

    for (struct object *o = db_first(c->db, &model_classes[CLASS_session]); o;
         o = next) {
        const char *id = identifier_of(o);

        next = object_next(o);
        if (id && !strcmp(id, a->subject_identifier) &&
            strcmp(object_ref(o), c->session))
            session_close(c->server->sessions,
                          session_find(c->server->sessions, object_ref(o)));
    }
    return NULL;
}
