/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_sr: what rules about repositories share with those about their disks. */
#ifndef XAPI_OPS_SR_H
#define XAPI_OPS_SR_H

#include "xapi/model/fields_gen.h"

/* The driver of SR says it in SM.features: "VDI_CREATE". */
bool sr_has_feature(const struct db *db, const struct object *sr,
                    const char *feature);
/* A PBD of it is plugged. */
bool sr_is_plugged(const struct db *db, const struct object *sr);

/* OP could begin on SR if nothing else ran on it. */
struct err *sr_check(const struct db *db, const struct object *sr,
                     enum SR_operations op) MUST_USE;

/* A guest has VDI. */
bool vdi_is_attached(const struct db *db, const struct object *vdi);
/* None has, and it may be written to: for OP, which writes over all of
 * it as an operation `blocked`. */
struct err *vdi_check_unused(const struct db *db, const struct object *vdi,
                             const char *op) MUST_USE;

#endif
