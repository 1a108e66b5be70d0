/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_vdi, ops_sr, ops_host: what each of their rules refuses, and that it
 * refuses nothing else. */
#include "tests/unit/xapi/db_rig.h"

#include "xapi/ops/ops.h"

#define CHANGE(rig, call)                      \
    do {                                       \
        struct txn *txn = txn_begin((rig).db); \
        ok(call);                              \
        txn_commit(txn);                       \
    } while (0)

/* A plugged repository that can all, a disk in it that a guest may have, and a
 * host. */
struct rig {
    struct db *db;
    struct object *sm, *sr, *pbd, *vdi, *vbd, *pool, *host, *metrics;
};

static const char *const features[] = {
    "SR_UPDATE",         "VDI_CREATE",   "VDI_INTRODUCE",
    "VDI_DELETE",        "VDI_RESIZE",   "VDI_RESIZE_ONLINE",
    "VDI_CLONE",         "VDI_SNAPSHOT", "VDI_MIRROR",
    "VDI_CONFIG_CBT",    "VDI_UPDATE",   "VDI_GENERATE_CONFIG",
    "VDI_RESET_ON_BOOT", "VDI_REVERT",
};

static void make_storage(struct txn *txn, struct rig *r)
{
    r->sm = make(txn, C(SM));
    ok(set_SM_type(txn, r->sm, "kind"));
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        ok(add_to_SM_features(txn, r->sm, features[i], 1));
    r->sr = make(txn, C(SR));
    ok(set_SR_type(txn, r->sr, "kind"));
    r->pbd = make(txn, C(PBD));
    ok(set_PBD_SR(txn, r->pbd, r->sr));
    ok(set_PBD_currently_attached(txn, r->pbd, true));
    r->vdi = make(txn, C(VDI));
    ok(set_VDI_SR(txn, r->vdi, r->sr));
    ok(set_VDI_managed(txn, r->vdi, true));
    ok(set_VDI_type(txn, r->vdi, VDI_type_user));
    r->vbd = make(txn, C(VBD));
    ok(set_VBD_VM(txn, r->vbd, make_vm(txn, "vm")));
    ok(set_VBD_VDI(txn, r->vbd, r->vdi));
    ok(set_VBD_mode(txn, r->vbd, VBD_mode_RW));
}

static struct rig rig_new(void)
{
    struct rig r = {.db = db_new()};
    struct txn *txn = txn_begin(r.db);

    make_storage(txn, &r);
    r.pool = make(txn, C(pool));
    r.host = make(txn, C(host));
    r.metrics = make(txn, C(host_metrics));
    ok(set_host_metrics(txn, r.host, r.metrics));
    ok(set_host_metrics_live(txn, r.metrics, true));
    ok(set_host_enabled(txn, r.host, true));
    txn_commit(txn);
    return r;
}

/* NAME is a word of WORDS. */
static bool is_among(const char *name, const char *words)
{
    size_t len = strlen(name);

    for (const char *at = words; (at = strstr(at, name)); at += len)
        if ((at == words || at[-1] == ' ') && (!at[len] || at[len] == ' '))
            return true;
    return false;
}

/* A code, and the operations that are refused by it. */
struct refusal {
    const char *code, *ops;
};

static void refused(const struct rig *r, const struct object *o, int line,
                    const struct refusal *wanted, size_t n)
{
    unsigned n_ops =
        model_fields[ops_of(o)->allowed].type->item->enum_->n_values;

    for (unsigned op = 0; op < n_ops; op++) {
        AUTO_ERR struct err *e = ops_check(r->db, o, op, true);
        const char *said = "nothing", *code = said;
        size_t n_words;

        if (e)
            said = err_words(e, &n_words)[0];
        for (size_t i = 0; i < n; i++)
            if (is_among(ops_name(o, op), wanted[i].ops))
                code = wanted[i].code;
        if (strcmp(said, code) != 0)
            fail_msg("line %d: of %s %s is said, not %s", line, ops_name(o, op),
                     said, code);
    }
}

#define assert_refused(r, o, ...)                            \
    refused(&(r), o, __LINE__,                               \
            (const struct refusal[]){{"", ""}, __VA_ARGS__}, \
            ARRAY_LEN(((const struct refusal[]){{"", ""}, __VA_ARGS__})))

/* ---- disks --------------------------------------------------------------- */

#define NO_SNAPSHOT                             \
    {                                           \
        "OPERATION_NOT_ALLOWED", "data_destroy" \
    }

static void a_disk_that_is_used(void **state)
{
    struct rig r = rig_new();

    (void)state;
    assert_refused(r, r.vdi, NO_SNAPSHOT);
    CHANGE(r, set_VBD_currently_attached(txn, r.vbd, true));
    assert_refused(r, r.vdi, NO_SNAPSHOT,
                   {"VDI_IN_USE", "copy resize destroy forget update "
                                  "force_unlock generate_config "
                                  "list_changed_blocks set_on_boot"});
    CHANGE(r, set_VBD_mode(txn, r.vbd, VBD_mode_RO));
    assert_refused(r, r.vdi, NO_SNAPSHOT,
                   {"VDI_IN_USE", "resize destroy forget update force_unlock "
                                  "generate_config list_changed_blocks "
                                  "set_on_boot"});
    CHANGE(r, set_VBD_currently_attached(txn, r.vbd, false));
    CHANGE(r,
           add_to_VBD_current_operations(txn, r.vbd, "t", VBD_operations_plug));
    assert_refused(
        r, r.vdi, NO_SNAPSHOT,
        {"OTHER_OPERATION_IN_PROGRESS",
         "clone copy resize resize_online snapshot mirror destroy forget "
         "update force_unlock generate_config enable_cbt disable_cbt "
         "list_changed_blocks set_on_boot blocked revert_to revert_from"});
    db_free(r.db);
}

static void a_disk_that_is_busy(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r,
           add_to_VDI_current_operations(txn, r.vdi, "t", VDI_operations_copy));
    assert_refused(
        r, r.vdi,
        {"OTHER_OPERATION_IN_PROGRESS",
         "resize resize_online snapshot mirror destroy forget force_unlock "
         "enable_cbt disable_cbt data_destroy set_on_boot blocked revert_to "
         "revert_from"});
    CHANGE(r, set_VDI_current_operations(txn, r.vdi, DATUM_EMPTY));
    CHANGE(r, add_to_VDI_current_operations(txn, r.vdi, "t",
                                            VDI_operations_mirror));
    assert_refused(
        r, r.vdi,
        {"OTHER_OPERATION_IN_PROGRESS",
         "clone copy resize resize_online snapshot mirror forget update "
         "force_unlock generate_config enable_cbt disable_cbt data_destroy "
         "list_changed_blocks set_on_boot blocked revert_to revert_from"});
    db_free(r.db);
}

static void what_its_repository_can(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_PBD_currently_attached(txn, r.pbd, false));
    assert_refused(
        r, r.vdi,
        {"SR_HAS_NO_PBDS",
         "clone copy resize resize_online snapshot mirror destroy update "
         "force_unlock generate_config enable_cbt disable_cbt data_destroy "
         "list_changed_blocks set_on_boot blocked revert_to revert_from"});
    CHANGE(r, set_PBD_currently_attached(txn, r.pbd, true));
    CHANGE(r, set_SR_is_tools_sr(txn, r.sr, true));
    assert_refused(r, r.vdi, NO_SNAPSHOT,
                   {"SR_OPERATION_NOT_SUPPORTED", "destroy"});
    CHANGE(r, set_SR_is_tools_sr(txn, r.sr, false));
    CHANGE(r, set_SM_features(txn, r.sm, DATUM_EMPTY));
    assert_refused(r, r.vdi,
                   {"SR_OPERATION_NOT_SUPPORTED",
                    "clone resize resize_online snapshot mirror destroy update "
                    "generate_config enable_cbt disable_cbt data_destroy "
                    "list_changed_blocks set_on_boot revert_from"});
    CHANGE(r, set_SR_type(txn, r.sr, "udev"));
    CHANGE(r, set_SM_type(txn, r.sm, "udev"));
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        CHANGE(r, add_to_SM_features(txn, r.sm, features[i], 1));
    assert_refused(r, r.vdi, NO_SNAPSHOT,
                   {"VDI_IS_A_PHYSICAL_DEVICE", "destroy"});
    db_free(r.db);
}

static void kinds_of_disks(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_VDI_type(txn, r.vdi, VDI_type_cbt_metadata));
    assert_refused(r, r.vdi, NO_SNAPSHOT,
                   {"VDI_INCOMPATIBLE_TYPE",
                    "clone copy resize resize_online snapshot mirror "
                    "enable_cbt disable_cbt set_on_boot revert_to "
                    "revert_from"});
    CHANGE(r, set_VDI_type(txn, r.vdi, VDI_type_rrd));
    assert_refused(r, r.vdi, NO_SNAPSHOT, {"VDI_HAS_RRDS", "destroy forget"},
                   {"VDI_INCOMPATIBLE_TYPE", "enable_cbt disable_cbt"});
    for (unsigned i = 0; i < 2; i++) {
        CHANGE(r, set_VDI_type(txn, r.vdi,
                               i ? VDI_type_redo_log : VDI_type_ha_statefile));
        CHANGE(r, set_pool_ha_enabled(txn, r.pool, true));
        assert_refused(r, r.vdi, NO_SNAPSHOT,
                       {"HA_IS_ENABLED", "copy destroy forget"},
                       {"VDI_INCOMPATIBLE_TYPE", "enable_cbt disable_cbt"});
        CHANGE(r, set_pool_ha_enabled(txn, r.pool, false));
        assert_refused(r, r.vdi, NO_SNAPSHOT,
                       {"VDI_INCOMPATIBLE_TYPE", "enable_cbt disable_cbt"});
    }
    CHANGE(r, set_VDI_type(txn, r.vdi, VDI_type_system));
    assert_refused(r, r.vdi, NO_SNAPSHOT);
    CHANGE(r, set_VDI_sharable(txn, r.vdi, true));
    assert_refused(r, r.vdi, NO_SNAPSHOT, {"VDI_IS_SHARABLE", "snapshot"});
    CHANGE(r, set_VDI_sharable(txn, r.vdi, false));
    CHANGE(r, set_VDI_on_boot(txn, r.vdi, VDI_on_boot_reset));
    assert_refused(r, r.vdi, NO_SNAPSHOT,
                   {"VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",
                    "copy snapshot enable_cbt disable_cbt"});
    db_free(r.db);
}

static void changes_that_are_tracked(void **state)
{
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_VDI_cbt_enabled(txn, r.vdi, true));
    assert_refused(r, r.vdi, NO_SNAPSHOT,
                   {"VDI_CBT_ENABLED", "mirror set_on_boot"});
    CHANGE(r, set_VDI_is_a_snapshot(txn, r.vdi, true));
    assert_refused(r, r.vdi, {"VDI_CBT_ENABLED", "mirror set_on_boot"},
                   {"VDI_INCOMPATIBLE_TYPE", "enable_cbt disable_cbt"});
    CHANGE(r, set_VDI_cbt_enabled(txn, r.vdi, false));
    assert_refused(r, r.vdi, {"VDI_NO_CBT_METADATA", "data_destroy"},
                   {"VDI_INCOMPATIBLE_TYPE", "enable_cbt disable_cbt"});
    db_free(r.db);
}

/* ---- repositories -------------------------------------------------------- */

#define SR_CHANGES                                                         \
    "vdi_create vdi_destroy vdi_resize vdi_clone vdi_snapshot vdi_mirror " \
    "vdi_enable_cbt vdi_disable_cbt vdi_data_destroy vdi_set_on_boot "     \
    "vdi_resize_online vdi_revert"
#define SR_READS                                               \
    "update vdi_introduce vdi_list_changed_blocks vdi_update " \
    "vdi_generate_config"

static void repositories(void **state)
{
    struct rig r = rig_new();

    (void)state;
    assert_refused(r, r.sr, {"SR_HAS_PBD", "destroy forget"});
    CHANGE(r, set_SR_is_tools_sr(txn, r.sr, true));
    assert_refused(r, r.sr, {"SR_HAS_PBD", "forget"},
                   {"SR_OPERATION_NOT_SUPPORTED", "destroy " SR_CHANGES});
    CHANGE(r, set_SR_is_tools_sr(txn, r.sr, false));
    CHANGE(r, set_SM_features(txn, r.sm, DATUM_EMPTY));
    assert_refused(r, r.sr, {"SR_HAS_PBD", "destroy forget"},
                   {"SR_OPERATION_NOT_SUPPORTED", SR_CHANGES " " SR_READS});
    db_free(r.db);
}

static void repositories_that_are_unplugged(void **state)
{
    struct refusal unplugged = {"SR_HAS_NO_PBDS",
                                "scan vdi_copy " SR_CHANGES " " SR_READS};
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, set_PBD_currently_attached(txn, r.pbd, false));
    assert_refused(r, r.sr, unplugged, {"SR_NOT_EMPTY", "destroy"});
    CHANGE(r, set_VDI_type(txn, r.vdi, VDI_type_rrd));
    assert_refused(r, r.sr, unplugged);
    CHANGE(r, set_VDI_type(txn, r.vdi, VDI_type_user));
    CHANGE(r, set_VDI_managed(txn, r.vdi, false));
    assert_refused(r, r.sr, unplugged);
    CHANGE(r, (txn_destroy(txn, r.pbd), NULL));
    assert_refused(r, r.sr, unplugged, {"SR_HAS_NO_PBDS", "destroy"});
    db_free(r.db);
}

static void repositories_that_are_busy(void **state)
{
    const char *others =
        "scan destroy forget unplug vdi_copy vdi_blocked vdi_force_unlock "
        "vdi_forget pbd_create pbd_destroy " SR_CHANGES " " SR_READS;
    struct rig r = rig_new();

    (void)state;
    CHANGE(r, add_to_SR_current_operations(txn, r.sr, "t", SR_operations_plug));
    assert_refused(r, r.sr, {"OTHER_OPERATION_IN_PROGRESS", others});
    CHANGE(r, add_to_SR_current_operations(txn, r.sr, "u", SR_operations_scan));
    assert_refused(r, r.sr, {"OTHER_OPERATION_IN_PROGRESS", others},
                   {"OTHER_OPERATION_IN_PROGRESS", "plug"});
    db_free(r.db);
}

/* ---- hosts --------------------------------------------------------------- */

static void hosts(void **state)
{
    struct rig r = rig_new();

    (void)state;
    assert_refused(r, r.host, {"HOST_IS_LIVE", "power_on"},
                   {"HOST_NOT_DISABLED", "shutdown reboot apply_updates"});
    CHANGE(r, set_host_enabled(txn, r.host, false));
    assert_refused(r, r.host, {"HOST_IS_LIVE", "power_on"});
    CHANGE(r, set_host_metrics_live(txn, r.metrics, false));
    assert_refused(r, r.host, {"HOST_POWER_ON_MODE_DISABLED", "power_on"});
    CHANGE(r, set_host_power_on_mode(txn, r.host, "wake-on-lan"));
    assert_refused(r, r.host);
    CHANGE(r, add_to_host_current_operations(txn, r.host, "t",
                                             host_allowed_operations_vm_start));
    assert_refused(r, r.host,
                   {"OTHER_OPERATION_IN_PROGRESS",
                    "evacuate shutdown reboot apply_updates"});
    CHANGE(r, set_host_current_operations(txn, r.host, DATUM_EMPTY));
    CHANGE(r, add_to_host_current_operations(txn, r.host, "t",
                                             host_allowed_operations_evacuate));
    assert_refused(r, r.host,
                   {"OTHER_OPERATION_IN_PROGRESS",
                    "provision evacuate shutdown reboot vm_start vm_resume "
                    "vm_migrate apply_updates enable"});
    db_free(r.db);
}

/* ---- what is advertised -------------------------------------------------- */

static void what_is_advertised(void **state)
{
    struct rig r = rig_new();
    struct object *network, *member;
    struct txn *setup = txn_begin(r.db);

    (void)state;
    network = make(setup, C(network));
    ok(set_pool_master(setup, r.pool, r.host));
    txn_commit(setup);
    ok(ops_update_all(r.db));
    assert_field(r.vdi, VDI_allowed_operations,
                 "('clone' 'copy' 'resize' 'resize_online' 'snapshot' "
                 "'destroy' 'forget' 'update' 'generate_config' 'enable_cbt' "
                 "'disable_cbt' 'list_changed_blocks' 'set_on_boot')");
    assert_field(
        r.sr, SR_allowed_operations,
        "('scan' 'plug' 'unplug' 'update' 'vdi_create' 'vdi_introduce' "
        "'vdi_destroy' 'vdi_resize' 'vdi_clone' 'vdi_snapshot' 'vdi_mirror' "
        "'vdi_enable_cbt' 'vdi_disable_cbt' 'vdi_data_destroy' "
        "'vdi_list_changed_blocks' 'vdi_set_on_boot' 'vdi_copy' 'vdi_forget' "
        "'vdi_generate_config' 'vdi_resize_online' 'vdi_update' 'vdi_revert' "
        "'pbd_create' 'pbd_destroy')");
    assert_field(r.host, host_allowed_operations,
                 "('provision' 'evacuate' 'vm_start' 'vm_resume' 'vm_migrate' "
                 "'enable')");
    assert_field(network, network_allowed_operations, "()");
    assert_field(r.pool, pool_allowed_operations, "('designate_new_master')");
    CHANGE(r, txn_create(txn, C(host), NULL, NULL, &member));
    CHANGE(r, ops_update(txn, r.pool));
    assert_field(r.pool, pool_allowed_operations,
                 "('designate_new_master' 'eject')");
    CHANGE(r, add_to_pool_current_operations(txn, r.pool, "t",
                                             pool_allowed_operations_eject));
    CHANGE(r, ops_update(txn, r.pool));
    assert_field(r.pool, pool_allowed_operations, "()");
    db_free(r.db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_is_used),
        cmocka_unit_test(a_disk_that_is_busy),
        cmocka_unit_test(what_its_repository_can),
        cmocka_unit_test(kinds_of_disks),
        cmocka_unit_test(changes_that_are_tracked),
        cmocka_unit_test(repositories),
        cmocka_unit_test(repositories_that_are_unplugged),
        cmocka_unit_test(repositories_that_are_busy),
        cmocka_unit_test(hosts),
        cmocka_unit_test(what_is_advertised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
