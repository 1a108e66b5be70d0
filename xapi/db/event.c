/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* event: tokens, filters, and collecting what changed. */
#include "xapi/db/event.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xapi/db/db_impl.h"

const char *const event_op_names[] = {"add", "mod", "del"};

/* ---- tokens -------------------------------------------------------------- */

void event_token_print(struct event_token token, char text[EVENT_TOKEN_SIZE])
{
    snprintf(text, EVENT_TOKEN_SIZE, "%020llu,%020llu",
             (unsigned long long)token.db, (unsigned long long)token.messages);
}

static bool read_generation(const char **at, uint64_t *ret)
{
    char *end;

    if (!isdigit((unsigned char)**at))
        return false;
    errno = 0;
    *ret = strtoull(*at, &end, 10);
    *at = end;
    return !errno;
}

struct err *event_token_parse(const char *text, struct event_token *ret)
{
    struct event_token token = {0};
    const char *at = text;

    if (*at && (!read_generation(&at, &token.db) || *at++ != ',' ||
                !read_generation(&at, &token.messages) || *at))
        return ERR_AS(input, "'%s' is not a token of events", text);
    *ret = token;
    return NULL;
}

struct event_token event_token_now(const struct db *db)
{
    return (struct event_token){db->generation, db->generation};
}

/* ---- filters ------------------------------------------------------------- */

static const struct model_class *find_class(const char *name, size_t len)
{
    const struct model_class *c = model_classes;

    while (c->name &&
           (strncasecmp(c->name, name, len) || strlen(c->name) != len))
        c++;
    return c->name ? c : NULL;
}

static struct err *parse_filter(struct pool *p, const char *word,
                                struct event_filters *filters)
{
    size_t len = strcspn(word, "/");
    const struct model_class *class;

    if (!strcmp(word, "*")) {
        *pool_push(p, filters->list, filters->n) = (struct event_filter){0};
        return NULL;
    }
    if (!len || (word[len] && !word[len + 1]) ||
        strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789_") < len)
        return ERR_AS(input, "'%s' is not *, a class or class/reference", word);
    class = find_class(word, len);
    if (class)
        *pool_push(p, filters->list, filters->n) = (struct event_filter){
            class, word[len] ? pool_str(p, word + len + 1) : NULL};
    return NULL;
}

/* By class, whole classes before single objects; everything first. */
static int compare_filters(const void *a_, const void *b_)
{
    const struct event_filter *a = a_, *b = b_;

    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    if (!a->ref || !b->ref)
        return (a->ref != NULL) - (b->ref != NULL);
    return strcmp(a->ref, b->ref);
}

/* Leaves out what a filter before it covers. */
static void reduce(struct event_filters *filters)
{
    struct event_filter *kept = NULL;
    size_t n = 0;

    for (size_t i = 0; i < filters->n; i++) {
        struct event_filter *f = &filters->list[i];

        if (kept && (!kept->class || (kept->class == f->class && !kept->ref) ||
                     !compare_filters(kept, f)))
            continue;
        filters->list[n] = *f;
        kept = &filters->list[n++];
    }
    filters->n = n;
}

struct err *event_filters_parse(struct pool *p, const char *const *words,
                                size_t n, struct event_filters *ret)
{
    struct event_filters filters = {0};

    if (n > EVENT_FILTERS_MAX)
        return ERR_AS(input, "%zu filters; at most %d", n, EVENT_FILTERS_MAX);
    for (size_t i = 0; i < n; i++)
        TRY(parse_filter(p, words[i], &filters));
    if (filters.n)
        qsort(filters.list, filters.n, sizeof(*filters.list), compare_filters);
    reduce(&filters);
    *ret = filters;
    return NULL;
}

static bool filter_has(const struct event_filters *filters,
                       const struct model_class *class, const char *ref)
{
    struct event_filter wanted = {class, ref};

    return filters->n && bsearch(&wanted, filters->list, filters->n,
                                 sizeof(wanted), compare_filters);
}

/* ---- collecting ---------------------------------------------------------- */

struct collector {
    const struct db *db;
    struct pool *pool;
    struct event_token token;
    const struct event_filters *filters;
    struct event_change *list;
    size_t n;
    bool lost;
};

static bool is_message(const struct model_class *class)
{
    return !strcmp(class->name, "message");
}

static uint64_t since_of(const struct collector *c,
                         const struct model_class *class)
{
    return is_message(class) ? c->token.messages : c->token.db;
}

static void add_object(struct collector *c, struct object *o, uint64_t since)
{
    *pool_push(c->pool, c->list, c->n) = (struct event_change){
        .op = o->created > since ? EVENT_ADD : EVENT_MOD,
        .class = o->class,
        .ref = o->ref,
        .generation = o->changed,
        .object = o,
    };
}

/* One that was there at the time of the token and is not any more. */
static void add_grave(struct collector *c, const struct grave *g,
                      uint64_t since)
{
    if (g->created > since || db_find(c->db, g->class, g->ref))
        return;
    *pool_push(c->pool, c->list, c->n) = (struct event_change){
        .op = EVENT_DEL,
        .class = g->class,
        .ref = g->ref,
        .generation = g->destroyed,
    };
}

static bool forgotten(const struct collector *c, const struct table *t,
                      uint64_t since)
{
    return since && (since < t->forgotten || since < c->db->forgotten ||
                     since > c->db->generation);
}

static void collect_class(struct collector *c, const struct model_class *class)
{
    const struct table *t = db_table(c->db, class);
    uint64_t since = since_of(c, class);

    if (!class->events)
        return;
    c->lost |= forgotten(c, t, since);
    for (struct object *o = t->newest; o && o->changed > since; o = o->older)
        add_object(c, o, since);
    for (const struct grave *g = t->newest_grave; g && g->destroyed > since;
         g = g->older)
        add_grave(c, g, since);
}

/* The filters from I on that are single objects of one class. The next place.
 */
static size_t collect_objects(struct collector *c, size_t i)
{
    const struct event_filter *list = c->filters->list;
    const struct model_class *class = list[i].class;
    uint64_t since = since_of(c, class);
    const struct table *t = db_table(c->db, class);
    struct object *o;

    c->lost |= class->events && forgotten(c, t, since);
    for (; i < c->filters->n && list[i].class == class; i++) {
        o = db_find(c->db, class, list[i].ref);
        if (o && class->events && o->changed > since)
            add_object(c, o, since);
    }
    for (const struct grave *g = t->newest_grave; g && g->destroyed > since;
         g = g->older)
        if (filter_has(c->filters, class, g->ref))
            add_grave(c, g, since);
    return i;
}

static void collect_all(struct collector *c)
{
    for (const struct model_class *k = model_classes; k->name; k++)
        collect_class(c, k);
}

static void collect(struct collector *c)
{
    const struct event_filter *list = c->filters->list;

    for (size_t i = 0; i < c->filters->n;)
        if (!list[i].class) {
            collect_all(c);
            i++;
        } else if (!list[i].ref) {
            collect_class(c, list[i++].class);
        } else {
            i = collect_objects(c, i);
        }
}

static int rank(const struct event_change *e)
{
    return is_message(e->class) ? -1 : (int)e->op;
}

static int compare_events(const void *a_, const void *b_)
{
    const struct event_change *a = a_, *b = b_;

    if (rank(a) != rank(b))
        return rank(a) - rank(b);
    if (a->generation != b->generation)
        return a->generation < b->generation ? -1 : 1;
    if (!a->object || !b->object)
        return 0;
    return a->object->number < b->object->number ? -1 : 1;
}

void event_collect(const struct db *db, struct pool *p,
                   struct event_token token,
                   const struct event_filters *filters,
                   struct event_change **ret, size_t *ret_n, bool *ret_lost)
{
    struct collector c = {
        .db = db, .pool = p, .token = token, .filters = filters};

    collect(&c);
    if (c.lost)
        c.n = 0;
    if (c.n)
        qsort(c.list, c.n, sizeof(*c.list), compare_events);
    *ret = c.list;
    *ret_n = c.n;
    *ret_lost = c.lost;
}

/* ---- the destroyed ------------------------------------------------------- */

static void fill_grave(struct db *db)
{
    struct grave *g = db->first_grave;
    struct table *t = db_table(db, g->class);

    db->first_grave = g->next;
    if (!db->first_grave)
        db->last_grave = NULL;
    db->n_graves--;
    t->forgotten = g->destroyed;
    t->oldest_grave = g->newer;
    *(g->newer ? &g->newer->older : &t->newest_grave) = NULL;
    text_drop(db, g->ref);
    free(g);
}

void grave_dig(struct db *db, const struct model_class *class, const char *ref,
               uint64_t created, uint64_t destroyed)
{
    struct table *t = db_table(db, class);
    struct grave *g;

    if (!class->events)
        return;
    g = xcalloc(1, sizeof(*g));
    *g = (struct grave){class, text_intern(db, ref), created, destroyed};
    g->older = t->newest_grave;
    *(g->older ? &g->older->newer : &t->oldest_grave) = g;
    t->newest_grave = g;
    *(db->last_grave ? &db->last_grave->next : &db->first_grave) = g;
    db->last_grave = g;
    if (++db->n_graves > ROW_GRAVES_MAX)
        fill_grave(db);
}

void graves_free(struct db *db)
{
    while (db->first_grave)
        fill_grave(db);
}
