/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* message: there is room for so many, then the oldest go. */
#include "tests/unit/xapi/db_rig.h"

#include "xapi/call/message.h"

static void oldest_go(void **state)
{
    AUTO_DB struct db *db = db_new();
    struct message m = {"FIRST", 5, message_cls_Pool, "a-pool", "body"};
    struct txn *txn = txn_begin(db);
    struct object *first, *o = NULL;
    char ref[128];

    (void)state;
    ok(message_add(txn, &m, &first));
    snprintf(ref, sizeof(ref), "%s", object_ref(first));
    m.name = "LATER";
    for (int i = 1; i < MESSAGES_MAX; i++)
        ok(message_add(txn, &m, &o));
    assert_int_equal(db_count(db, C(message)), MESSAGES_MAX);
    assert_non_null(db_find(db, C(message), ref));
    txn_commit(txn);
    txn = txn_begin(db);
    m.name = "LAST";
    ok(message_add(txn, &m, &o));
    txn_commit(txn);
    assert_int_equal(db_count(db, C(message)), MESSAGES_MAX);
    assert_null(db_find(db, C(message), ref));
    assert_string_equal(get_message_name(o), "LAST");
    assert_string_equal(get_message_name(db_first(db, C(message))), "LATER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
