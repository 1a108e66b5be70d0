/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key_lists: keys that are lists of device strings, each read by its spec_*.
 * Devices get their index as devid here, as several of one kind need it.
 */
#include "xl/domain/keys.h"

/* init, done and parse of one kind of device, under the types kinds want. */
#define DEVICE(which, parse_call)                                    \
    static void which##_init(void *item)                             \
    {                                                                \
        libxl_device_##which##_init(item);                           \
    }                                                                \
    static void which##_done(void *item)                             \
    {                                                                \
        libxl_device_##which##_dispose(item);                        \
    }                                                                \
    static void which##_parse(const struct slot *slot,               \
                              const struct value *value, void *item, \
                              size_t index, struct fill *f)          \
    {                                                                \
        libxl_device_##which *device = item;                         \
        int devid = (int)index;                                      \
                                                                     \
        (void)slot;                                                  \
        (void)devid;                                                 \
        parse_call;                                                  \
    }

static const struct guest_defaults *defaults_of(const struct fill *f)
{
    return ((const struct guest *)f->base)->defaults;
}

/* clang-format off */
DEVICE(disk, spec_disk_parse(value, device, f->pool, f->diags))
DEVICE(nic, device->devid = devid;
            spec_net_parse(value, defaults_of(f), device, f->pool, f->diags))
DEVICE(vfb, device->devid = devid;
            spec_vfb_parse(value, device, NULL, f->pool, f->diags))
DEVICE(vkb, device->devid = devid;
            spec_vkb_parse(value, device, f->pool, f->diags))
DEVICE(channel, device->devid = devid;
                spec_channel_parse(value, device, f->pool, f->diags))
DEVICE(usbctrl, device->devid = devid;
                spec_usbctrl_parse(value, device, f->pool, f->diags))
DEVICE(usbdev, spec_usbdev_parse(value, device, f->pool, f->diags))
DEVICE(p9, spec_p9_parse(value, device, f->pool, f->diags))
DEVICE(pvcallsif, device->devid = devid;
                  spec_pvcalls_parse(value, device, f->pool, f->diags))
DEVICE(vtpm, device->devid = devid;
             spec_vtpm_parse(value, device, f->pool, f->diags))
DEVICE(vdispl, device->devid = devid;
               spec_vdispl_parse(value, device, f->pool, f->diags))
DEVICE(vsnd, device->devid = devid;
             spec_vsnd_parse(value, device, f->pool, f->diags))
DEVICE(dtdev, spec_dtdev_parse(value, device, f->pool, f->diags))

#define ITEMS(member, n_member, which)                                         \
    .array = offsetof(struct guest, config.member),                            \
    .count = offsetof(struct guest, config.n_member),                          \
    .item_size = sizeof(libxl_device_##which),                                 \
    .init = which##_init, .done = which##_done, .parse = which##_parse

const struct kind_items items_disk = {ITEMS(disks, num_disks, disk)};
const struct kind_items items_vif = {ITEMS(nics, num_nics, nic)};
const struct kind_items items_vfb = {ITEMS(vfbs, num_vfbs, vfb)};
const struct kind_items items_vkb = {ITEMS(vkbs, num_vkbs, vkb)};
const struct kind_items items_channel = {ITEMS(channels, num_channels, channel)};
const struct kind_items items_usbctrl = {ITEMS(usbctrls, num_usbctrls, usbctrl)};
const struct kind_items items_usbdev = {ITEMS(usbdevs, num_usbdevs, usbdev)};
const struct kind_items items_p9 = {ITEMS(p9s, num_p9s, p9)};
const struct kind_items items_pvcalls = {ITEMS(pvcallsifs, num_pvcallsifs, pvcallsif)};
const struct kind_items items_vtpm = {ITEMS(vtpms, num_vtpms, vtpm)};
const struct kind_items items_vdispl = {ITEMS(vdispls, num_vdispls, vdispl)};
const struct kind_items items_vsnd = {ITEMS(vsnds, num_vsnds, vsnd),
                                      .lists = true};
const struct kind_items items_dtdev = {ITEMS(dtdevs, num_dtdevs, dtdev)};
/* clang-format on */
