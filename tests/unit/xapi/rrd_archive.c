/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_archive, rrd_file: what is recorded over hours and a year, and on disk.
 */
#include "tests/unit/xapi/db_rig.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/file.h"
#include "xapi/vm/rrd_file.h"

#define DAY 86400
#define NOON (INT64_C(20000) * DAY)

static double at(const struct archive *a, unsigned kind, unsigned fn, int64_t t)
{
    return archive_value(a, kind, fn, t);
}

static void fill(struct archive *a, int64_t from, int64_t to, double value)
{
    for (int64_t t = from + ARCHIVE_SAMPLE; t <= to; t += ARCHIVE_SAMPLE)
        archive_add(a, t, value);
}

static void has_rows(void **state)
{
    struct archive a;

    (void)state;
    archive_init(&a);
    assert_true(isnan(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON)));
    fill(&a, NOON, NOON + 30, 2);
    fill(&a, NOON + 30, NOON + 60, 6);
    assert_int_equal(a.since, NOON + 5);
    assert_true(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON + 60) == 4);
    assert_true(at(&a, ARCHIVE_HOURS, ARCHIVE_MIN, NOON + 60) == 2);
    assert_true(at(&a, ARCHIVE_HOURS, ARCHIVE_MAX, NOON + 60) == 6);
    fill(&a, NOON + 60, NOON + 65, 1);
    /* the same when it is no more the one that is made */
    assert_true(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON + 60) == 4);
    assert_true(isnan(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON)));
    assert_true(isnan(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON + 180)));
    /* of the hour less than half is known */
    assert_true(isnan(at(&a, ARCHIVE_WEEK, ARCHIVE_AVERAGE, NOON + 3600)));
    fill(&a, NOON + 65, NOON + 3600, 1);
    assert_true(at(&a, ARCHIVE_WEEK, ARCHIVE_MAX, NOON + 3600) == 6);
}

static void keeps_half(void **state)
{
    struct archive a;

    (void)state;
    archive_init(&a);
    fill(&a, NOON + 35, NOON + 60, 1); /* 25 s */
    fill(&a, NOON + 60, NOON + 90, 1); /* 30 s */
    fill(&a, NOON + 150, NOON + 155, 1);
    assert_true(isnan(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON + 60)));
    assert_true(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON + 120) == 1);
}

/* Nothing of a time in which nothing was measured, however long. */
static void forgets(void **state)
{
    struct archive a;

    (void)state;
    archive_init(&a);
    fill(&a, NOON, NOON + 2 * DAY, 5);
    assert_true(at(&a, ARCHIVE_YEAR, ARCHIVE_AVERAGE, NOON + DAY) == 5);
    assert_true(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON + 2 * DAY - 60) ==
                5);
    assert_true(isnan(at(&a, ARCHIVE_HOURS, ARCHIVE_AVERAGE, NOON + DAY)));
    fill(&a, NOON + 9 * DAY, NOON + 9 * DAY + 3600, 7);
    assert_true(at(&a, ARCHIVE_YEAR, ARCHIVE_AVERAGE, NOON + DAY) == 5);
    for (int64_t t = NOON + 3 * DAY; t <= NOON + 9 * DAY; t += DAY)
        assert_true(isnan(at(&a, ARCHIVE_YEAR, ARCHIVE_AVERAGE, t)));
    for (int64_t t = NOON + 8 * DAY; t <= NOON + 9 * DAY; t += 3600)
        assert_true(isnan(at(&a, ARCHIVE_WEEK, ARCHIVE_AVERAGE, t)));
    assert_true(at(&a, ARCHIVE_WEEK, ARCHIVE_MIN, NOON + 9 * DAY + 3600) == 7);
    fill(&a, NOON + 800 * DAY, NOON + 801 * DAY, 9);
    assert_true(isnan(at(&a, ARCHIVE_YEAR, ARCHIVE_AVERAGE, NOON + DAY)));
    assert_true(at(&a, ARCHIVE_YEAR, ARCHIVE_AVERAGE, NOON + 801 * DAY) == 9);
    assert_true(isnan(at(&a, ARCHIVE_YEAR, ARCHIVE_MAX, NOON + 800 * DAY)));
}

/* ---- on disk ------------------------------------------------------------- */

#define NAME "vm:0b7b1d1e-0000-0000-0000-000000000000:cpu0"

static struct past_saved *saved_at(struct pool *p, int64_t end, double value)
{
    struct past_saved *s = pool_new_of(p, struct past_saved);

    s->end = s->seen = end;
    s->chosen = 1;
    archive_init(&s->archive);
    for (size_t i = 0; i < PAST_ROWS; i++)
        s->values[i] = value;
    fill(&s->archive, end - 3600, end, value);
    return s;
}

static void is_on_disk(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    char dir[] = "/tmp/dom0kit-rrd-XXXXXX";
    struct past_saved *got = pool_new_of(p, struct past_saved);
    struct past_saved *standard = saved_at(p, NOON, 1);
    char **names, *path;
    size_t n;
    int fd;

    (void)state;
    assert_non_null(mkdtemp(dir));
    path =
        pool_printf(p, "%s/vm-0b7b1d1e-0000-0000-0000-000000000000/cpu0", dir);
    /* what was never asked for is not made by saving */
    assert_null(rrd_file_save(dir, NAME, 0, saved_at(p, NOON, 1)));
    assert_false(file_exists(path));
    assert_null(rrd_file_make(dir, NAME));
    assert_null(rrd_file_make(dir, NAME));
    assert_false(rrd_file_load(dir, NAME, got));
    assert_null(rrd_file_list(p, dir, &names, &n));
    assert_int_equal(n, 1);
    assert_string_equal(names[0], NAME);
    for (unsigned turn = 0; turn < 5; turn++) {
        assert_null(rrd_file_save(dir, NAME, turn,
                                  saved_at(p, NOON + 300 * turn, turn)));
        assert_true(rrd_file_load(dir, NAME, got));
        assert_int_equal(got->end, NOON + 300 * turn);
        assert_true(got->values[7] == turn);
    }
    /* the copy that was written last is torn: the one before is whole */
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "torn", 4, 5000), 4);
    assert_true(rrd_file_load(dir, NAME, got));
    assert_int_equal(got->end, NOON + 900);
    assert_int_equal(pwrite(fd, "torn", 4, sizeof(*got) + 5000), 4);
    assert_false(rrd_file_load(dir, NAME, got));
    close(fd);
    assert_null(rrd_file_remove(dir, NAME));
    assert_null(rrd_file_remove(dir, NAME));
    assert_null(rrd_file_list(p, dir, &names, &n));
    assert_int_equal(n, 0);
    /* what is standard is */
    standard->chosen = 0;
    assert_null(rrd_file_save(dir, NAME, 0, standard));
    assert_false(rrd_file_is_new(dir, NAME));
    assert_null(rrd_file_remove(dir, NAME));
    assert_int_equal(rmdir(dir), 0);
}

static void has_a_name(void **state)
{
    (void)state;
    assert_true(rrd_file_can("host:u:pif_eth0.5_rx"));
    assert_true(rrd_file_can("host:u:read_0b7b1d1e"));
    assert_false(rrd_file_can("host:u:"));
    assert_false(rrd_file_can("host:u:.."));
    assert_false(rrd_file_can("host:u:a/b"));
    assert_false(rrd_file_can("cpu0"));
}

static void comes_back(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct reading one = {.value = 1, .max = INFINITY};
    struct past *h = past_new();

    (void)state;
    past_restore(h, "vm:1:a", saved_at(p, NOON, 3));
    past_restore(h, "vm:1:b", saved_at(p, NOON + 50, 4));
    past_restore(h, "vm:1:c", saved_at(p, NOON - 9000, 5));
    assert_int_equal(past_end(h), NOON + 50);
    assert_int_equal(past_n_recorded(h), 3);
    assert_true(past_value(h, 0, NOON - 5, NOON) == 3);
    assert_true(isnan(past_value(h, 0, NOON, NOON + 50)));
    assert_true(past_value(h, 1, NOON, NOON + 50) == 4);
    assert_true(isnan(past_value(h, 2, 0, NOON + 50)));
    assert_true(archive_value(past_archive(h, 2), ARCHIVE_HOURS,
                              ARCHIVE_AVERAGE, NOON - 9000) == 5);
    past_begin(h, NOON + 1000);
    past_put(h, "vm:1:a", &one);
    past_close(h);
    assert_int_equal(past_width(h), 3); /* recorded ones stay */
    assert_true(past_value(h, 0, NOON + 995, NOON + 1000) == 1);
    assert_true(isnan(past_value(h, 1, NOON + 995, NOON + 1000)));
    assert_true(past_forget(h, "vm:1:a") && !past_forget(h, "vm:1:a"));
    assert_false(past_is_recorded(h, "vm:1:a") || past_archive(h, 0));
    past_free(h);
}

/* Whoever writes an answer knows columns by their numbers. */
static void is_held(void **state)
{
    const struct reading one = {.value = 1, .max = INFINITY};
    struct past *h = past_new(), *held = past_hold(h);

    (void)state;
    past_begin(h, NOON);
    past_put(h, "vm:1:a", &one);
    past_begin(h, NOON + DAY);
    past_put(h, "vm:1:b", &one);
    assert_string_equal(past_name(held, 0), "vm:1:a");
    past_free(h);
    assert_string_equal(past_name(held, 1), "vm:1:b");
    past_release(held);
}

static void is_limited(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct past *h = past_new();

    (void)state;
    for (unsigned i = 0; i < PAST_CHOSEN_MAX; i++)
        assert_true(past_record(h, pool_printf(p, "vm:%u:a", i)));
    assert_true(past_record(h, "vm:0:a"));
    assert_false(past_record(h, "vm:1:b"));
    assert_true(past_forget(h, "vm:7:a") && past_record(h, "vm:1:b"));
    past_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_rows),   cmocka_unit_test(keeps_half),
        cmocka_unit_test(forgets),    cmocka_unit_test(is_on_disk),
        cmocka_unit_test(has_a_name), cmocka_unit_test(comes_back),
        cmocka_unit_test(is_held),    cmocka_unit_test(is_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
