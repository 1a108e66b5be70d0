/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli_value: fields of objects as xe shows them. */
#include <string.h>

#include "xapi/cli.h"
#include "xapi/model_gen.h"

#define NOT_THERE "<not in database>"
#define VALUE_MAX (16u << 20)

/* ---- which field --------------------------------------------------------- */

const struct cli_field *cli_field_find(const struct cli_class *class,
                                       const char *name)
{
    for (const struct cli_field *f = class->fields; f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

const struct model_field *cli_field_of(struct cli *c,
                                       const struct model_class *class,
                                       const char *path, const struct object *o,
                                       const struct object **ret)
{
    const char *dot = strchr(path, '.');
    const struct model_field *field = model_field_find(
        class, dot ? pool_strn(c->pool, path, (size_t)(dot - path)) : path);

    if (!dot) {
        *ret = o;
        return field;
    }
    return cli_field_of(c, field->type->class, dot + 1,
                        o ? object_follow(o, field) : NULL, ret);
}

/* ---- texts --------------------------------------------------------------- */

/* Where xe has another word than the API. */
static const struct {
    const char *enum_, *api, *xe;
} words[] = {
    {"VBD.mode", "RO", "ro"},
    {"VBD.mode", "RW", "rw"},
    {"VDI.type", "system", "System"},
    {"VDI.type", "user", "User"},
    {"VDI.type", "ephemeral", "Ephemeral"},
    {"VDI.type", "suspend", "Suspend"},
    {"VDI.type", "crashdump", "Crashdump"},
    {"VDI.type", "ha_statefile", "HA statefile"},
    {"VDI.type", "metadata", "Metadata"},
    {"VDI.type", "redo_log", "Redo log"},
    {"console.protocol", "vt100", "VT100"},
    {"console.protocol", "rfb", "RFB"},
    {"console.protocol", "rdp", "RDP"},
    {"task.allowed_operations", "cancel", "Cancel"},
    {"task.allowed_operations", "destroy", "Destroy"},
};

static const char *enum_text(struct cli *c, const struct model_enum *e,
                             int64_t i)
{
    const char *text = e->values[i];

    for (size_t j = 0; j < ARRAY_LEN(words); j++)
        if (!strcmp(words[j].enum_, e->name) && !strcmp(words[j].api, text))
            return words[j].xe;
    if (!strcmp(e->name, "VM.power_state")) {
        char *lower = pool_str(c->pool, text);

        *lower = (char)(*lower - 'A' + 'a');
        return lower;
    }
    return text;
}

static const char *ref_text(struct cli *c, const struct model_type *type,
                            const char *ref)
{
    const struct object *o = ref ? db_find(c->db, type->class, ref) : NULL;

    return o && object_class(o)->uuid ? object_atom(o, object_class(o)->uuid).s
                                      : NOT_THERE;
}

static void add_atom(struct cli *c, const struct model_type *type,
                     union model_atom atom, struct str *out)
{
    switch (type->kind) {
    case MODEL_REF:
        str_add(out, ref_text(c, type, atom.s));
        break;
    case MODEL_ENUM:
        str_add(out, enum_text(c, type->enum_, atom.i));
        break;
    case MODEL_FLOAT:
        str_addf(out, "%.3f", atom.d);
        break;
    case MODEL_SET: /* as a map's value: its text form */
        str_add(out, atom.s);
        break;
    default:
        datum_atom_to_text(type, atom, out);
    }
}

static void add_datum(struct cli *c, const struct cli_field *field,
                      const struct model_type *type, struct model_value d,
                      struct str *out)
{
    const char *between = field->flags & CLI_COMMAS ? ", " : "; ";

    if (type->kind == MODEL_OPTION)
        type = type->item;
    if (datum_is_scalar(type)) {
        if (d.n)
            add_atom(c, type, d.keys[0], out);
        return;
    }
    for (unsigned i = 0; i < d.n; i++) {
        if (i)
            str_add(out, between);
        add_atom(c, type->kind == MODEL_MAP ? type->key : type->item, d.keys[i],
                 out);
        if (type->kind == MODEL_MAP) {
            str_add(out, ": ");
            add_atom(c, type->item, d.values[i], out);
        }
    }
}

/* current_operations are shown without their tasks. */
static void add_operations(struct cli *c, const struct model_type *type,
                           struct model_value d, struct str *out)
{
    for (unsigned i = 0; i < d.n; i++) {
        if (i)
            str_add(out, "; ");
        add_atom(c, type->item, d.values[i], out);
    }
}

const char *cli_value(struct cli *c, const struct cli_field *field,
                      const struct object *o)
{
    AUTO_STR struct str text = STR_INIT(VALUE_MAX);
    const struct object *of;
    const struct model_field *f =
        cli_field_of(c, object_class(o), field->path, o, &of);

    if (!of)
        return NOT_THERE;
    if (f->type->kind == MODEL_MAP && !strcmp(field->mark, "SRO"))
        add_operations(c, f->type, object_get(of, f), &text);
    else
        add_datum(c, field, f->type, object_get(of, f), &text);
    return pool_strn(c->pool, str_text(&text), text.len);
}

bool cli_has_item(struct cli *c, const struct cli_field *field,
                  const struct object *o, const char *item)
{
    const struct object *of;
    const struct model_field *f =
        cli_field_of(c, object_class(o), field->path, o, &of);
    AUTO_STR struct str text = STR_INIT(VALUE_MAX);
    struct model_value set = DATUM_EMPTY;

    if (of && f->type->kind == MODEL_SET)
        set = object_get(of, f);
    for (unsigned i = 0; i < set.n; i++) {
        str_clear(&text);
        add_atom(c, f->type->item, set.keys[i], &text);
        if (!strcmp(str_text(&text), item))
            return true;
    }
    return false;
}
