/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec_channel, spec_display and spec_usb: the small device strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/domain/spec.h"

static size_t channel_errors(const char *text, libxl_device_channel *channel)
{
    struct spec s;
    size_t n;

    spec_start(&s, text);
    libxl_device_channel_init(channel);
    spec_channel_parse(s.value, channel, s.p, &s.diags);
    n = s.diags.n_errors;
    spec_end(&s);
    return n;
}

static void channels(void **state)
{
    libxl_device_channel c;

    (void)state;
    assert_int_equal(
        channel_errors("name=c, connection = socket, path=/run/c", &c), 0);
    assert_int_equal(c.connection, LIBXL_CHANNEL_CONNECTION_SOCKET);
    assert_string_equal(c.u.socket.path, "/run/c");
    assert_string_equal(c.name, "c");
    libxl_device_channel_dispose(&c);
    assert_int_equal(channel_errors("name=c,connection=pty", &c), 0);
    assert_int_equal(c.connection, LIBXL_CHANNEL_CONNECTION_PTY);
    libxl_device_channel_dispose(&c);
}

static void bad_channels(void **state)
{
    static const char *const texts[] = {
        "", "name=c", "name=c,connection=socket", "name=c,connection=tcp",
        "name,connection=pty"};
    libxl_device_channel c;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_int_equal(channel_errors(texts[i], &c), 1);
        libxl_device_channel_dispose(&c);
    }
}

static void framebuffers(void **state)
{
    struct spec s;
    libxl_device_vfb vfb;
    libxl_device_vkb vkb;

    (void)state;
    spec_start(&s, "vnc=1,vncdisplay=3,vncunused=0,vnclisten=::1,keymap=de");
    libxl_device_vfb_init(&vfb);
    libxl_device_vkb_init(&vkb);
    spec_vfb_parse(s.value, &vfb, &vkb, s.p, &s.diags);
    assert_int_equal(s.diags.n, 0);
    assert_true(libxl_defbool_val(vfb.vnc.enable));
    assert_false(libxl_defbool_val(vfb.vnc.findunused));
    assert_int_equal(vfb.vnc.display, 3);
    assert_string_equal(vfb.vnc.listen, "::1");
    assert_string_equal(vfb.keymap, "de");
    libxl_device_vfb_dispose(&vfb);
    libxl_device_vkb_dispose(&vkb);
    spec_end(&s);
}

static void usb(void **state)
{
    struct spec s;
    libxl_device_usbctrl ctrl;
    libxl_device_usbdev dev;

    (void)state;
    spec_start(&s, "type=pv,version=2,ports=4");
    libxl_device_usbctrl_init(&ctrl);
    spec_usbctrl_parse(s.value, &ctrl, s.p, &s.diags);
    assert_int_equal(s.diags.n, 0);
    assert_int_equal(ctrl.type, LIBXL_USBCTRL_TYPE_PV);
    assert_int_equal(ctrl.ports, 4);
    libxl_device_usbctrl_dispose(&ctrl);
    spec_end(&s);
    spec_start(&s, "type=hostdev,hostbus=1,hostaddr=300");
    libxl_device_usbdev_init(&dev);
    spec_usbdev_parse(s.value, &dev, s.p, &s.diags);
    assert_string_equal(spec_blamed(&s, DIAG_ERROR), "300");
    assert_int_equal(dev.u.hostdev.hostbus, 1);
    libxl_device_usbdev_dispose(&dev);
    spec_end(&s);
}

/* What is blamed for TEXT; NULL when it is fine. */
static const char *pci_blame(struct spec *s, const char *text,
                             libxl_device_pci *pci)
{
    spec_start(s, text);
    libxl_device_pci_init(pci);
    spec_pci_parse(s->value, pci, s->p, &s->diags);
    libxl_device_pci_dispose(pci);
    return s->diags.n_errors ? spec_blamed(s, DIAG_ERROR) : NULL;
}

static void pci_devices(void **state)
{
    static const char *const bad[] = {
        "01:00",     "01:00.",        "01",         "1:",          ":",
        "::",        "1:2:3",         "1:2:3.",     ":1:2.3",      "1::2.3",
        "1:2:3:4.5", "01:00.0@",      "01:00.0@20", "01:00.8",     "01:20.0",
        "100:00.0",  "10000:01:00.0", "01:00.0x",   "01:00.*x",    "0x1:00.0",
        "-1:0.0",    "+1:0.0",        "01:00.0@-1", "01:00.0@1@2", "\xff:0.0",
    };
    libxl_device_pci pci;
    struct spec s;

    (void)state;
    assert_null(pci_blame(&s, " 0001:0a:1F.7@1f , seize = 1", &pci));
    spec_end(&s);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_string_equal(pci_blame(&s, bad[i], &pci), bad[i]);
        assert_non_null(strstr(s.diags.list[0].text, "address of a PCI"));
        spec_end(&s);
    }
    assert_string_equal(pci_blame(&s, "01:00.0,sieze=1", &pci), "sieze");
    assert_non_null(strstr(s.diags.list[0].text, "did you mean 'seize'?"));
    spec_end(&s);
    assert_string_equal(pci_blame(&s, "01:00.0,vslot=20", &pci), "20");
    spec_end(&s);
    assert_non_null(pci_blame(&s, "01:00.0,name=nic", &pci));
    spec_end(&s);
    assert_non_null(pci_blame(&s, "seize=1", &pci));
    spec_end(&s);
    assert_non_null(pci_blame(&s, "", &pci));
    spec_end(&s);
}

static size_t display_errors(const char *text, libxl_device_vdispl *display)
{
    struct spec s;
    size_t n;

    spec_start(&s, text);
    libxl_device_vdispl_init(display);
    spec_vdispl_parse(s.value, display, s.p, &s.diags);
    n = s.diags.n_errors;
    spec_end(&s);
    return n;
}

static void displays(void **state)
{
    static const char *const bad[] = {
        "connectors=",        "connectors=a",
        "connectors=a:",      "connectors=a:1",
        "connectors=a:1x",    "connectors=a:1x2x3",
        "connectors=a:0x1",   "connectors=:1x1",
        "connectors=a:1x1;",  "connectors=a:-1x1",
        "connectors=a b:1x1", "connectors=a:1x1:2",
        "be-alloc=x",         "beckend=0",
        "backend=dd",         "",
    };
    libxl_device_vdispl d;

    (void)state;
    assert_int_equal(display_errors("backend=dd,be-alloc=1,connectors="
                                    "id0:1920x1080;id1:800x600",
                                    &d),
                     0);
    assert_string_equal(d.backend_domname, "dd");
    assert_true(d.be_alloc);
    assert_int_equal(d.num_connectors, 2);
    assert_string_equal(d.connectors[1].unique_id, "id1");
    assert_int_equal(d.connectors[1].width, 800);
    assert_int_equal(d.connectors[1].height, 600);
    libxl_device_vdispl_dispose(&d);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(display_errors(bad[i], &d), 1);
        libxl_device_vdispl_dispose(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels),     cmocka_unit_test(bad_channels),
        cmocka_unit_test(framebuffers), cmocka_unit_test(usb),
        cmocka_unit_test(pci_devices),  cmocka_unit_test(displays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
