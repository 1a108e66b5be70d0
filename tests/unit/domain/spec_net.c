/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec_net: vif strings; rates are compared with libxlutil's reading. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <libxlutil.h>
#include <stdio.h>

#include "tests/unit/domain/spec.h"

static void parse_with(struct spec *s, const char *text,
                       const struct guest_defaults *defaults,
                       libxl_device_nic *nic)
{
    spec_start(s, text);
    libxl_device_nic_init(nic);
    spec_net_parse(s->value, defaults, nic, s->p, &s->diags);
}

static void done(struct spec *s, libxl_device_nic *nic)
{
    libxl_device_nic_dispose(nic);
    spec_end(s);
}

static void complained(const char *text, enum diag_level level,
                       const char *blamed, const char *said)
{
    struct spec s;
    libxl_device_nic nic;

    parse_with(&s, text, NULL, &nic);
    assert_non_null(spec_blamed(&s, level));
    assert_string_equal(spec_blamed(&s, level), blamed);
    assert_true(spec_says(&s, said));
    done(&s, &nic);
}

static void settings(void **state)
{
    const libxl_mac mac = {0, 0x16, 0x3e, 0xa, 0xbc, 0xd};
    struct spec s;
    libxl_device_nic nic;

    (void)state;
    parse_with(&s,
               " mac=00:16:3E:a:bc:0D , bridge=br0,,type=vif,devid=010,"
               "mtu=1400,untrusted",
               NULL, &nic);
    assert_int_equal(s.diags.n, 0);
    assert_memory_equal(nic.mac, mac, sizeof(mac));
    assert_string_equal(nic.bridge, "br0");
    assert_int_equal(nic.nictype, LIBXL_NIC_TYPE_VIF);
    assert_int_equal(nic.devid, 10);
    assert_int_equal(nic.mtu, 1400);
    assert_false(libxl_defbool_val(nic.trusted));
    done(&s, &nic);
}

static void defaults_give_way(void **state)
{
    const struct guest_defaults defaults = {
        .vif_bridge = "br7", .vif_script = "vif-x", .vif_backend = "net"};
    struct spec s;
    libxl_device_nic nic;

    (void)state;
    parse_with(&s, "bridge=mine", &defaults, &nic);
    assert_string_equal(nic.bridge, "mine");
    assert_string_equal(nic.script, "vif-x");
    assert_string_equal(nic.backend_domname, "net");
    assert_null(nic.gatewaydev);
    done(&s, &nic);
}

static void complaints(void **state)
{
    (void)state;
    complained("bridge=a,brigde=b", DIAG_WARNING, "brigde",
               "did you mean 'bridge'?");
    complained("netdev=eth0", DIAG_WARNING, "netdev", "use 'gatewaydev'");
    complained("mac=00:16:3e:1:2", DIAG_ERROR, "00:16:3e:1:2", "MAC address");
    complained("mac=00:16:3e:1:2:3:4", DIAG_ERROR, "00:16:3e:1:2:3:4", "MAC");
    complained("mac=01:16:3e:1:2:3", DIAG_WARNING, "01:16:3e:1:2:3", "group");
    complained("type=nic", DIAG_ERROR, "nic", "ioemu");
    complained("devid=0x10", DIAG_ERROR, "0x10", "devid");
    complained("trusted=0", DIAG_ERROR, "0", "takes no value");
    complained("bridge", DIAG_ERROR, "bridge", "has no value");
    complained("rate=10", DIAG_ERROR, "10", "10Mb/s");
    complained("rate=10Mb/s@0ms", DIAG_ERROR, "10Mb/s@0ms", "interval");
}

static bool stock_rate(const char *rate, libxl_device_nic *nic)
{
    char said[200];
    FILE *report = fmemopen(said, sizeof(said), "w");
    XLU_Config *cfg = xlu_cfg_init(report, "rate");
    int rc;

    libxl_device_nic_init(nic);
    errno = 0; /* libxlutil looks at what is left there */
    rc = xlu_vif_parse_rate(cfg, rate, nic);
    xlu_cfg_destroy(cfg);
    fclose(report);
    return !rc;
}

static void compare_rate(const char *rate)
{
    libxl_device_nic ours, stock;
    struct spec s;
    bool taken = stock_rate(rate, &stock);

    spec_start(&s, rate);
    s.value = value_printf(s.p, "rate=%s", rate);
    libxl_device_nic_init(&ours);
    spec_net_parse(s.value, NULL, &ours, s.p, &s.diags);
    if (taken != !s.diags.n_errors)
        fail_msg("rate '%s': libxlutil %s it", rate,
                 taken ? "takes" : "refuses");
    if (taken) {
        assert_int_equal(ours.rate_bytes_per_interval,
                         stock.rate_bytes_per_interval);
        assert_int_equal(ours.rate_interval_usecs, stock.rate_interval_usecs);
    }
    libxl_device_nic_dispose(&stock);
    done(&s, &ours);
}

static void rates(void **state)
{
    static const char *const numbers[] = {
        "0",    "1",       "8",          "010",        "08",
        "250",  "1000000", "4294967295", "4294967296", "99999999999999999999",
        "0x10", "-1",      "1.5",        "",           "x"};
    static const char *const units[] = {"GB/s", "Gb/s", "MB/s", "Mb/s",
                                        "KB/s", "Kb/s", "B/s",  "b/s",
                                        "",     "mb/s", "MB"};
    static const char *const intervals[] = {"",    "@20ms", "@500us", "@1s",
                                            "@20", "@0ms",  "@4294s", "@4295s",
                                            "@",   "@1ms2", "@ 1ms",  "@-1ms"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        for (size_t j = 0; j < ARRAY_LEN(units); j++) {
            for (size_t k = 0; k < ARRAY_LEN(intervals); k++) {
                char rate[80];

                snprintf(rate, sizeof(rate), "%s%s%s", numbers[i], units[j],
                         intervals[k]);
                compare_rate(rate);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings),
        cmocka_unit_test(defaults_give_way),
        cmocka_unit_test(complaints),
        cmocka_unit_test(rates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
