/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sm: see sm.h. */
#include "xapi/storage/sm.h"

#include <string.h>

#include "xapi/storage/sr.h"

static struct object *find(const struct db *db, const char *type)
{
    for (struct object *sm = db_first(db, &model_classes[CLASS_SM]); sm;
         sm = object_next(sm))
        if (!strcmp(get_SM_type(sm), type))
            return sm;
    return NULL;
}

static struct err *set_features(struct txn *txn, struct object *sm,
                                const struct sr_type *type)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(set_SM_features(txn, sm, DATUM_EMPTY));
    TRY(set_SM_capabilities(txn, sm, DATUM_EMPTY));
    for (const struct sr_feature *f = sr_features(p, type); f->name; f++) {
        TRY(add_to_SM_features(txn, sm, f->name, f->version));
        TRY(add_SM_capabilities(txn, sm, f->name));
    }
    return NULL;
}

static struct err *set_formats(struct txn *txn, struct object *sm,
                               const struct sr_type *type)
{
    const struct model_enum *names =
        model_fields[SM_supported_image_formats].type->item->enum_;

    TRY(set_SM_supported_image_formats(txn, sm, DATUM_EMPTY));
    for (const char *const *f = type->formats; f && *f; f++)
        for (unsigned i = 0; i < names->n_values; i++)
            if (!strcmp(names->values[i], *f))
                TRY(add_SM_supported_image_formats(txn, sm,
                                                   (enum SM_image_format)i));
    return NULL;
}

static struct err *describe(struct txn *txn, struct object *sm,
                            const struct sr_type *type)
{
    TRY(set_SM_type(txn, sm, type->name));
    TRY(set_SM_name_label(txn, sm, type->label));
    TRY(set_SM_name_description(txn, sm, type->doc));
    TRY(set_SM_vendor(txn, sm, "dom0kit"));
    TRY(set_SM_version(txn, sm, "1.0"));
    TRY(set_SM_required_api_version(txn, sm, "1.0"));
    TRY(set_SM_configuration(txn, sm, DATUM_EMPTY));
    for (const struct sr_key *key = type->keys; key->name; key++)
        TRY(add_to_SM_configuration(txn, sm, key->name, key->doc));
    TRY(set_formats(txn, sm, type));
    return set_features(txn, sm, type);
}

struct err *sm_prepare(struct txn *txn)
{
    const struct db *db = txn_db(txn);
    struct object *next;

    for (struct object *sm = db_first(db, &model_classes[CLASS_SM]); sm;
         sm = next) {
        next = object_next(sm);
        if (!sr_type_of(get_SM_type(sm)))
            txn_destroy(txn, sm);
    }
    for (const struct sr_type *const *type = sr_types; *type; type++) {
        struct object *sm = find(db, (*type)->name);

        if (!sm)
            TRY(txn_create(txn, &model_classes[CLASS_SM], NULL, NULL, &sm));
        TRY(describe(txn, sm, *type));
    }
    return NULL;
}
