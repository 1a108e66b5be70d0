/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cause: what the logs of programs add to an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/domain/cause.h"

static const char *path(struct pool *p, const char *name, const char *text)
{
    const char *file = pool_printf(p, "/tmp/cause-%d-%s", (int)getpid(), name);
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return file;
}

static void expect(struct cause c, const char *log, const char *said,
                   const char *wanted)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *file = path(p, "log", log);
    struct err *e = cause_explain_with(&c, file, file, ERR("%s", said));

    unlink(file);
    assert_string_equal(err_text(e), wanted);
    err_free(e);
}

static void test_last_line(void **state)
{
    const struct cause none = {0};

    (void)state;
    expect(none, "one\ntwo\n\n", "the script failed",
           "the script failed (script: \"two\")");
    expect(none, "boo", "device model did not start",
           "device model did not start (qemu: \"boo\")");
    expect(none, "", "device model did not start",
           "device model did not start");
    expect(none, "why", "no such kernel", "no such kernel");
    expect(none, "x\nit broke\n", "script: it broke", "script: it broke");
}

static void test_only_what_is_new(void **state)
{
    (void)state;
    expect((struct cause){.hotplug_seen = 4}, "old\nnew\n", "script x",
           "script x (script: \"new\")");
    expect((struct cause){.hotplug_seen = 4}, "old\n", "script x", "script x");
    expect((struct cause){.hotplug_seen = 400}, "rotated\n", "script x",
           "script x (script: \"rotated\")");
}

static void test_hung(void **state)
{
    (void)state;
    expect((struct cause){0}, "",
           "step: killing execution of /etc/x online because of timeout",
           "step: hotplug script '/etc/x online' did not end in time and was "
           "killed");
}

static void test_firmware(void **state)
{
    (void)state;
    expect((struct cause){0}, "else",
           "failed to read BIOS file: No such file or directory",
           "failed to read BIOS file: No such file or directory (firmware: "
           "\"SeaBIOS is in Debian's package seabios, UEFI in ovmf, "
           "/usr/share/ovmf/OVMF.fd, which has to be built for Xen\")");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_line),
        cmocka_unit_test(test_only_what_is_new),
        cmocka_unit_test(test_hung),
        cmocka_unit_test(test_firmware),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
