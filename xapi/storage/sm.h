/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sm: the objects of class SM, one for each row of sr.h. */
#ifndef XAPI_SM_H
#define XAPI_SM_H

#include "xapi/model/fields_gen.h"

/* At each start: they are as the rows say; others go. */
struct err *sm_prepare(struct txn *txn) MUST_USE;

#endif
