/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crowd: how many calls of each client are under way, of those that may take
 * long: work (tasks), and waiting for events. A client is a user and where it
 * comes from. Asked and told by call.c; what is too many, limits.h says.
 */
#ifndef XAPI_CROWD_H
#define XAPI_CROWD_H

enum crowd_kind {
    CROWD_WORK,
    CROWD_EVENTS,
    CROWD_KINDS, /* neither: not counted */
};

struct crowd;
struct crowd *crowd_new(void);
void crowd_free(struct crowd *c); /* NULL is fine; nobody is in it any more */

unsigned crowd_count(const struct crowd *c, const char *user,
                     const char *address, enum crowd_kind kind);
void crowd_enter(struct crowd *c, const char *user, const char *address,
                 enum crowd_kind kind);
void crowd_leave(struct crowd *c, const char *user, const char *address,
                 enum crowd_kind kind);

#endif
