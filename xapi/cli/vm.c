/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/vm: commands that run and move VMs, as far as they are more than a
 * call. */
#include <string.h>

#include "xapi/cli/bodies.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/model_gen.h"

/* ---- start and resume ---------------------------------------------------- */

/* on=, host=: by uuid, name or hostname. */
static struct err *find_host(struct cli *c, const char *name, const char **ret)
{
    const struct model_class *class = &model_classes[CLASS_host];

    for (const struct object *o = db_first(c->db, class); o; o = object_next(o))
        if (!strcmp(cli_text(o, "uuid"), name) ||
            !strcmp(cli_text(o, "name_label"), name) ||
            !strcmp(cli_text(o, "hostname"), name)) {
            *ret = cli_ref(c, o);
            return NULL;
        }
    return ERR("There is no host '%s'", name);
}

/* What keeps VM from each host. */
static struct err *print_hosts(struct cli *c, const char *vm)
{
    const struct model_class *class = &model_classes[CLASS_host];
    struct cli_line *lines = NULL;
    const char **refs = NULL;
    size_t n = 0, n_lines = 0;

    for (const struct object *o = db_first(c->db, class); o; o = object_next(o))
        *pool_push(c->pool, refs, n) = cli_ref(c, o);
    for (size_t i = 0; i < n; i++) {
        struct err *e =
            CLI_CALL(c, "VM.assert_can_boot_here", NULL, vm, refs[i]);
        const struct object *host = db_find(c->db, class, refs[i]);

        if (host)
            *pool_push(c->pool, lines, n_lines) = (struct cli_line){
                .label = pool_str(c->pool, cli_text(host, "name_label")),
                .value = e ? pool_str(c->pool, err_text(e)) : "OK"};
        err_free(e);
    }
    if (n_lines)
        cli_print_record(c, lines, n_lines);
    return c->gone ? ERR_AS(reported, "the client is gone") : NULL;
}

static bool is_code(const struct err *e, const char *code)
{
    size_t n;
    const char *const *words = e ? err_words(e, &n) : NULL;

    return words && !strcmp(words[0], code);
}

static struct err *explain(struct cli *c, const char *vm, struct err *e)
{
    if (!is_code(e, "NO_HOSTS_AVAILABLE"))
        return e;
    cli_print(c, "No host can run this VM now. Of each host, why not:\n");
    err_drop(print_hosts(c, vm), "the first error is the one to tell");
    return e;
}

static struct err *bring_up(struct cli *c, const char *here, const char *there,
                            const struct object *self)
{
    const char *on = cli_param(c, "on"), *vm = cli_ref(c, self), *host;
    struct value *args = value_list(c->pool);

    value_append(args, value_string(c->pool, vm));
    if (on) {
        TRY(find_host(c, on, &host));
        value_append(args, value_string(c->pool, host));
    }
    value_append(args, value_bool(c->pool, cli_flag(c, "paused")));
    value_append(args, value_bool(c->pool, cli_flag(c, "force")));
    return explain(c, vm, cli_call(c, on ? there : here, args, NULL));
}

struct err *cli_vm_start(struct cli *c, const struct cli_command *cmd,
                         const struct object *self)
{
    (void)cmd;
    return bring_up(c, "VM.start", "VM.start_on", self);
}

struct err *cli_vm_resume(struct cli *c, const struct cli_command *cmd,
                          const struct object *self)
{
    (void)cmd;
    return bring_up(c, "VM.resume", "VM.resume_on", self);
}

/* ---- migrate ------------------------------------------------------------- */

struct err *cli_vm_migrate(struct cli *c, const struct cli_command *cmd,
                           const struct object *self)
{
    static const char *const flags[] = {"live", "force", "copy", "compress"};
    const char *name = cli_param(c, "host"), *vm = cli_ref(c, self), *host;
    struct value *args = value_list(c->pool), *options = value_struct(c->pool);

    (void)cmd;
    if (cli_param(c, "remote-master"))
        return ERR("VMs cannot be moved to other pools yet");
    if (!name)
        name = cli_param(c, "host-uuid");
    if (!name)
        name = cli_param(c, "host-name");
    if (!name)
        return ERR_AS(usage, "Required parameter not found: host");
    TRY(find_host(c, name, &host));
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        value_set(
            options, flags[i],
            value_string(c->pool, cli_flag(c, flags[i]) ? "true" : "false"));
    value_append(args, value_string(c->pool, vm));
    value_append(args, value_string(c->pool, host));
    value_append(args, options);
    return cli_call(c, "VM.pool_migrate", args, NULL);
}

/* ---- console ------------------------------------------------------------- */

static const struct object *text_console(struct cli *c, const struct object *vm)
{
    struct model_value all = object_get(vm, &model_fields[VM_consoles]);

    for (unsigned i = 0; i < all.n; i++) {
        const struct object *o =
            db_find(c->db, &model_classes[CLASS_console], all.keys[i].s);

        if (o && object_atom(o, &model_fields[console_protocol]).i ==
                     console_protocol_vt100)
            return o;
    }
    return NULL;
}

struct err *cli_console(struct cli *c, const struct cli_command *cmd,
                        const struct object *self)
{
    const struct object *o = text_console(c, self);

    (void)cmd;
    if (!o)
        return ERR("%s has no text console now: is it running?",
                   cli_text(self, "name_label"));
    cli_print(c, pool_printf(c->pool,
                             "Connecting to the console of '%s'. Ctrl-] ends "
                             "this.",
                             cli_text(self, "name_label")));
    return cli_connect(
        c, pool_printf(c->pool, "/console?uuid=%s", cli_text(o, "uuid")));
}

/* ---- looking ------------------------------------------------------------- */

struct err *cli_vm_is_bios_customized(struct cli *c,
                                      const struct cli_command *cmd,
                                      const struct object *self)
{
    struct model_value strings =
        object_get(self, &model_fields[VM_bios_strings]);
    const char *vendor = datum_map_get(strings, "bios-vendor");

    (void)cmd;
    if (!strings.n)
        cli_print(c, "The BIOS strings of this VM have not been set.");
    else if (vendor && !strcmp(vendor, "Xen"))
        cli_print(c, "This VM is BIOS-generic.");
    else
        cli_print(c, "This VM is BIOS-customized.");
    return NULL;
}

struct err *cli_diagnostic_vm(struct cli *c, const struct cli_command *cmd,
                              const struct object *self)
{
    struct model_value disks;
    struct object *vm;
    const char *ref;

    (void)cmd, (void)self;
    TRY(cli_object(c, "VM", "uuid", &vm));
    ref = cli_ref(c, vm);
    cli_print_object(c, cli_class_find("vm"), vm, NULL);
    disks = object_get(vm, &model_fields[VM_VBDs]);
    for (unsigned i = 0; i < disks.n; i++)
        cli_print_object(
            c, cli_class_find("vbd"),
            db_find(c->db, &model_classes[CLASS_VBD], disks.keys[i].s), NULL);
    cli_print(c, "Where it can start:");
    return print_hosts(c, ref);
}
