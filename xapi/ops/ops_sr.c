/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_sr: which operation a repository may begin. One at a time, but for
 * several that plug it. */
#include "xapi/ops/ops.h"

#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_sr.h"

enum {
    HIDDEN = 1 << 0,
    PLUGGED = 1 << 1,   /* a PBD has to be */
    UNPLUGGED = 1 << 2, /* none may be */
    CHANGES = 1 << 3,   /* not on the repository of the tools */
};

struct op {
    unsigned flags;
    const char *feature; /* of SM.features, or NULL */
};

#define OP(name) [SR_operations_##name]
/* clang-format off */
static const struct op ops[] = {
    OP(scan)                    = {PLUGGED, NULL},
    OP(destroy)                 = {UNPLUGGED | CHANGES, NULL},
    OP(forget)                  = {UNPLUGGED, NULL},
    OP(plug)                    = {0, NULL},
    OP(unplug)                  = {0, NULL},
    OP(update)                  = {PLUGGED, "SR_UPDATE"},
    OP(vdi_create)              = {PLUGGED | CHANGES, "VDI_CREATE"},
    OP(vdi_introduce)           = {PLUGGED, "VDI_INTRODUCE"},
    OP(vdi_destroy)             = {PLUGGED | CHANGES, "VDI_DELETE"},
    OP(vdi_resize)              = {PLUGGED | CHANGES, "VDI_RESIZE"},
    OP(vdi_clone)               = {PLUGGED | CHANGES, "VDI_CLONE"},
    OP(vdi_snapshot)            = {PLUGGED | CHANGES, "VDI_SNAPSHOT"},
    OP(vdi_mirror)              = {PLUGGED | CHANGES, "VDI_MIRROR"},
    OP(vdi_enable_cbt)          = {PLUGGED | CHANGES, "VDI_CONFIG_CBT"},
    OP(vdi_disable_cbt)         = {PLUGGED | CHANGES, "VDI_CONFIG_CBT"},
    OP(vdi_data_destroy)        = {PLUGGED | CHANGES, "VDI_CONFIG_CBT"},
    OP(vdi_list_changed_blocks) = {PLUGGED, "VDI_CONFIG_CBT"},
    OP(vdi_set_on_boot)         = {PLUGGED | CHANGES, "VDI_RESET_ON_BOOT"},
    OP(vdi_blocked)             = {HIDDEN, NULL},
    OP(vdi_copy)                = {PLUGGED, NULL},
    OP(vdi_force_unlock)        = {HIDDEN, NULL},
    OP(vdi_forget)              = {0, NULL},
    OP(vdi_generate_config)     = {PLUGGED, "VDI_GENERATE_CONFIG"},
    OP(vdi_resize_online)       = {PLUGGED | CHANGES, "VDI_RESIZE_ONLINE"},
    OP(vdi_update)              = {PLUGGED, "VDI_UPDATE"},
    OP(vdi_revert)              = {PLUGGED | CHANGES, "VDI_REVERT"},
    OP(pbd_create)              = {0, NULL},
    OP(pbd_destroy)             = {0, NULL},
};
/* clang-format on */

bool sr_has_feature(const struct db *db, const struct object *sr,
                    const char *feature)
{
    union model_atom key = {.s = feature};
    const struct model_field *field = &model_fields[SM_features];

    for (const struct object *sm = db_first(db, &model_classes[CLASS_SM]); sm;
         sm = object_next(sm))
        if (text_eq(get_SM_type(sm), get_SR_type(sr)))
            return datum_find(field->type, get_SM_features(sm), key) >= 0;
    return false;
}

bool sr_is_plugged(const struct db *db, const struct object *sr)
{
    struct model_value pbds = get_SR_PBDs(sr);

    for (unsigned i = 0; i < pbds.n; i++)
        if (get_PBD_currently_attached(
                db_find(db, &model_classes[CLASS_PBD], pbds.keys[i].s)))
            return true;
    return false;
}

/* ---- rules --------------------------------------------------------------- */

static struct err *check_others(const struct object *sr, unsigned op)
{
    struct model_value running = ops_current(sr);

    for (unsigned i = 0; i < running.n; i++)
        if (op != SR_operations_plug ||
            running.values[i].i != SR_operations_plug)
            return ops_in_progress(sr);
    return NULL;
}

static struct err *check_plugged(const struct db *db, const struct object *sr,
                                 unsigned op)
{
    bool plugged = sr_is_plugged(db, sr);

    if (ops[op].flags & PLUGGED && !plugged)
        return err_SR_HAS_NO_PBDS(object_ref(sr));
    if (op == SR_operations_destroy && !get_SR_PBDs(sr).n)
        return err_SR_HAS_NO_PBDS(object_ref(sr));
    if (ops[op].flags & UNPLUGGED && plugged)
        return err_SR_HAS_PBD(object_ref(sr));
    return NULL;
}

/* Recorded values may be lost with it. */
static struct err *check_empty(const struct db *db, const struct object *sr)
{
    struct model_value vdis = get_SR_VDIs(sr);

    for (unsigned i = 0; i < vdis.n; i++) {
        const struct object *vdi =
            db_find(db, &model_classes[CLASS_VDI], vdis.keys[i].s);

        if (get_VDI_managed(vdi) && get_VDI_type(vdi) != VDI_type_rrd)
            return err_SR_NOT_EMPTY();
    }
    return NULL;
}

struct err *sr_check(const struct db *db, const struct object *sr,
                     enum SR_operations op)
{
    const struct op *row = &ops[op];

    if ((row->feature && !sr_has_feature(db, sr, row->feature)) ||
        (row->flags & CHANGES && get_SR_is_tools_sr(sr)))
        return err_SR_OPERATION_NOT_SUPPORTED(object_ref(sr));
    TRY(check_plugged(db, sr, op));
    return op == SR_operations_destroy ? check_empty(db, sr) : NULL;
}

static struct err *check(const struct db *db, const struct object *sr,
                         unsigned op, bool strict)
{
    (void)strict;
    TRY(check_others(sr, op));
    return sr_check(db, sr, (enum SR_operations)op);
}

static bool hidden(unsigned op)
{
    return ops[op].flags & HIDDEN;
}

const struct ops_class ops_sr = {
    .class = CLASS_SR,
    .allowed = SR_allowed_operations,
    .current = SR_current_operations,
    .check = check,
    .hidden = hidden,
};
