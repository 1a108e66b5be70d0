/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* auth_ask: what a child of auth.c asks, and may wait for. */
#ifndef XAPI_AUTH_ASK_H
#define XAPI_AUTH_ASK_H

#include "lib/pool.h"

/* The first byte of a child's answer; a sentence follows the second. */
#define AUTH_YES '+'
#define AUTH_NO '-'

/* NULL: the password is the user's. */
struct err *auth_ask(const char *method, const char *user,
                     const char *password) MUST_USE;
/* NEW is the user's password from now on; PASSWORD was. */
struct err *auth_ask_change(const char *method, const char *user,
                            const char *password, const char *new) MUST_USE;

/* Who can log in; texts are in the pool. Of a user of a file nothing but the
 * name is known. */
struct auth_user {
    const char *name, *full_name;
    const char *uid, *gid;
    const char **groups;
    size_t n_groups;
};
/* Kind not_found when there is none. */
struct err *auth_ask_user(struct pool *p, const char *method, const char *name,
                          struct auth_user *ret) MUST_USE;
/* METHOD can be asked. */
struct err *auth_ask_check(const char *method) MUST_USE;

#endif
