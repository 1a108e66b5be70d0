/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/sr: what the files about repositories and their connections share. */
#ifndef XAPI_API_SR_H
#define XAPI_API_SR_H

#include "xapi/call/call.h"
#include "xapi/storage/disk.h"
#include "xapi/ops/ops_queue.h"

/* PBD is PLUGGED from now on, and what follows for all of its repository. */
struct err *sr_set_plugged(struct txn *txn, struct object *pbd,
                           bool plugged) MUST_USE;
/* The object a worker's call has as argument I. */
struct object *sr_work_arg(struct job *j, const struct ops_work *w, unsigned i);

#endif
