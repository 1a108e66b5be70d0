/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* provision: what templates ask for, and what is no such text. */
#include "tests/unit/xapi/db_rig.h"

#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/vm/provision.h"

#define DISK(attributes) "<provision><disk " attributes "/></provision>"

static void reads(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct provision_disk *disks;
    size_t n;

    (void)state;
    ok(provision_read(p, " <provision/>\n", &disks, &n));
    assert_int_equal(n, 0);
    ok(provision_read(p,
                      "<?xml version='1.0'?><provision>\n"
                      " <disk device=\"0\" size=\"8589934592\" sr=\"\" "
                      "bootable=\"true\" type=\"system\"/>\n"
                      " <disk size='1' device='xv&#100;&amp;' later='x' "
                      "sr='1-2' type='user' bootable='false'></disk>\n"
                      "</provision>",
                      &disks, &n));
    assert_int_equal(n, 2);
    assert_string_equal(disks[0].device, "0");
    assert_true(disks[0].size == INT64_C(8589934592) && disks[0].bootable);
    assert_string_equal(disks[0].sr, "");
    assert_string_equal(disks[0].type, "system");
    assert_string_equal(disks[1].device, "xvd&");
    assert_string_equal(disks[1].sr, "1-2");
    assert_string_equal(disks[1].type, "user");
    assert_true(disks[1].size == 1 && !disks[1].bootable);
    ok(provision_read(p, DISK("device='0' size='1'"), &disks, &n));
    assert_string_equal(disks[0].type, "system");
    assert_string_equal(disks[0].sr, "");
}

static void refuses(void **state)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "no XML"},
        {"x", "1:1"},
        {"<provision>", "1:12"},
        {"<provision>x</provision>", "text between"},
        {"<disk device='0' size='1'/>", "a <disk>"},
        {"<provision><provision/></provision>", "a <provision>"},
        {"<provision><disk device='0' size='1'><disk/></disk></provision>",
         "a <disk>"},
        {DISK("size='1'"), "without device"},
        {DISK("size='1' device=''"), "without device"},
        {DISK("device='0'"), "without size"},
        {DISK("device='0' size='0'"), "size: "},
        {DISK("device='0' size='-1'"), "size: "},
        {DISK("device='0' size='1G'"), "size: "},
        {DISK("device='0' size='9223372036854775808'"), "size: "},
        {DISK("device='0' size='1' bootable='yes'"), "bootable: 'yes'"},
        {DISK("device='0' size='1' device='1'"), "redefined"},
        {"<provision><disk device='0' size='1'/><disk device='0' size='1'/>"
         "</provision>",
         "a second <disk>"},
        {"<!DOCTYPE provision><provision/>", "document type"},
        {"<!DOCTYPE p [<!ENTITY e 'x'>]><provision>&e;</provision>",
         "document type"},
        {DISK("device='&e;' size='1'"), "1:"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_POOL struct pool *p = pool_new();
        struct provision_disk *disks;
        size_t n;

        assert_fails(provision_read(p, cases[i].text, &disks, &n),
                     cases[i].part);
    }
}

static void limits(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(2 * PROVISION_MAX);
    struct provision_disk *disks;
    size_t n;

    (void)state;
    str_add(&text, "<provision>");
    for (int i = 0; i <= PROVISION_DISKS_MAX; i++)
        str_addf(&text, "<disk device='%d' size='1'/>", i);
    str_add(&text, "</provision>");
    assert_fails(provision_read(p, str_text(&text), &disks, &n), "255 disks");
    str_repeat(&text, ' ', PROVISION_MAX);
    assert_fails(provision_read(p, str_text(&text), &disks, &n), "65536 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
