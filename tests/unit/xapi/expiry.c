/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* expiry: what is said of a certificate, and when. */
#include "tests/unit/xapi/db_rig.h"

#include "xapi/call/expiry.h"

#define DAY INT64_C(86400)

static void has_words(void **state)
{
    (void)state;
    assert_string_equal(expiry_word(-1), "EXPIRED");
    assert_string_equal(expiry_word(0), "EXPIRED");
    assert_string_equal(expiry_word(1), "EXPIRING_07");
    assert_string_equal(expiry_word(7 * DAY), "EXPIRING_07");
    assert_string_equal(expiry_word(7 * DAY + 1), "EXPIRING_14");
    assert_string_equal(expiry_word(14 * DAY + 1), "EXPIRING_30");
    assert_string_equal(expiry_word(30 * DAY), "EXPIRING_30");
    assert_null(expiry_word(30 * DAY + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(has_words)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
