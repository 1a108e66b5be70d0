/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_doc: manual pages out of the model: the reference of XenAPI and what of
 * it is implemented.
 */
#ifndef XAPI_MODEL_DOC_H
#define XAPI_MODEL_DOC_H

#include "lib/doc.h"

/* xenapi and parity; for a program's __doc. Ends with a NULL name. */
extern const struct doc_page model_doc_pages[];

#endif
