/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host_about: /proc/cpuinfo, in pieces. */
#include "tests/unit/xapi/db_rig.h"

#include "xapi/host_about.h"

static void reads_processors(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *at = "processor\t: 0\nvendor_id\t: GenuineIntel\n"
                     "cpu family\t: 6\nmodel\t\t: 85\nmodel name\t: X: Y\n"
                     "cpu MHz\t\t: 2596.132\nphysical id\t: 1\n"
                     "power management:\n\n\n"
                     "processor\t: 1\nno colon here\nstepping\t: 7\n"
                     "flags\t\t: fpu vme";
    struct cpu_about cpu;

    (void)state;
    assert_true(host_next_cpu(p, &at, &cpu));
    assert_string_equal(cpu.vendor, "GenuineIntel");
    assert_string_equal(cpu.name, "X: Y");
    assert_string_equal(cpu.socket, "1");
    assert_string_equal(cpu.flags, "");
    assert_int_equal(cpu.mhz, 2596);
    assert_int_equal(cpu.family, 6);
    assert_int_equal(cpu.model, 85);
    assert_true(host_next_cpu(p, &at, &cpu));
    assert_string_equal(cpu.vendor, "");
    assert_string_equal(cpu.stepping, "7");
    assert_string_equal(cpu.flags, "fpu vme");
    assert_false(host_next_cpu(p, &at, &cpu));
    at = "\n\n";
    assert_false(host_next_cpu(p, &at, &cpu));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_processors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
