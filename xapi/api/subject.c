/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api/subject: the calls of the classes subject and role. The roles are the
 * model's; a permission is the name of a call, or of a key of one, and is a
 * role of its own only where clients look for it: in lists of names.
 */
#include <string.h>

#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"

/* ---- roles --------------------------------------------------------------- */

static const struct model_role *role_of(const struct object *o)
{
    return model_role_find(get_role_name_label(o));
}

static model_role_bits bits_of(const struct object *o)
{
    const struct model_role *role = role_of(o);

    return role ? 1u << (role - model_roles) : 0;
}

static void add(struct pool *p, struct model_value *set, unsigned *size,
                const char *name)
{
    union model_atom *keys = (union model_atom *)(uintptr_t)set->keys;

    if (set->n == *size) {
        *size = *size ? 2 * *size : 256;
        keys = pool_alloc(p, *size * sizeof(*keys));
        if (set->n)
            memcpy(keys, set->keys, set->n * sizeof(*keys));
        set->keys = keys;
    }
    keys[set->n++].s = name;
}

/* Names of all that ROLES may do. */
static struct model_value permissions_of(struct pool *p, model_role_bits roles)
{
    struct model_value found = DATUM_EMPTY;
    unsigned size = 0;

    for (const struct model_call *call = model_calls; call->name; call++) {
        if (call->session && call->roles & roles)
            add(p, &found, &size, call->name);
        for (unsigned i = 0; i < call->n_key_roles; i++)
            if (call->key_roles[i].roles & roles)
                add(p, &found, &size,
                    pool_printf(p, "%s/key:%s", call->name,
                                call->key_roles[i].key));
    }
    for (const struct model_permission *m = model_permissions; m->name; m++)
        if (m->roles & roles)
            add(p, &found, &size, m->name);
    for (const struct model_http *http = model_http; http->name; http++)
        if (http->roles & roles)
            add(p, &found, &size, pool_printf(p, "http/%s", http->name));
    return found;
}

struct err *role_get_permissions_name_label(
    struct call *c, const struct role_get_permissions_name_label_args *a)
{
    struct object *o;

    (void)a;
    TRY(call_object(c, 0, &o));
    call_return(c, permissions_of(c->pool, bits_of(o)));
    return NULL;
}

/* Permissions are no objects here. */
struct err *role_get_permissions(struct call *c,
                                 const struct role_get_permissions_args *a)
{
    struct object *o;

    (void)a;
    TRY(call_object(c, 0, &o));
    call_return(c, get_role_subroles(o));
    return NULL;
}

static bool may(struct pool *p, model_role_bits roles, const char *permission)
{
    struct model_value all = permissions_of(p, roles);

    for (unsigned i = 0; i < all.n; i++)
        if (!strcmp(all.keys[i].s, permission))
            return true;
    return false;
}

struct err *role_get_by_permission_name_label(
    struct call *c, const struct role_get_by_permission_name_label_args *a)
{
    struct model_value found = DATUM_EMPTY;
    unsigned size = 0;

    for (const struct object *o = db_first(c->db, &model_classes[CLASS_role]);
         o; o = object_next(o))
        if (may(c->pool, bits_of(o), a->label))
            add(c->pool, &found, &size, object_ref(o));
    call_return(c, found);
    return NULL;
}

struct err *role_get_by_permission(struct call *c,
                                   const struct role_get_by_permission_args *a)
{
    (void)a;
    return err_HANDLE_INVALID("role", c->args[0].keys[0].s);
}

/* ---- subjects ------------------------------------------------------------ */

struct err *subject_create(struct call *c, const struct subject_create_args *a)
{
    const struct value *id = value_get(a->args, "subject_identifier");
    struct object *o;

    for (o = db_first(c->db, c->row->class); o; o = object_next(o))
        if (id && id->kind == VALUE_STRING &&
            !strcmp(get_subject_subject_identifier(o), id->s.text))
            return err_SUBJECT_ALREADY_EXISTS();
    return generic_construct(c, generic_create);
}

/* Its sessions have the roles that it had: they end. */
static void close_sessions(struct call *c, const struct object *subject)
{
    struct object *next;

    for (struct object *o = db_first(c->db, &model_classes[CLASS_session]); o;
         o = next) {
        next = object_next(o);
        if (get_session_subject(o) == subject)
            session_close(c->server->sessions,
                          session_find(c->server->sessions, object_ref(o)));
    }
}

struct err *subject_destroy(struct call *c,
                            const struct subject_destroy_args *a)
{
    struct object *o;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &o));
    close_sessions(c, o);
    txn = txn_begin(c->db);
    txn_destroy(txn, o);
    return txn_end(txn, NULL);
}

static bool has_role(const struct object *subject, const struct object *role)
{
    return datum_find(model_fields[subject_roles].type,
                      get_subject_roles(subject),
                      (union model_atom){.s = object_ref(role)}) >= 0;
}

struct err *subject_add_to_roles(struct call *c,
                                 const struct subject_add_to_roles_args *a)
{
    struct object *o, *role;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &o));
    TRY(call_object(c, 1, &role));
    if (has_role(o, role))
        return err_ROLE_ALREADY_EXISTS();
    txn = txn_begin(c->db);
    return txn_end(txn, add_subject_roles(txn, o, role));
}

struct err *subject_remove_from_roles(
    struct call *c, const struct subject_remove_from_roles_args *a)
{
    struct object *o, *role;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &o));
    TRY(call_object(c, 1, &role));
    if (!has_role(o, role))
        return err_ROLE_NOT_FOUND();
    close_sessions(c, o);
    txn = txn_begin(c->db);
    return txn_end(txn, remove_subject_roles(txn, o, role));
}

struct err *subject_get_permissions_name_label(
    struct call *c, const struct subject_get_permissions_name_label_args *a)
{
    struct model_value roles;
    model_role_bits bits = 0;
    struct object *o;

    (void)a;
    TRY(call_object(c, 0, &o));
    roles = get_subject_roles(o);
    for (unsigned i = 0; i < roles.n; i++)
        bits |= bits_of(
            db_find(c->db, &model_classes[CLASS_role], roles.keys[i].s));
    call_return(c, permissions_of(c->pool, bits));
    return NULL;
}
