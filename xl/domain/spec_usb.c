/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_usb: USB controllers of a guest and host devices passed to them, the
 * items of usbctrl= and usbdev= in xl.cfg(5).
 */
#include "xl/domain/spec.h"

/* clang-format off */
static const struct slot_choice device_types[] = {
    {"hostdev", LIBXL_USBDEV_TYPE_HOSTDEV, "A device of this host."},
    {NULL},
};

#define C libxl_device_usbctrl
static const struct slot usbctrl_rows[] = {
    {"type",    ENUM_OF(C, type, libxl_usbctrl_type_string_table), .unit = "TYPE",
     .doc = "auto, pv, devicemodel or qusb."},
    {"version", SLOT_INT(C, version), .min = 1, .max = 3, .unit = "1|2|3",
     .doc = "USB version."},
    {"ports",   SLOT_INT(C, ports),   .min = 0, .max = 31, .unit = "NUMBER",
     .doc = "Number of ports, up to 31; 8 unless given."},
    {NULL},
};
#undef C

#define D libxl_device_usbdev
static const struct slot usbdev_rows[] = {
    {"type",       SPEC_WORD(D, type, device_types), .unit = "hostdev",
     .doc = "Kind of device."},
    {"hostbus",    SLOT_INT(D, u.hostdev.hostbus),   .unit = "NUMBER",
     .doc = "Bus of the device in the host, as lsusb shows it."},
    {"hostaddr",   SLOT_INT(D, u.hostdev.hostaddr),  .unit = "NUMBER",
     .doc = "Number of the device on its bus."},
    {"controller", SLOT_INT(D, ctrl), .min = 0, .max = 255, .unit = "NUMBER",
     .doc = "Controller of the guest; the first with a free port unless given."},
    {"port",       SLOT_INT(D, port), .min = 0, .max = 255, .unit = "NUMBER",
     .doc = "Port of the controller; the first free one unless given."},
    {NULL},
};
#undef D
/* clang-format on */

const struct slot_table usbctrl_keys = {
    .rows = usbctrl_rows, .noun = "usbctrl setting", .unknown_is_error = true};
const struct slot_table usbdev_keys = {
    .rows = usbdev_rows, .noun = "usbdev setting", .unknown_is_error = true};

void spec_usbctrl_parse(const struct value *value, libxl_device_usbctrl *ctrl,
                        struct pool *p, struct diags *diags)
{
    spec_fill(&usbctrl_keys, value, ctrl, p, diags);
}

void spec_usbdev_parse(const struct value *value, libxl_device_usbdev *dev,
                       struct pool *p, struct diags *diags)
{
    spec_fill(&usbdev_keys, value, dev, p, diags);
}
