/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_disk: what a disk string is complained about and where. What is taken
 * and what it means is compared with libxlutil by tests/diff/disk.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/domain/spec.h"

static void parse(struct spec *s, const char *text, libxl_device_disk *disk)
{
    spec_start(s, text);
    libxl_device_disk_init(disk);
    spec_disk_parse(s->value, disk, s->p, &s->diags);
}

static void done(struct spec *s, libxl_device_disk *disk)
{
    libxl_device_disk_dispose(disk);
    spec_end(s);
}

/* TEXT is refused, BLAMED is what is pointed at, SAID is in the sentence. */
static void refused(const char *text, const char *blamed, const char *said)
{
    struct spec s;
    libxl_device_disk disk;

    parse(&s, text, &disk);
    assert_int_equal(s.diags.n_errors, 1);
    assert_string_equal(spec_blamed(&s, DIAG_ERROR), blamed);
    assert_true(spec_says(&s, said));
    done(&s, &disk);
}

static void positional(void **state)
{
    struct spec s;
    libxl_device_disk disk;

    (void)state;
    parse(&s, "/dev/vg/root,qcow2,xvda,ro", &disk);
    assert_int_equal(s.diags.n, 0);
    assert_string_equal(disk.pdev_path, "/dev/vg/root");
    assert_string_equal(disk.vdev, "xvda");
    assert_int_equal(disk.format, LIBXL_DISK_FORMAT_QCOW2);
    assert_int_equal(disk.readwrite, 0);
    done(&s, &disk);
}

static void errors_point_at_the_part(void **state)
{
    (void)state;
    refused("vdev=xvda,formt=raw,target=/a", "formt", "did you mean 'format'?");
    refused("vdev=xvda,format=qcow3,target=/a", "qcow3", "qcow2");
    refused("/a,raw,xvda,rx", "rx", "'rx' is not one of");
    refused("/a,raw,xvda,w,more", "more", "one word too many");
    refused("vdev=xvda,vdev=xvdb,target=/a", "xvdb", "given twice");
    refused("http://x/a,raw,xvda", "http:", "target=http:");
    refused("vdev=xvda,colo-port=no,target=/a", "no", "colo-port");
}

static void errors_about_the_whole(void **state)
{
    (void)state;
    refused("/a,raw", "\"/a,raw\"", "no vdev");
    refused("vdev=xvda", "\"vdev=xvda\"", "disk 'xvda' has no target");
}

static void all_unknown_settings_at_once(void **state)
{
    struct spec s;
    libxl_device_disk disk;

    (void)state;
    parse(&s, "vdef=xvda,formt=raw,acces=w,target=/a", &disk);
    assert_int_equal(s.diags.n_errors, 3);
    done(&s, &disk);
}

static void target_takes_the_rest(void **state)
{
    struct spec s;
    libxl_device_disk disk;

    (void)state;
    parse(&s, "vdev=xvda,target=/a,readonly", &disk);
    assert_string_equal(disk.pdev_path, "/a,readonly");
    assert_int_equal(s.diags.n_errors, 0);
    assert_string_equal(spec_blamed(&s, DIAG_WARNING), ",readonly");
    done(&s, &disk);
}

static void old_prefixes_are_noted(void **state)
{
    struct spec s;
    libxl_device_disk disk;

    (void)state;
    parse(&s, "phy:/dev/vg/a,xvda,w", &disk);
    assert_string_equal(disk.pdev_path, "/dev/vg/a");
    assert_string_equal(spec_blamed(&s, DIAG_NOTE), "phy:");
    assert_int_equal(s.diags.n_errors + s.diags.n_warnings, 0);
    done(&s, &disk);
}

static void vdevs(void **state)
{
    static const char *const good[] = {"xvda", "xvdaa3", "hdc", "sda15",
                                       "d0p1", "d12",    "768", "0xca00"};
    static const char *const bad[] = {"foo", "xvd", "xvd1", "hda1b",
                                      "d",   "d1p", "d1x",  "xvda p"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good) + ARRAY_LEN(bad); i++) {
        bool is_good = i < ARRAY_LEN(good);
        struct spec s;
        libxl_device_disk disk;
        char text[40];

        snprintf(text, sizeof(text), "/a,raw,%s",
                 is_good ? good[i] : bad[i - ARRAY_LEN(good)]);
        parse(&s, text, &disk);
        if (s.diags.n_warnings != !is_good)
            fail_msg("'%s': %zu warnings", text, s.diags.n_warnings);
        done(&s, &disk);
    }
}

static void trust(void **state)
{
    struct spec s;
    libxl_device_disk disk;

    (void)state;
    parse(&s, "vdev=xvda,untrusted,target=/a", &disk);
    assert_int_equal(s.diags.n, 0);
    assert_false(libxl_defbool_val(disk.trusted));
    done(&s, &disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positional),
        cmocka_unit_test(errors_point_at_the_part),
        cmocka_unit_test(errors_about_the_whole),
        cmocka_unit_test(all_unknown_settings_at_once),
        cmocka_unit_test(target_takes_the_rest),
        cmocka_unit_test(old_prefixes_are_noted),
        cmocka_unit_test(vdevs),
        cmocka_unit_test(trust),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
