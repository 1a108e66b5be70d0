/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * generic_slice: answers of very many records. To make those that nobody has
 * asked for since they changed can take long: it is done in slices, between
 * which others have their turn, before the answer is made of them in one go.
 * Called by generic.c alone.
 */
#ifndef XAPI_GENERIC_SLICE_H
#define XAPI_GENERIC_SLICE_H

#include "xapi/call.h"
#include "xapi/record.h"

/* FOUND is C's answer, or C waits until FN, called once its records are made,
 * says (by call_return_by) what is. */
struct err *generic_slice(struct call *c, const struct record_list *found,
                          call_body_fn *fn) MUST_USE;

#endif
