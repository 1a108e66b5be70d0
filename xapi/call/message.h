/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * message: what administrators are told about an object (class message). They
 * are objects of the database like others; the oldest go when there are too
 * many.
 */
#ifndef XAPI_MESSAGE_H
#define XAPI_MESSAGE_H

#include "xapi/model/fields_gen.h"

#define MESSAGES_MAX 10000

struct message {
    const char *name; /* "VM_STARTED" */
    int64_t priority; /* 1 is the gravest, 5 news */
    enum message_cls cls;
    const char *obj_uuid, *body;
};

/* Of now. */
struct err *message_add(struct txn *txn, const struct message *m,
                        struct object **ret) MUST_USE;

/* The same, with the priority of its name. */
struct err *message_tell(struct txn *txn, const struct message *m) MUST_USE;

#endif
