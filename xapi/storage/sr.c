/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr: all kinds of repositories; see sr.h. */
#include "xapi/storage/sr.h"

#include <string.h>

#include "lib/str.h"
#include "xapi/storage/sr_dummy.h"
#include "xapi/storage/sr_file.h"
#include "xapi/storage/sr_iso.h"

const struct sr_type *const sr_types[] = {
    &sr_dummy,
    &sr_file,
    &sr_iso,
    NULL,
};

const struct sr_type *sr_type_of(const char *name)
{
    const struct sr_type *const *t = sr_types;

    while (*t && strcmp((*t)->name, name))
        t++;
    return *t;
}

const char *sr_config(const struct sr *sr, const char *name)
{
    for (size_t i = 0; i < sr->n_config; i++)
        if (!strcmp(sr->config[i].name, name))
            return sr->config[i].value;
    return "";
}

struct err *sr_check_config(const struct sr *sr)
{
    for (const struct sr_key *key = sr->type->keys; key->name; key++)
        if (key->required && !*sr_config(sr, key->name))
            return ERR_AS(input, "device_config:%s is missing: %s", key->name,
                          key->doc);
    return NULL;
}

/* ---- what they can do ---------------------------------------------------- */

typedef void verb_fn(void);
#define VERB(name) ((verb_fn *)type->name)

const struct sr_feature *sr_features(struct pool *p, const struct sr_type *type)
{
    const struct {
        const char *name;
        verb_fn *verb; /* that it needs */
        int version;
    } all[] = {
        {"SR_PROBE", VERB(probe), 1},
        {"SR_UPDATE", VERB(space), 1},
        {"VDI_CREATE", VERB(create), 1},
        {"VDI_DELETE", VERB(remove), 1},
        {"VDI_ATTACH", VERB(attach), 1},
        {"VDI_DETACH", VERB(detach), 1},
        {"VDI_CLONE", VERB(branch), 1},
        {"VDI_SNAPSHOT", VERB(branch), 1},
        {"VDI_RESIZE", VERB(resize), 1},
        {"VDI_RESIZE_ONLINE", VERB(resize), 1},
        {"VDI_INTRODUCE", VERB(look), 1},
        {"VDI_UPDATE", VERB(look), 1},
        {"VDI_RESET_ON_BOOT", type->resets ? VERB(attach) : NULL, 2},
    };
    struct sr_feature *features = NULL;
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].verb)
            *pool_push(p, features, n) =
                (struct sr_feature){all[i].name, all[i].version};
    *pool_push(p, features, n) = (struct sr_feature){NULL, 0};
    return features;
}
