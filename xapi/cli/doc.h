/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/doc: the manual of xe, out of the rows of its commands. */
#ifndef XAPI_CLI_DOC_H
#define XAPI_CLI_DOC_H

#include "lib/doc.h"

/* For a program's __doc. */
extern const struct doc_page cli_doc_page;

#endif
