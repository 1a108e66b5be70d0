/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit: the file and its older ones; what is no line. */
#include "tests/unit/xapi/db_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/file.h"
#include "xapi/call/audit.h"
#include "xapi/call/call.h"

static char *folder(void)
{
    static char path[64];

    snprintf(path, sizeof(path), "/tmp/audit-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static bool add_call(struct audit *a, struct pool *p, unsigned id)
{
    struct call c = {.pool = p, .row = &model_calls[id], .user = "u"};

    c.caller.address = "192.0.2.7";
    return audit_call(a, &c);
}

static size_t size_of(struct pool *p, const char *path)
{
    size_t len;
    char *text;

    ok(file_read(p, path, 16 << 20, &text, &len));
    assert_int_equal(text[len - 1], '\n');
    return len;
}

/* EACH: lines that are written together. */
static void turn(int each)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *dir = folder(), *path = pool_printf(p, "%s/log", dir);
    struct audit *a;
    char **names;
    size_t n;

    ok(audit_begin(path, 500, 2, &a));
    for (int i = 0; i < 40; i++) {
        assert_true(add_call(a, p, CALL_VM_start));
        if (i % each == 0)
            audit_write(a);
    }
    audit_free(a);
    ok(file_list(p, dir, &names, &n));
    assert_int_equal(n, 3);
    assert_string_equal(names[2], "log.2");
    for (size_t i = 0; i < n; i++) {
        const char *name = pool_printf(p, "%s/%s", dir, names[i]);
        size_t size = size_of(p, name);

        assert_true(size > 0 && size <= 500);
        ok(file_remove(name));
    }
    remove(dir);
}

static void turns(void **state)
{
    (void)state;
    turn(1);
    turn(2);
    turn(40);
}

/* Longer than the file may be: a file of its own. */
static void long_line(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *dir = folder(), *path = pool_printf(p, "%s/log", dir);
    struct audit *a;

    (void)state;
    ok(audit_begin(path, 10, 2, &a));
    for (int i = 0; i < 3; i++)
        add_call(a, p, CALL_VM_start);
    audit_free(a);
    for (int i = 0; i < 3; i++) {
        const char *name = i ? pool_printf(p, "%s.%d", path, i) : path;
        size_t size = size_of(p, name);

        assert_true(size > 50 && size < 200);
        ok(file_remove(name));
    }
    remove(dir);
}

static void waits(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *dir = folder(), *path = pool_printf(p, "%s/log", dir);
    AUTO_STR struct str read = STR_INIT(STR_MAX);
    struct audit *a;
    size_t len;
    char *text;

    (void)state;
    ok(audit_begin(path, AUDIT_BYTES, 2, &a));
    add_call(a, p, CALL_VM_start);
    ok(file_read(p, path, 16 << 20, &text, &len));
    assert_int_equal(len, 0);
    ok(audit_read(a, 0, &read));
    assert_true(read.len > 50);
    assert_int_equal(size_of(p, path), read.len);
    for (int i = 0; i < 10000; i++)
        add_call(a, p, CALL_VM_start);
    assert_true(size_of(p, path) > 5000 * read.len);
    audit_free(a);
    assert_int_equal(size_of(p, path), 10001 * read.len);
    ok(file_remove(path));
    remove(dir);
}

static void reads_are_no_line(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *dir = folder(), *path = pool_printf(p, "%s/log", dir);
    struct audit *a;
    size_t len;
    char *text;

    (void)state;
    ok(audit_begin(path, 500, 0, &a));
    assert_false(add_call(a, p, CALL_VM_get_record));
    assert_false(add_call(a, p, CALL_message_get_since));
    audit_write(a);
    ok(file_read(p, path, 100, &text, &len));
    assert_int_equal(len, 0);
    assert_true(add_call(a, p, CALL_VM_start));
    audit_write(a);
    assert_true(size_of(p, path) > 50);
    audit_free(a);
    ok(file_remove(path));
    remove(dir);
}

static unsigned n_of(const char *text, const char *part)
{
    unsigned n = 0;

    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

/* What the line of a call says that changed N guests. */
static char *line_of_changes(struct pool *p, unsigned n)
{
    AUTO_DB struct db *db = db_new();
    const char *dir = folder(), *path = pool_printf(p, "%s/log", dir);
    struct call c = {.pool = p, .row = &model_calls[CALL_VM_start]};
    struct txn *txn = txn_begin(db);
    struct audit *a;
    size_t len;
    char *text;

    c.caller.address = "";
    for (unsigned i = 0; i < n; i++)
        make_vm(txn, "vm");
    audit_note(&c, txn);
    txn_commit(txn);
    ok(audit_begin(path, 1 << 20, 1, &a));
    assert_true(audit_call(a, &c));
    audit_write(a);
    audit_free(a);
    ok(file_read(p, path, 1 << 20, &text, &len));
    ok(file_remove(path));
    remove(dir);
    return text;
}

static void many_changes_are_counted(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = line_of_changes(p, 50);

    (void)state;
    assert_int_equal(n_of(text, "\"change\""), 50);
    assert_int_equal(n_of(text, "changes_all"), 0);
    text = line_of_changes(p, 51);
    assert_int_equal(n_of(text, "\"change\""), 50);
    assert_int_equal(n_of(text, "\"changes_all\":51"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns),
        cmocka_unit_test(long_line),
        cmocka_unit_test(waits),
        cmocka_unit_test(reads_are_no_line),
        cmocka_unit_test(many_changes_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
