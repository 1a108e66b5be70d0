/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/other: what is left of commands that are more than a call. */
#include <string.h>

#include "xapi/cli/bodies.h"
#include "xapi/model/model_gen.h"
#include "xapi/call/server.h"

/* ---- processors, VLANs --------------------------------------------------- */

static struct err *print_features(struct cli *c, const char *method,
                                  const char *ref)
{
    struct value *info;

    TRY(CLI_CALL(c, method, &info, ref));
    for (const struct value *v = info->kids.first; v; v = v->next)
        if (text_has_prefix(v->name, "features"))
            cli_print(c, v->s.text);
    return NULL;
}

struct err *cli_host_cpu_features(struct cli *c, const struct cli_command *cmd,
                                  const struct object *self)
{
    const char *uuid = cli_param(c, "uuid");
    struct object *host =
        db_find(c->db, &model_classes[CLASS_host], c->server->host);

    (void)cmd, (void)self;
    if (uuid)
        TRY(cli_by_uuid(c, "host", uuid, &host));
    return print_features(c, "host.get_cpu_info", cli_ref(c, host));
}

struct err *cli_pool_cpu_features(struct cli *c, const struct cli_command *cmd,
                                  const struct object *self)
{
    (void)cmd, (void)self;
    return print_features(c, "pool.get_cpu_info", c->server->pool);
}

struct err *cli_vlan_destroy(struct cli *c, const struct cli_command *cmd,
                             const struct object *self)
{
    const char *uuid = cli_param(c, "uuid");
    const struct object *vlan =
        db_by_uuid(c->db, &model_classes[CLASS_VLAN], uuid);
    struct object *pif;

    (void)cmd, (void)self;
    if (vlan)
        return CLI_CALL(c, "VLAN.destroy", NULL, cli_ref(c, vlan));
    TRY(cli_by_uuid(c, "PIF", uuid, &pif));
    return CLI_CALL(c, "PIF.destroy", NULL, cli_ref(c, pif));
}

/* ---- who may come in ----------------------------------------------------- */

struct err *cli_subject_add(struct cli *c, const struct cli_command *cmd,
                            const struct object *self)
{
    const char *name = cli_param(c, "subject-name");
    struct value *id, *record = value_struct(c->pool),
                      *config = value_struct(c->pool);
    struct value *args = value_list(c->pool), *ref;

    (void)cmd, (void)self;
    TRY(CLI_CALL(c, "auth.get_subject_identifier", &id, name));
    value_set(config, "subject-name", value_string(c->pool, name));
    value_set(record, "subject_identifier", id);
    value_set(record, "other_config", config);
    value_append(args, record);
    id->next = NULL;
    TRY(cli_call(c, "subject.create", args, &ref));
    cli_print(c, cli_text(db_find(c->db, NULL, ref->s.text), "uuid"));
    return NULL;
}

static struct err *find_role(struct cli *c, const char **ret)
{
    const struct model_class *class = &model_classes[CLASS_role];
    const char *uuid = cli_param(c, "role-uuid");
    const char *name = cli_param(c, "role-name");
    struct object *o;

    if (uuid) {
        TRY(cli_by_uuid(c, "role", uuid, &o));
    } else {
        TRY(cli_need(c, "role-name", &name));
        o = db_by_name(c->db, class, name, NULL);
        if (!o)
            return ERR("There is no role '%s'", name);
    }
    *ret = cli_ref(c, o);
    return NULL;
}

/* subject-role-add and -remove */
struct err *cli_subject_role(struct cli *c, const struct cli_command *cmd,
                             const struct object *self)
{
    bool add = text_has_suffix(cmd->name, "-add");
    struct object *subject;
    const char *role = NULL;

    (void)self;
    TRY(cli_object(c, "subject", "uuid", &subject));
    TRY(find_role(c, &role));
    return CLI_CALL(c,
                    add ? "subject.add_to_roles" : "subject.remove_from_roles",
                    NULL, cli_ref(c, subject), role);
}

struct err *cli_logout_all(struct cli *c, const struct cli_command *cmd,
                           const struct object *self)
{
    struct value *all;

    (void)cmd, (void)self;
    TRY(cli_call(c, "session.get_all_subject_identifiers", value_list(c->pool),
                 &all));
    for (const struct value *v = all->kids.first; v; v = v->next)
        TRY(CLI_CALL(c, "session.logout_subject_identifier", NULL, v->s.text));
    return NULL;
}

/* ---- messages and blobs -------------------------------------------------- */

/* Of vm-uuid=, host-uuid= ... the one that is given. */
static const struct owner {
    const char *param, *class;
} owners[] = {
    {"vm-uuid", "VM"},     {"host-uuid", "host"},       {"sr-uuid", "SR"},
    {"pool-uuid", "pool"}, {"network-uuid", "network"},
};

static struct err *find_owner(struct cli *c, const struct cli_command *cmd,
                              const struct owner **ret, struct object **ret_o)
{
    for (size_t i = 0; i < ARRAY_LEN(owners); i++)
        if (cli_param(c, owners[i].param) &&
            cli_command_takes(cmd, owners[i].param)) {
            *ret = &owners[i];
            return cli_object(c, owners[i].class, owners[i].param, ret_o);
        }
    return ERR_AS(usage,
                  "Required parameter not found: %s (or another "
                  "object's)",
                  owners[0].param);
}

struct err *cli_message_create(struct cli *c, const struct cli_command *cmd,
                               const struct object *self)
{
    const struct owner *owner;
    struct object *o;

    (void)self;
    TRY(find_owner(c, cmd, &owner, &o));
    return CLI_CALL(c, "message.create", NULL, cli_param(c, "name"),
                    cli_param(c, "priority"), owner->class, cli_text(o, "uuid"),
                    cli_param(c, "body"));
}

struct err *cli_message_destroy(struct cli *c, const struct cli_command *cmd,
                                const struct object *self)
{
    const char *uuids = cli_param(c, "uuids");
    size_t n;
    char **list;

    (void)cmd, (void)self;
    if (!uuids)
        TRY(cli_need(c, "uuid", &uuids));
    list = text_split(c->pool, uuids, ',', &n);
    for (size_t i = 0; i < n; i++) {
        struct value *ref;

        TRY(CLI_CALL(c, "message.get_by_uuid", &ref, list[i]));
        TRY(CLI_CALL(c, "message.destroy", NULL, ref->s.text));
    }
    return NULL;
}

struct err *cli_message_destroy_all(struct cli *c,
                                    const struct cli_command *cmd,
                                    const struct object *self)
{
    static const char *const names[] = {"before", "after", "priority"};
    struct value *filters = value_struct(c->pool), *args = value_list(c->pool);

    (void)cmd, (void)self;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (cli_param(c, names[i]))
            value_set(filters, names[i],
                      value_string(c->pool, cli_param(c, names[i])));
    value_append(args, filters);
    return cli_call(c, "message.destroy_all", args, NULL);
}

struct err *cli_blob_create(struct cli *c, const struct cli_command *cmd,
                            const struct object *self)
{
    const char *mime = cli_param(c, "mime-type");
    struct value *args = value_list(c->pool), *ref;
    const struct owner *owner;
    struct object *o;

    (void)self;
    TRY(find_owner(c, cmd, &owner, &o));
    value_append(args, value_string(c->pool, object_ref(o)));
    value_append(args, value_string(c->pool, cli_param(c, "name")));
    value_append(args, value_string(c->pool, mime ? mime : ""));
    value_append(args, value_bool(c->pool, cli_flag(c, "public")));
    TRY(cli_call(c, pool_printf(c->pool, "%s.create_new_blob", owner->class),
                 args, &ref));
    cli_print(c, cli_text(db_find(c->db, NULL, ref->s.text), "uuid"));
    return NULL;
}

/* ---- waiting ------------------------------------------------------------- */

struct awaited {
    const struct cli_class *class;
    struct cli_filter *filters;
    bool *unlike; /* of each: /=, its value is another */
    size_t n;
};

static bool has_come(struct cli *c, const struct awaited *a,
                     const struct object *o)
{
    for (size_t i = 0; i < a->n; i++)
        if (cli_filter_match(c, &a->filters[i], 1, o) == a->unlike[i])
            return false;
    return true;
}

static bool any_has_come(struct cli *c, const struct awaited *a)
{
    const struct model_class *model = model_class_find(a->class->model);

    for (const struct object *o = db_first(c->db, model); o; o = object_next(o))
        if (has_come(c, a, o))
            return true;
    return false;
}

static struct err *read_awaited(struct cli *c, struct awaited *a)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_params; i++) {
        const char *name = c->params[i].name, *value = c->params[i].value;
        bool unlike = text_has_prefix(value, "/=");

        if (cli_is_global(name) || !strcmp(name, "class"))
            continue;
        *pool_push(c->pool, a->unlike, n) = unlike;
        TRY(cli_filter_parse(c, a->class, name, unlike ? value + 2 : value,
                             pool_push(c->pool, a->filters, a->n)));
    }
    return NULL;
}

/* Any change of the class, or some seconds. */
static struct err *await_change(struct cli *c, const char *class,
                                const char **token)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *args = value_list(p), *classes = value_list(p), *from;

    value_append(classes, value_string(p, class));
    value_append(args, classes);
    value_append(args, value_string(p, *token));
    value_append(args, value_double(p, **token ? 30 : 0));
    TRY(cli_call_in(c, p, "event.from", args, &from));
    *token = pool_str(c->pool, value_get(from, "token")->s.text);
    return NULL;
}

struct err *cli_event_wait(struct cli *c, const struct cli_command *cmd,
                           const struct object *self)
{
    const char *name = cli_param(c, "class"), *token = "";
    struct awaited a = {.class = cli_class_find(name)};

    (void)cmd, (void)self;
    if (!a.class)
        return ERR("There is no class '%s'", name);
    TRY(read_awaited(c, &a));
    while (!any_has_come(c, &a))
        TRY(await_change(c, a.class->model, &token));
    return NULL;
}
