/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/log: `xe log`, the audit log for people: who, from where, what, which
 * fields have changed, and how it ended. */
#include <string.h>

#include "lib/json.h"
#include "xapi/call/audit.h"
#include "xapi/cli/bodies.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"
#include "xapi/model/model_gen.h"

#define LIMIT_MAX 100000

static const char *text_of(const struct value *line, const char *name)
{
    const struct value *v = value_get(line, name);

    return v && v->kind == VALUE_STRING ? v->s.text : "";
}

/* "success", or the words of an error. */
static const char *result_of(struct cli *c, const struct value *line)
{
    const struct value *v = value_get(line, "result");
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);

    if (!v || v->kind != VALUE_LIST)
        return text_of(line, "result");
    for (const struct value *i = v->kids.first; i; i = i->next)
        str_addf(&text, "%s%s", i == v->kids.first ? "" : " ", i->s.text);
    return pool_strn(c->pool, str_text(&text), text.len);
}

/* By its name or uuid while it is there. */
static const char *object_text(struct cli *c, const char *ref)
{
    const struct object *o = *ref ? db_find(c->db, NULL, ref) : NULL;
    const struct model_class *class = o ? object_class(o) : NULL;

    if (!o || !class->uuid)
        return ref;
    if (!class->name_label)
        return cli_text(o, "uuid");
    return pool_printf(c->pool, "%s (%s)", cli_text(o, "uuid"),
                       cli_text(o, "name_label"));
}

static const char *from_text(struct cli *c, const struct value *line)
{
    const char *address = text_of(line, "address");
    const char *program = text_of(line, "originator");

    return pool_printf(c->pool, "%s%s%s", *address ? address : "this host",
                       *program ? ", " : "", program);
}

/* "mod VM web1: power_state=Running, domid=3; add VBD ...: ..."; what is said
 * of it elsewhere (messages) is left out. */
static const char *changes_text(struct cli *c, const struct value *line)
{
    const struct value *all = value_get(line, "changes");
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);

    for (const struct value *v = all ? all->kids.first : NULL; v; v = v->next) {
        const struct value *fields = value_get(v, "fields");
        char before = ':';

        if (!strcmp(text_of(v, "class"), "message"))
            continue;
        str_addf(&text, "%s%s %s %s", text.len ? "; " : "",
                 text_of(v, "change"), text_of(v, "class"),
                 object_text(c, text_of(v, "ref")));
        for (const struct value *f = fields ? fields->kids.first : NULL; f;
             f = f->next, before = ',')
            str_addf(&text, "%c %s=%s", before, f->name, f->s.text);
    }
    return pool_strn(c->pool, str_text(&text), text.len);
}

/* ---- filters ------------------------------------------------------------- */

static bool is_about(struct cli *c, const struct value *line, const char *word)
{
    const char *ref = text_of(line, "object");
    const struct object *o = *ref ? db_find(c->db, NULL, ref) : NULL;

    if (!strcmp(ref, word) || strstr(changes_text(c, line), word))
        return true;
    return o && strstr(object_text(c, ref), word);
}

static bool passes(struct cli *c, const struct value *line)
{
    const char *user = cli_param(c, "user"), *call = cli_param(c, "call");
    const char *from = cli_param(c, "from"), *object = cli_param(c, "object");
    const char *result = cli_param(c, "result");

    if (!call && !cli_flag(c, "all") &&
        text_has_prefix(text_of(line, "call"), "session."))
        return false; /* who comes and goes: xe itself does for each command */
    return (!user || !strcmp(text_of(line, "user"), user)) &&
           (!call || strstr(text_of(line, "call"), call)) &&
           (!from || strstr(from_text(c, line), from)) &&
           (!result || strstr(result_of(c, line), result)) &&
           (!object || is_about(c, line, object));
}

/* ---- the command --------------------------------------------------------- */

static void print(struct cli *c, const struct value *line)
{
    const struct value *changes = value_get(line, "changes");

    cli_print_record(
        c,
        (const struct cli_line[]){
            {"time", text_of(line, "time")},
            {"user", text_of(line, "user")},
            {"from", from_text(c, line)},
            {"call", text_of(line, "call")},
            {"object", object_text(c, text_of(line, "object"))},
            {"result", result_of(c, line)},
            {"changes", changes_text(c, line),
             .data = changes ? value_copy(c->pool, changes) : NULL}},
        7);
}

/* The last LIMIT of those that pass, oldest first. */
static void print_last(struct cli *c, char **lines, size_t n, size_t limit)
{
    struct value **shown = NULL;
    size_t n_shown = 0;

    while (n && n_shown < limit) {
        const char *text = lines[--n];
        struct value *line;

        if (!*text)
            continue;
        if (json_parse(c->pool, text, strlen(text), &line))
            continue; /* cut by the end of a machine */
        if (line->kind == VALUE_STRUCT && passes(c, line))
            *pool_push(c->pool, shown, n_shown) = line;
    }
    while (n_shown)
        print(c, shown[--n_shown]);
}

static struct err *check_may(const struct cli *c)
{
    const struct session *s = session_find(c->server->sessions, c->session);
    const struct model_http *row = model_http;

    while (strcmp(row->name, "get_audit_log"))
        row++;
    if (s && session_may(s, row->roles))
        return NULL;
    return err_RBAC_PERMISSION_DENIED("http/get_audit_log",
                                      "No permission in user session");
}

struct err *cli_log(struct cli *c, const struct cli_command *cmd,
                    const struct object *self)
{
    const char *since = cli_param(c, "since"), *limit = cli_param(c, "limit");
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);
    int64_t from = 0, max = 50;
    char **lines;
    size_t n;

    (void)cmd, (void)self;
    TRY(check_may(c));
    if (since)
        TRY(datetime_from_text(since, &from));
    if (limit)
        TRY(err_wrap(text_to_int(limit, 10, 1, LIMIT_MAX, &max), "limit"));
    if (c->server->audit)
        TRY(audit_read(c->server->audit, from, &text));
    lines = text_split(c->pool, str_text(&text), '\n', &n);
    print_last(c, lines, n, (size_t)max);
    return NULL;
}
