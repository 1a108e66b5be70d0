/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * generic: the bodies of all calls that follow from classes and fields; one a
 * kind (enum model_call_kind), for every class. Called by call.c alone.
 */
#ifndef XAPI_GENERIC_H
#define XAPI_GENERIC_H

#include "xapi/call/call.h"

struct err *generic_run(struct call *c) MUST_USE;

/* What bodies of constructors begin with: a new object out of the call's
 * record, without the answer. */
struct txn;
struct err *generic_create(struct call *c, struct txn *txn,
                           struct object **ret) MUST_USE;
/* The body of a constructor that only writes: what CREATE makes is answered. */
typedef struct err *generic_create_fn(struct call *c, struct txn *txn,
                                      struct object **ret);
struct err *generic_construct(struct call *c,
                              generic_create_fn *create) MUST_USE;
/* A new object of the call's class with each field that a parameter is called
 * as: what "introduce" calls do. */
struct err *generic_introduce(struct call *c, struct txn *txn,
                              struct object **ret) MUST_USE;
/* The body of one that does no more. */
struct err *generic_run_introduce(struct call *c) MUST_USE;
/* The object that argument I refers to, or HANDLE_INVALID. */
struct err *call_object(const struct call *c, unsigned i,
                        struct object **ret) MUST_USE;
/* Argument I is the host that this is, or HOST_OFFLINE. */
struct err *call_this_host(const struct call *c, unsigned i) MUST_USE;

#endif
