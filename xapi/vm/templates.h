/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * templates: the templates that come with the product, one row each
 * (templates.c). Called at each start: rows that this pool has not had yet
 * become VMs; what users did to older ones stays as it is.
 */
#ifndef XAPI_TEMPLATES_H
#define XAPI_TEMPLATES_H

#include "xapi/db/txn.h"

struct err *templates_add(struct txn *txn, struct object *pool) MUST_USE;

#endif
