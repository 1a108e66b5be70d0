/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr_file: the row of repositories that are directories of images, and what
 * rows that have their images in a directory as well make of it. */
#ifndef XAPI_SR_FILE_H
#define XAPI_SR_FILE_H

#include "xapi/storage/sr.h"

extern const struct sr_type sr_file;

#endif
