/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit: see audit.h. */
#include "xapi/call/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/call/call.h"
#include "xapi/door/jsonrpc.h"
#include "xapi/model/model_gen.h"

#define HIDDEN "(secret)"
#define TEXT_MAX 200   /* of a field's value; then it is cut */
#define CHANGES_MAX 50 /* of a call; then they are counted */
#define LINE_BYTES (16u << 20)
#define WAITING_MAX (256u << 10) /* then lines wait no longer */

struct audit {
    char *path;
    size_t bytes;
    unsigned files;
    int fd;
    bool broken;       /* and the log knows */
    size_t size;       /* of the file; who else writes into it does not count */
    struct body lines; /* that are still to be written */
    int64_t second;    /* and its text: */
    char now[DATETIME_SIZE];
};

/* ---- the file ------------------------------------------------------------ */

static struct err *open_file(struct audit *a)
{
    struct stat st;

    a->fd = open(a->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (a->fd < 0 || fstat(a->fd, &st))
        return err_errno(errno, "cannot open '%s'", a->path);
    a->size = (size_t)st.st_size;
    return NULL;
}

struct err *audit_begin(const char *path, size_t bytes, unsigned files,
                        struct audit **ret)
{
    struct audit *a = xcalloc(1, sizeof(*a));
    struct err *e;

    *a = (struct audit){.path = xstrdup(path),
                        .bytes = bytes,
                        .files = files,
                        .fd = -1,
                        .lines = BODY_INIT};
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
    audit_write(a);
    if (a->fd >= 0)
        close(a->fd);
    body_done(&a->lines);
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

/* How much of TEXT, whole lines, fits into the file; a line that is too long
 * for any has one of its own. */
static size_t fitting(const struct audit *a, const char *text, size_t len)
{
    size_t room = a->bytes > a->size ? a->bytes - a->size : 0;
    const char *end;

    if (len <= room)
        return len;
    end = memrchr(text, '\n', room);
    if (!end && !a->size)
        end = memchr(text, '\n', len);
    return end ? (size_t)(end - text) + 1 : 0;
}

/*
 * The file is not looked at each time: of one that has been, Linux keeps the
 * time of the next change so exactly that other files' times, too, are changed
 * by each write instead of a few times a second, and each sync of the database
 * writes one block more.
 */
static struct err *write_lines(struct audit *a, const char *text, size_t len)
{
    if (a->fd < 0)
        TRY(open_file(a));
    for (size_t n; len; text += n, len -= n) {
        n = fitting(a, text, len);
        if (!n)
            TRY(rotate(a));
        a->size += n;
        TRY(file_write_all(a->fd, text, n));
    }
    return NULL;
}

void audit_write(struct audit *a)
{
    struct str *text = a ? &a->lines.text : NULL;
    struct err *e;

    if (!text || !text->len)
        return;
    e = write_lines(a, str_text(text), text->len);
    if (e && !a->broken)
        log_error("audit", "%s", err_text(e));
    a->broken = e;
    err_free(e);
    str_clear(text);
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

struct err *audit_read(struct audit *a, int64_t since, struct str *out)
{
    char begin[DATETIME_SIZE];

    audit_write(a);
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
    return roles & 1u << ROLE_read_only;
}

static bool is_shown(const struct model_field *f)
{
    return f->on_wire && !f->secret && everybody_may(f->getter_roles) &&
           !(f->type->class && is_session(f->type->class));
}

/* What a call's commits have changed: items of a list, as text. */
struct audit_notes {
    struct body list;
    unsigned n_objects;
    struct str text; /* of a value */
};

static void notes_done(void *arg)
{
    struct audit_notes *notes = arg;

    body_done(&notes->list);
    str_done(&notes->text);
}

static struct audit_notes *notes_of(struct call *c)
{
    if (c->notes)
        return c->notes;
    c->notes = pool_new_of(c->pool, struct audit_notes);
    c->notes->list = (struct body)BODY_INIT;
    c->notes->text = (struct str)STR_INIT(DATUM_MAX);
    pool_at_free(c->pool, notes_done, c->notes);
    return c->notes;
}

/* Cut where a character of UTF-8 begins. */
static void cut(struct str *text)
{
    size_t len = TEXT_MAX;

    if (text->len <= len)
        return;
    while (len && (text->text[len] & 0xc0) == 0x80)
        len--;
    str_cut(text, len);
    str_add(text, "...");
}

/* "chappassword", "power_on_password_secret" ... of maps that anything can be
 * in. */
static bool is_secret_key(const char *key)
{
    static const char *const parts[] = {"password", "passwd", "passphrase",
                                        "secret"};

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (strcasestr(key, parts[i]))
            return true;
    return false;
}

static bool is_map_of_texts(const struct model_type *type)
{
    return type->kind == MODEL_MAP && type->key->kind == MODEL_STRING &&
           type->item->kind == MODEL_STRING;
}

static void add_value(const struct model_type *type, struct model_value v,
                      struct str *text)
{
    AUTO_FREE union model_atom *values = NULL;

    if (is_map_of_texts(type)) {
        values = xcalloc(v.n + 1, sizeof(*values));
        for (unsigned i = 0; i < v.n; i++)
            values[i] = is_secret_key(v.keys[i].s)
                            ? (union model_atom){.s = HIDDEN}
                            : v.values[i];
        v.values = values;
    }
    datum_to_text(type, v, text);
}

/* The object that is being noted. */
struct note {
    struct call *call;
    struct audit_notes *notes;
    struct writer w;
    const struct object *changed; /* whose fields follow each other */
};

static void add_field(struct note *n, const struct object *o,
                      const struct model_field *f)
{
    struct str *text = &n->notes->text;

    writer_name(&n->w, f->name);
    str_clear(text);
    if (is_shown(f))
        add_value(f->type, object_get(o, f), text);
    else
        str_add(text, HIDDEN);
    cut(text);
    writer_stringn(&n->w, str_text(text), text->len);
}

/* A new object says what in it is not as objects begin. */
static void add_fields(struct note *n, const struct object *o)
{
    const struct model_class *class = object_class(o);

    for (unsigned i = 0; i < class->n_fields; i++) {
        const struct model_field *f = &class->fields[i];

        if (f->on_wire && !f->computed &&
            !datum_equal(f->type, object_get(o, f), f->initial))
            add_field(n, o, f);
    }
}

static void open_object(struct note *n, enum txn_change what,
                        const struct object *o)
{
    static const char *const names[] = {"add", "mod", "del"};
    const struct model_class *class = object_class(o);
    struct writer *w = &n->w;

    n->notes->n_objects++;
    writer_struct_open(w);
    writer_name(w, "change");
    writer_string(w, names[what]);
    writer_name(w, "class");
    writer_string(w, class->name);
    if (!is_session(class)) {
        writer_name(w, "ref");
        writer_string(w, object_ref(o));
    }
    if (what == TXN_DESTROYED)
        return;
    writer_name(w, "fields");
    writer_struct_open(w);
}

static void close_object(struct note *n, enum txn_change what)
{
    if (what != TXN_DESTROYED)
        writer_struct_close(&n->w);
    writer_struct_close(&n->w);
}

static void close_changed(struct note *n)
{
    if (n->changed)
        close_object(n, TXN_CHANGED);
    n->changed = NULL;
}

static void note_field(struct note *n, const struct object *o,
                       const struct model_field *field)
{
    if (n->changed != o) {
        close_changed(n);
        if (n->notes->n_objects >= CHANGES_MAX)
            return;
        open_object(n, TXN_CHANGED, o);
        n->changed = o;
    }
    add_field(n, o, field);
}

static void note_object(struct note *n, enum txn_change what,
                        const struct object *o)
{
    close_changed(n);
    if (n->notes->n_objects >= CHANGES_MAX)
        return;
    open_object(n, what, o);
    if (what == TXN_CREATED)
        add_fields(n, o);
    close_object(n, what);
}

static void note(void *arg, enum txn_change what, const struct object *o,
                 const struct model_field *field)
{
    struct note *n = arg;

    if (field && !field->persist && field->class->persist)
        return; /* a state, such as current_operations */
    n->call->n_changes++;
    if (what == TXN_CHANGED)
        note_field(n, o, field);
    else
        note_object(n, what, o);
}

void audit_note(struct call *c, const struct txn *txn)
{
    struct audit_notes *notes = notes_of(c);
    struct note n = {.call = c,
                     .notes = notes,
                     .w = {.codec = &codec_jsonrpc2,
                           .body = &notes->list,
                           .more = notes->n_objects}};

    txn_each_change(txn, note, &n);
    close_changed(&n);
}

/* ---- a line -------------------------------------------------------------- */

static void add_result(struct writer *w, const struct call *c)
{
    const char *const *words = NULL;
    size_t n = 0;

    writer_name(w, "result");
    if (c->failure)
        words = err_words(c->failure, &n);
    if (!words) {
        writer_string(w, c->failure ? err_text(c->failure) : "success");
        return;
    }
    writer_list_open(w);
    for (size_t i = 0; i < n; i++)
        writer_string(w, words[i]);
    writer_list_close(w);
}

static void add_changes(struct writer *w, const struct call *c)
{
    const struct str *list = &c->notes->list.text;

    writer_name(w, "changes");
    writer_list_open(w);
    str_addn(&w->body->text, str_text(list), list->len);
    writer_list_close(w);
    if (c->n_changes <= CHANGES_MAX)
        return;
    writer_name(w, "changes_all");
    writer_int(w, c->n_changes);
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

static const char *now(struct audit *a)
{
    time_t second = time(NULL);

    if (second != a->second)
        datetime_to_text(second, a->now);
    a->second = second;
    return a->now;
}

static void add_line(struct audit *a, const struct call *c)
{
    const struct {
        const char *name, *text;
    } texts[] = {
        {"time", now(a)},
        {"user", c->user},
        {"originator", c->originator},
        {"address", c->caller.address},
        {"agent", c->caller.agent},
        {"call", c->row->name},
        {"object", object_of(c)},
        {"task", c->task},
    };
    struct writer w = {.codec = &codec_jsonrpc2, .body = &a->lines};

    writer_struct_open(&w);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!texts[i].text || !*texts[i].text)
            continue;
        writer_name(&w, texts[i].name);
        writer_string(&w, texts[i].text);
    }
    add_result(&w, c);
    if (c->n_changes)
        add_changes(&w, c);
    writer_struct_close(&w);
    str_addc(&a->lines.text, '\n');
}

static bool matters(const struct call *c)
{
    return c->n_changes || !c->row->session ||
           (!everybody_may(c->row->roles) &&
            (c->failure || c->row->kind == MODEL_CUSTOM));
}

bool audit_call(struct audit *a, const struct call *c)
{
    if (!a || !c->row || !matters(c))
        return false;
    add_line(a, c);
    if (a->lines.text.len > WAITING_MAX)
        audit_write(a);
    return true;
}
