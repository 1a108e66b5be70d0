/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr_iso: the row of directories of discs. */
#ifndef XAPI_SR_ISO_H
#define XAPI_SR_ISO_H

#include "xapi/storage/sr.h"

extern const struct sr_type sr_iso;

#endif
