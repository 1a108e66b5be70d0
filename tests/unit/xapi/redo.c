/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* redo: what comes back of the redo log, after how many rounds and crashes. */
#include "tests/unit/xapi/db_rig.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xapi/db/redo.h"

static char path[] = "/tmp/dom0kit-redo-XXXXXX";

static int make_path(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(rmdir(path), 0);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    ok(file_remove(path));
    strcpy(path + strlen(path) - 6, "XXXXXX");
    return 0;
}

/* ---- records ------------------------------------------------------------- */

static struct err *name_record(void *arg, const struct redo_record *r)
{
    struct str *out = arg;
    const char *bytes = r->bytes;

    assert_int_equal(r->generation, 10 * r->number);
    assert_int_equal(bytes[0], 'a' + r->number % 26);
    assert_int_equal(bytes[r->len - 1], bytes[0]);
    str_addf(out, "%llu:%zu ", (unsigned long long)r->number, r->len);
    return NULL;
}

/* "NUMBER:LENGTH ..." of what follows LAST. */
static struct redo *open_after(uint64_t last, struct str *names)
{
    struct redo *r;

    ok(redo_open(path, &r));
    str_clear(names);
    str_add(names, "");
    ok(redo_read(r, &last, name_record, names));
    return r;
}

static struct redo_place add(struct redo *r, size_t len)
{
    struct redo_place place;
    char *bytes;

    assert_true(redo_reserve(r, len, &place));
    bytes = xcalloc(1, len);
    memset(bytes, 'a' + (int)(place.number % 26), len);
    ok(redo_write(r, &place, 10 * place.number, bytes, len));
    free(bytes);
    return place;
}

static void spoil(off_t at)
{
    AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC);
    char c;

    assert_int_equal(pread(fd, &c, 1, at), 1);
    c ^= 1;
    assert_int_equal(pwrite(fd, &c, 1, at), 1);
}

/* ---- tests --------------------------------------------------------------- */

static void records_come_back(void **state)
{
    AUTO_STR struct str names = STR_INIT(STR_MAX);
    struct redo *r = open_after(0, &names);
    struct stat st;

    (void)state;
    assert_string_equal(str_text(&names), "");
    add(r, 1);
    add(r, 5000);
    add(r, REDO_RECORD_MAX);
    redo_close(r);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, REDO_SIZE);
    assert_int_equal(st.st_mode & 07777, 0600);
    r = open_after(0, &names);
    assert_string_equal(str_text(&names), "1:1 2:5000 3:131072 ");
    redo_close(r);
    r = open_after(2, &names);
    assert_string_equal(str_text(&names), "3:131072 ");
    redo_close(r);
    r = open_after(3, &names);
    assert_string_equal(str_text(&names), "");
    assert_int_equal(add(r, 7).number, 4);
    redo_close(r);
    r = open_after(3, &names);
    assert_string_equal(str_text(&names), "4:7 ");
    redo_close(r);
}

/* Round and round, with some in use all the time. */
static void rounds(void **state)
{
    AUTO_STR struct str names = STR_INIT(STR_MAX);
    struct redo *r = open_after(0, &names);
    struct redo_place places[8] = {{0}};

    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        if (i >= 8)
            redo_release(r, &places[i % 8]);
        places[i % 8] = add(r, 20000 + i * 150);
        assert_int_equal(places[i % 8].number, i + 1);
        assert_true(redo_used(r) <= REDO_SIZE);
    }
    redo_close(r);
    r = open_after(197, &names);
    assert_string_equal(str_text(&names), "198:49550 199:49700 200:49850 ");
    redo_close(r);
}

static void no_room_before_some_is_released(void **state)
{
    AUTO_STR struct str names = STR_INIT(STR_MAX);
    struct redo *r = open_after(0, &names);
    struct redo_place place, first = add(r, 100);
    int n = 1;

    (void)state;
    while (redo_reserve(r, REDO_RECORD_MAX, &place))
        n++;
    assert_int_equal(n, REDO_SIZE / (REDO_RECORD_MAX + 4096) + 1);
    assert_int_equal(place.number, n);
    redo_release(r, &first);
    assert_false(redo_reserve(r, REDO_RECORD_MAX, &place));
    redo_release(r, &place);
    assert_int_equal(redo_used(r), 0);
    assert_true(redo_reserve(r, REDO_RECORD_MAX, &place));
    assert_int_equal(place.number, n + 1);
    redo_close(r);
}

static void what_was_cut_off_is_none(void **state)
{
    AUTO_STR struct str names = STR_INIT(STR_MAX);
    struct redo *r = open_after(0, &names);
    struct redo_place second;

    (void)state;
    add(r, 10000);
    second = add(r, 10000);
    add(r, 10000);
    redo_close(r);
    spoil((off_t)second.at + 9000);
    log_set_level(LOG_ERROR_);
    r = open_after(0, &names); /* nor is what follows it, ... */
    log_set_level(LOG_WARNING_);
    assert_string_equal(str_text(&names), "1:10000 ");
    assert_int_equal(add(r, 8).number, 4); /* ... now or later */
    redo_close(r);
    r = open_after(3, &names);
    assert_string_equal(str_text(&names), "4:8 ");
    redo_close(r);
}

static void a_file_that_was_not_made_whole(void **state)
{
    AUTO_STR struct str names = STR_INIT(STR_MAX);
    struct stat st;

    (void)state;
    ok(file_write(path, "cut", 3, 0600));
    redo_close(open_after(0, &names));
    assert_string_equal(str_text(&names), "");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, REDO_SIZE);
}

static void refuses_links(void **state)
{
    struct redo *r;

    (void)state;
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_fails(redo_open(path, &r), path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_come_back, make_path,
                                        remove_file),
        cmocka_unit_test_setup_teardown(rounds, make_path, remove_file),
        cmocka_unit_test_setup_teardown(no_room_before_some_is_released,
                                        make_path, remove_file),
        cmocka_unit_test_setup_teardown(what_was_cut_off_is_none, make_path,
                                        remove_file),
        cmocka_unit_test_setup_teardown(a_file_that_was_not_made_whole,
                                        make_path, remove_file),
        cmocka_unit_test_setup_teardown(refuses_links, make_path, remove_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
