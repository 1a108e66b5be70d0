/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* find: a domain by what the user calls it; see xl.h. */
#include <libxl_utils.h>
#include <string.h>

#include "lib/near.h"
#include "xl/domain/domains.h"
#include "xl/xl.h"

static struct domain *find_by_id(const struct domains *ds, const char *word)
{
    int64_t id;
    struct err *e = text_to_int(word, 10, 0, UINT32_MAX, &id);

    if (e) {
        err_drop(e, "not a number, so not an id");
        return NULL;
    }
    for (size_t i = 0; i < ds->n; i++) {
        if (ds->list[i].id == id)
            return &ds->list[i];
    }
    return NULL;
}

static struct domain *find_by_uuid(const struct domains *ds, const char *word)
{
    libxl_uuid uuid;

    if (libxl_uuid_from_string(&uuid, word))
        return NULL;
    for (size_t i = 0; i < ds->n; i++) {
        if (!memcmp(uuid.uuid, ds->list[i].uuid.uuid, sizeof(uuid.uuid)))
            return &ds->list[i];
    }
    return NULL;
}

static struct err *find_by_name(const struct domains *ds, const char *word,
                                struct domain **ret)
{
    struct near near = {.word = word};

    for (size_t i = 0; i < ds->n; i++) {
        const char *name = ds->list[i].name;

        if (text_eq(name, word)) {
            *ret = &ds->list[i];
            return NULL;
        }
        if (name)
            near_try(&near, name);
    }
    if (!near.best)
        return ERR_AS(not_found, "no domain '%s'", word);
    return ERR_AS(not_found, "no domain '%s': did you mean '%s'?", word,
                  near.best);
}

struct err *find_in(struct xl *xl, struct domains *ds, const char *word,
                    struct domain **ret)
{
    struct domain *d = find_by_id(ds, word);
    struct host *h;

    if (!d)
        d = find_by_uuid(ds, word);
    if (d) {
        *ret = d;
        return NULL;
    }
    if (!ds->named) {
        TRY(xl_host_quick(xl, &h));
        TRY(domains_name(h, xl->pool, ds->list, ds->n));
        ds->named = true;
    }
    return find_by_name(ds, word, ret);
}

struct err *find_and_open(struct xl *xl, const char *word, uint32_t *ret_domid,
                          struct host **ret_host)
{
    TRY(find_domain(xl, word, ret_domid));
    TRY(xl_host(xl, ret_host));
    host_mark(*ret_host);
    return NULL;
}

struct err *find_domain(struct xl *xl, const char *word, uint32_t *ret_domid)
{
    struct domains ds;
    struct domain *found = NULL;
    struct host *h;

    TRY(xl_host_quick(xl, &h));
    TRY(domains_read(h, xl->pool, &ds));
    TRY(find_in(xl, &ds, word, &found));
    *ret_domid = found->id;
    return NULL;
}
