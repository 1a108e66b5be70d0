/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api/host_plugin: host.call_plugin. A plugin is a program that gets an
 * XML-RPC call as its one argument (the function; the session and a struct of
 * arguments as parameters) and prints an answer, a struct as XenAPI's own
 * answers are: Status, Value or ErrorDescription.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/run.h"
#include "xapi/vm/vm.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/db/record.h"
#include "xapi/call/server.h"
#include "xapi/door/xmlrpc.h"

#define OUTPUT_MAX (8u << 20)
#define ERRORS_MAX 65536

static bool is_name(const char *s)
{
    if (!*s || *s == '.')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("_.-:", *s))
            return false;
    return true;
}

/* ---- the question -------------------------------------------------------- */

static const char *write_value(struct pool *p, const struct model_type *type,
                               struct model_value d)
{
    AUTO_BODY struct body body = BODY_INIT;
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};

    record_write_datum(&w, type, d);
    body_flatten(&body, &text);
    return pool_str(p, str_text(&text));
}

/* host, plugin, fn, args */
static const char *question(struct pool *p, const struct call *c)
{
    return pool_printf(
        p,
        "<?xml version=\"1.0\"?>\n<methodCall><methodName>%s</methodName>"
        "<params><param><value><string>%s</string></value></param>"
        "<param><value>%s</value></param></params></methodCall>\n",
        vm_arg(c, 2).s, c->session,
        write_value(p, c->row->params[3].type, c->args[3]));
}

/* ---- the answer ---------------------------------------------------------- */

static struct err *broken(const char *status, const char *output,
                          const char *errors)
{
    return err_XENAPI_PLUGIN_FAILURE(status, output, errors);
}

static const char *text_of(const struct value *v)
{
    return v && v->kind == VALUE_STRING ? v->s.text : NULL;
}

static struct err *failure_of(struct pool *p, const struct value *list,
                              const char *output)
{
    const char **words = NULL;
    size_t n = 0;

    if (list && list->kind == VALUE_LIST)
        for (const struct value *v = list->kids.first; v; v = v->next)
            *pool_push(p, words, n) = text_of(v);
    return n && words[0] ? err_code(words[0], words + 1, n - 1)
                         : broken("no ErrorDescription", output, "");
}

static struct err *take_answer(struct job *j, const char *output,
                               const char *errors)
{
    const char *start = strstr(output, "<?xml"), *status, *text;
    struct xmlrpc_parsed parsed = {NULL};
    const struct value *answer, *value;
    struct err *e;

    if (!start)
        start = output;
    e = xmlrpc_parse(job_pool(j), XMLRPC_ANSWER, start, strlen(start), &parsed);
    if (e) {
        struct err *why = broken(err_text(e), output, errors);

        err_free(e);
        return why;
    }
    answer = parsed.args ? parsed.args->kids.first : NULL;
    if (!answer || answer->kind != VALUE_STRUCT)
        return broken("no answer", output, errors);
    status = text_of(value_get(answer, "Status"));
    if (!status || strcmp(status, "Success") != 0)
        return failure_of(job_pool(j), value_get(answer, "ErrorDescription"),
                          output);
    value = value_get(answer, "Value");
    text = text_of(value);
    if (value && value->kind != VALUE_NIL && !text)
        return broken("Value is no string", output, errors);
    job_say(j, text ? text : "");
    return NULL;
}

/* ---- the program --------------------------------------------------------- */

/* What it says on standard error must not get into its answer. */
static struct err *run_plugin(struct job *j, const struct ops_work *w,
                              const char *path, const char *errors_path)
{
    struct pool *p = job_pool(j);
    const char *argv[] = {"/bin/sh",
                          "-c",
                          "exec \"$0\" \"$1\" 2>\"$2\"",
                          path,
                          question(p, w->call),
                          errors_path,
                          NULL};
    struct run r = {.argv = argv, .output_max = OUTPUT_MAX};
    char *errors = pool_str(p, "");
    size_t len;

    TRY(run_wait(&r, p));
    if (file_exists(errors_path))
        TRY(file_read(p, errors_path, ERRORS_MAX, &errors, &len));
    if (r.exit_status)
        return broken(pool_printf(p, "exit status %d", r.exit_status), r.output,
                      errors);
    return take_answer(j, r.output, errors);
}

static struct err *work(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    const char *name = vm_arg(w->call, 1).s;
    struct pool *p = job_pool(j);
    const char *path = pool_printf(p, "%s/%s", w->call->server->plugins, name);
    const char *errors =
        pool_printf(p, "%s/plugin.%d", w->call->server->state, (int)getpid());
    struct err *e;

    if (!is_name(name) || access(path, X_OK))
        return err_XENAPI_MISSING_PLUGIN(name);
    e = run_plugin(j, w, path, errors);
    return err_join(e, file_remove(errors));
}

struct err *host_call_plugin(struct call *c,
                             const struct host_call_plugin_args *a)
{
    TRY(call_this_host(c, 0));
    if (!is_name(a->fn))
        return err_INVALID_VALUE("fn", a->fn);
    return ops_run_on(c, NULL, 0,
                      &(const struct ops_body){.work = work, .no_host = true});
}
