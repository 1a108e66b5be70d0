/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device strings other than disks: a vif, framebuffer, channel, USB controller
 * or device of any text, chosen by the first byte. */
#include "tests/fuzz/fuzz.h"
#include "xl/domain/guest.h"

struct input {
    struct value *value;
    struct pool *p;
    struct diags diags;
};

static void try_net(struct input *in)
{
    libxl_device_nic nic;

    libxl_device_nic_init(&nic);
    spec_net_parse(in->value, NULL, &nic, in->p, &in->diags);
    libxl_device_nic_dispose(&nic);
}

static void try_vfb(struct input *in)
{
    libxl_device_vfb vfb;
    libxl_device_vkb vkb;

    libxl_device_vfb_init(&vfb);
    libxl_device_vkb_init(&vkb);
    spec_vfb_parse(in->value, &vfb, &vkb, in->p, &in->diags);
    libxl_device_vfb_dispose(&vfb);
    libxl_device_vkb_dispose(&vkb);
}

static void try_channel(struct input *in)
{
    libxl_device_channel channel;

    libxl_device_channel_init(&channel);
    spec_channel_parse(in->value, &channel, in->p, &in->diags);
    libxl_device_channel_dispose(&channel);
}

static void try_usbctrl(struct input *in)
{
    libxl_device_usbctrl ctrl;

    libxl_device_usbctrl_init(&ctrl);
    spec_usbctrl_parse(in->value, &ctrl, in->p, &in->diags);
    libxl_device_usbctrl_dispose(&ctrl);
}

static void try_usbdev(struct input *in)
{
    libxl_device_usbdev dev;

    libxl_device_usbdev_init(&dev);
    spec_usbdev_parse(in->value, &dev, in->p, &in->diags);
    libxl_device_usbdev_dispose(&dev);
}

static const struct target {
    const struct slot_table *table;
    void (*try)(struct input *in);
} targets[] = {
    {&net_keys, try_net},         {&vfb_keys, try_vfb},
    {&channel_keys, try_channel}, {&usbctrl_keys, try_usbctrl},
    {&usbdev_keys, try_usbdev},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(1 << 16);
    struct input in = {.p = p, .diags = {.pool = p}};
    struct source source = {.name = "F"};
    const struct target *t;

    if (!size)
        return 0;
    t = &targets[data[0] % ARRAY_LEN(targets)];
    fuzz_expand(data + 1, size - 1, t->table->rows, &text);
    source.text = str_text(&text);
    source.len = text.len;
    in.value = value_stringn(p, source.text, source.len);
    in.value->s.verbatim = true;
    in.value->place = (struct place){.source = &source, .end = source.len};
    t->try(&in);
    fuzz_show(&in.diags);
    return 0;
}
