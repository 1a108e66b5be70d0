/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_display: one paravirtual framebuffer, an item of vfb= in xl.cfg(5). It
 * comes with a keyboard and mouse of its own, which have no settings.
 */
#include "xl/domain/spec.h"

/* clang-format off */
#define F libxl_device_vfb
static const struct slot vfb_rows[] = {
    {"vnc",        DEFBOOL_OF(F, vnc.enable),     .unit = "0|1",
     .doc = "Show it by VNC."},
    {"vnclisten",  STRING_OF(F, vnc.listen),      .unit = "ADDRESS[:DISPLAY]",
     .doc = "Address that the VNC server listens on; 127.0.0.1 unless given."},
    {"vncpasswd",  STRING_OF(F, vnc.passwd),      .unit = "PASSWORD",
     .doc = "Password of the VNC server; none when empty."},
    {"vncdisplay", SLOT_INT(F, vnc.display),      .unit = "NUMBER",
     .doc = "VNC display: TCP port 5900 and this."},
    {"vncunused",  DEFBOOL_OF(F, vnc.findunused), .unit = "0|1",
     .doc = "Take the next display that is free."},
    {"keymap",     STRING_OF(F, keymap),          .unit = "LANGUAGE",
     .doc = "Layout of the keyboard; en-us unless given."},
    {"sdl",        DEFBOOL_OF(F, sdl.enable),     .unit = "0|1",
     .doc = "Show it in a window of Dom0's X server."},
    {"opengl",     DEFBOOL_OF(F, sdl.opengl),     .unit = "0|1",
     .doc = "Draw the window by OpenGL."},
    {"display",    STRING_OF(F, sdl.display),     .unit = "DISPLAY",
     .doc = "X display of the window."},
    {"xauthority", STRING_OF(F, sdl.xauthority),  .unit = "FILE",
     .doc = "X authority file for the window."},
    {NULL},
};
#undef F
/* clang-format on */

const struct slot_table vfb_keys = {.rows = vfb_rows, .noun = "vfb setting"};

void spec_vfb_parse(const struct value *value, libxl_device_vfb *vfb,
                    libxl_device_vkb *vkb, struct pool *p, struct diags *diags)
{
    (void)vkb;
    spec_fill(&vfb_keys, value, vfb, p, diags);
}
