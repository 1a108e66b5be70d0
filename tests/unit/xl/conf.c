/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conf: the defaults, every kind of setting, and what is complained about. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/file.h"
#include "xl/conf.h"

struct loaded {
    struct conf conf;
    struct diags diags;
};

static struct loaded load(struct pool *p, const char *text)
{
    char path[] = "/tmp/unit-conf.XXXXXX";
    AUTO_FD int fd = mkstemp(path);
    struct loaded loaded = {.diags.pool = p};

    assert_true(fd >= 0);
    assert_null(file_write_all(fd, text, strlen(text)));
    conf_load(&loaded.conf, path, p, &loaded.diags);
    unlink(path);
    return loaded;
}

static void defaults(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct loaded loaded = load(p, "");
    struct conf *c = &loaded.conf;

    (void)state;
    assert_int_equal(loaded.diags.n, 0);
    assert_int_equal(c->autoballoon, AUTOBALLOON_AUTO);
    assert_int_equal(c->output_format, OUTPUT_JSON);
    assert_string_equal(c->lockfile, "/var/lock/xl");
    assert_true(c->guest.claim_mode);
    assert_true(c->guest.run_hotplug_scripts);
    assert_int_equal(c->guest.domid_policy, DOMID_BY_XEN);
    assert_null(c->guest.vif_bridge);
    conf_load(c, "/nonexistent/xl.conf", p, &loaded.diags);
    assert_int_equal(loaded.diags.n, 0);
}

static void all_kinds(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct loaded loaded = load(p, "autoballoon=\"off\"\nclaim_mode=0x0\n"
                                   "run_hotplug_scripts=0; lockfile='/l'\n"
                                   "max_grant_frames=0x20\n"
                                   "max_grant_version='2'\n"
                                   "vif.default.script=\"s\"\n"
                                   "domid_policy='random'\n"
                                   "vm.cpumask='0-3'\noutput_format='sxp'");
    struct conf *c = &loaded.conf;

    (void)state;
    assert_int_equal(loaded.diags.n, 0);
    assert_int_equal(c->autoballoon, AUTOBALLOON_OFF);
    assert_false(c->guest.claim_mode);
    assert_false(c->guest.run_hotplug_scripts);
    assert_string_equal(c->lockfile, "/l");
    assert_int_equal(c->guest.max_grant_frames, 32);
    assert_int_equal(c->guest.max_grant_version, 2);
    assert_string_equal(c->guest.vif_script, "s");
    assert_int_equal(c->guest.domid_policy, DOMID_RANDOM);
    assert_string_equal(c->guest.vm_cpus, "0-3");
    assert_int_equal(c->output_format, OUTPUT_SXP);
}

static void deprecated_names(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct loaded loaded = load(p, "defaultbridge='br7'\n");

    (void)state;
    assert_string_equal(loaded.conf.guest.vif_bridge, "br7");
    assert_int_equal(loaded.diags.n, 1);
    assert_string_equal(loaded.diags.list[0].text,
                        "setting 'defaultbridge' is deprecated: use "
                        "'vif.default.bridge'");
    loaded = load(p, "vif.default.script='new'\nvifscript='old'\n");
    assert_string_equal(loaded.conf.guest.vif_script, "new");
    assert_int_equal(loaded.diags.n_warnings, 1);
}

static void complaints(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct loaded loaded = load(p, "autobalon=1\nautoballoon='maybe'\n"
                                   "max_grant_frames=-\nclaim_mode=[]\n"
                                   "max_maptrack_frames=4294967296\n"
                                   "lockfile='/l'\n");
    struct diags *d = &loaded.diags;

    (void)state;
    assert_int_equal(d->n_warnings, 1);
    assert_int_equal(d->n_errors, 4);
    assert_string_equal(loaded.conf.lockfile, "/l");
    assert_int_equal(loaded.conf.autoballoon, AUTOBALLOON_AUTO);
    for (size_t i = 0; i < d->n; i++) {
        if (d->list[i].level == DIAG_WARNING)
            assert_string_equal(d->list[i].text,
                                "unknown setting 'autobalon': did you mean "
                                "'autoballoon'?");
    }
    loaded = load(p, "lockfile=");
    assert_int_equal(loaded.diags.n_errors, 1);
    conf_load(&loaded.conf, "/", p, &loaded.diags);
    assert_int_equal(loaded.diags.n_errors, 2);
}

static void every_row_has_a_sentence(void **state)
{
    (void)state;
    for (const struct slot *row = conf_settings.rows; row->name; row++) {
        assert_non_null(row->doc);
        assert_true(!row[1].name || strcmp(row->name, row[1].name) < 0);
        if (row->instead)
            assert_non_null(slot_find(conf_settings.rows, row->instead));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(all_kinds),
        cmocka_unit_test(deprecated_names),
        cmocka_unit_test(complaints),
        cmocka_unit_test(every_row_has_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
