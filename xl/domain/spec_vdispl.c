/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec_vdispl: paravirtual displays, the items of vdispl= in xl.cfg(5). */
#include <string.h>

#include "lib/str.h"
#include "xl/domain/spec.h"

#define CONNECTORS_MAX 64
#define PIXELS_MAX 65535

/* "1920x1080" */
static struct err *read_size(struct pool *p, const char *text,
                             libxl_connector_param *connector)
{
    size_t n;
    char **sides = text_split(p, text, 'x', &n);
    int64_t width, height;

    if (n != 2)
        return ERR_AS(input, "'%s' is not WIDTHxHEIGHT", text);
    TRY(text_to_int(sides[0], 10, 1, PIXELS_MAX, &width));
    TRY(text_to_int(sides[1], 10, 1, PIXELS_MAX, &height));
    connector->width = (uint32_t)width;
    connector->height = (uint32_t)height;
    return NULL;
}

/* "id0:1920x1080" */
static struct err *read_connector(struct pool *p, const char *text,
                                  libxl_connector_param *connector)
{
    size_t n;
    char **parts = text_split(p, text, ':', &n);

    if (n != 2 || !*parts[0] || strchr(parts[0], ' '))
        return ERR_AS(input, "'%s' is not ID:WIDTHxHEIGHT", text);
    TRY(err_wrap(read_size(p, parts[1], connector), "'%s'", text));
    kind_replace(&connector->unique_id, parts[0]);
    return NULL;
}

static void clear_connectors(libxl_device_vdispl *display)
{
    for (int i = 0; i < display->num_connectors; i++)
        libxl_connector_param_dispose(&display->connectors[i]);
    free(display->connectors);
    display->connectors = NULL;
    display->num_connectors = 0;
}

static struct err *connectors_read(const struct slot *slot,
                                   const struct value *value, void *field,
                                   struct fill *f)
{
    libxl_device_vdispl *display = f->base;
    const char *text;
    char **parts;
    size_t n;

    (void)slot;
    (void)field;
    TRY(slot_text(value, f->pool, &text));
    parts = text_split(f->pool, text, ';', &n);
    if (n > CONNECTORS_MAX)
        return ERR_AS(input, "%zu are too many: %d are the most", n,
                      CONNECTORS_MAX);
    clear_connectors(display);
    display->connectors = xcalloc(n, sizeof(*display->connectors));
    for (size_t i = 0; i < n; i++) {
        libxl_connector_param *connector =
            &display->connectors[display->num_connectors++];

        libxl_connector_param_init(connector);
        TRY(read_connector(f->pool, parts[i], connector));
    }
    return NULL;
}

static const struct slot_kind kind_connectors = {
    .name = "connectors", .read = connectors_read, .takes_word = true};

/* clang-format off */
#define D libxl_device_vdispl
static const struct slot rows[] = {
    {"backend",    STRING_OF(D, backend_domname), .unit = "DOMAIN",
     .doc = "Domain that serves it; domain 0 unless given."},
    {"be-alloc",   SLOT_BOOL(D, be_alloc),
     .doc = "Whether the domain that serves it also provides its buffers."},
    {"connectors", .kind = &kind_connectors, .unit = "ID:WIDTHxHEIGHT;...",
     .doc = "What monitors would be plugged into, each with its size in pixels."},
    {NULL},
};
#undef D
/* clang-format on */

const struct slot_table vdispl_keys = {
    .rows = rows, .noun = "vdispl setting", .unknown_is_error = true};

void spec_vdispl_parse(const struct value *value, libxl_device_vdispl *display,
                       struct pool *p, struct diags *diags)
{
    size_t n_errors = diags->n_errors;

    spec_fill(&vdispl_keys, value, display, p, diags);
    if (!display->num_connectors && diags->n_errors == n_errors)
        diag_error(diags, value->place,
                   "vdispl: no connectors: want connectors=ID:WIDTHxHEIGHT");
}
