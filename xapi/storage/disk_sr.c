/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* disk_sr: from records of repositories to sr.h, and from its errors to the
 * API's. */
#include <errno.h>
#include <string.h>
#include <uuid/uuid.h>

#include "xapi/storage/disk_impl.h"
#include "xapi/model/errors_gen.h"

/* The PBD that is plugged. */
static struct err *find_pbd(const struct db *db, const struct object *sr,
                            const struct object **ret)
{
    struct model_value pbds = get_SR_PBDs(sr);

    for (unsigned i = 0; i < pbds.n; i++) {
        *ret = db_find(db, &model_classes[CLASS_PBD], pbds.keys[i].s);
        if (get_PBD_currently_attached(*ret))
            return NULL;
    }
    return err_SR_HAS_NO_PBDS(object_ref(sr));
}

struct err *disk_sr_of(struct pool *p, const char *type, const char *uuid,
                       struct model_value config, struct sr *ret)
{
    struct sr_pair *pairs = NULL;
    struct sr sr = {.type = sr_type_of(type), .uuid = pool_str(p, uuid)};
    struct err *e;

    if (!sr.type)
        return err_SR_UNKNOWN_DRIVER(type);
    for (unsigned i = 0; i < config.n; i++)
        *pool_push(p, pairs, sr.n_config) = (struct sr_pair){
            pool_str(p, config.keys[i].s), pool_str(p, config.values[i].s)};
    sr.config = pairs;
    e = sr_check_config(&sr);
    if (e) {
        AUTO_ERR struct err *why = e;

        return err_INVALID_VALUE("device_config", err_text(why));
    }
    *ret = sr;
    return NULL;
}

struct err *disk_sr(struct pool *p, const struct db *db,
                    const struct object *sr, struct sr *ret)
{
    const struct object *pbd = NULL;

    TRY(find_pbd(db, sr, &pbd));
    return disk_sr_of(p, get_SR_type(sr), get_SR_uuid(sr),
                      get_PBD_device_config(pbd), ret);
}

/* ---- errors -------------------------------------------------------------- */

struct err *disk_error(struct err *e, const struct object *sr,
                       const struct object *vdi)
{
    AUTO_ERR struct err *cause = e;
    size_t n;

    if (!e || err_words(e, &n) || err_is(e, &err_kind_interrupted))
        return take_ptr(cause);
    if (vdi && err_is(e, &err_kind_not_found))
        return err_VDI_MISSING(object_ref(sr), object_ref(vdi));
    return err_SR_BACKEND_FAILURE("1", "", err_text(e));
}

const char *disk_new_uuid(struct pool *p)
{
    char *text = pool_alloc(p, UUID_STR_LEN);
    uuid_t id;

    uuid_generate(id);
    uuid_unparse_lower(id, text);
    return text;
}
