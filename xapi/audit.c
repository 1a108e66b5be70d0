/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit: see audit.h. */
#include "xapi/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "xapi/call.h"
#include "xapi/model_gen.h"

#define TEXT_MAX 200   /* of a field's value; then it is cut */
#define CHANGES_MAX 50 /* of a call; then they are counted */
#define LINE_BYTES (16u << 20)

struct audit {
    char *path;
    size_t bytes;
    unsigned files;
    int fd;
    bool broken; /* and the log knows */
};

/* ---- the file ------------------------------------------------------------ */

static struct err *open_file(struct audit *a)
{
    a->fd = open(a->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    return a->fd < 0 ? err_errno(errno, "cannot open '%s'", a->path) : NULL;
}

struct err *audit_begin(const char *path, size_t bytes, unsigned files,
                        struct audit **ret)
{
    struct audit *a = xcalloc(1, sizeof(*a));
    struct err *e;

    *a = (struct audit){
        .path = xstrdup(path), .bytes = bytes, .files = files, .fd = -1};
    e = open_file(a);
    if (e)
        audit_free(a);
    else
        *ret = a;
    return e;
}

void audit_free(struct audit *a)
{
    if (!a)
        return;
    if (a->fd >= 0)
        close(a->fd);
    free(a->path);
    free(a);
}

static struct err *rotate(struct audit *a)
{
    AUTO_POOL struct pool *p = pool_new();

    for (unsigned i = a->files; i > 0; i--) {
        const char *to = pool_printf(p, "%s.%u", a->path, i);
        const char *from =
            i > 1 ? pool_printf(p, "%s.%u", a->path, i - 1) : a->path;

        if (rename(from, to) && errno != ENOENT)
            return err_errno(errno, "cannot rename '%s' to '%s'", from, to);
    }
    if (!a->files)
        TRY(file_remove(a->path));
    close(a->fd);
    return open_file(a);
}

static struct err *append(struct audit *a, const struct str *line)
{
    struct stat st;

    if (a->fd < 0)
        TRY(open_file(a));
    if (!fstat(a->fd, &st) && st.st_size &&
        (size_t)st.st_size + line->len > a->bytes)
        TRY(rotate(a));
    return file_write_all(a->fd, str_text(line), line->len);
}

/* Each line begins with its time, whose text sorts as it does. */
#define LINE_BEGIN "{\"time\":\""

static void take_lines(const char *text, const char *since, struct str *out)
{
    size_t at = strlen(LINE_BEGIN), len;

    for (; *text; text += len) {
        len = strcspn(text, "\n");
        len += text[len] == '\n';
        if (len > at && strncmp(text + at, since, strlen(since)) >= 0)
            str_addn(out, text, len);
    }
}

struct err *audit_read(const struct audit *a, int64_t since, struct str *out)
{
    char begin[DATETIME_SIZE];

    datetime_to_text(since, begin);
    for (unsigned i = a->files + 1; i-- > 0;) {
        AUTO_POOL struct pool *p = pool_new();
        const char *path = i ? pool_printf(p, "%s.%u", a->path, i) : a->path;
        size_t len;
        char *text;

        if (!file_exists(path))
            continue;
        TRY(file_read(p, path, a->bytes + LINE_BYTES, &text, &len));
        take_lines(text, begin, out);
    }
    return NULL;
}

/* ---- what has changed ---------------------------------------------------- */

static bool is_session(const struct model_class *class)
{
    return class == &model_classes[CLASS_session];
}

static bool everybody_may(model_role_bits roles)
{
    return roles & 1u << (model_role_find("read-only") - model_roles);
}

static bool is_shown(const struct model_field *f)
{
    return f->on_wire && !f->secret && everybody_may(f->getter_roles) &&
           !(f->type->class && is_session(f->type->class));
}

/* Cut where a character of UTF-8 begins. */
static struct value *cut(struct pool *p, const struct str *text)
{
    size_t len = text->len;
    const char *s = str_text(text);

    if (len <= TEXT_MAX)
        return value_stringn(p, s, len);
    len = TEXT_MAX;
    while (len && (s[len] & 0xc0) == 0x80)
        len--;
    return value_printf(p, "%.*s...", (int)len, s);
}

static void add_field(struct pool *p, struct value *fields,
                      const struct object *o, const struct model_field *f)
{
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);

    if (!is_shown(f)) {
        value_set(fields, f->name, value_string(p, "(secret)"));
        return;
    }
    datum_to_text(f->type, object_get(o, f), &text);
    value_set(fields, f->name, cut(p, &text));
}

/* A new object says what in it is not as objects begin. */
static void add_fields(struct pool *p, struct value *fields,
                       const struct object *o)
{
    const struct model_class *class = object_class(o);

    for (unsigned i = 0; i < class->n_fields; i++) {
        const struct model_field *f = &class->fields[i];

        if (f->on_wire && !f->computed &&
            !datum_equal(f->type, object_get(o, f), f->initial))
            add_field(p, fields, o, f);
    }
}

static struct value *add_object(struct call *c, enum txn_change what,
                                const struct object *o)
{
    static const char *const names[] = {"add", "mod", "del"};
    const struct model_class *class = object_class(o);
    struct value *v = value_struct(c->pool);

    value_set(v, "change", value_string(c->pool, names[what]));
    value_set(v, "class", value_string(c->pool, class->name));
    if (!is_session(class))
        value_set(v, "ref", value_string(c->pool, object_ref(o)));
    if (what != TXN_DESTROYED)
        value_set(v, "fields", value_struct(c->pool));
    value_append(c->changes, v);
    return v;
}

struct note {
    struct call *call;
    const struct object *last; /* that is noted as changed */
    struct value *fields;
};

static void note(void *arg, enum txn_change what, const struct object *o,
                 const struct model_field *field)
{
    struct note *n = arg;
    struct call *c = n->call;

    if (field && !field->persist && field->class->persist)
        return; /* a state, such as current_operations */
    c->n_changes++;
    if (c->changes->kids.n >= CHANGES_MAX)
        return;
    if (what != TXN_CHANGED || n->last != o)
        n->fields = value_get(add_object(c, what, o), "fields");
    n->last = what == TXN_CHANGED ? o : NULL;
    if (what == TXN_CREATED)
        add_fields(c->pool, n->fields, o);
    else if (what == TXN_CHANGED)
        add_field(c->pool, n->fields, o, field);
}

void audit_note(struct call *c, const struct txn *txn)
{
    struct note n = {.call = c};

    if (!c->changes)
        c->changes = value_list(c->pool);
    txn_each_change(txn, note, &n);
}

/* ---- a line -------------------------------------------------------------- */

static struct value *result_of(const struct call *c)
{
    struct value *list;
    const char *const *words;
    size_t n;

    if (!c->failure)
        return value_string(c->pool, "success");
    words = err_words(c->failure, &n);
    if (!words)
        return value_string(c->pool, err_text(c->failure));
    list = value_list(c->pool);
    for (size_t i = 0; i < n; i++)
        value_append(list, value_string(c->pool, words[i]));
    return list;
}

/* The object that is asked about. */
static const char *object_of(const struct call *c)
{
    const struct model_type *type =
        c->args && c->row->n_params ? c->row->params[0].type : NULL;

    if (!type || type->kind != MODEL_REF || is_session(type->class))
        return NULL;
    return c->args[0].keys[0].s;
}

static void add_text(struct pool *p, struct value *v, const char *name,
                     const char *text)
{
    if (text && *text)
        value_set(v, name, value_string(p, text));
}

static struct value *line_of(const struct call *c)
{
    struct value *v = value_struct(c->pool);
    char now[DATETIME_SIZE];

    datetime_to_text(time(NULL), now);
    add_text(c->pool, v, "time", now);
    add_text(c->pool, v, "user", c->user);
    add_text(c->pool, v, "originator", c->originator);
    add_text(c->pool, v, "address", c->caller.address);
    add_text(c->pool, v, "agent", c->caller.agent);
    add_text(c->pool, v, "call", c->row->name);
    add_text(c->pool, v, "object", object_of(c));
    add_text(c->pool, v, "task", c->task);
    value_set(v, "result", result_of(c));
    if (c->n_changes)
        value_set(v, "changes", c->changes);
    if (c->n_changes > CHANGES_MAX)
        value_set(v, "changes_all", value_int(c->pool, c->n_changes));
    return v;
}

static bool matters(const struct call *c)
{
    return c->n_changes || !c->row->session ||
           (!everybody_may(c->row->roles) &&
            (c->failure || c->row->kind == MODEL_CUSTOM));
}

void audit_call(struct audit *a, const struct call *c)
{
    AUTO_STR struct str text = STR_INIT(LINE_BYTES);
    struct err *e;

    if (!a || !c->row || !matters(c))
        return;
    json_print(line_of(c), false, &text);
    str_add(&text, "\n");
    e = append(a, &text);
    if (e && !a->broken)
        log_error("audit", "%s", err_text(e));
    a->broken = e;
    err_free(e);
}
