/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/transfer: files that the client sends to and fetches from this server by
 * HTTP, and the task that says whether that went well. */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "xapi/cli/bodies.h"
#include "xapi/cli/talk.h"
#include "xapi/cli/wire.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/model_gen.h"

/* A task is looked at again after this, whatever events say. */
#define LOOK_SECONDS 30.0

static struct err *task_error(const struct object *task)
{
    struct model_value words = object_get(task, &model_fields[task_error_info]);
    const char **list = xcalloc(words.n + 1, sizeof(*list));
    struct err *e;

    for (unsigned i = 0; i < words.n; i++)
        list[i] = words.keys[i].s;
    e = words.n ? err_code(list[0], list + 1, words.n - 1)
                : ERR("the transfer has failed");
    free(list);
    return e;
}

/* What its handler says of the task; it may still be at it. */
static struct err *await_task(struct cli *c, const char *ref)
{
    const char *token = "";

    for (;;) {
        AUTO_POOL struct pool *p = pool_new();
        const struct object *task =
            db_find(c->db, &model_classes[CLASS_task], ref);
        struct value *args = value_list(p), *classes = value_list(p), *from;
        int64_t status;

        if (!task)
            return ERR("the transfer's task is gone");
        status = object_atom(task, &model_fields[task_status]).i;
        if (status == task_status_success)
            return NULL;
        if (status != task_status_pending && status != task_status_cancelling)
            return task_error(task);
        value_append(classes, value_printf(p, "task/%s", ref));
        value_append(args, classes);
        value_append(args, value_string(p, token));
        value_append(args, value_double(p, *token ? LOOK_SECONDS : 0));
        TRY(cli_call_in(c, p, "event.from", args, &from));
        token = pool_str(c->pool, value_get(from, "token")->s.text);
    }
}

/* The client has said that it failed; the task may know of what. */
static struct err *why_not(struct cli *c, const char *ref, struct err *e)
{
    const struct object *task = db_find(c->db, &model_classes[CLASS_task], ref);

    if (c->gone || !task ||
        object_atom(task, &model_fields[task_status]).i != task_status_failure)
        return e;
    err_drop(e, "the task's is the better one");
    return task_error(task);
}

static struct err *move(struct cli *c, enum cli_kind kind, const char *file,
                        const char *url, const char *task)
{
    const char *whole = pool_printf(c->pool, "%s%csession_id=%s%s%s", url,
                                    strchr(url, '?') ? '&' : '?', c->session,
                                    task ? "&task_id=" : "", task ? task : "");

    struct err *e = cli_ask(c, kind, (const char *const[]){file, whole}, 2);

    if (e)
        return task ? why_not(c, task, e) : e;
    return task ? await_task(c, task) : NULL;
}

static struct err *with_task(struct cli *c, enum cli_kind kind,
                             const char *file, const char *url,
                             const char *label, struct value **ret)
{
    struct value *task;
    const char *ref;
    struct err *e;

    TRY(CLI_CALL(c, "task.create", &task, label, file));
    ref = task->s.text;
    cli_undo(c, "task.destroy", ref, NULL);
    cli_undo(c, "task.set_status", ref, "failure");
    TRY(move(c, kind, file, url, ref));
    e = CLI_CALL(c, "task.get_result", ret, ref);
    c->n_steps -= 2;
    err_drop(CLI_CALL(c, "task.destroy", NULL, ref), "it ages and goes");
    return e;
}

struct err *cli_connect(struct cli *c, const char *url)
{
    return cli_ask(c, CLI_HTTP_CONNECT,
                   (const char *const[]){pool_printf(
                       c->pool, "%s&session_id=%s", url, c->session)},
                   1);
}

/* ---- commands ------------------------------------------------------------ */

#define RECORDS "metadata" /* this flag: records alone */
#define EXPORTED \
    " use_compression=compress excluded_device_types=excluded-device-types "
#define STATE "preserve_power_state=preserve-power-state "
#define SNAPSHOTS "export_snapshots=include-snapshots"
/* The command's parameters that are in the query, NAME=PARAMETER; "vdi:" are
 * all of that map. Of two rows the first whose flag is given counts. */
static const struct row {
    const char *command;
    enum cli_kind kind;
    const char *path, *query, *file;
    const char *label; /* of its task; NULL: its handler knows of none */
    const char *flag;  /* NULL: none is wanted */
} rows[] = {
    /* clang-format off */
    {"vm-export",              CLI_HTTP_GET, "/export_metadata", "uuid=%self" EXPORTED SNAPSHOTS, "filename", "VM export", RECORDS},
    {"vm-export",              CLI_HTTP_GET, "/export",         "uuid=%self" EXPORTED STATE SNAPSHOTS, "filename",  "VM export"},
    {"template-export",        CLI_HTTP_GET, "/export_metadata", "uuid=template-uuid" EXPORTED, "filename", "Template export", RECORDS},
    {"template-export",        CLI_HTTP_GET, "/export",         "uuid=template-uuid" EXPORTED, "filename",  "Template export"},
    {"snapshot-export-to-template", CLI_HTTP_GET, "/export_metadata", "uuid=snapshot-uuid" EXPORTED, "filename", "Snapshot export", RECORDS},
    {"snapshot-export-to-template", CLI_HTTP_GET, "/export",    "uuid=snapshot-uuid" EXPORTED STATE, "filename",  "Snapshot export"},
    {"vm-import",              CLI_HTTP_PUT, "/import_metadata", "restore=preserve force=force dry_run=dry-run vdi:", "filename", "VM import", RECORDS},
    {"vm-import",              CLI_HTTP_PUT, "/import",         "sr_uuid=sr-uuid restore=preserve force=force", "filename",  "VM import"},
    {"vdi-export",             CLI_HTTP_GET, "/export_raw_vdi", "vdi=uuid format=format base=base", "filename",  "VDI export"},
    {"vdi-import",             CLI_HTTP_PUT, "/import_raw_vdi", "vdi=uuid format=format", "filename",  "VDI import"},
    {"host-backup",            CLI_HTTP_GET, "/host_backup",    "", "file-name", "Host backup"},
    {"host-restore",           CLI_HTTP_PUT, "/host_restore",   "dry_run=dry-run", "file-name", "Host restore"},
    {"host-logs-download",     CLI_HTTP_GET, "/host_logs_download", "", "file-name", "Host logs"},
    {"host-get-system-status", CLI_HTTP_GET, "/system-status",  "entries=entries output=output", "filename", "System status"},
    {"pool-dump-database",     CLI_HTTP_GET, "/pool/xmldbdump", "", "file-name", NULL},
    {"pool-restore-database",  CLI_HTTP_PUT, "/pool/xmldbdump", "dry_run=dry-run", "file-name", "Restore database"},
    {"audit-log-get",          CLI_HTTP_GET, "/audit_log",      "since=since", "filename", NULL},
    {"blob-get",               CLI_HTTP_GET, "/blob",           "uuid=uuid", "filename", NULL},
    {"blob-put",               CLI_HTTP_PUT, "/blob",           "uuid=uuid", "filename", "Blob upload"},
    /* clang-format on */
};

static void add_escaped(struct str *out, const char *text)
{
    for (; *text; text++)
        str_addf(out, isalnum((unsigned char)*text) ? "%c" : "%%%02X",
                 (unsigned char)*text);
}

static void add_pair(struct str *url, const char *name, size_t len,
                     const char *value)
{
    str_addc(url, strchr(str_text(url), '?') ? '&' : '?');
    str_addf(url, "%.*s=", (int)len, name);
    add_escaped(url, value);
}

/* vdi:UUID=OTHER. */
static void add_map(const struct cli *c, struct str *url, const char *prefix)
{
    for (size_t i = 0; i < c->n_params; i++)
        if (text_has_prefix(c->params[i].name, prefix))
            add_pair(url, c->params[i].name, strlen(c->params[i].name),
                     c->params[i].value);
}

static const char *url_of(struct cli *c, const struct row *row,
                          const struct object *self)
{
    AUTO_STR struct str url = STR_INIT(CLI_OUT_MAX);
    size_t n;
    char **pairs = text_split(c->pool, row->query, ' ', &n);

    str_add(&url, row->path);
    for (size_t i = 0; i < n; i++) {
        char *equals = strchr(pairs[i], '=');
        const char *value = NULL;

        if (equals)
            value = strcmp(equals + 1, "%self") ? cli_param(c, equals + 1)
                                                : cli_text(self, "uuid");
        else if (*pairs[i])
            add_map(c, &url, pairs[i]);
        if (value)
            add_pair(&url, pairs[i], (size_t)(equals - pairs[i]), value);
    }
    return pool_strn(c->pool, str_text(&url), url.len);
}

/* *RET: what the task says, "" of one that has none. */
static struct err *run(struct cli *c, const char *command,
                       const struct object *self, const char **ret)
{
    const struct row *row = rows;
    const char *file, *url;
    struct value *result;

    while (strcmp(row->command, command) ||
           (row->flag && !cli_flag(c, row->flag)))
        row++;
    file = cli_param(c, row->file);
    if (!file) /* the one command that can do without */
        file = pool_printf(c->pool, "logs-%lld.tar.gz", (long long)time(NULL));
    url = url_of(c, row, self);
    *ret = "";
    if (!row->label)
        return move(c, row->kind, file, url, NULL);
    TRY(with_task(c, row->kind, file, url, row->label, &result));
    *ret = result->s.text;
    return NULL;
}

struct err *cli_transfer(struct cli *c, const struct cli_command *cmd,
                         const struct object *self)
{
    const char *result;

    return run(c, cmd->name, self, &result);
}

/* The task says what has come of it, in XML. */
static void print_uuids(struct cli *c, const char *xml)
{
    AUTO_STR struct str uuids = STR_INIT(CLI_OUT_MAX);

    while ((xml = strstr(xml, DATUM_REF_PREFIX))) {
        size_t len = strcspn(xml, "<");
        const struct object *o =
            db_find(c->db, NULL, pool_strn(c->pool, xml, len));

        if (o)
            str_addf(&uuids, "%s%s", uuids.len ? "," : "", cli_text(o, "uuid"));
        xml += len;
    }
    cli_print(c, str_text(&uuids));
}

/* The daemon fetches it by itself. */
static struct err *import_url(struct cli *c, const char *url)
{
    const char *sr_uuid = cli_param(c, "sr-uuid");
    struct object *sr = NULL;
    struct value *args = value_list(c->pool), *vms;
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);

    if (cli_param(c, "filename"))
        return ERR_AS(usage, "filename= and url= are two files, and one is "
                             "wanted");
    if (cli_flag(c, RECORDS))
        return ERR_AS(usage, "what comes from a URL has its disks with it: "
                             "without metadata=");
    if (sr_uuid)
        TRY(cli_by_uuid(c, "SR", sr_uuid, &sr));
    value_append(args, value_string(c->pool, url));
    value_append(args,
                 value_string(c->pool, sr ? object_ref(sr) : DATUM_REF_NULL));
    value_append(args, value_bool(c->pool, cli_flag(c, "preserve")));
    value_append(args, value_bool(c->pool, cli_flag(c, "force")));
    TRY(cli_call(c, "VM.import", args, &vms));
    value_each(v, vms)
    {
        str_addf(&text, "%s<", v->s.text);
    }
    print_uuids(c, str_text(&text));
    return NULL;
}

struct err *cli_vm_import(struct cli *c, const struct cli_command *cmd,
                          const struct object *self)
{
    const char *result, *url = cli_param(c, "url");

    if (cli_param(c, "type"))
        return err_NOT_IMPLEMENTED("VM.import_convert");
    if (url)
        return import_url(c, url);
    TRY(cli_need(c, "filename", &result));
    TRY(run(c, cmd->name, self, &result));
    print_uuids(c, result);
    return NULL;
}
