/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* provision: see provision.h. */
#include "xapi/vm/provision.h"

#include <string.h>

#include "lib/str.h"
#include "xapi/door/xml.h"

struct parse {
    struct pool *pool;
    unsigned depth;
    struct provision_disk *disks;
    size_t n;
};

/* ---- a disk -------------------------------------------------------------- */

static struct err *read_bool(const char *text, bool *ret)
{
    *ret = !strcmp(text, "true");
    return *ret || !strcmp(text, "false")
               ? NULL
               : ERR_AS(input, "'%.40s' is neither true nor false", text);
}

/* An attribute nobody knows is not for us. */
static struct err *read_attribute(struct parse *parse, const char *name,
                                  const char *text, struct provision_disk *disk)
{
    char *copy = pool_str(parse->pool, text);

    if (!strcmp(name, "device"))
        disk->device = copy;
    else if (!strcmp(name, "sr"))
        disk->sr = copy;
    else if (!strcmp(name, "type"))
        disk->type = copy;
    else if (!strcmp(name, "size"))
        return err_wrap(text_to_int(text, 10, 1, INT64_MAX, &disk->size),
                        "size");
    else if (!strcmp(name, "bootable"))
        return err_wrap(read_bool(text, &disk->bootable), "bootable");
    return NULL;
}

static struct err *check_device(const struct parse *parse, const char *device)
{
    if (!device || !*device)
        return ERR_AS(input, "a <disk> without device");
    for (size_t i = 0; i < parse->n; i++)
        if (!strcmp(parse->disks[i].device, device))
            return ERR_AS(input, "a second <disk> with device '%.40s'", device);
    return NULL;
}

static struct err *read_disk(struct parse *parse, const char *const *attributes)
{
    struct provision_disk disk = {.sr = "", .type = "system"};

    for (; attributes && attributes[0]; attributes += 2)
        TRY(read_attribute(parse, attributes[0], attributes[1], &disk));
    if (!disk.size)
        return ERR_AS(input, "a <disk> without size");
    TRY(check_device(parse, disk.device));
    if (parse->n == PROVISION_DISKS_MAX)
        return ERR_AS(input, "more than %d disks", PROVISION_DISKS_MAX);
    *pool_push(parse->pool, parse->disks, parse->n) = disk;
    return NULL;
}

/* ---- events -------------------------------------------------------------- */

static struct err *on_start(void *arg, const char *name,
                            const char *const *attributes)
{
    static const char *const wanted[] = {"provision", "disk"};
    struct parse *parse = arg;
    unsigned depth = parse->depth++;

    if (depth >= ARRAY_LEN(wanted) || strcmp(name, wanted[depth]))
        return ERR_AS(input, "a <%.40s>, which is not what is expected here",
                      name);
    return depth ? read_disk(parse, attributes) : NULL;
}

static struct err *on_end(void *arg)
{
    struct parse *parse = arg;

    parse->depth--;
    return NULL;
}

static struct err *on_text(void *arg, const char *text, size_t len)
{
    (void)arg;
    return xml_is_white(text, len) ? NULL
                                   : ERR_AS(input, "text between the elements");
}

struct err *provision_read(struct pool *p, const char *text,
                           struct provision_disk **ret, size_t *ret_n)
{
    static const struct xml_events events = {on_start, on_end, on_text};
    struct parse parse = {.pool = p};
    size_t len = strlen(text);

    if (len > PROVISION_MAX)
        return ERR_AS(input, "over %d bytes", PROVISION_MAX);
    TRY(xml_read(text, len, &events, &parse));
    *ret = parse.disks;
    *ret_n = parse.n;
    return NULL;
}
