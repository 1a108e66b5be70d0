/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* err: sentences, kinds, statuses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "lib/auto.h"

static void sentences(void **state)
{
    AUTO_ERR struct err *e = ERR_AS(input, "'%s' is not a number", "lots");
    AUTO_ERR struct err *sys = err_errno(EACCES, "cannot open '%s'", "/x");

    (void)state;
    e = err_wrap(e, "memory");
    e = err_wrap(e, "%s:%d", "guest.cfg", 7);
    assert_string_equal(err_text(e), "guest.cfg:7: memory: 'lots' is not a "
                                     "number");
    assert_ptr_equal(err_kind(e), &err_kind_input);
    assert_string_equal(err_text(sys), "cannot open '/x': Permission denied");
    assert_ptr_equal(err_kind(sys), &err_kind_failed);
    assert_null(err_wrap(NULL, "never"));
}

static void joined(void **state)
{
    AUTO_ERR struct err *e = NULL;

    (void)state;
    assert_null(err_join(NULL, NULL));
    e = err_join(NULL, ERR_AS(timeout, "late"));
    assert_string_equal(err_text(e), "late");
    e = err_join(e, NULL);
    e = err_join(e, ERR("no undo"));
    assert_string_equal(err_text(e), "late; also: no undo");
    assert_true(err_is(e, &err_kind_timeout));
    assert_false(err_is(e, &err_kind_failed));
    assert_false(err_is(NULL, &err_kind_failed));
}

static void statuses(void **state)
{
    AUTO_ERR struct err *usage = ERR_AS(usage, "x");
    AUTO_ERR struct err *stopped = ERR_AS(interrupted, "x");
    AUTO_ERR struct err *silent = err_silent(7);

    (void)state;
    assert_int_equal(err_exit_status(NULL), 0);
    assert_int_equal(err_exit_status(usage), 2);
    assert_int_equal(err_exit_status(stopped), 130);
    assert_int_equal(err_exit_status(silent), 7);
    assert_true(err_is(silent, &err_kind_reported));
    /* The status of a silent failure survives what is put around it. */
    silent = err_join(err_wrap(silent, "x"), ERR("y"));
    assert_int_equal(err_exit_status(silent), 7);
    err_free(NULL);
    err_drop(NULL, "nothing to drop");
}

static struct err *fails(int n, int *ret_steps)
{
    for (int i = 0; i < n; i++)
        ++*ret_steps;
    return n == 2 ? ERR("two") : NULL;
}

static struct err *tries(int *ret_steps)
{
    TRY(fails(1, ret_steps));
    TRY(fails(2, ret_steps));
    TRY(fails(3, ret_steps));
    return NULL;
}

static void try_returns(void **state)
{
    int steps = 0;
    AUTO_ERR struct err *e = tries(&steps);

    (void)state;
    assert_string_equal(err_text(e), "two");
    assert_int_equal(steps, 3);
}

static void codes(void **state)
{
    AUTO_ERR struct err *e =
        err_code("HANDLE_INVALID", (const char *[]){"VM", NULL}, 2);
    AUTO_ERR struct err *plain = ERR("no words");
    const char *const *words;
    size_t n = 0;

    (void)state;
    assert_true(err_is(e, &err_kind_code));
    e = err_wrap(e, "disk 0");
    assert_string_equal(err_text(e), "disk 0: HANDLE_INVALID: VM, ");
    words = err_words(e, &n);
    assert_int_equal(n, 3);
    assert_string_equal(words[0], "HANDLE_INVALID");
    assert_string_equal(words[1], "VM");
    assert_string_equal(words[2], "");
    assert_null(words[3]);
    assert_null(err_words(plain, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences), cmocka_unit_test(joined),
        cmocka_unit_test(statuses),  cmocka_unit_test(try_returns),
        cmocka_unit_test(codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
