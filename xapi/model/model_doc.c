/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model_doc: see model_doc.h. Sentences about rows are in the rows. */
#include "xapi/model/model_doc.h"

#include <ctype.h>
#include <string.h>

#include "xapi/db/datum.h"
#include "xapi/model/model_gen.h"

#define TEXT_MAX (1u << 20)

static const char *const states[] = {
    [MODEL_PROTOTYPE] = "It may still change.",
    [MODEL_DEPRECATED] = "Deprecated.",
    [MODEL_REMOVED] = "It has been removed and does nothing.",
};

static void add_state(struct str *out, enum model_state state)
{
    if (states[state])
        str_addf(out, " %s", states[state]);
}

/* Markdown needs an empty line before a list. */
static void begin_list(struct doc *d)
{
    if (d->format == DOC_MARKDOWN)
        str_add(d->out, "\n");
}

/* ---- fields -------------------------------------------------------------- */

/* Nothing, zero, false, the epoch. */
static bool is_zero(const struct model_field *f)
{
    const union model_atom *atom = f->initial.keys;

    if (!f->initial.n)
        return true;
    switch (f->type->kind) {
    case MODEL_STRING:
    case MODEL_REF:
        return !atom->s || !*atom->s;
    case MODEL_FLOAT:
        return atom->d == 0;
    case MODEL_INT:
    case MODEL_BOOL:
    case MODEL_DATETIME:
        return !atom->i;
    default:
        return false;
    }
}

static void add_initial(struct str *out, const struct model_field *f)
{
    AUTO_STR struct str text = STR_INIT(TEXT_MAX);

    if (f->required) {
        str_add(out, " Has to be given at creation.");
        return;
    }
    datum_to_text(f->type, f->initial, &text);
    if (!is_zero(f))
        str_addf(out, " At first `%s`.", str_text(&text));
}

static void write_field(struct doc *d, const struct model_field *f)
{
    static const char *const modes[] = {
        [MODEL_RW] = "Can be set.",
        [MODEL_STATIC] = "Given at creation.",
        [MODEL_DYNAMIC] = NULL,
    };
    AUTO_STR struct str term = STR_INIT(TEXT_MAX), text = STR_INIT(TEXT_MAX);

    str_addf(&term, "%s: %s", f->name, f->type->name);
    str_add(&text, f->doc ? f->doc : "");
    if (modes[f->mode] && !(f->mode == MODEL_STATIC && f->required))
        str_addf(&text, " %s", modes[f->mode]);
    if (f->class->in_database)
        add_initial(&text, f);
    if (f->inverse)
        str_addf(&text, " The other end is `%s.%s`.", f->inverse->class->name,
                 f->inverse->name);
    if (f->state != f->class->state)
        add_state(&text, f->state);
    doc_term(d, str_text(&term), str_text(&text));
}

static void write_fields(struct doc *d, const struct model_class *class)
{
    doc_subheading(d, "Fields");
    begin_list(d);
    for (unsigned i = 0; i < class->n_fields; i++) {
        if (class->fields[i].on_wire)
            write_field(d, &class->fields[i]);
    }
}

/* ---- calls --------------------------------------------------------------- */

static void add_param(struct str *out, const struct model_param *param)
{
    str_addf(out, "%s: %s", param->name, param->type->name);
    if (!param->optional)
        return;
    str_add(out, " = ");
    if (param->type->kind == MODEL_STRING)
        str_addf(out, "'%s'", param->initial.keys[0].s);
    else
        datum_to_text(param->type, param->initial, out);
}

static void add_signature(struct str *out, const struct model_call *call)
{
    str_addf(out, "%s(", call->message);
    for (unsigned i = 0; i < call->n_params; i++) {
        str_add(out, i ? ", " : "");
        add_param(out, &call->params[i]);
    }
    str_add(out, ")");
    if (call->result->kind != MODEL_VOID)
        str_addf(out, ": %s", call->result->name);
}

static void add_roles(struct str *out, const struct model_call *call)
{
    if (!call->session)
        str_add(out, " Needs no session.");
    else if (!call->roles)
        str_add(out, " For root on the host only.");
    else
        str_addf(out, " Role: `%s`.", model_role_name(call->roles));
    for (unsigned i = 0; i < call->n_key_roles; i++)
        str_addf(out, " Key `%s`: `%s`.", call->key_roles[i].key,
                 model_role_name(call->key_roles[i].roles));
}

static const char *answer_of(const struct model_call *call)
{
    return call->state == MODEL_REMOVED ? "Removed: answers MESSAGE_REMOVED."
           : call->refused       ? "Answers NOT_IMPLEMENTED, as it always did."
           : call->unimplemented ? "Not implemented yet."
           : call->partial       ? "Checks whether it could; the rest is not "
                                   "implemented yet."
                                 : NULL;
}

static void write_call(struct doc *d, const struct model_call *call)
{
    AUTO_STR struct str term = STR_INIT(TEXT_MAX), text = STR_INIT(TEXT_MAX);

    add_signature(&term, call);
    str_add(&text, call->doc ? call->doc : "");
    add_roles(&text, call);
    if (call->async)
        str_add(&text, " Also as Async.");
    for (unsigned i = 0; i < call->n_errors; i++)
        str_addf(&text, "%s `%s`", i ? "," : " Errors:", call->errors[i]->name);
    if (call->n_errors)
        str_add(&text, ".");
    if (call->state != MODEL_REMOVED && call->state != call->class->state)
        add_state(&text, call->state);
    if (answer_of(call))
        str_addf(&text, " %s", answer_of(call));
    doc_term(d, str_text(&term), str_text(&text));
}

/* Getters, setters and lists are named only: xenapi's beginning says what they
 * do. */
static void write_calls(struct doc *d, const struct model_class *class)
{
    AUTO_STR struct str derived = STR_INIT(TEXT_MAX);
    bool any = false;

    for (unsigned i = 0; i < class->n_calls; i++) {
        const struct model_call *call = &class->calls[i];

        if (call->hidden)
            continue;
        if (call->kind != MODEL_CUSTOM && !call->doc) {
            str_addf(&derived, "%s`%s`", derived.len ? ", " : "",
                     call->message);
            continue;
        }
        if (!any) {
            doc_subheading(d, "Calls");
            begin_list(d);
        }
        any = true;
        write_call(d, call);
    }
    if (!derived.len)
        return;
    doc_subheading(d, any ? "Further calls" : "Calls");
    str_add(&derived, ".");
    doc_para(d, str_text(&derived));
}

/* ---- xenapi -------------------------------------------------------------- */

static void write_enums(struct doc *d, const struct model_class *class)
{
    if (!class->n_enums)
        return;
    doc_subheading(d, "Types");
    begin_list(d);
    for (unsigned i = 0; i < class->n_enums; i++) {
        const struct model_enum *e = &class->enums[i];
        AUTO_STR struct str text = STR_INIT(TEXT_MAX);

        str_add(&text, "One of");
        for (unsigned k = 0; k < e->n_values; k++)
            str_addf(&text, "%s `%s`", k ? "," : "", e->values[k]);
        str_add(&text, ".");
        doc_term(d, e->name, str_text(&text));
    }
}

static void write_class(struct doc *d, const struct model_class *class)
{
    AUTO_STR struct str text = STR_INIT(TEXT_MAX);

    doc_heading(d, class->name);
    str_add(&text, class->doc);
    if (class->in_database && !class->persist)
        str_add(&text, " It does not survive a restart of the daemon.");
    if (class->in_database && !class->events)
        str_add(&text, " Its changes are not sent as events.");
    add_state(&text, class->state);
    doc_para(d, str_text(&text));
    write_enums(d, class);
    if (class->n_fields)
        write_fields(d, class);
    if (class->n_calls)
        write_calls(d, class);
}

static void write_roles(struct doc *d)
{
    doc_heading(d, "ROLES");
    doc_para(d, "From the highest down; each may do all that those below it "
                "may, but for roles that only programs have.");
    begin_list(d);
    for (size_t i = 0; i < MODEL_N_ROLES; i++)
        doc_term(d, model_roles[i].name, model_roles[i].doc);
}

static void write_errors(struct doc *d)
{
    doc_heading(d, "ERRORS");
    begin_list(d);
    for (size_t i = 0; i < MODEL_N_ERRORS; i++) {
        const struct model_error *e = &model_errors[i];
        AUTO_STR struct str text = STR_INIT(TEXT_MAX);

        str_add(&text, e->doc);
        for (unsigned k = 0; k < e->n_params; k++)
            str_addf(&text, "%s %s", k ? "," : " Arguments:", e->params[k]);
        str_add(&text, e->n_params ? "." : "");
        doc_term(d, e->name, str_text(&text));
    }
}

static void write_alerts(struct doc *d)
{
    doc_heading(d, "MESSAGES");
    doc_para(d, "Names of messages, with their priorities from 1, a disaster, "
                "to 5, news.");
    begin_list(d);
    for (size_t i = 0; i < MODEL_N_ALERTS; i++) {
        char priority[16];

        snprintf(priority, sizeof(priority), "%d", model_alerts[i].priority);
        doc_term(d, model_alerts[i].name, priority);
    }
}

static void write_http(struct doc *d)
{
    doc_heading(d, "HTTP");
    doc_para(d, "What is asked for by a path and not by a call.");
    begin_list(d);
    for (size_t i = 0; i < MODEL_N_HTTP; i++) {
        const struct model_http *h = &model_http[i];
        AUTO_STR struct str term = STR_INIT(TEXT_MAX),
                            text = STR_INIT(TEXT_MAX);

        str_addf(&term, "%s %s", h->method, h->path);
        str_addf(&text, "Permission `http/%s`, role: `%s`.", h->name,
                 h->unchecked ? "any" : model_role_name(h->roles));
        doc_term(d, str_text(&term), str_text(&text));
    }
}

static void write_xenapi(struct doc *d)
{
    AUTO_STR struct str version = STR_INIT(TEXT_MAX);

    str_addf(
        &version,
        "XenAPI %d.%d: %d classes, %d fields, %d calls. All of it is "
        "spoken as XML-RPC and as JSON-RPC.\n\n"
        "A call is CLASS.CALL(session, ...). Every class whose objects "
        "are kept has `get_record`, `get_all`, `get_all_records`, "
        "`get_by_uuid` and, where there are names, `get_by_name_label`; "
        "every field F a `get_F`; fields that can be set a `set_F`, those "
        "that are sets `add_F` and `remove_F`, those that are maps "
        "`add_to_F` and `remove_from_F`. Those calls are only named below. "
        "Where a call may be made as Async, Async.CLASS.CALL gives a task "
        "at once.",
        model_version.major, model_version.minor, MODEL_N_CLASSES,
        MODEL_N_FIELDS, MODEL_N_CALLS);
    doc_heading(d, "DESCRIPTION");
    doc_para(d, str_text(&version));
    write_roles(d);
    for (size_t i = 0; i < MODEL_N_CLASSES; i++)
        write_class(d, &model_classes[i]);
    write_errors(d);
    write_alerts(d);
    write_http(d);
}

/* ---- parity -------------------------------------------------------------- */

static const struct answer {
    const char *head;
    const char *doc;
} answers[] = {
    {"Implemented", "They do what they should."},
    {"Not implemented yet", "They answer NOT_IMPLEMENTED."},
    {"In part", "They check what can be checked, then answer NOT_IMPLEMENTED."},
    {"Refused", "They answer NOT_IMPLEMENTED, in the original too."},
    {"Removed", "They answer MESSAGE_REMOVED, in the original too."},
};

static size_t answer_index(const struct model_call *call)
{
    return call->state == MODEL_REMOVED ? 4
           : call->refused              ? 3
           : call->partial              ? 2
           : call->unimplemented        ? 1
                                        : 0;
}

static void write_totals(struct doc *d)
{
    size_t n[ARRAY_LEN(answers)] = {0};

    for (size_t i = 0; i < MODEL_N_CALLS; i++)
        n[answer_index(&model_calls[i])]++;
    doc_heading(d, "DESCRIPTION");
    doc_para(d, "Every call of XenAPI and whether it does something here.");
    begin_list(d);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        AUTO_STR struct str text = STR_INIT(TEXT_MAX);

        str_addf(&text, "%zu of %d. %s", n[i], MODEL_N_CALLS, answers[i].doc);
        doc_term(d, answers[i].head, str_text(&text));
    }
}

static void write_parity_of(struct doc *d, const struct model_class *class)
{
    if (!class->n_calls)
        return;
    doc_heading(d, class->name);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        AUTO_STR struct str list = STR_INIT(TEXT_MAX);
        unsigned n = 0;

        for (unsigned k = 0; k < class->n_calls; k++) {
            if (answer_index(&class->calls[k]) == i)
                str_addf(&list, "%s`%s`", n++ ? ", " : "",
                         class->calls[k].message);
        }
        if (n) {
            AUTO_STR struct str para = STR_INIT(TEXT_MAX);

            str_addf(&para, "%s (%u): %s.", answers[i].head, n,
                     str_text(&list));
            doc_para(d, str_text(&para));
        }
    }
}

static void write_parity(struct doc *d)
{
    write_totals(d);
    for (size_t i = 0; i < MODEL_N_CLASSES; i++)
        write_parity_of(d, &model_classes[i]);
}

const struct doc_page model_doc_pages[] = {
    {"xenapi", 7, "the classes, fields and calls of XenAPI", write_xenapi},
    {"parity", 7, "what of XenAPI is implemented", write_parity},
    {NULL},
};
