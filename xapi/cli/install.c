/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/install: VMs out of templates, and the end of VMs, templates and
 * snapshots together with their disks. */
#include <string.h>

#include "xapi/cli/bodies.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/model_gen.h"

static bool is_true(const struct object *o, enum model_field_id field)
{
    return object_atom(o, &model_fields[field]).i;
}

/* ---- install ------------------------------------------------------------- */

/* Of the templates the one with that name. */
static struct err *template_named(struct cli *c, const char *name,
                                  const struct object **ret)
{
    const struct object *found = NULL;

    for (const struct object *o = NULL;
         (o = db_by_name(c->db, &model_classes[CLASS_VM], name, o));) {
        if (!is_true(o, VM_is_a_template) || is_true(o, VM_is_a_snapshot))
            continue;
        if (found)
            return ERR("More than one template has the name '%s': give "
                       "template-uuid",
                       name);
        found = o;
    }
    *ret = found;
    return found ? NULL : ERR("No matching templates found");
}

/* template= is a uuid or a name. */
static struct err *find_template(struct cli *c, const struct object **ret)
{
    static const char *const names[] = {"template-uuid", "template",
                                        "template-name-label", "template-name"};
    const struct object *found;
    const char *name = NULL;
    size_t i = 0;

    while (i < ARRAY_LEN(names) && !(name = cli_param(c, names[i])))
        i++;
    if (!name)
        return ERR_AS(usage, "Required parameter not found: template");
    found = i < 2 ? db_by_uuid(c->db, &model_classes[CLASS_VM], name) : NULL;
    if (!found)
        return template_named(c, name, ret);
    if (!is_true(found, VM_is_a_template))
        return ERR("'%s' is no template", name);
    *ret = found;
    return NULL;
}

/* *RET NULL: none is given. */
static struct err *find_sr(struct cli *c, const char **ret)
{
    const struct model_class *class = &model_classes[CLASS_SR];
    const char *uuid = cli_param(c, "sr-uuid");
    const char *name = cli_param(c, "sr-name-label");
    const struct object *o;
    struct object *sr;

    *ret = NULL;
    if (uuid) {
        TRY(cli_by_uuid(c, "SR", uuid, &sr));
        *ret = cli_ref(c, sr);
        return NULL;
    }
    if (!name)
        return NULL;
    o = db_by_name(c->db, class, name, NULL);
    if (!o)
        return ERR("No SR has the name '%s'", name);
    if (db_by_name(c->db, class, name, o))
        return ERR("More than one SR has the name '%s': give sr-uuid", name);
    *ret = cli_ref(c, o);
    return NULL;
}

static bool has_disks(struct cli *c, const struct object *vm)
{
    struct model_value all = object_get(vm, &model_fields[VM_VBDs]);

    for (unsigned i = 0; i < all.n; i++) {
        const struct object *o =
            db_find(c->db, &model_classes[CLASS_VBD], all.keys[i].s);

        if (object_atom(o, &model_fields[VBD_type]).i == VBD_type_Disk)
            return true;
    }
    return false;
}

/* The disks that a template wants are in its other_config, as XML, with the SR
 * of each: empty, it is the VM's to say where. */
static struct err *choose_sr(struct cli *c, const char *vm, const char *sr)
{
    const struct object *o = db_find(c->db, &model_classes[CLASS_VM], vm);
    const struct object *to = db_find(c->db, &model_classes[CLASS_SR], sr);
    const char *disks =
        o ? datum_map_get(object_get(o, &model_fields[VM_other_config]),
                          "disks")
          : NULL;
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);
    const char *at;

    if (!disks || !to)
        return NULL;
    for (; (at = strstr(disks, "sr=\"")); disks = strchr(at, '"') + 1) {
        at += strlen("sr=\"");
        str_addn(&text, disks, (size_t)(at - disks));
        str_addf(&text, "%s\"", cli_text(to, "uuid"));
        if (!strchr(at, '"'))
            return ERR("the template's list of disks cannot be read");
    }
    str_add(&text, disks);
    TRY(CLI_CALL(c, "VM.remove_from_other_config", NULL, vm, "disks"));
    return CLI_CALL(c, "VM.add_to_other_config", NULL, vm, "disks",
                    pool_str(c->pool, str_text(&text)));
}

static struct err *copy_strings(struct cli *c, const char *vm)
{
    const char *from = cli_param(c, "copy-bios-strings-from");
    struct object *host;

    if (!from)
        return NULL;
    TRY(cli_by_uuid(c, "host", from, &host));
    return CLI_CALL(c, "VM.copy_bios_strings", NULL, vm, cli_ref(c, host));
}

/* Of a template with disks these are copied to SR, or cloned where they are. */
static struct err *make_vm(struct cli *c, const struct object *template,
                           const char *name, const char *sr, const char **ret)
{
    const char *ref = cli_ref(c, template);
    struct value *vm;

    if (sr && has_disks(c, template))
        TRY(CLI_CALL(c, "VM.copy", &vm, ref, name, sr));
    else
        TRY(CLI_CALL(c, "VM.clone", &vm, ref, name));
    *ret = vm->s.text;
    cli_undo(c, "VM.destroy", *ret, NULL);
    return NULL;
}

struct err *cli_vm_install(struct cli *c, const struct cli_command *cmd,
                           const struct object *self)
{
    const char *about = cli_param(c, "new-name-description");
    const struct object *template = NULL;
    const char *name, *sr, *vm;

    (void)cmd, (void)self;
    TRY(cli_need(c, "new-name-label", &name));
    TRY(find_template(c, &template));
    TRY(find_sr(c, &sr));
    TRY(make_vm(c, template, name, sr, &vm));
    TRY(CLI_CALL(c, "VM.set_name_description", NULL, vm,
                 about ? about : "Installed by xe"));
    if (sr) {
        TRY(CLI_CALL(c, "VM.set_suspend_SR", NULL, vm, sr));
        TRY(choose_sr(c, vm, sr));
    }
    TRY(copy_strings(c, vm));
    TRY(CLI_CALL(c, "VM.provision", NULL, vm));
    cli_print(c,
              cli_text(db_find(c->db, &model_classes[CLASS_VM], vm), "uuid"));
    return NULL;
}

/* ---- uninstall ----------------------------------------------------------- */

/* It goes with the OF-th of the chosen VMs, with the last that has it. */
struct doomed {
    const char *ref;
    size_t of;
};

struct all_doomed {
    struct doomed *vms, *vdis;
    size_t n_vms, n_vdis;
};

static void add_disk(struct cli *c, struct all_doomed *all, size_t of,
                     const struct object *vdi)
{
    for (size_t i = 0; vdi && i < all->n_vdis; i++)
        if (!strcmp(all->vdis[i].ref, object_ref(vdi))) {
            all->vdis[i].of = of;
            return;
        }
    if (vdi)
        *pool_push(c->pool, all->vdis, all->n_vdis) =
            (struct doomed){cli_ref(c, vdi), of};
}

/* A VM owns the disks whose VBDs say so. */
static void add_vm(struct cli *c, struct all_doomed *all, size_t of,
                   const struct object *vm)
{
    struct model_value vbds = object_get(vm, &model_fields[VM_VBDs]);

    *pool_push(c->pool, all->vms, all->n_vms) =
        (struct doomed){cli_ref(c, vm), of};
    for (unsigned i = 0; i < vbds.n; i++) {
        const struct object *vbd =
            db_find(c->db, &model_classes[CLASS_VBD], vbds.keys[i].s);
        struct model_value config =
            object_get(vbd, &model_fields[VBD_other_config]);

        if (datum_map_get(config, "owner") || is_true(vm, VM_is_a_snapshot))
            add_disk(c, all, of, object_follow(vbd, &model_fields[VBD_VDI]));
    }
    add_disk(c, all, of, object_follow(vm, &model_fields[VM_suspend_VDI]));
}

static void add_snapshots(struct cli *c, struct all_doomed *all, size_t of,
                          const struct object *vm)
{
    struct model_value refs = object_get(vm, &model_fields[VM_snapshots]);

    for (unsigned i = 0; i < refs.n; i++)
        add_vm(c, all, of,
               db_find(c->db, &model_classes[CLASS_VM], refs.keys[i].s));
}

static void print_doomed(struct cli *c, const char *kind,
                         const struct doomed *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct object *o = db_find(c->db, NULL, list[i].ref);

        cli_print(c,
                  pool_printf(c->pool, "%s: %s (%s)", kind, cli_text(o, "uuid"),
                              cli_text(o, "name_label")));
    }
}

static struct err *end_vm(struct cli *c, const char *ref)
{
    const struct object *vm = db_find(c->db, &model_classes[CLASS_VM], ref);
    int64_t state;

    if (!vm)
        return NULL;
    state = object_atom(vm, &model_fields[VM_power_state]).i;
    if (state != VM_power_state_Halted && !is_true(vm, VM_is_a_snapshot))
        TRY(CLI_CALL(c, "VM.hard_shutdown", NULL, ref));
    return CLI_CALL(c, "VM.destroy", NULL, ref);
}

/* The I-th of the chosen VMs and all that goes with it. */
static struct err *destroy(struct cli *c, size_t i, const struct object *self,
                           void *arg)
{
    const struct all_doomed *all = arg;

    (void)self;
    for (size_t k = 0; k < all->n_vms; k++)
        if (all->vms[k].of == i)
            TRY(end_vm(c, all->vms[k].ref));
    for (size_t k = 0; k < all->n_vdis; k++)
        if (all->vdis[k].of == i &&
            db_find(c->db, &model_classes[CLASS_VDI], all->vdis[k].ref))
            TRY(CLI_CALL(c, "VDI.destroy", NULL, all->vdis[k].ref));
    return NULL;
}

static struct err *uninstall(struct cli *c, const char *const *refs, size_t n)
{
    struct all_doomed all = {NULL};

    for (size_t i = 0; i < n; i++)
        add_vm(c, &all, i, db_find(c->db, NULL, refs[i]));
    for (size_t i = 0; i < n; i++)
        add_snapshots(c, &all, i, db_find(c->db, NULL, refs[i]));
    cli_print(c, "The following items are about to be destroyed");
    print_doomed(c, "VM ", all.vms, all.n_vms);
    print_doomed(c, "VDI", all.vdis, all.n_vdis);
    TRY(cli_confirm(c));
    TRY(cli_on_each(c, refs, n, destroy, &all));
    cli_print(c, "All objects destroyed");
    return NULL;
}

static struct err *uninstall_one(struct cli *c, const struct object *vm)
{
    return uninstall(c, (const char *const[]){cli_ref(c, vm)}, 1);
}

struct err *cli_vm_uninstall(struct cli *c, const struct cli_command *cmd,
                             const struct object *self)
{
    const char **refs;
    size_t n;

    (void)self;
    TRY(cli_select(c, cmd, &refs, &n));
    return uninstall(c, refs, n);
}

struct err *cli_template_uninstall(struct cli *c, const struct cli_command *cmd,
                                   const struct object *self)
{
    struct object *vm;

    (void)cmd, (void)self;
    TRY(cli_object(c, "VM", "template-uuid", &vm));
    if (!is_true(vm, VM_is_a_template))
        return ERR("%s is no template", cli_text(vm, "uuid"));
    return uninstall_one(c, vm);
}

/* ---- snapshots ----------------------------------------------------------- */

static struct err *find_snapshot(struct cli *c, struct object **ret)
{
    const char *name = cli_param(c, "uuid") ? "uuid" : "snapshot-uuid";

    TRY(cli_object(c, "VM", name, ret));
    if (!is_true(*ret, VM_is_a_snapshot))
        return ERR("%s is no snapshot", cli_text(*ret, "uuid"));
    return NULL;
}

struct err *cli_snapshot_uninstall(struct cli *c, const struct cli_command *cmd,
                                   const struct object *self)
{
    struct object *vm;

    (void)cmd, (void)self;
    TRY(find_snapshot(c, &vm));
    return uninstall_one(c, vm);
}

struct err *cli_snapshot_destroy(struct cli *c, const struct cli_command *cmd,
                                 const struct object *self)
{
    struct object *vm;

    (void)cmd, (void)self;
    TRY(find_snapshot(c, &vm));
    return CLI_CALL(c, "VM.destroy", NULL, cli_ref(c, vm));
}
