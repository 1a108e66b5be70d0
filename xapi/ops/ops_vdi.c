/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_vdi: which operation a disk may begin: beside which others, who may use
 * it meanwhile, of which kinds of disks. */
#include "xapi/ops/ops.h"

#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_sr.h"

enum {
    HIDDEN = 1 << 0,
    LIVE = 1 << 1,        /* while guests have it */
    LIVE_READ = 1 << 2,   /* while guests only read it */
    NO_PBD = 1 << 3,      /* nothing has to be plugged */
    PERSISTS = 1 << 4,    /* not when it forgets at boot */
    DATA = 1 << 5,        /* not of what holds none (cbt_metadata) */
    ENDS = 1 << 6,        /* it is gone afterwards */
    CBT = 1 << 7,         /* about changes that are tracked */
    NOT_TRACKED = 1 << 8, /* not while they are */
    BESIDE_COPY = 1 << 9, /* while it is copied */
};

struct op {
    unsigned flags;
    const char *feature;
};

#define OP(name) [VDI_operations_##name]
/* clang-format off */
static const struct op ops[] = {
    OP(clone)               = {LIVE | DATA | BESIDE_COPY, "VDI_CLONE"},
    OP(copy)                = {LIVE_READ | DATA | PERSISTS | BESIDE_COPY, NULL},
    OP(resize)              = {DATA, "VDI_RESIZE"},
    OP(resize_online)       = {LIVE | DATA, "VDI_RESIZE_ONLINE"},
    OP(snapshot)            = {LIVE | DATA | PERSISTS, "VDI_SNAPSHOT"},
    OP(mirror)              = {HIDDEN | LIVE | DATA | NOT_TRACKED, "VDI_MIRROR"},
    OP(destroy)             = {ENDS, "VDI_DELETE"},
    OP(forget)              = {ENDS | NO_PBD, NULL},
    OP(update)              = {BESIDE_COPY, "VDI_UPDATE"},
    OP(force_unlock)        = {HIDDEN, NULL},
    OP(generate_config)     = {BESIDE_COPY, "VDI_GENERATE_CONFIG"},
    OP(enable_cbt)          = {LIVE | PERSISTS | CBT, "VDI_CONFIG_CBT"},
    OP(disable_cbt)         = {LIVE | PERSISTS | CBT, "VDI_CONFIG_CBT"},
    OP(data_destroy)        = {LIVE, "VDI_CONFIG_CBT"},
    OP(list_changed_blocks) = {BESIDE_COPY, "VDI_CONFIG_CBT"},
    OP(set_on_boot)         = {DATA | NOT_TRACKED, "VDI_RESET_ON_BOOT"},
    OP(blocked)             = {HIDDEN | LIVE, NULL},
    OP(revert_to)           = {HIDDEN | LIVE | DATA, NULL}, /* VM.revert puts another in its place */
    OP(revert_from)         = {HIDDEN | LIVE | DATA, "VDI_REVERT"},
};
/* clang-format on */

/* An operation that is checked, and on what. */
struct check {
    const struct db *db;
    const struct object *vdi;
    enum VDI_operations op;
    const struct op *row;
};

static bool has(const struct check *c, unsigned flag)
{
    return c->row->flags & flag;
}

/* ---- others -------------------------------------------------------------- */

static struct err *check_others(const struct check *c)
{
    struct model_value running = ops_current(c->vdi);

    for (unsigned i = 0; i < running.n; i++) {
        int64_t other = running.values[i].i;
        bool beside =
            (other == VDI_operations_copy && has(c, BESIDE_COPY)) ||
            (other == VDI_operations_mirror && c->op == VDI_operations_destroy);

        if (!beside)
            return ops_in_progress(c->vdi);
    }
    return NULL;
}

/* Who connects or disconnects it, or lets guests use it. */
static struct err *check_vbd(const struct check *c, const struct object *vbd)
{
    bool writes = get_VBD_mode(vbd) == VBD_mode_RW;

    if (get_VBD_current_operations(vbd).n &&
        c->op != VDI_operations_data_destroy)
        return ops_in_progress(vbd);
    if (!get_VBD_currently_attached(vbd) || has(c, LIVE) ||
        (has(c, LIVE_READ) && !writes))
        return NULL;
    return err_VDI_IN_USE(object_ref(c->vdi), ops_name(c->vdi, c->op));
}

static struct err *check_vbds(const struct check *c)
{
    struct model_value vbds = get_VDI_VBDs(c->vdi);

    for (unsigned i = 0; i < vbds.n; i++)
        TRY(check_vbd(
            c, db_find(c->db, &model_classes[CLASS_VBD], vbds.keys[i].s)));
    return NULL;
}

/* ---- its repository ------------------------------------------------------ */

bool vdi_is_attached(const struct db *db, const struct object *vdi)
{
    struct model_value vbds = get_VDI_VBDs(vdi);

    for (unsigned i = 0; i < vbds.n; i++)
        if (get_VBD_currently_attached(
                db_find(db, &model_classes[CLASS_VBD], vbds.keys[i].s)))
            return true;
    return false;
}

struct err *vdi_check_unused(const struct db *db, const struct object *vdi,
                             const char *op)
{
    if (vdi_is_attached(db, vdi))
        return err_VDI_IN_USE(object_ref(vdi), op);
    return get_VDI_read_only(vdi) ? err_VDI_READONLY(object_ref(vdi)) : NULL;
}

static struct err *check_sr(const struct check *c)
{
    const struct object *sr = get_VDI_SR(c->vdi);

    if (!sr || (!has(c, NO_PBD) && !sr_is_plugged(c->db, sr)))
        return err_SR_HAS_NO_PBDS(sr ? object_ref(sr) : "");
    if (c->op == VDI_operations_destroy && text_eq(get_SR_type(sr), "udev"))
        return err_VDI_IS_A_PHYSICAL_DEVICE(object_ref(c->vdi));
    if ((c->row->feature && !sr_has_feature(c->db, sr, c->row->feature)) ||
        (c->op == VDI_operations_destroy && get_SR_is_tools_sr(sr)))
        return err_SR_OPERATION_NOT_SUPPORTED(object_ref(sr));
    return NULL;
}

/* ---- what it is ---------------------------------------------------------- */

static struct err *check_sharing(const struct check *c)
{
    const char *ref = object_ref(c->vdi);

    if (c->op == VDI_operations_snapshot && get_VDI_sharable(c->vdi))
        return err_VDI_IS_SHARABLE(&ref, 1);
    if (has(c, PERSISTS) && get_VDI_on_boot(c->vdi) == VDI_on_boot_reset)
        return err_VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION();
    return NULL;
}

static bool is_of_ha(enum VDI_type type)
{
    return type == VDI_type_ha_statefile || type == VDI_type_redo_log;
}

static struct err *check_type(const struct check *c)
{
    const struct model_enum *types = model_fields[VDI_type].type->enum_;
    enum VDI_type type = get_VDI_type(c->vdi);
    const struct object *pool = db_first(c->db, &model_classes[CLASS_pool]);
    bool user = type == VDI_type_user || type == VDI_type_system;

    if ((type == VDI_type_cbt_metadata && has(c, DATA)) ||
        (has(c, CBT) && (!user || get_VDI_is_a_snapshot(c->vdi))))
        return err_VDI_INCOMPATIBLE_TYPE(object_ref(c->vdi),
                                         types->values[type]);
    if (has(c, ENDS) && type == VDI_type_rrd)
        return err_VDI_HAS_RRDS(object_ref(c->vdi));
    if (is_of_ha(type) && (has(c, ENDS) || c->op == VDI_operations_copy) &&
        pool && get_pool_ha_enabled(pool))
        return err_HA_IS_ENABLED();
    return NULL;
}

static struct err *check_tracking(const struct check *c)
{
    bool tracked = get_VDI_cbt_enabled(c->vdi);

    if (has(c, NOT_TRACKED) && tracked)
        return err_VDI_CBT_ENABLED(object_ref(c->vdi));
    if (c->op != VDI_operations_data_destroy)
        return NULL;
    if (!get_VDI_is_a_snapshot(c->vdi))
        return err_OPERATION_NOT_ALLOWED(
            "only what a snapshot holds can be dropped");
    return tracked ? NULL : err_VDI_NO_CBT_METADATA(object_ref(c->vdi));
}

/* ---- all of them --------------------------------------------------------- */

static struct err *check(const struct db *db, const struct object *vdi,
                         unsigned op, bool strict)
{
    static struct err *(*const rules[])(const struct check *) = {
        check_others,  check_vbds, check_sr,
        check_sharing, check_type, check_tracking,
    };
    struct check c = {db, vdi, op, &ops[op]};

    (void)strict;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        TRY(rules[i](&c));
    return NULL;
}

static bool hidden(unsigned op)
{
    return ops[op].flags & HIDDEN;
}

/* What guests may do with it, and what may be done to them. */
static struct err *update_near(struct txn *txn, struct object *vdi)
{
    struct model_value vbds = get_VDI_VBDs(vdi);

    for (unsigned i = 0; i < vbds.n; i++) {
        struct object *vbd =
            db_find(txn_db(txn), &model_classes[CLASS_VBD], vbds.keys[i].s);

        TRY(ops_update_alone(txn, vbd));
        TRY(ops_update_alone(txn, get_VBD_VM(vbd)));
    }
    return NULL;
}

const struct ops_class ops_vdi = {
    .class = CLASS_VDI,
    .allowed = VDI_allowed_operations,
    .current = VDI_current_operations,
    .check = check,
    .hidden = hidden,
    .update_near = update_near,
};
