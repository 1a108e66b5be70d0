/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/disk: commands about what a VM has: disks, drives, interfaces. */
#include <string.h>
#include <strings.h>

#include "xapi/cli/bodies.h"
#include "xapi/model/model_gen.h"

/* ---- VBDs ---------------------------------------------------------------- */

/* The VM's of a type, one after another. */
static const struct object *next_vbd(struct cli *c, const struct object *vm,
                                     enum VBD_type type, unsigned *i)
{
    struct model_value all = object_get(vm, &model_fields[VM_VBDs]);

    while (*i < all.n) {
        const struct object *o =
            db_find(c->db, &model_classes[CLASS_VBD], all.keys[(*i)++].s);

        if (o && object_atom(o, &model_fields[VBD_type]).i == (int64_t)type)
            return o;
    }
    return NULL;
}

static bool is_empty(const struct object *vbd)
{
    return object_atom(vbd, &model_fields[VBD_empty]).i;
}

static const struct object *vdi_of(const struct object *vbd)
{
    return object_follow(vbd, &model_fields[VBD_VDI]);
}

/* "none" shows none of them. */
static void print_part(struct cli *c, const char *title, const char *class,
                       const struct object *o, const char *params)
{
    if (!strcmp(params, "none"))
        return;
    if (!c->json && !c->minimal)
        cli_print(c, title);
    cli_print_object(c, cli_class_find(class), o, params);
}

static struct err *list(struct cli *c, const struct object *vm,
                        enum VBD_type type, const char *title)
{
    const char *initial = type == VBD_type_CD
                              ? "uuid,vm-name-label,userdevice,empty"
                              : "uuid,vm-name-label,userdevice";
    const char *vbd_params = cli_param(c, "vbd-params");
    const char *vdi_params = cli_param(c, "vdi-params");
    const struct object *vbd;
    unsigned at = 0, n = 0;

    for (; (vbd = next_vbd(c, vm, type, &at)); n++) {
        print_part(c, pool_printf(c->pool, "%s %u VBD:", title, n), "vbd", vbd,
                   vbd_params ? vbd_params : initial);
        if (vdi_of(vbd))
            print_part(c, pool_printf(c->pool, "%s %u VDI:", title, n), "vdi",
                       vdi_of(vbd),
                       vdi_params
                           ? vdi_params
                           : "uuid,name-label,sr-name-label,virtual-size");
    }
    return NULL;
}

struct err *cli_vm_disk_list(struct cli *c, const struct cli_command *cmd,
                             const struct object *self)
{
    (void)cmd;
    return list(c, self, VBD_type_Disk, "Disk");
}

struct err *cli_vm_cd_list(struct cli *c, const struct cli_command *cmd,
                           const struct object *self)
{
    (void)cmd;
    return list(c, self, VBD_type_CD, "CD");
}

struct err *cli_snapshot_disk_list(struct cli *c, const struct cli_command *cmd,
                                   const struct object *self)
{
    const char *name = cli_param(c, "uuid") ? "uuid" : "snapshot-uuid";
    struct object *vm;

    (void)cmd, (void)self;
    TRY(cli_object(c, "VM", name, &vm));
    return list(c, vm, VBD_type_Disk, "Disk");
}

/* ---- attach and detach --------------------------------------------------- */

static struct value *text(struct cli *c, const char *s)
{
    return value_string(c->pool, s);
}

static struct err *make_vbd(struct cli *c, const char *vm, const char *vdi,
                            const char *device, enum VBD_type type,
                            const char **ret)
{
    bool disk = type == VBD_type_Disk;
    struct value *v = value_struct(c->pool), *config = value_struct(c->pool);
    struct value *args = value_list(c->pool), *ref;

    if (disk)
        value_set(config, "owner", text(c, "true"));
    value_set(v, "VM", text(c, vm));
    value_set(v, "VDI", text(c, vdi));
    value_set(v, "userdevice", text(c, device));
    value_set(v, "type", text(c, disk ? "Disk" : "CD"));
    value_set(v, "mode", text(c, disk ? "RW" : "RO"));
    value_set(v, "bootable", value_bool(c->pool, !disk));
    value_set(v, "empty", value_bool(c->pool, false));
    value_set(v, "unpluggable", value_bool(c->pool, true));
    value_set(v, "other_config", config);
    value_set(v, "qos_algorithm_type", text(c, ""));
    value_set(v, "qos_algorithm_params", value_struct(c->pool));
    value_append(args, v);
    TRY(cli_call(c, "VBD.create", args, &ref));
    *ret = ref->s.text;
    cli_undo(c, "VBD.destroy", *ret, NULL);
    return NULL;
}

/* A VM that runs gets it at once, if it can. */
static struct err *plug_if_running(struct cli *c, const char *vbd)
{
    const struct object *o = db_find(c->db, &model_classes[CLASS_VBD], vbd);
    struct model_value may =
        o ? object_get(o, &model_fields[VBD_allowed_operations]) : DATUM_EMPTY;
    const struct object *vm =
        o ? object_follow(o, &model_fields[VBD_VM]) : NULL;

    if (!vm || object_atom(vm, &model_fields[VM_power_state]).i !=
                   VM_power_state_Running)
        return NULL;
    for (unsigned i = 0; i < may.n; i++)
        if (may.keys[i].i == VBD_operations_plug)
            return CLI_CALL(c, "VBD.plug", NULL, vbd);
    return NULL;
}

static struct err *take_away(struct cli *c, const char *vbd)
{
    const struct object *o = db_find(c->db, &model_classes[CLASS_VBD], vbd);

    if (o && object_atom(o, &model_fields[VBD_currently_attached]).i)
        TRY(CLI_CALL(c, "VBD.unplug", NULL, vbd));
    return CLI_CALL(c, "VBD.destroy", NULL, vbd);
}

/* ---- disks --------------------------------------------------------------- */

static struct err *find_sr(struct cli *c, const char **ret)
{
    const struct object *pool = db_first(c->db, &model_classes[CLASS_pool]);
    const char *uuid = cli_param(c, "sr-uuid");
    struct object *sr = object_follow(pool, &model_fields[pool_default_SR]);

    if (uuid)
        TRY(cli_by_uuid(c, "SR", uuid, &sr));
    if (!sr)
        return ERR("the pool has no default SR: give sr-uuid");
    *ret = cli_ref(c, sr);
    return NULL;
}

static struct err *make_vdi(struct cli *c, const char *sr, int64_t size,
                            const char **ret)
{
    struct value *v = value_struct(c->pool), *args = value_list(c->pool), *ref;

    value_set(v, "name_label", text(c, "Created by xe"));
    value_set(v, "name_description", text(c, ""));
    value_set(v, "SR", text(c, sr));
    value_set(v, "virtual_size", value_int(c->pool, size));
    value_set(v, "type", text(c, "user"));
    value_set(v, "sharable", value_bool(c->pool, false));
    value_set(v, "read_only", value_bool(c->pool, false));
    value_set(v, "other_config", value_struct(c->pool));
    value_append(args, v);
    TRY(cli_call(c, "VDI.create", args, &ref));
    *ret = ref->s.text;
    cli_undo(c, "VDI.destroy", *ret, NULL);
    return NULL;
}

struct err *cli_vm_disk_add(struct cli *c, const struct cli_command *cmd,
                            const struct object *self)
{
    const char *vm = cli_ref(c, self), *sr = NULL, *vdi, *vbd;
    int64_t size;

    (void)cmd;
    TRY(err_wrap(cli_size(cli_param(c, "disk-size"), &size), "disk-size"));
    TRY(find_sr(c, &sr));
    TRY(make_vdi(c, sr, size, &vdi));
    TRY(make_vbd(c, vm, vdi, cli_param(c, "device"), VBD_type_Disk, &vbd));
    return plug_if_running(c, vbd);
}

struct err *cli_vm_disk_remove(struct cli *c, const struct cli_command *cmd,
                               const struct object *self)
{
    const char *device = cli_param(c, "device"), *ref, *disk;
    const struct object *vbd;
    unsigned at = 0;

    (void)cmd;
    while ((vbd = next_vbd(c, self, VBD_type_Disk, &at)))
        if (!strcmp(cli_text(vbd, "userdevice"), device))
            break;
    if (!vbd)
        return ERR("Disk '%s' not found", device);
    ref = cli_ref(c, vbd);
    disk = vdi_of(vbd) ? cli_ref(c, vdi_of(vbd)) : NULL;
    TRY(take_away(c, ref));
    return disk ? CLI_CALL(c, "VDI.destroy", NULL, disk) : NULL;
}

/* ---- CDs ----------------------------------------------------------------- */

static bool is_cd(const struct object *vdi)
{
    const struct object *sr = object_follow(vdi, &model_fields[VDI_SR]);

    return sr && !strcmp(cli_text(sr, "content_type"), "iso");
}

static struct err *find_cd(struct cli *c, const char **ret)
{
    const struct model_class *class = &model_classes[CLASS_VDI];
    const char *name = cli_param(c, "cd-name");
    const struct object *found = NULL;

    for (const struct object *o = NULL;
         (o = db_by_name(c->db, class, name, o));)
        if (is_cd(o)) {
            if (found)
                return ERR("More than one CD has the name '%s'", name);
            found = o;
        }
    if (!found)
        return ERR("CD '%s' not found", name);
    *ret = cli_ref(c, found);
    return NULL;
}

struct err *cli_cd_list(struct cli *c, const struct cli_command *cmd,
                        const struct object *self)
{
    const char *params = cli_param(c, "params");

    (void)cmd, (void)self;
    for (const struct object *o = db_first(c->db, &model_classes[CLASS_VDI]); o;
         o = object_next(o))
        if (is_cd(o))
            cli_print_object(c, cli_class_find("vdi"), o,
                             params ? params : "uuid,name-label");
    return NULL;
}

struct err *cli_vm_cd_add(struct cli *c, const struct cli_command *cmd,
                          const struct object *self)
{
    const char *vm = cli_ref(c, self), *cd, *vbd;

    (void)cmd;
    TRY(find_cd(c, &cd));
    TRY(make_vbd(c, vm, cd, cli_param(c, "device"), VBD_type_CD, &vbd));
    return plug_if_running(c, vbd);
}

struct err *cli_vm_cd_remove(struct cli *c, const struct cli_command *cmd,
                             const struct object *self)
{
    const char *name = cli_param(c, "cd-name");
    const struct object *vbd;
    unsigned at = 0;

    (void)cmd;
    while ((vbd = next_vbd(c, self, VBD_type_CD, &at)))
        if (vdi_of(vbd) && !strcmp(cli_text(vdi_of(vbd), "name_label"), name))
            return take_away(c, cli_ref(c, vbd));
    return ERR("CD '%s' is in no drive of this VM", name);
}

/* The one drive that is empty, or is not. */
static struct err *find_drive(struct cli *c, const struct object *vm,
                              bool empty, const char **ret)
{
    const struct object *vbd, *found = NULL;
    unsigned at = 0;

    while ((vbd = next_vbd(c, vm, VBD_type_CD, &at)))
        if (is_empty(vbd) == empty) {
            if (found)
                return ERR("More than one drive of this VM is %s: use vbd-%s",
                           empty ? "empty" : "full",
                           empty ? "insert" : "eject");
            found = vbd;
        }
    if (!found)
        return ERR("No drive of this VM is %s", empty ? "empty" : "full");
    *ret = cli_ref(c, found);
    return NULL;
}

struct err *cli_vm_cd_eject(struct cli *c, const struct cli_command *cmd,
                            const struct object *self)
{
    const char *vbd;

    (void)cmd;
    TRY(find_drive(c, self, false, &vbd));
    return CLI_CALL(c, "VBD.eject", NULL, vbd);
}

struct err *cli_vm_cd_insert(struct cli *c, const struct cli_command *cmd,
                             const struct object *self)
{
    const char *vbd, *cd;

    (void)cmd;
    TRY(find_cd(c, &cd));
    TRY(find_drive(c, self, true, &vbd));
    return CLI_CALL(c, "VBD.insert", NULL, vbd, cd);
}

/* ---- others -------------------------------------------------------------- */

struct err *cli_vm_vif_list(struct cli *c, const struct cli_command *cmd,
                            const struct object *self)
{
    struct model_value all = object_get(self, &model_fields[VM_VIFs]);
    const char *params = cli_param(c, "params");

    (void)cmd;
    if (!params)
        params = "uuid,device,MAC,network-uuid,network-name-label,"
                 "vm-name-label";
    for (unsigned i = 0; i < all.n; i++)
        cli_print_object(
            c, cli_class_find("vif"),
            db_find(c->db, &model_classes[CLASS_VIF], all.keys[i].s), params);
    return NULL;
}

struct err *cli_vm_crashdump_list(struct cli *c, const struct cli_command *cmd,
                                  const struct object *self)
{
    struct model_value all = object_get(self, &model_fields[VM_crash_dumps]);

    (void)cmd;
    for (unsigned i = 0; i < all.n; i++) {
        const struct object *o =
            db_find(c->db, &model_classes[CLASS_crashdump], all.keys[i].s);

        cli_print_object(c, cli_class_find("vdi"),
                         object_follow(o, &model_fields[crashdump_VDI]),
                         cli_param(c, "params"));
    }
    return NULL;
}

struct err *cli_vdi_resize(struct cli *c, const struct cli_command *cmd,
                           const struct object *self)
{
    bool online = cli_flag(c, "online");
    struct value *args = value_list(c->pool);
    struct object *vdi;
    int64_t size;

    (void)cmd, (void)self;
    TRY(cli_object(c, "VDI", "uuid", &vdi));
    TRY(err_wrap(cli_size(cli_param(c, "disk-size"), &size), "disk-size"));
    value_append(args, text(c, cli_ref(c, vdi)));
    value_append(args, value_int(c->pool, size));
    return cli_call(c, online ? "VDI.resize_online" : "VDI.resize", args, NULL);
}

struct err *cli_vbd_create(struct cli *c, const struct cli_command *cmd,
                           const struct object *self)
{
    const struct model_call *call = model_call_find(cmd->call);
    const char *type = cli_param(c, "type");
    struct value *args;

    TRY(cli_arguments(c, cmd, call, self, &args));
    if (type && !strcasecmp(type, "CD") && !cli_param(c, "mode"))
        value_set(args->kids.first, "mode", text(c, "RO"));
    value_set(args->kids.first, "empty",
              value_bool(c->pool, !cli_param(c, "vdi-uuid")));
    return cli_command_call(c, cmd, args);
}

struct err *cli_vif_create(struct cli *c, const struct cli_command *cmd,
                           const struct object *self)
{
    const struct model_call *call = model_call_find(cmd->call);
    const char *mac = cli_param(c, "mac");
    struct value *args;

    TRY(cli_arguments(c, cmd, call, self, &args));
    if (mac && !strcmp(mac, "random"))
        value_set(args->kids.first, "MAC", text(c, ""));
    return cli_command_call(c, cmd, args);
}

struct err *cli_diagnostic_vdi(struct cli *c, const struct cli_command *cmd,
                               const struct object *self)
{
    struct model_value all;
    struct object *vdi;

    (void)cmd, (void)self;
    TRY(cli_object(c, "VDI", "uuid", &vdi));
    cli_print_object(c, cli_class_find("vdi"), vdi, NULL);
    all = object_get(vdi, &model_fields[VDI_VBDs]);
    for (unsigned i = 0; i < all.n; i++)
        cli_print_object(
            c, cli_class_find("vbd"),
            db_find(c->db, &model_classes[CLASS_VBD], all.keys[i].s), NULL);
    return NULL;
}
