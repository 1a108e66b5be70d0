/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl: what a plan is for libxl, device by device; what cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <libxl_utils.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"

static const struct plan_disk disks[] = {
    {.device = "xvda", .path = "/none/a", .format = "qcow2", .writable = true},
    {.device = "hdc", .cdrom = true, .writable = true},
};
static const struct plan_nic nics[] = {
    {.devid = 3, .mac = "00:16:3e:aB:00:01", .bridge = "xenbr7", .rate = 100},
};
static const struct plan_pair platform[] = {
    {"acpi", "false"}, {"hdtype", "ahci"}, {"nic_type", "e1000"},
    {"vga", "std"},    {"videoram", "16"}, {"cores-per-socket", "2"},
    {"nx", ""},
};
static const struct plan_pair data[] = {{"vm-data/a", "b"}};

#define SCREEN "unix:/run/dom0kit/screens/5a1d7a0e-0000-4000-8000-000000000001."

static struct plan plan_of(const char *type)
{
    return (struct plan){
        .uuid = "5a1d7a0e-0000-4000-8000-000000000001",
        .name = "a \"guest\"",
        .type = type,
        .memory = 100 << 20,
        .memory_max = 200 << 20,
        .vcpus = 1,
        .vcpus_max = 2,
        .weight = 512,
        .kernel = "/none/kernel",
        .args = "one two",
        .boot = "dc",
        .firmware = "bios",
        .platform = platform,
        .n_platform = ARRAY_LEN(platform),
        .xenstore_data = data,
        .n_xenstore_data = ARRAY_LEN(data),
        .disks = disks,
        .n_disks = ARRAY_LEN(disks),
        .nics = nics,
        .n_nics = ARRAY_LEN(nics),
    };
}

static void good(const struct plan *plan, struct guest *g, struct pool *p)
{
    struct err *e = lx_config(plan, plan->name, &guest_defaults_builtin, g, p);

    if (e)
        fail_msg("%s", err_text(e));
}

static void makes_pv(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct guest g AUTO(guest_done) = {0};
    const struct plan plan = plan_of("pv");
    const libxl_domain_config *c = &g.config;

    (void)state;
    good(&plan, &g, p);
    assert_int_equal(c->c_info.type, LIBXL_DOMAIN_TYPE_PV);
    assert_string_equal(c->c_info.name, "a \"guest\"");
    assert_string_equal(c->b_info.kernel, "/none/kernel");
    assert_string_equal(c->b_info.cmdline, "one two");
    assert_int_equal(c->b_info.target_memkb, 100 << 10);
    assert_int_equal(c->b_info.max_memkb, 200 << 10);
    assert_int_equal(c->b_info.max_vcpus, 2);
    assert_int_equal(libxl_bitmap_count_set(&c->b_info.avail_vcpus), 1);
    assert_int_equal(c->b_info.sched_params.weight, 512);
    assert_int_equal(c->on_poweroff, LIBXL_ACTION_ON_SHUTDOWN_PRESERVE);
    assert_int_equal(c->on_crash, LIBXL_ACTION_ON_SHUTDOWN_PRESERVE);
    assert_int_equal(c->on_reboot, LIBXL_ACTION_ON_SHUTDOWN_PRESERVE);
    assert_string_equal(c->c_info.xsdata[0], "vm-data/a");
    assert_string_equal(c->c_info.xsdata[1], "b");
    assert_null(c->c_info.xsdata[2]);
}

static void makes_hvm(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct guest g AUTO(guest_done) = {0};
    const struct plan plan = plan_of("hvm");
    const libxl_domain_build_info *b = &g.config.b_info;

    (void)state;
    good(&plan, &g, p);
    assert_null(b->kernel);
    assert_string_equal(b->u.hvm.boot, "dc");
    assert_string_equal(b->u.hvm.serial, "pty");
    assert_int_equal(b->u.hvm.hdtype, LIBXL_HDTYPE_AHCI);
    assert_int_equal(b->u.hvm.vga.kind, LIBXL_VGA_INTERFACE_TYPE_STD);
    assert_true(libxl_defbool_val(b->u.hvm.vnc.enable));
    assert_false(libxl_defbool_val(b->u.hvm.vnc.findunused));
    assert_ptr_equal(strstr(b->u.hvm.vnc.listen, SCREEN), b->u.hvm.vnc.listen);
    assert_false(libxl_defbool_val(b->acpi));
    assert_int_equal(b->video_memkb, 16 << 10);
    assert_string_equal(g.config.nics[0].model, "e1000");
    assert_int_equal(g.config.nics[0].nictype, LIBXL_NIC_TYPE_VIF_IOEMU);
}

/* A PV guest has a framebuffer when it is asked for, on another socket each
 * time. */
static void makes_screens(void **state)
{
    static const struct plan_pair pvfb[] = {{"pvfb", "true"}},
                                  none[] = {{"vga", "none"}};
    AUTO_POOL struct pool *p = pool_new();
    struct guest g[4] = {};
    struct plan plan = plan_of("pv");
    const char *listen[2];

    (void)state;
    good(&plan, &g[0], p);
    assert_int_equal(g[0].config.num_vfbs, 0);
    plan.platform = pvfb;
    plan.n_platform = 1;
    for (int i = 0; i < 2; i++) {
        good(&plan, &g[1 + i], p);
        assert_int_equal(g[1 + i].config.num_vfbs, 1);
        listen[i] = g[1 + i].config.vfbs[0].vnc.listen;
        assert_ptr_equal(strstr(listen[i], SCREEN), listen[i]);
    }
    assert_string_not_equal(listen[0], listen[1]);
    plan.type = "hvm";
    plan.platform = none;
    good(&plan, &g[3], p);
    assert_false(libxl_defbool_val(g[3].config.b_info.u.hvm.vnc.enable));
    for (int i = 0; i < 4; i++)
        guest_done(&g[i]);
}

static void makes_pvh(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct guest g AUTO(guest_done) = {0}, shim AUTO(guest_done) = {0};
    struct plan plan = plan_of("pvh");

    (void)state;
    good(&plan, &g, p);
    assert_int_equal(g.config.c_info.type, LIBXL_DOMAIN_TYPE_PVH);
    plan.type = "pv_in_pvh";
    good(&plan, &shim, p);
    assert_true(libxl_defbool_val(shim.config.b_info.u.pvh.pvshim));
}

static void makes_devices(void **state)
{
    static const uint8_t mac[] = {0x00, 0x16, 0x3e, 0xab, 0x00, 0x01};
    AUTO_POOL struct pool *p = pool_new();
    struct guest g AUTO(guest_done) = {0}, pv AUTO(guest_done) = {0};
    struct plan plan = plan_of("hvm");
    const libxl_domain_config *c = &g.config;

    (void)state;
    good(&plan, &g, p);
    assert_int_equal(c->num_disks, 2);
    assert_string_equal(c->disks[0].pdev_path, "/none/a");
    assert_int_equal(c->disks[0].format, LIBXL_DISK_FORMAT_QCOW2);
    assert_true(c->disks[0].readwrite);
    assert_int_equal(c->disks[1].format, LIBXL_DISK_FORMAT_EMPTY);
    assert_true(c->disks[1].is_cdrom && c->disks[1].removable);
    assert_false(c->disks[1].readwrite);
    assert_int_equal(c->num_nics, 1);
    assert_int_equal(c->nics[0].devid, 3);
    assert_memory_equal(c->nics[0].mac, mac, sizeof(mac));
    assert_string_equal(c->nics[0].bridge, "xenbr7");
    assert_int_equal(c->nics[0].rate_bytes_per_interval, 100 * 1024 / 20);
    /* an empty drive is for emulated hardware */
    plan.type = "pv";
    good(&plan, &pv, p);
    assert_int_equal(pv.config.num_disks, 1);
}

static void bad(const struct plan *plan, const char *text)
{
    AUTO_POOL struct pool *p = pool_new();
    struct guest g AUTO(guest_done) = {0};
    AUTO_ERR struct err *e =
        lx_config(plan, plan->name, &guest_defaults_builtin, &g, p);

    assert_non_null(e);
    if (!strstr(err_text(e), text))
        fail_msg("said: %s", err_text(e));
}

/* Rules by themselves; what they do to packets is the Dom0's to show. */
static void locks(void **state)
{
    static const char *const allowed[] = {"192.0.2.7", "2001:db8::7",
                                          "192.0.2.8"};
    AUTO_POOL struct pool *p = pool_new();
    struct plan_nic nic = {.devid = 2,
                           .mac = "00:16:3e:00:01:11",
                           .lock = PLAN_LOCKED,
                           .allowed = allowed,
                           .n_allowed = ARRAY_LEN(allowed)};
    const char *rules = lx_lock_rules(p, 5, &nic);

    (void)state;
    assert_non_null(strstr(rules, "vif5_2 ether saddr != 00:16:3e:00:01:11 d"));
    assert_non_null(strstr(rules, " ip saddr { 192.0.2.7, 192.0.2.8 } accept"));
    assert_non_null(strstr(
        rules, "ip6 saddr { fe80::216:3eff:fe00:111, 2001:db8::7 } accept"));
    assert_non_null(strstr(rules, "0xfe8000000000000002163efffe000111, "
                                  "0x20010db8000000000000000000000007 }"));
    assert_non_null(strstr(rules, "vif5_2 drop\n"));
    assert_non_null(strstr(rules, "delete element bridge dom0kit to"));
    assert_null(strstr(rules, "delete element bridge dom0kit from"));
    nic.n_allowed = 0;
    rules = lx_lock_rules(p, 5, &nic);
    assert_null(strstr(rules, " accept\n"));
    nic.lock = PLAN_DISABLED;
    rules = lx_lock_rules(p, 5, &nic);
    assert_null(strstr(rules, "delete"));
    assert_null(strstr(rules, "saddr"));
    nic.lock = PLAN_UNLOCKED;
    rules = lx_lock_rules(p, 5, &nic);
    assert_null(strstr(rules, "drop"));
    assert_non_null(strstr(rules, "delete chain bridge dom0kit vif5_2\n"));
}

static void refuses(void **state)
{
    static const struct plan_disk iso = {
        .device = "xvdb", .path = "/none/b", .format = "iso"};
    static const struct plan_nic no_mac = {.mac = "00:16:3e"};
    static const struct plan_pair odd = {"hdtype", "floppy"};
    struct plan plan = plan_of("pv");

    (void)state;
    plan.kernel = "";
    bad(&plan, "kernel");
    plan = plan_of("pv");
    plan.disks = &iso;
    plan.n_disks = 1;
    bad(&plan, "xvdb: \"iso\" is not a format");
    plan = plan_of("pv");
    plan.nics = &no_mac;
    bad(&plan, "\"00:16:3e\" is not a MAC address");
    plan = plan_of("hvm");
    plan.platform = &odd;
    plan.n_platform = 1;
    bad(&plan, "floppy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_pv),      cmocka_unit_test(makes_hvm),
        cmocka_unit_test(makes_screens), cmocka_unit_test(makes_pvh),
        cmocka_unit_test(makes_devices), cmocka_unit_test(locks),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
