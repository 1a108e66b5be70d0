/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* export: a sample as metrics in both formats; samples as JSON and back, and
 * JSON that is none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/top/made.h"
#include "xenstore/top/export.h"
#include "xenstore/top/fields.h"

#define EXAMPLE                                                    \
    "{'version':'4.17.7','cpus':2,'khz':2596000,'domains':["       \
    "{'id':0,'name':'Domain-0','states':32,'cpu_ns':41000000007}," \
    "{'id':3,'name':'a\\u000a\\\"b\\\\','max_memory':5,'vifs':["   \
    "{'id':0,'mac':'00:16:3e:00:00:0b','counted':1,'in_bytes':7}," \
    "{'id':1,'counted':0}],'vbds':["                               \
    "{'id':51712,'counted':1,'read_sectors':3}]}]}"

static void print(const char *json, enum export_format format, struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();

    export_print(made(p, json), format, out);
}

static void assert_has(const struct str *s, const char *line)
{
    if (!strstr(str_text(s), line))
        fail_msg("not there: %s\nin: %s", line, str_text(s));
}

#define IN_3                                                          \
    "id=\"3\",name=\"a\\n\\\"b\\\\\",uuid=\"00000000-0000-0000-0000-" \
    "000000000000\""
#define IN_0 \
    "id=\"0\",name=\"Domain-0\",uuid=\"00000000-0000-0000-0000-000000000000\""

static void prometheus(void **state)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    (void)state;
    print(EXAMPLE, EXPORT_PROMETHEUS, &out);
    assert_has(&out, "# TYPE xen_host_info gauge\n"
                     "xen_host_info{version=\"4.17.7\",hostname=\"\"} 1\n");
    assert_has(&out, "\nxen_host_cpus 2\n");
    assert_has(&out, "\nxen_host_cpu_frequency_hertz 2596000000\n");
    assert_has(&out, "# TYPE xen_domain_cpu_seconds_total counter\n"
                     "xen_domain_cpu_seconds_total{" IN_0 "} 41.000000007\n"
                     "xen_domain_cpu_seconds_total{" IN_3 "} 0.000000000\n");
    assert_has(&out, "xen_domain_state{" IN_0 ",state=\"running\"} 1\n");
    assert_has(&out, "xen_domain_state{" IN_0 ",state=\"crashed\"} 0\n");
    assert_has(&out, "xen_vif_receive_bytes_total{" IN_3 ",vif=\"0\"} 7\n");
    assert_has(&out, "xen_vbd_read_bytes_total{" IN_3 ",vbd=\"51712\"} 1536\n");
    assert_has(&out, "\nxen_domain_max_memory_bytes{" IN_3 "} 5\n");
    /* what nobody knows is not there */
    assert_null(
        strstr(str_text(&out), "receive_bytes_total{" IN_3 ",vif=\"1\""));
    assert_null(strstr(str_text(&out), "xen_domain_cache_bytes"));
    assert_null(strstr(str_text(&out), "max_memory_bytes{" IN_0));
    assert_null(strstr(str_text(&out), "# EOF"));
}

static void openmetrics(void **state)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    (void)state;
    print(EXAMPLE, EXPORT_OPENMETRICS, &out);
    assert_has(&out, "# TYPE xen_host info\nxen_host_info{");
    assert_has(&out, "# TYPE xen_domain_cpu_seconds counter\n"
                     "xen_domain_cpu_seconds_total{");
    assert_string_equal(str_text(&out) + out.len - 6, "# EOF\n");
}

/* Each family is documented and unlike the others; what has a unit says so in
 * its name's end. */
static void check_families(const struct level *level)
{
    for (const struct field *f = level->fields; f->name; f++) {
        assert_true((f->metric == METRIC_NONE) == !f->family);
        if (f->metric == METRIC_GAUGE || f->metric == METRIC_COUNTER ||
            f->metric == METRIC_STATES) {
            assert_true(text_has_prefix(f->family, "xen_"));
            assert_non_null(f->doc);
            assert_false(text_has_suffix(f->family, "_total"));
        }
    }
    for (const struct level *const *child = level->children; child && *child;
         child++)
        check_families(*child);
}

static void families(void **state)
{
    (void)state;
    check_families(&level_sample);
}

static void there_and_back(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str once = STR_INIT(STR_MAX), twice = STR_INIT(STR_MAX);
    const struct sample *s = NULL;

    (void)state;
    sample_to_json(made(p, EXAMPLE), &once);
    assert_null(sample_from_json(p, str_text(&once), once.len, &s));
    sample_to_json(s, &twice);
    assert_string_equal(str_text(&once), str_text(&twice));
    assert_int_equal(s->domains[1].max_memory, 5);
    assert_int_equal(s->domains[1].target, SAMPLE_NONE);
    assert_int_equal(s->domains[1].vbds[0].blk.read_sectors, 3);
    assert_ptr_equal(sample_domain(s, 3), &s->domains[1]);
    assert_null(sample_domain(s, 1));
}

static void not_samples(void **state)
{
    static const struct {
        const char *json, *says;
    } cases[] = {
        {"", ""},
        {"[]", "list where an object is due"},
        {"{\"domains\":5}", "'domains' is not a list"},
        {"{\"domains\":[5]}", "domains: "},
        {"{\"cpus\":-1}", "'cpus' is not a number from 0"},
        {"{\"cpus\":\"2\"}", "'cpus' is not a number from 0"},
        {"{\"time\":\"now\"}", "'time' is not a number"},
        {"{\"version\":4}", "'version' is not a string"},
        {"{\"domains\":[{\"uuid\":\"x\"}]}", "'uuid' is not a UUID"},
        {"{\"domains\":[{\"id\":2},{\"id\":1}]}", "in the order of ids"},
        {"{\"domains\":[{\"id\":2},{\"id\":2}]}", "in the order of ids"},
        {"{\"domains\":[{\"id\":2,\"vbds\":[{\"reads\":[]}]}]}",
         "domains: vbds: 'reads'"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_POOL struct pool *p = pool_new();
        const struct sample *s = NULL;
        struct err *e =
            sample_from_json(p, cases[i].json, strlen(cases[i].json), &s);

        assert_non_null(e);
        if (!strstr(err_text(e), cases[i].says))
            fail_msg("%s: %s", cases[i].json, err_text(e));
        assert_null(s);
        err_free(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prometheus),  cmocka_unit_test(openmetrics),
        cmocka_unit_test(families),    cmocka_unit_test(there_and_back),
        cmocka_unit_test(not_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
