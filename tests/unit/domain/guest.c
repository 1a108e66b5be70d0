/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* guest: whole records to libxl's structs and their JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/str.h"
#include "tests/unit/domain/record.h"

static void small_pv(struct record *r)
{
    record_start(r);
    record_set(r, "memory", "64");
    record_set(r, "kernel", "/boot/vmlinuz");
    record_set(r, "uuid", "5a1d7a0e-0000-4000-8000-000000000001");
    record_set(r, "name", "small");
}

static void json_of_a_pv_guest(void **state)
{
    static const char want[] =
        "{\n"
        "    \"c_info\": {\n"
        "        \"type\": \"pv\",\n"
        "        \"name\": \"small\",\n"
        "        \"uuid\": \"5a1d7a0e-0000-4000-8000-000000000001\",\n"
        "        \"run_hotplug_scripts\": \"True\"\n"
        "    },\n"
        "    \"b_info\": {\n"
        "        \"max_memkb\": 65536,\n"
        "        \"target_memkb\": 65536,\n"
        "        \"sched_params\": {\n"
        "\n"
        "        },\n"
        "        \"claim_mode\": \"True\",\n"
        "        \"kernel\": \"/boot/vmlinuz\",\n"
        "        \"type.pv\": {\n"
        "\n"
        "        },\n"
        "        \"arch_arm\": {\n"
        "\n"
        "        },\n"
        "        \"arch_x86\": {\n"
        "\n"
        "        }\n"
        "    },\n"
        "    \"on_reboot\": \"restart\",\n"
        "    \"on_soft_reset\": \"soft_reset\"\n"
        "}\n";
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct record r;

    (void)state;
    small_pv(&r);
    record_parse(&r);
    assert_int_equal(r.diags.n, 0);
    assert_null(guest_json(&r.guest, -1, &out));
    assert_string_equal(str_text(&out), want);
    record_end(&r);
}

static void json_with_domid(void **state)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct record r;

    (void)state;
    small_pv(&r);
    record_parse(&r);
    assert_null(guest_json(&r.guest, 7, &out));
    assert_non_null(strstr(str_text(&out), "\"domid\": 7,\n    \"config\": {"));
    record_end(&r);
}

static void type_comes_last(void **state)
{
    struct record r;

    (void)state;
    record_start(&r);
    record_set(&r, "boot", "dc");
    record_set(&r, "vnc", "1");
    record_set(&r, "name", "late");
    record_set(&r, "memory", "64");
    record_set(&r, "type", "hvm");
    record_parse(&r);
    assert_int_equal(r.diags.n, 0);
    assert_int_equal(r.guest.config.b_info.type, LIBXL_DOMAIN_TYPE_HVM);
    assert_string_equal(r.guest.config.b_info.u.hvm.boot, "dc");
    assert_true(libxl_defbool_val(r.guest.config.b_info.u.hvm.vnc.enable));
    record_end(&r);
}

static void keys_of_other_types(void **state)
{
    struct record r;

    (void)state;
    small_pv(&r);
    record_set(&r, "boot", "dc");
    record_parse(&r);
    assert_int_equal(r.diags.n_errors, 0);
    assert_true(record_says(&r, "for HVM guests only"));
    record_end(&r);
}

/* Keys of one type must not be stored in the struct of another. */
static void bad_type(void **state)
{
    struct record r;

    (void)state;
    small_pv(&r);
    record_set(&r, "type", "hwm");
    record_set(&r, "boot", "dc");
    record_set(&r, "pvshim_path", "/x");
    record_set(&r, "memory", "lots");
    record_parse(&r);
    assert_int_equal(r.diags.n_errors, 2);
    assert_true(record_says(&r, "'hwm'"));
    assert_true(record_says(&r, "'lots'"));
    record_end(&r);
}

static void builder(void **state)
{
    struct record r;

    (void)state;
    small_pv(&r);
    record_set(&r, "builder", "hvm");
    record_parse(&r);
    assert_int_equal(r.diags.n_errors, 0);
    assert_true(record_says(&r, "deprecated"));
    assert_int_equal(r.guest.config.c_info.type, LIBXL_DOMAIN_TYPE_HVM);
    record_end(&r);

    small_pv(&r);
    record_set(&r, "builder", "hvm");
    record_set(&r, "type", "pvh");
    record_parse(&r);
    assert_true(record_says(&r, "contradicts"));
    record_end(&r);
}

static void unknown_key(void **state)
{
    struct record r;

    (void)state;
    small_pv(&r);
    record_set(&r, "memroy", "128");
    record_parse(&r);
    assert_int_equal(r.diags.n_errors, 0);
    assert_int_equal(r.diags.n_warnings, 1);
    assert_true(record_says(&r, "did you mean 'memory'"));
    record_end(&r);
}

static void defaults_of_xl_conf(void **state)
{
    const struct guest_defaults d = {.max_grant_frames = 7,
                                     .max_maptrack_frames = 8,
                                     .max_grant_version = 1,
                                     .run_hotplug_scripts = false,
                                     .blkdev_start = "xvdb"};
    struct record r;

    (void)state;
    small_pv(&r);
    r.guest.defaults = &d;
    record_set(&r, "max_maptrack_frames", "99");
    record_parse(&r);
    assert_int_equal(r.guest.config.b_info.max_grant_frames, 7);
    assert_int_equal(r.guest.config.b_info.max_maptrack_frames, 99);
    assert_int_equal(r.guest.config.b_info.max_grant_version, 1);
    assert_false(libxl_defbool_val(r.guest.config.b_info.claim_mode));
    assert_false(libxl_defbool_val(r.guest.config.c_info.run_hotplug_scripts));
    assert_string_equal(r.guest.config.b_info.blkdev_start, "xvdb");
    record_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_of_a_pv_guest),
        cmocka_unit_test(json_with_domid),
        cmocka_unit_test(type_comes_last),
        cmocka_unit_test(keys_of_other_types),
        cmocka_unit_test(bad_type),
        cmocka_unit_test(builder),
        cmocka_unit_test(unknown_key),
        cmocka_unit_test(defaults_of_xl_conf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
