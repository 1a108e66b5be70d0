/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules: what keys of xl.cfg decide together, one test a rule. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/str.h"
#include "tests/unit/domain/record.h"
#include "xl/domain/keys.h"

static void start(struct record *r, const char *type)
{
    record_start(r);
    record_set(r, "name", "test");
    record_set(r, "memory", "64");
    record_set(r, "type", type);
    if (strcmp(type, "hvm"))
        record_set(r, "kernel", "/boot/vmlinuz");
}

#define B(r) ((r).guest.config.b_info)
#define C(r) ((r).guest.config.c_info)

static void every_rule_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (const struct key_rule *a = key_rules; a->name; a++) {
        assert_non_null(a->apply);
        for (const struct key_rule *b = key_rules; b != a; b++)
            assert_string_not_equal(a->name, b->name);
    }
}

static void names(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    value_remove(r.values, "name");
    record_parse(&r);
    assert_int_equal(r.diags.n_errors, 1);
    assert_true(record_says(&r, "no name"));
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "name", "");
    record_parse(&r);
    assert_true(record_says(&r, "name is empty"));
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "name", "12");
    record_parse(&r);
    assert_int_equal(r.diags.n_errors, 0);
    assert_true(record_says(&r, "looks like a domain id"));
    record_end(&r);
}

static void uuids(void **state)
{
    static const char text[] = "5a1d7a0e-0000-4000-8000-000000000001";
    libxl_uuid want, none = {0};
    struct record r;

    (void)state;
    assert_int_equal(libxl_uuid_from_string(&want, text), 0);
    start(&r, "pv");
    record_set(&r, "uuid", text);
    record_parse(&r);
    assert_memory_equal(&C(r).uuid, &want, sizeof(want));
    record_end(&r);

    start(&r, "pv");
    record_parse(&r);
    assert_memory_not_equal(&C(r).uuid, &none, sizeof(none));
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "uuid", "5a1d7a0e");
    record_parse(&r);
    assert_true(record_says(&r, "'5a1d7a0e' is not a UUID"));
    record_end(&r);
}

static void seclabels(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    record_set(&r, "seclabel", "later");
    record_parse(&r);
    assert_string_equal(C(r).ssid_label, "later");
    assert_null(B(r).exec_ssid_label);
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "seclabel", "later");
    record_set(&r, "init_seclabel", "first");
    record_parse(&r);
    assert_string_equal(C(r).ssid_label, "first");
    assert_string_equal(B(r).exec_ssid_label, "later");
    record_end(&r);
}

static void memory(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    record_parse(&r);
    assert_int_equal(B(r).target_memkb, 65536);
    assert_int_equal(B(r).max_memkb, 65536);
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "maxmem", "128");
    record_parse(&r);
    assert_int_equal(B(r).target_memkb, 65536);
    assert_int_equal(B(r).max_memkb, 131072);
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "maxmem", "32");
    record_parse(&r);
    assert_true(record_says(&r, "less than memory (64 MB)"));
    record_end(&r);

    start(&r, "pv");
    value_remove(r.values, "memory");
    record_parse(&r);
    assert_true(record_says(&r, "memory is not set"));
    assert_true(B(r).max_memkb == LIBXL_MEMKB_DEFAULT);
    record_end(&r);
}

static void vcpus(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    record_set(&r, "vcpus", "2");
    record_set(&r, "maxvcpus", "4");
    record_parse(&r);
    assert_int_equal(B(r).max_vcpus, 4);
    assert_true(libxl_bitmap_test(&B(r).avail_vcpus, 1));
    assert_false(libxl_bitmap_test(&B(r).avail_vcpus, 2));
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "vcpus", "4");
    record_set(&r, "maxvcpus", "2");
    record_parse(&r);
    assert_true(record_says(&r, "2 is less than vcpus, which is 4"));
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "maxvcpus", "3");
    record_parse(&r);
    assert_int_equal(B(r).max_vcpus, 3);
    assert_int_equal(B(r).avail_vcpus.size, 0);
    record_end(&r);
}

static const unsigned nodes[] = {0, 0, 0, 0, 1, 1, 1, 1};

static struct err *eight_cpus(void *arg, struct pool *p, struct host_cpus *ret)
{
    (void)arg;
    (void)p;
    *ret = (struct host_cpus){.n = 8, .n_nodes = 2, .node_of = nodes};
    return NULL;
}

/* Parses on a host of 8 CPUs with these masks in xl.conf. */
static void parse_on_eight(struct record *r, const char *all, const char *pv,
                           const char *hvm)
{
    struct guest_defaults d = guest_defaults_builtin;

    d.host_cpus = eight_cpus;
    d.vm_cpus = all;
    d.vm_pv_cpus = pv;
    d.vm_hvm_cpus = hvm;
    r->guest.defaults = &d;
    record_parse(r);
    r->guest.defaults = NULL;
}

static void affinities(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    record_set(&r, "vcpus", "2");
    record_set(&r, "cpus", "nodes:1,^7");
    parse_on_eight(&r, NULL, NULL, NULL);
    assert_int_equal(B(r).num_vcpu_hard_affinity, 2);
    assert_int_equal(B(r).vcpu_hard_affinity[0].map[0], 0x70);
    assert_int_equal(B(r).vcpu_hard_affinity[1].map[0], 0x70);
    assert_true(libxl_defbool_is_default(B(r).numa_placement));
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "vcpus", "2");
    record_list(&r, "cpus", "2", "3-4", "5", NULL);
    record_set(&r, "cpus_soft", "all");
    parse_on_eight(&r, NULL, NULL, NULL);
    assert_int_equal(B(r).num_vcpu_hard_affinity, 2);
    assert_int_equal(B(r).vcpu_hard_affinity[1].map[0], 0x18);
    assert_int_equal(B(r).num_vcpu_soft_affinity, 2);
    assert_int_equal(B(r).vcpu_soft_affinity[0].map[0], 0xff);
    assert_false(libxl_defbool_val(B(r).numa_placement));
    record_end(&r);
}

static void bad_affinities(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    record_set(&r, "vcpus", "2");
    record_set(&r, "cpus", "20-30");
    parse_on_eight(&r, NULL, NULL, NULL);
    assert_true(record_says(&r, "leaves no CPU: this host has 0-7"));
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "vcpus", "1");
    record_list(&r, "cpus", "1", "x", NULL);
    parse_on_eight(&r, NULL, NULL, NULL);
    assert_int_equal(r.diags.n_errors, 1);
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "cpus", "3");
    parse_on_eight(&r, NULL, NULL, NULL);
    assert_true(record_says(&r, "no effect when vcpus is not set"));
    record_end(&r);
}

static void masks_of_xl_conf(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    record_set(&r, "vcpus", "2");
    parse_on_eight(&r, "0-1", "1-7", "5");
    assert_int_equal(B(r).num_vcpu_hard_affinity, 2);
    assert_int_equal(B(r).vcpu_hard_affinity[1].map[0], 0x02);
    record_end(&r);

    start(&r, "hvm");
    record_set(&r, "vcpus", "1");
    record_set(&r, "cpus", "5-6");
    parse_on_eight(&r, "all", "1", "5");
    assert_int_equal(B(r).vcpu_hard_affinity[0].map[0], 0x20);
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "vcpus", "1");
    record_set(&r, "cpus", "3");
    parse_on_eight(&r, "0", NULL, NULL);
    assert_true(record_says(&r, "vCPU 0: vm.cpumask of xl.conf leaves no CPU"));
    record_end(&r);
}

static struct value *vnode(struct record *r, const char *size,
                           const char *vcpus, const char *distances)
{
    struct value *list = value_list(r->p);

    value_append(list, value_string(r->p, "pnode=0"));
    value_append(list, value_printf(r->p, "size=%s", size));
    value_append(list, value_printf(r->p, "vcpus=%s", vcpus));
    value_append(list, value_printf(r->p, "vdistances=%s", distances));
    return list;
}

/* Two nodes, the second with what is given. */
static void start_vnuma(struct record *r, const char *size, const char *vcpus,
                        const char *distances)
{
    struct value *list = value_list(r->p);

    value_append(list, vnode(r, "32", "0-1", "10,20"));
    value_append(list, vnode(r, size, vcpus, distances));
    value_set(r->values, "vnuma", list);
    record_set(r, "vcpus", "2");
}

static void vnuma(void **state)
{
    struct record r;

    (void)state;
    start(&r, "hvm");
    start_vnuma(&r, "96", "2-3", "20,10");
    record_parse(&r);
    assert_int_equal(r.diags.n, 0);
    assert_int_equal(B(r).num_vnuma_nodes, 2);
    assert_int_equal(B(r).max_memkb, 128 << 10);
    assert_int_equal(B(r).max_vcpus, 4);
    assert_int_equal(B(r).vnuma_nodes[1].distances[0], 20);
    assert_true(libxl_bitmap_test(&B(r).vnuma_nodes[1].vcpus, 3));
    record_end(&r);
}

static void refuse_vnuma(const char *size, const char *vcpus,
                         const char *distances, const char *why)
{
    struct record r;

    start(&r, "hvm");
    start_vnuma(&r, size, vcpus, distances);
    record_set(&r, "maxmem", "64");
    record_parse(&r);
    if (!r.diags.n_errors || !record_says(&r, why))
        fail_msg("%s %s %s: not '%s'", size, vcpus, distances, why);
    record_end(&r);
}

static void bad_vnuma(void **state)
{
    struct record r;

    (void)state;
    refuse_vnuma("33", "2-3", "20,10", "65 MB, but maxmem is 64");
    refuse_vnuma("32", "1-3", "20,10", "vCPU 1 is on two nodes");
    refuse_vnuma("32", "3", "20,10", "not all of the vCPUs 0-3");
    refuse_vnuma("32", "2-3", "20", "1 distances for 2 nodes");
    refuse_vnuma("32", "2-3", "20,x", "not a number");
    refuse_vnuma("much", "2-3", "20,10", "not a number");
    refuse_vnuma("32", "a", "20,10", "not a number");

    start(&r, "hvm");
    record_list(&r, "vnuma", "pnode=0", NULL);
    record_parse(&r);
    assert_true(record_says(&r, "want a list of lists"));
    record_end(&r);
}

static void want_cmdline(const char *cmdline, const char *root,
                         const char *extra, const char *want)
{
    struct record r;

    start(&r, "pv");
    if (cmdline)
        record_set(&r, "cmdline", cmdline);
    if (root)
        record_set(&r, "root", root);
    if (extra)
        record_set(&r, "extra", extra);
    record_parse(&r);
    if (want)
        assert_string_equal(B(r).cmdline, want);
    else
        assert_null(B(r).cmdline);
    assert_int_equal(r.diags.n_warnings,
                     cmdline ? (root != NULL) + (extra != NULL) : 0);
    record_end(&r);
}

static void cmdlines(void **state)
{
    (void)state;
    want_cmdline(NULL, NULL, NULL, NULL);
    want_cmdline("a b", NULL, NULL, "a b");
    want_cmdline(NULL, "/dev/xvda", NULL, "root=/dev/xvda");
    want_cmdline(NULL, NULL, "quiet", "quiet");
    want_cmdline(NULL, "/dev/xvda", "quiet", "root=/dev/xvda quiet");
    want_cmdline("a", "/dev/xvda", "quiet", "a");
}

static void hvmloader(void **state)
{
    struct record r;

    (void)state;
    start(&r, "hvm");
    record_set(&r, "kernel", "/usr/lib/xen/boot/hvmloader");
    record_parse(&r);
    assert_null(B(r).kernel);
    assert_true(record_says(&r, "hvmloader"));
    record_end(&r);

    start(&r, "hvm");
    record_set(&r, "kernel", "/x/myhvmloader");
    record_parse(&r);
    assert_non_null(B(r).kernel);
    record_end(&r);
}

static void hvm_firmwares(void **state)
{
    struct record r;

    (void)state;
    start(&r, "hvm");
    record_set(&r, "firmware", "uefi");
    record_parse(&r);
    assert_int_equal(B(r).u.hvm.bios, LIBXL_BIOS_TYPE_OVMF);
    record_end(&r);

    start(&r, "hvm");
    record_set(&r, "firmware", "/my/firmware");
    record_set(&r, "bios", "seabios");
    record_parse(&r);
    assert_int_equal(B(r).u.hvm.bios, LIBXL_BIOS_TYPE_SEABIOS);
    assert_string_equal(B(r).u.hvm.firmware, "/my/firmware");
    record_end(&r);

    start(&r, "hvm");
    record_set(&r, "bios_path_override", "/my/ovmf");
    record_parse(&r);
    assert_string_equal(B(r).u.hvm.system_firmware, "/my/ovmf");
    assert_true(record_says(&r, "should be said by bios"));
    record_end(&r);
}

static void pv_firmwares(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    value_remove(r.values, "kernel");
    record_set(&r, "firmware", "pvgrub64");
    record_parse(&r);
    assert_int_equal(r.diags.n, 0);
    assert_true(text_has_suffix(B(r).kernel, "/boot/pvgrub64.bin"));
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "firmware", "pvgrub64");
    record_parse(&r);
    assert_true(record_says(&r, "both set"));
    record_end(&r);

    start(&r, "pvh");
    record_set(&r, "firmware", "uefi");
    record_parse(&r);
    assert_true(record_says(&r, "'uefi' is not one of pvgrub32"));
    record_end(&r);
}

static void kernels(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pvh");
    value_remove(r.values, "kernel");
    record_parse(&r);
    assert_true(record_says(&r, "PVH guests want kernel or bootloader"));
    record_end(&r);

    start(&r, "pv");
    value_remove(r.values, "kernel");
    record_set(&r, "bootloader", "pygrub");
    record_parse(&r);
    assert_int_equal(r.diags.n, 0);
    record_end(&r);
}

static void vgas(void **state)
{
    struct record r;

    (void)state;
    start(&r, "hvm");
    record_set(&r, "stdvga", "1");
    record_parse(&r);
    assert_int_equal(B(r).u.hvm.vga.kind, LIBXL_VGA_INTERFACE_TYPE_STD);
    record_end(&r);

    start(&r, "hvm");
    record_set(&r, "stdvga", "1");
    record_set(&r, "vga", "cirrus");
    record_parse(&r);
    assert_int_equal(B(r).u.hvm.vga.kind, LIBXL_VGA_INTERFACE_TYPE_CIRRUS);
    record_end(&r);
}

static void displays(void **state)
{
    struct record r;

    (void)state;
    start(&r, "hvm");
    record_set(&r, "vnc", "1");
    record_set(&r, "vnclisten", "0.0.0.0");
    record_set(&r, "keymap", "de");
    record_parse(&r);
    assert_string_equal(B(r).u.hvm.vnc.listen, "0.0.0.0");
    assert_string_equal(B(r).u.hvm.keymap, "de");
    assert_int_equal(r.guest.config.num_vfbs, 0);
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "vnc", "1");
    record_set(&r, "vncdisplay", "3");
    record_list(&r, "vkb", "backend-type=qemu", NULL);
    record_parse(&r);
    assert_int_equal(r.guest.config.num_vfbs, 1);
    assert_int_equal(r.guest.config.vfbs[0].vnc.display, 3);
    assert_int_equal(r.guest.config.num_vkbs, 2);
    assert_int_equal(r.guest.config.vkbs[1].devid, 1);
    assert_int_equal(r.guest.config.vkbs[1].backend_type,
                     LIBXL_VKB_BACKEND_QEMU);
    record_end(&r);

    start(&r, "pv");
    record_set(&r, "sdl", "1");
    record_parse(&r);
    assert_int_equal(r.guest.config.num_vfbs, 0);
    record_end(&r);
}

static void pci_devices(void **state)
{
    struct record r;

    (void)state;
    start(&r, "pv");
    record_list(&r, "pci", "01:00.0", "0000:02:00.1,permissive=0", NULL);
    record_set(&r, "pci_permissive", "1");
    record_parse(&r);
    assert_int_equal(r.guest.config.num_pcidevs, 2);
    assert_int_equal(r.guest.config.pcidevs[0].bus, 1);
    assert_true(r.guest.config.pcidevs[0].permissive);
    assert_false(r.guest.config.pcidevs[1].permissive);
    assert_true(libxl_defbool_val(B(r).u.pv.e820_host));
    record_end(&r);

    start(&r, "hvm");
    record_list(&r, "pci", "nonsense", NULL);
    record_parse(&r);
    assert_true(
        record_says(&r, "'nonsense' is not the address of a PCI device"));
    record_end(&r);
}

static void device_models(void **state)
{
    struct record r;

    (void)state;
    start(&r, "hvm");
    record_set(&r, "device_model_override", "/my/qemu");
    record_parse(&r);
    assert_string_equal(B(r).device_model, "/my/qemu");
    assert_true(record_says(&r, "should be said by device_model_version"));
    record_end(&r);
}

static void spices(void **state)
{
    struct record r;

    (void)state;
    start(&r, "hvm");
    record_set(&r, "spice", "1");
    record_parse(&r);
    assert_true(record_says(&r, "neither spiceport"));
    assert_true(record_says(&r, "spicepasswd"));
    record_end(&r);

    start(&r, "hvm");
    record_set(&r, "spice", "1");
    record_set(&r, "spiceport", "6000");
    record_set(&r, "spicedisable_ticketing", "1");
    record_parse(&r);
    assert_int_equal(r.diags.n, 0);
    record_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_name_of_its_own),
        cmocka_unit_test(names),
        cmocka_unit_test(uuids),
        cmocka_unit_test(seclabels),
        cmocka_unit_test(memory),
        cmocka_unit_test(vcpus),
        cmocka_unit_test(affinities),
        cmocka_unit_test(bad_affinities),
        cmocka_unit_test(masks_of_xl_conf),
        cmocka_unit_test(vnuma),
        cmocka_unit_test(bad_vnuma),
        cmocka_unit_test(cmdlines),
        cmocka_unit_test(hvmloader),
        cmocka_unit_test(hvm_firmwares),
        cmocka_unit_test(pv_firmwares),
        cmocka_unit_test(kernels),
        cmocka_unit_test(vgas),
        cmocka_unit_test(displays),
        cmocka_unit_test(pci_devices),
        cmocka_unit_test(device_models),
        cmocka_unit_test(spices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
