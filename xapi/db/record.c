/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record: see record.h. */
#include "xapi/db/record.h"

#include <assert.h>
#include <string.h>

#include "xapi/door/xmlrpc.h"

/* The longest text form of one key of a map. */
#define KEY_MAX 65536

static void write_atom(struct writer *w, const struct model_type *type,
                       union model_atom atom)
{
    switch (type->kind) {
    case MODEL_INT:
        writer_int(w, atom.i);
        break;
    case MODEL_FLOAT:
        writer_double(w, atom.d);
        break;
    case MODEL_BOOL:
        writer_bool(w, atom.i);
        break;
    case MODEL_DATETIME:
        writer_time(w, atom.i);
        break;
    case MODEL_ENUM:
        writer_string(w, type->enum_->values[atom.i]);
        break;
    case MODEL_REF:
        writer_string(w, atom.s ? atom.s : DATUM_REF_NULL);
        break;
    default:
        assert(type->kind == MODEL_STRING);
        writer_string(w, atom.s);
    }
}

/* The values of a map may be sets, each in its text form. */
static void write_value_of_map(struct writer *w, const struct model_type *type,
                               union model_atom atom)
{
    AUTO_POOL struct pool *p = NULL;
    struct model_value set;

    if (type->kind != MODEL_SET) {
        write_atom(w, type, atom);
        return;
    }
    p = pool_new();
    err_drop(datum_from_text(p, type, atom.s, &set),
             "the database has nothing that does not read");
    record_write_datum(w, type, set);
}

static void write_set(struct writer *w, const struct model_type *type,
                      struct model_value d)
{
    writer_list_open(w);
    for (unsigned i = 0; i < d.n; i++)
        write_atom(w, type->item, d.keys[i]);
    writer_list_close(w);
}

static void write_map(struct writer *w, const struct model_type *type,
                      struct model_value d)
{
    AUTO_STR struct str key = STR_INIT(KEY_MAX);

    writer_struct_open(w);
    for (unsigned i = 0; i < d.n; i++) {
        str_clear(&key);
        datum_atom_to_text(type->key, d.keys[i], &key);
        writer_namen(w, str_text(&key), key.len);
        write_value_of_map(w, type->item, d.values[i]);
    }
    writer_struct_close(w);
}

void record_write_datum(struct writer *w, const struct model_type *type,
                        struct model_value d)
{
    switch (type->kind) {
    case MODEL_SET:
        write_set(w, type, d);
        break;
    case MODEL_MAP:
        write_map(w, type, d);
        break;
    case MODEL_OPTION:
        record_write_datum(w, type->item, d);
        break;
    default:
        write_atom(w, type, d.keys[0]);
    }
}

static void write_fields(struct writer *w, const struct object *o)
{
    const struct model_class *class = object_class(o);

    writer_struct_open(w);
    for (unsigned i = 0; i < class->n_fields; i++) {
        const struct model_field *field = &class->fields[i];
        struct model_value d;

        if (!field->on_wire)
            continue;
        d = object_get(o, field);
        if (field->type->kind == MODEL_OPTION && !d.n)
            continue;
        writer_name(w, field->name);
        record_write_datum(w, field->type, d);
    }
    writer_struct_close(w);
}

static enum object_slot slot_of(const struct codec *codec)
{
    return codec == &codec_xmlrpc ? OBJECT_SLOT_XML : OBJECT_SLOT_JSON;
}

static const struct cached *write_now(const struct codec *codec,
                                      struct object *o)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = codec, .body = &body};
    size_t len;

    write_fields(&w, o);
    len = body.text.len;
    return object_cache_put(o, slot_of(codec), str_take(&body.text), len);
}

bool record_is_made(const struct codec *codec, const struct object *o)
{
    return object_is_cached(o, slot_of(codec));
}

void record_make(const struct codec *codec, struct object *o)
{
    if (!record_is_made(codec, o))
        cached_release(write_now(codec, o));
}

static void release(void *arg)
{
    cached_release(arg);
}

const struct cached *record_lend(const struct codec *codec, struct object *o)
{
    const struct cached *c = object_cached(o, slot_of(codec));

    return c ? c : write_now(codec, o);
}

void record_write_lent(struct writer *w, const struct cached *record)
{
    writer_refer(w, record->text, record->len, release,
                 (struct cached *)(uintptr_t)record);
}

void record_write(struct writer *w, struct object *o)
{
    record_write_lent(w, record_lend(w->codec, o));
}

void record_write_one(struct writer *w, const void *arg)
{
    record_write(w, (struct object *)(uintptr_t)arg);
}
