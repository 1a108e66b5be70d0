/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xva_records: see xva_records.h. */
#include "xapi/vm/xva_records.h"

#include <stdio.h>
#include <string.h>

#include "xapi/door/codec.h"
#include "xapi/db/record.h"
#include "xapi/door/xmlrpc.h"
#include "xapi/vm/xva.h"

/* ---- which objects ------------------------------------------------------- */

static struct xva_object *find(const struct xva_records *x, const char *ref)
{
    struct hash_node *node =
        ref ? hash_first(&x->index, hash_bytes(0, ref, strlen(ref))) : NULL;

    for (; node; node = hash_next(node)) {
        struct xva_object *o = hash_entry(node, struct xva_object, node);

        if (!strcmp(object_ref(o->object), ref))
            return o;
    }
    return NULL;
}

bool xva_id(const struct xva_records *x, const char *ref, size_t *ret)
{
    const struct xva_object *o = find(x, ref);

    if (o)
        *ret = o->id;
    return o;
}

static void add(struct xva_records *x, struct object *o)
{
    struct xva_object *new;
    const char *ref;

    if (!o || find(x, object_ref(o)))
        return;
    ref = object_ref(o);
    new = pool_new_of(x->pool, struct xva_object);
    new->object = o;
    new->id = x->n;
    hash_add(&x->index, &new->node, hash_bytes(0, ref, strlen(ref)));
    *pool_push(x->pool, x->list, x->n) = new;
}

static struct object *nth(const struct xva_records *x,
                          enum model_class_id class, struct model_value set,
                          unsigned i)
{
    return db_find(x->db, &model_classes[class], set.keys[i].s);
}

/* What it is a snapshot of does not go with it, or it is none. */
static bool is_lonely(const struct xva_records *x, const struct object *o)
{
    const struct object *of = NULL;

    if (object_class(o) == &model_classes[CLASS_VM])
        of = get_VM_snapshot_of(o);
    else if (object_class(o) == &model_classes[CLASS_VDI])
        of = get_VDI_snapshot_of(o);
    return !of || !find(x, object_ref(of));
}

bool xva_keeps_memory(const struct xva_records *x, const struct object *vm)
{
    return get_VM_suspend_VDI(vm) &&
           (x->request->keeps_state || !is_lonely(x, vm));
}

static void add_disk(struct xva_records *x, struct object *vdi)
{
    add(x, vdi);
    if (vdi)
        add(x, get_VDI_SR(vdi));
}

static void add_devices(struct xva_records *x, const struct object *vm)
{
    struct model_value vbds = get_VM_VBDs(vm), vifs = get_VM_VIFs(vm);

    for (unsigned i = 0; x->request->vbds && i < vbds.n; i++) {
        struct object *vbd = nth(x, CLASS_VBD, vbds, i);

        add(x, vbd);
        add_disk(x, get_VBD_VDI(vbd));
    }
    for (unsigned i = 0; x->request->vifs && i < vifs.n; i++) {
        struct object *vif = nth(x, CLASS_VIF, vifs, i);

        add(x, vif);
        add(x, get_VIF_network(vif));
    }
}

void xva_collect(struct xva_records *x, struct object *vm)
{
    struct model_value snapshots = get_VM_snapshots(vm);

    add(x, vm);
    add_devices(x, vm);
    if (xva_keeps_memory(x, vm))
        add_disk(x, get_VM_suspend_VDI(vm));
    add(x, get_VM_guest_metrics(vm));
    add(x, get_VM_metrics(vm));
    for (unsigned i = 0; x->request->snapshots && i < snapshots.n; i++)
        xva_collect(x, nth(x, CLASS_VM, snapshots, i));
}

/* ---- references ---------------------------------------------------------- */

#define ID_SIZE 32

static void write_ref(const struct xva_records *x, struct writer *w,
                      const char *ref)
{
    const struct xva_object *o = find(x, ref);
    char id[ID_SIZE];

    snprintf(id, sizeof(id), "Ref:%zu", o ? o->id : 0);
    writer_string(w, o ? id : DATUM_REF_NULL);
}

static void write_none(struct writer *w)
{
    writer_struct_open(w);
    writer_struct_close(w);
}

/* Maps with references are of blobs, which are left out. */
static void write_refs(const struct xva_records *x, struct writer *w,
                       const struct model_type *type, struct model_value d)
{
    if (type->kind == MODEL_REF) {
        write_ref(x, w, d.keys[0].s);
        return;
    }
    if (type->kind == MODEL_MAP) {
        write_none(w);
        return;
    }
    writer_list_open(w);
    for (unsigned i = 0; i < d.n; i++)
        if (find(x, d.keys[i].s))
            write_ref(x, w, d.keys[i].s);
    writer_list_close(w);
}

/* ---- records ------------------------------------------------------------- */

/* What a snapshot is not any more when its VM does not come with it. */
static const unsigned of_snapshots[] = {
    VM_is_a_snapshot,     VM_snapshot_time,  VM_snapshot_info,
    VM_snapshot_metadata, VDI_is_a_snapshot, VDI_snapshot_time,
};

static bool begins_anew(const struct xva_records *x, const struct object *o,
                        const struct model_field *field)
{
    return field_is_among(field, of_snapshots, ARRAY_LEN(of_snapshots)) &&
           is_lonely(x, o);
}

static void write_field(const struct xva_records *x, struct writer *w,
                        const struct object *o, const struct model_field *field)
{
    writer_name(w, field->name);
    if (field == &model_fields[VM_power_state] && !xva_keeps_memory(x, o) &&
        !x->request->keeps_state)
        writer_string(w, "Halted");
    else if (!strcmp(field->name, "current_operations"))
        write_none(w);
    else if (datum_has_refs(field->type))
        write_refs(x, w, field->type, object_get(o, field));
    else
        record_write_datum(w, field->type,
                           begins_anew(x, o, field) ? field->initial
                                                    : object_get(o, field));
}

static void write_object(const struct xva_records *x, struct writer *w,
                         const struct object *o)
{
    const struct model_class *class = object_class(o);

    writer_struct_open(w);
    writer_name(w, "class");
    writer_string(w, class->name);
    writer_name(w, "id");
    write_ref(x, w, object_ref(o));
    writer_name(w, "snapshot");
    writer_struct_open(w);
    for (unsigned f = 0; f < class->n_fields; f++)
        if (class->fields[f].on_wire &&
            class->fields[f].type->kind != MODEL_OPTION)
            write_field(x, w, o, &class->fields[f]);
    writer_struct_close(w);
    writer_struct_close(w);
}

static void write_version(const struct xva_records *x, struct writer *w)
{
    const struct object *host = db_first(x->db, &model_classes[CLASS_host]);
    const char *const members[][2] = {
        {"hostname", get_host_hostname(host)},
        {"date", ""},
        {"product_version", ""},
        {"product_brand", "dom0kit"},
        {"build_number", ""},
        {"xapi_major", "1"},
        {"xapi_minor", "0"},
        {"export_vsn", "2"},
    };

    writer_name(w, "version");
    writer_struct_open(w);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        writer_name(w, members[i][0]);
        writer_string(w, members[i][1]);
    }
    writer_struct_close(w);
}

struct err *xva_write_records(const struct xva_records *x, struct str *out)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};

    writer_struct_open(&w);
    write_version(x, &w);
    writer_name(&w, "objects");
    writer_list_open(&w);
    for (size_t i = 0; i < x->n; i++)
        write_object(x, &w, x->list[i]->object);
    writer_list_close(&w);
    writer_struct_close(&w);
    body_flatten(&body, out);
    return body_full(&body) || str_full(out)
               ? ERR("records of over %u bytes", XVA_RECORDS_MAX)
               : NULL;
}
