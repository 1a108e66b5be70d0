/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_rare: devices that few guests have, the items of vkb=, p9=, pvcalls=,
 * vtpm= and dtdev= in xl.cfg(5).
 */
#include "xl/domain/keys.h"
#include "xl/domain/spec.h"

/* clang-format off */
#define K libxl_device_vkb
static const struct slot vkb_rows[] = {
    {"unique-id",                STRING_OF(K, unique_id),       .unit = "TEXT",
     .doc = "Name of the device in the guest."},
    {"backend",                  STRING_OF(K, backend_domname), .unit = "DOMAIN",
     .doc = "Domain that serves it."},
    {"backend-type",             ENUM_OF(K, backend_type, libxl_vkb_backend_string_table),
     .doc = "What serves it: qemu or linux."},
    {"feature-disable-keyboard", SLOT_BOOL(K, feature_disable_keyboard),
     .doc = "No keyboard."},
    {"feature-disable-pointer",  SLOT_BOOL(K, feature_disable_pointer),
     .doc = "No pointer."},
    {"feature-abs-pointer",      SLOT_BOOL(K, feature_abs_pointer),
     .doc = "The pointer can say where it is, not just how it moved."},
    {"feature-raw-pointer",      SLOT_BOOL(K, feature_raw_pointer),
     .doc = "The pointer can say so without scaling."},
    {"feature-multi-touch",      SLOT_BOOL(K, feature_multi_touch),
     .doc = "A device of several touches."},
    {"multi-touch-width",        SLOT_INT(K, multi_touch_width),        .unit = "NUMBER",
     .doc = "Width of it."},
    {"multi-touch-height",       SLOT_INT(K, multi_touch_height),       .unit = "NUMBER",
     .doc = "Height of it."},
    {"multi-touch-num-contacts", SLOT_INT(K, multi_touch_num_contacts), .unit = "NUMBER",
     .doc = "How many touches it tells apart."},
    {"width",                    SLOT_INT(K, width),                    .unit = "NUMBER",
     .doc = "Width of the pointer's field."},
    {"height",                   SLOT_INT(K, height),                   .unit = "NUMBER",
     .doc = "Height of the pointer's field."},
    {NULL},
};
#undef K

#define P libxl_device_p9
static const struct slot p9_rows[] = {
    {"tag",            STRING_OF(P, tag),             .unit = "TEXT",
     .doc = "Name by which the guest mounts it."},
    {"path",           STRING_OF(P, path),            .unit = "DIRECTORY",
     .doc = "Directory of the serving domain."},
    {"security_model", STRING_OF(P, security_model),  .unit = "none",
     .doc = "Who owns the files: none, as the guest says."},
    {"backend",        STRING_OF(P, backend_domname), .unit = "DOMAIN",
     .doc = "Domain that serves it."},
    {NULL},
};
#undef P

static const struct slot pvcalls_rows[] = {
    {"backend", STRING_OF(libxl_device_pvcallsif, backend_domname), .unit = "DOMAIN",
     .doc = "Domain that serves it."},
    {NULL},
};

struct vtpm_words {
    const char *backend, *uuid;
};
static const struct slot vtpm_rows[] = {
    {"backend", SLOT_WORD(struct vtpm_words, backend), .unit = "DOMAIN",
     .doc = "Domain that serves it."},
    {"uuid",    SLOT_WORD(struct vtpm_words, uuid),    .unit = "UUID",
     .doc = "Which module it is; a new one unless given."},
    {NULL},
};

const struct slot_table vkb_keys = {
    .rows = vkb_rows, .noun = "vkb setting", .unknown_is_error = true};
const struct slot_table p9_keys = {
    .rows = p9_rows, .noun = "p9 setting", .unknown_is_error = true};
const struct slot_table pvcalls_keys = {
    .rows = pvcalls_rows, .noun = "pvcalls setting", .unknown_is_error = true};
const struct slot_table vtpm_keys = {
    .rows = vtpm_rows, .noun = "vtpm setting", .unknown_is_error = true};
/* clang-format on */

void spec_vkb_parse(const struct value *value, libxl_device_vkb *vkb,
                    struct pool *p, struct diags *diags)
{
    size_t n_errors = diags->n_errors;

    spec_fill(&vkb_keys, value, vkb, p, diags);
    if (diags->n_errors == n_errors && !vkb->backend_type)
        diag_error(diags, value->place,
                   "vkb: want backend-type=qemu or backend-type=linux");
}

void spec_p9_parse(const struct value *value, libxl_device_p9 *p9,
                   struct pool *p, struct diags *diags)
{
    size_t n_errors = diags->n_errors;

    spec_fill(&p9_keys, value, p9, p, diags);
    if (diags->n_errors == n_errors &&
        (!p9->tag || !p9->path || !p9->security_model))
        diag_error(diags, value->place,
                   "p9: want tag, path and security_model");
}

void spec_pvcalls_parse(const struct value *value, libxl_device_pvcallsif *dev,
                        struct pool *p, struct diags *diags)
{
    spec_fill(&pvcalls_keys, value, dev, p, diags);
}

void spec_vtpm_parse(const struct value *value, libxl_device_vtpm *vtpm,
                     struct pool *p, struct diags *diags)
{
    struct vtpm_words words = {0};

    spec_fill(&vtpm_keys, value, &words, p, diags);
    if (!words.backend)
        diag_error(diags, value->place, "vtpm: want backend=DOMAIN");
    kind_replace(&vtpm->backend_domname, words.backend);
    if (words.uuid && libxl_uuid_from_string(&vtpm->uuid, words.uuid))
        diag_error(diags, value->place, "vtpm: '%s' is not a UUID", words.uuid);
}

void spec_dtdev_parse(const struct value *value, libxl_device_dtdev *dev,
                      struct pool *p, struct diags *diags)
{
    const char *path;
    struct err *e = slot_text(value, p, &path);

    if (e)
        diag_err(diags, value->place, err_wrap(e, "dtdev"));
    else
        kind_replace(&dev->path, path);
}
