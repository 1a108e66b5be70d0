/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * auth: is this the user's password, and another one from now on. Asked of PAM
 * (service "xapi") or of a file with lines `user:hash`, the hash as crypt(3)
 * makes it (xapid --hash). Both may take their time, so a child of its own
 * asks; a refusal is told late, that guessing does not pay.
 */
#ifndef XAPI_AUTH_H
#define XAPI_AUTH_H

#include "lib/pool.h"

struct auth;
struct auth_check;
struct event_base;

#define AUTH_PAM "pam"
#define AUTH_FILE_MAX (1u << 20)
/* Children at once; who comes then waits for his turn. */
#define AUTH_CHILDREN_MAX 8

/* METHOD is "pam" or a file, which has to be readable now. DELAY: seconds until
 * a refusal is told. */
struct err *auth_new(struct event_base *base, const char *method, double delay,
                     struct auth **ret) MUST_USE;
void auth_free(struct auth *a); /* NULL is fine */
const char *auth_method(const struct auth *a);

/* WHY is NULL when the password is right, else a sentence. The check is gone
 * by then. */
typedef void auth_done_fn(void *arg, const char *why);
struct auth_check *auth_check(struct auth *a, const char *user,
                              const char *password, auth_done_fn *done,
                              void *arg);
/* NEW takes the place of PASSWORD, which was found right before; WHY it does
 * not, else. */
struct auth_check *auth_change(struct auth *a, const char *user,
                               const char *password, const char *new,
                               auth_done_fn *done, void *arg);
void auth_check_cancel(struct auth_check *check);

/* What a line of the file has behind the user's name, for PASSWORD. */
struct err *auth_hash(struct pool *p, const char *password,
                      const char **ret) MUST_USE;

#endif
