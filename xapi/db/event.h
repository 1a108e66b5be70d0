/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event: what has changed since a token, for event.from. Nothing is queued per
 * reader: objects are linked in the order of their last change and the
 * destroyed ones are remembered for a while, so that a question costs as much
 * as there were changes since, whoever asks and however many objects there are.
 *
 * A token is two generations: of everything, and of the class message.
 */
#ifndef XAPI_EVENT_H
#define XAPI_EVENT_H

#include "xapi/db/db.h"

struct event_token {
    uint64_t db, messages;
};
#define EVENT_TOKEN_SIZE 42
#define EVENT_FILTERS_MAX 4096

void event_token_print(struct event_token token, char text[EVENT_TOKEN_SIZE]);
/* "" is the beginning: everything there is has been added since. */
struct err *event_token_parse(const char *text,
                              struct event_token *ret) MUST_USE;
struct event_token event_token_now(const struct db *db);

/* Which objects: a NULL class is every class that sends events, a NULL ref
 * every object of the class. */
struct event_filter {
    const struct model_class *class;
    const char *ref;
};
struct event_filters {
    struct event_filter *list;
    size_t n;
};
/* "*", "vm", "vm/OpaqueRef:...": letter case of classes is free, a class that
 * there is not matches nothing, syntax that is wrong is an error. */
struct err *event_filters_parse(struct pool *p, const char *const *words,
                                size_t n, struct event_filters *ret) MUST_USE;

enum event_op {
    EVENT_ADD,
    EVENT_MOD,
    EVENT_DEL,
};
extern const char *const event_op_names[];

struct event_change {
    enum event_op op;
    const struct model_class *class;
    const char *ref;
    uint64_t generation;   /* of the change: the event's id */
    struct object *object; /* NULL for EVENT_DEL */
};

/* Each object that changed since TOKEN once, messages first, then what was
 * added, modified, deleted; inside each oldest change first. The list is in P;
 * *RET_LOST (with no events) says that deletions after TOKEN have been
 * forgotten, or that TOKEN is from a database that is gone: EVENTS_LOST. An
 * object destroyed and made again under its old reference is an addition.
 * Answer clients through db_when_durable, so that none sees what a crash takes
 * back. */
void event_collect(const struct db *db, struct pool *p,
                   struct event_token token,
                   const struct event_filters *filters,
                   struct event_change **ret, size_t *ret_n, bool *ret_lost);

/*
 * Calls FN, once, after the first commit that changes something FILTERS match
 * (at the end of the commit: FN may read and may wait again, but not write).
 * Ask event_collect first. A commit looks up whom it concerns; those it does
 * not concern cost nothing.
 */
struct event_wait;
typedef void event_wait_fn(void *arg);
struct event_wait *event_wait(struct db *db,
                              const struct event_filters *filters,
                              event_wait_fn *fn, void *arg);
/* No call from now on; frees it (always to be called, also after FN was; it
 * may be called from FN). */
void event_wait_free(struct event_wait *w); /* NULL is fine */

#endif
