/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* body: text and pieces, and one that is moved into another. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "xapi/door/body.h"

static char large[1000];

static void release(void *arg)
{
    ++*(int *)arg;
}

static void add(struct body *b, const char *text, int *released)
{
    str_add(&b->text, text);
    body_refer(b, large, sizeof(large), release, released);
}

/* Where in the whole each 'x' is that begins a piece. */
static void assert_whole(const struct body *b, const char *wanted)
{
    AUTO_STR struct str whole = STR_INIT(STR_MAX), seen = STR_INIT(STR_MAX);

    body_flatten(b, &whole);
    assert_int_equal(whole.len, body_len(b));
    for (size_t i = 0; i < whole.len; i++) {
        str_addc(&seen, whole.text[i]);
        if (whole.text[i] == '[')
            i += sizeof(large) - 1;
    }
    assert_string_equal(str_text(&seen), wanted);
}

static void moves(void **state)
{
    struct body from = BODY_INIT, to = BODY_INIT;
    int released = 0;

    (void)state;
    memset(large, 'x', sizeof(large));
    large[0] = '[';
    add(&to, "a", &released);
    str_add(&to.text, "b");
    for (int i = 0; i < 20; i++)
        add(&from, "c", &released);
    body_refer(&from, "short", 5, release, &released);
    assert_int_equal(released, 1);
    body_move(&to, &from);
    assert_int_equal(body_len(&from), 0);
    assert_whole(&to, "a[b"
                      "c[c[c[c[c[c[c[c[c[c[c[c[c[c[c[c[c[c[c[c["
                      "short");
    body_move(&to, &from);
    add(&to, "d", &released);
    assert_int_equal(to.n_pieces, 22);
    assert_int_equal(released, 1);
    body_done(&from);
    body_done(&to);
    assert_int_equal(released, 23);
}

static void too_much(void **state)
{
    struct body from = {.text = STR_INIT(2)}, to = BODY_INIT;

    (void)state;
    str_add(&from.text, "abc");
    assert_true(body_full(&from));
    body_move(&to, &from);
    assert_true(body_full(&to));
    body_done(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves),
        cmocka_unit_test(too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
