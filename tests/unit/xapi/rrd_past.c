/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_past: rows and columns of what was measured. */
#include "tests/unit/xapi/db_rig.h"

#include <math.h>

#include "xapi/vm/rrd_past.h"

static struct reading gauge(double value)
{
    return (struct reading){.value = value, .max = INFINITY};
}

static struct reading counter(double value, double at)
{
    return (struct reading){.value = value, .max = 1, .counts = true, .at = at};
}

static void put(struct past *h, const char *name, struct reading r)
{
    past_put(h, name, &r);
}

static double at(const struct past *h, size_t column, int64_t t)
{
    return past_value(h, column, t - PAST_STEP, t);
}

static void keeps_rows(void **state)
{
    struct past *h = past_new();

    (void)state;
    assert_int_equal(past_end(h), 0);
    past_begin(h, 1000);
    put(h, "vm:1:memory", gauge(7));
    assert_int_equal(past_end(h), 0); /* it is not whole yet */
    past_close(h);
    assert_int_equal(past_end(h), 1000);
    past_begin(h, 1005);
    put(h, "vm:2:memory", gauge(1));
    put(h, "vm:1:memory", gauge(8));
    past_begin(h, 1015); /* one was missed */
    put(h, "vm:1:memory", gauge(10));
    past_close(h);
    assert_int_equal(past_width(h), 2);
    assert_string_equal(past_name(h, 1), "vm:2:memory");
    assert_int_equal(past_start(h), 1000);
    assert_int_equal(past_end(h), 1015);
    assert_true(at(h, 0, 1000) == 7 && at(h, 0, 1005) == 8);
    assert_true(isnan(at(h, 0, 1010)) && at(h, 0, 1015) == 10);
    assert_true(isnan(at(h, 1, 1000)) && at(h, 1, 1005) == 1);
    assert_true(isnan(at(h, 0, 995)) && isnan(at(h, 0, 1020)));
    /* on average, of what there is */
    assert_true(past_value(h, 0, 1000, 1015) == 9);
    past_free(h);
}

static void forgets(void **state)
{
    struct past *h = past_new();
    int64_t window = (int64_t)PAST_STEP * PAST_ROWS;

    (void)state;
    for (int64_t t = 5; t <= window; t += PAST_STEP) {
        past_begin(h, t);
        put(h, "vm:1:memory", gauge((double)t));
    }
    assert_true(at(h, 0, 5) == 5);
    past_begin(h, window + 5);
    put(h, "vm:2:memory", gauge(1));
    assert_int_equal(past_start(h), 10);
    assert_true(isnan(at(h, 0, 5)) && at(h, 0, 10) == 10);
    past_begin(h, 2 * window + 5); /* long after: only those seen since stay */
    put(h, "vm:3:memory", gauge(3));
    assert_int_equal(past_width(h), 1);
    assert_string_equal(past_name(h, 0), "vm:3:memory");
    assert_true(isnan(at(h, 0, 2 * window)));
    assert_true(at(h, 0, 2 * window + 5) == 3);
    past_free(h);
}

static void takes_rates(void **state)
{
    struct past *h = past_new();

    (void)state;
    past_begin(h, 5);
    put(h, "vm:1:cpu0", counter(100, 50));
    past_begin(h, 10);
    put(h, "vm:1:cpu0", counter(101, 54));
    past_begin(h, 15);
    put(h, "vm:1:cpu0", counter(1, 58)); /* a new domain counts anew */
    past_begin(h, 20);
    put(h, "vm:1:cpu0", counter(9, 62)); /* more than there can be */
    assert_true(isnan(at(h, 0, 5)));
    assert_true(at(h, 0, 10) == 0.25);
    assert_true(isnan(at(h, 0, 15)));
    assert_true(at(h, 0, 20) == 1);
    past_free(h);
}

static struct reading standard(double value)
{
    return (struct reading){.value = value, .max = INFINITY, .standard = true};
}

/* What is standard, and what was chosen; over a restart, too. */
static void records(void **state)
{
    struct past *h = past_new(), *again = past_new();
    struct past_saved *saved = xcalloc(1, sizeof(*saved));

    (void)state;
    assert_true(past_record(h, "vm:1:latency"));
    past_begin(h, 60);
    put(h, "vm:1:memory", standard(7));
    put(h, "vm:1:errors", gauge(1));
    past_close(h);
    assert_int_equal(past_n_chosen(h), 1);
    assert_int_equal(past_n_recorded(h), 2);
    assert_true(past_is_chosen(h, 0) && !past_is_chosen(h, 1));
    assert_true(past_is_recorded(h, "vm:1:memory"));
    assert_false(past_is_recorded(h, "vm:1:errors"));
    for (int64_t t = 65; t <= 120; t += PAST_STEP) {
        past_begin(h, t);
        if (t > 70)
            put(h, "vm:1:memory", standard(9));
        past_close(h);
    }
    assert_true(archive_value(past_archive(h, 1), ARCHIVE_HOURS,
                              ARCHIVE_AVERAGE, 120) == 9);
    for (size_t i = 0; i < 2; i++) {
        past_save(h, i, saved);
        past_restore(again, past_name(h, i), saved);
    }
    assert_true(past_is_chosen(again, 0) && !past_is_chosen(again, 1));
    assert_true(at(again, 1, 60) == 7 && isnan(at(again, 1, 70)));
    assert_true(at(again, 1, 120) == 9 && isnan(at(again, 0, 120)));
    assert_true(past_forget(h, "vm:1:memory"));
    past_begin(h, 125);
    put(h, "vm:1:memory", standard(9));
    past_close(h);
    assert_int_equal(past_archive(h, 1)->since, 125);
    free(saved);
    past_free(h);
    past_free(again);
}

static void gives_way(void **state)
{
    struct past *h = past_new();
    char name[32];

    (void)state;
    past_record(h, "vm:chosen:x");
    past_begin(h, 5);
    put(h, "vm:old:x", standard(1));
    past_begin(h, 10);
    for (int i = 1; i <= PAST_STANDARD_MAX; i++) {
        snprintf(name, sizeof(name), "vm:%d:x", i);
        put(h, name, standard(i));
    }
    assert_true(past_is_recorded(h, "vm:old:x")); /* it is still in a row */
    assert_false(past_is_recorded(h, name));
    past_begin(h, 5 + (int64_t)PAST_STEP * PAST_ROWS);
    put(h, name, standard(1));
    assert_false(past_is_recorded(h, "vm:old:x"));
    assert_true(past_is_recorded(h, name));
    assert_true(past_is_recorded(h, "vm:chosen:x"));
    past_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_rows),  cmocka_unit_test(forgets),
        cmocka_unit_test(takes_rates), cmocka_unit_test(records),
        cmocka_unit_test(gives_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
