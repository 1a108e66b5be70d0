/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr_dummy: the row of simulated repositories. */
#ifndef XAPI_SR_DUMMY_H
#define XAPI_SR_DUMMY_H

#include "xapi/storage/sr.h"

extern const struct sr_type sr_dummy;

#endif
