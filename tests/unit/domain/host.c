/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host: what an error says of all that libxl logged. Needs no Xen: the sink is
 * there also when libxl cannot be opened. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "lib/auto.h"
#include "xl/domain/host.h"

static int setup(void **state)
{
    static struct host h;

    err_drop(host_open(&h, XTL_NUM_LEVELS, 0), "no Xen is needed here");
    host_mark(&h);
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    host_close(*state);
    return 0;
}

static void say(struct host *h, xentoollog_level level, int errnum,
                const char *text)
{
    xtl_log(host_logger(h), level, errnum, "libxl", "%s", text);
}

static void want(struct host *h, const char *text)
{
    AUTO_ERR struct err *e = host_err(h, ERROR_FAIL, "it failed");

    assert_string_equal(err_text(e), text);
}

static void first_error_is_the_cause(void **state)
{
    struct host *h = *state;

    say(h, XTL_DEBUG, -1, "libxl_x.c:1:f: starting");
    say(h, XTL_ERROR, -1, "libxl_dm.c:27:check: Domain 5:no such firmware");
    say(h, XTL_ERROR, -1, "libxl_create.c:9:done: Domain 5:cannot build: -3");
    want(h, "it failed: no such firmware");
}

static void a_scripts_own_words_come_first(void **state)
{
    struct host *h = *state;

    say(h, XTL_ERROR, -1,
        "libxl_exec.c:117:report: /etc/xen/scripts/block add [123] exited "
        "with error status 1");
    say(h, XTL_ERROR, -1, "libxl_device.c:1:cb: script: no loop devices");
    want(h, "it failed: script: no loop devices");
}

static void libxc_is_understood_too(void **state)
{
    struct host *h = *state;

    say(h, XTL_ERROR, ENOMEM,
        "panic: xg_dom_core.c:536: alloc_pages: kernel too large");
    want(h, "it failed: kernel too large: Cannot allocate memory");
}

static void what_was_said(void **state)
{
    struct host *h = *state;

    say(h, XTL_DEBUG, -1, "libxl_x.c:1:f: unable to add nothing");
    say(h, XTL_ERROR, -1, "libxl_x.c:1:f: Domain 5:no bridge");
    say(h, XTL_ERROR, -1, "libxl_x.c:1:f: Domain 5:unable to add vif devices");
    assert_string_equal(host_said(h, "unable to add "), "vif devices");
    assert_null(host_said(h, "bootloader failed"));
}

static void a_mark_forgets(void **state)
{
    struct host *h = *state;

    say(h, XTL_ERROR, -1, "libxl_x.c:1:f: earlier");
    host_mark(h);
    want(h, "it failed: fail");
}

static void line_ends_and_success_are_left_out(void **state)
{
    struct host *h = *state;

    say(h, XTL_ERROR, 0, "libxl_mem.c:59:f: Domain 2:too much\n");
    want(h, "it failed: too much");
}

static void much_output_is_bounded(void **state)
{
    struct host *h = *state;

    for (int i = 0; i < 100000; i++)
        say(h, XTL_DEBUG, -1, "chatter");
    say(h, XTL_ERROR, -1, "libxl_x.c:1:f: the end");
    want(h, "it failed: the end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_error_is_the_cause, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_scripts_own_words_come_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(libxc_is_understood_too, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_said, setup, teardown),
        cmocka_unit_test_setup_teardown(a_mark_forgets, setup, teardown),
        cmocka_unit_test_setup_teardown(line_ends_and_success_are_left_out,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(much_output_is_bounded, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
