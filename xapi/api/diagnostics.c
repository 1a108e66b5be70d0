/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/diagnostics: what developers ask of the daemon; its memory is the C
 * library's. */
#include <malloc.h>

#include "xapi/call/generic.h"
#include "xapi/call/server.h"
#include "xapi/model/calls_gen.h"

/* Names and numbers, as a map of texts. */
struct figures {
    union model_atom names[8], values[8];
    unsigned n;
};

static void add(struct call *c, struct figures *f, const char *name,
                uint64_t value)
{
    f->names[f->n].s = name;
    f->values[f->n++].s =
        pool_printf(c->pool, "%llu", (unsigned long long)value);
}

struct err *Diagnostics_gc_compact(struct call *c,
                                   const struct Diagnostics_gc_compact_args *a)
{
    (void)a;
    TRY(call_this_host(c, 0));
    malloc_trim(0);
    return NULL;
}

struct err *Diagnostics_gc_stats(struct call *c,
                                 const struct Diagnostics_gc_stats_args *a)
{
    struct figures *f = pool_new_of(c->pool, struct figures);
    struct mallinfo2 m = mallinfo2();

    (void)a;
    TRY(call_this_host(c, 0));
    add(c, f, "bytes", m.arena + m.hblkhd);
    add(c, f, "bytes_used", m.uordblks + m.hblkhd);
    add(c, f, "bytes_free", m.fordblks);
    add(c, f, "free_chunks", m.ordblks);
    add(c, f, "mappings", m.hblks);
    call_return(c, (struct model_value){f->n, f->names, f->values});
    return NULL;
}

struct err *Diagnostics_db_stats(struct call *c)
{
    struct figures *f = pool_new_of(c->pool, struct figures);
    uint64_t objects = 0;

    for (size_t i = 0; i < MODEL_N_CLASSES; i++)
        objects += db_count(c->db, &model_classes[i]);
    add(c, f, "objects", objects);
    add(c, f, "generation", db_generation(c->db));
    call_return(c, (struct model_value){f->n, f->names, f->values});
    return NULL;
}
