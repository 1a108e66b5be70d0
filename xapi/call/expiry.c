/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* expiry: see expiry.h. */
#include "xapi/call/expiry.h"

#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "xapi/call/message.h"

#define DAY INT64_C(86400)

static const struct {
    int64_t days;
    const char *word;
} words[] = {
    {0, "EXPIRED"},
    {7, "EXPIRING_07"},
    {14, "EXPIRING_14"},
    {30, "EXPIRING_30"},
};

/* By its type; NULL: nothing is said of it. */
static const struct whose {
    const char *name;
    enum message_cls cls;
} whose[] = {
    [Certificate_type_ca] = {"POOL_CA_CERTIFICATE_", message_cls_Pool},
    [Certificate_type_pinned] = {"POOL_PINNED_CERTIFICATE_", message_cls_Pool},
    [Certificate_type_host] = {"HOST_SERVER_CERTIFICATE_", message_cls_Host},
};

const char *expiry_word(int64_t seconds)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (seconds <= words[i].days * DAY)
            return words[i].word;
    return NULL;
}

struct news {
    struct message message;
    bool is_there;
};

struct all_news {
    struct pool *pool;
    const struct db *db;
    struct news *list;
    size_t n;
};

/* What is to be said of O, if anything. */
static void look_at(const struct object *o, struct all_news *all)
{
    unsigned type = get_Certificate_type(o);
    const struct whose *w = type < ARRAY_LEN(whose) ? &whose[type] : NULL;
    time_t end = get_Certificate_not_after(o);
    const char *word = expiry_word(end - time(NULL));
    const struct object *of = get_Certificate_host(o);
    char date[32];
    struct tm tm;

    if (!w || !w->name || !word)
        return;
    if (w->cls == message_cls_Pool)
        of = db_first(all->db, &model_classes[CLASS_pool]);
    if (!of)
        return;
    strftime(date, sizeof(date), "%Y%m%dT%H:%M:%SZ", gmtime_r(&end, &tm));
    *pool_push(all->pool, all->list, all->n) = (struct news){
        {.name = pool_printf(all->pool, "%s%s", w->name, word),
         .cls = w->cls,
         .obj_uuid = object_atom(of, object_class(of)->uuid).s,
         .body = pool_printf(all->pool,
                             "<body><message>The certificate %s ends, or has "
                             "ended.</message><date>%s</date></body>",
                             get_Certificate_fingerprint_sha256(o), date)},
        false};
}

static bool is_ours(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(whose); i++)
        if (whose[i].name && text_has_prefix(name, whose[i].name))
            return true;
    return false;
}

/* It is news still. */
static bool is_true(const struct object *message, struct all_news *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct news *n = &all->list[i];

        if (n->is_there ||
            strcmp(get_message_name(message), n->message.name) != 0 ||
            strcmp(get_message_obj_uuid(message), n->message.obj_uuid) != 0 ||
            strcmp(get_message_body(message), n->message.body) != 0)
            continue;
        return n->is_there = true;
    }
    return false;
}

struct err *expiry_tell(struct txn *txn)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct db *db = txn_db(txn);
    struct all_news all = {.pool = p, .db = db};
    struct object *o, *next;

    for (o = db_first(db, &model_classes[CLASS_Certificate]); o;
         o = object_next(o))
        look_at(o, &all);
    for (o = db_first(db, &model_classes[CLASS_message]); o; o = next) {
        next = object_next(o);
        if (is_ours(get_message_name(o)) && !is_true(o, &all))
            txn_destroy(txn, o);
    }
    for (size_t i = 0; i < all.n; i++)
        if (!all.list[i].is_there)
            TRY(message_tell(txn, &all.list[i].message));
    return NULL;
}
