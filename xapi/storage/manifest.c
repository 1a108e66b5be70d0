/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manifest: see manifest.h. */
#include "xapi/storage/manifest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "xapi/model/errors_gen.h"

#define FORMAT 1 /* a higher one is a later version's */
#define NAME_MAX_ 900

void manifest_sum(const void *bytes, size_t len, char ret[MANIFEST_SUM_SIZE])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (EVP_Digest(bytes, len, sum, &n, EVP_sha256(), NULL) != 1)
        abort();
    for (unsigned i = 0; i < n; i++)
        snprintf(ret + 2 * i, 3, "%02x", sum[i]);
}

/* ---- out ----------------------------------------------------------------- */

static struct value *file_value(struct pool *p, const struct manifest_file *f)
{
    struct value *v = value_struct(p);

    value_add(v, "name", value_string(p, f->name));
    if (f->link) {
        value_add(v, "link", value_string(p, f->link));
        return v;
    }
    value_add(v, "mode", value_int(p, f->mode));
    value_add(v, "size", value_int(p, (int64_t)f->size));
    value_add(v, "sum", value_string(p, f->sum));
    return v;
}

void manifest_write(struct pool *p, const struct manifest_root *roots,
                    const struct manifest *m, struct str *out)
{
    struct value *v = value_struct(p), *places = value_struct(p);
    struct value *files = value_list(p);

    for (const struct manifest_root *r = roots; r->name; r++)
        value_set(places, r->name, value_string(p, r->path));
    for (size_t i = 0; i < m->n; i++)
        value_append(files, file_value(p, &m->files[i]));
    value_add(v, "format", value_int(p, FORMAT));
    value_add(v, "made", value_string(p, m->made));
    value_add(v, "host", value_string(p, m->host));
    value_add(v, "roots", places);
    value_add(v, "files", files);
    json_print(v, true, out);
}

/* ---- in ------------------------------------------------------------------ */

static struct err *bad(const char *what)
{
    return err_RESTORE_SCRIPT_FAILED(what);
}

static const char *text_in(const struct value *v, const char *name)
{
    const struct value *text = value_get(v, name);

    return text && text->kind == VALUE_STRING &&
                   strlen(text->s.text) == text->s.len
               ? text->s.text
               : NULL;
}

static int64_t number_in(const struct value *v, const char *name)
{
    const struct value *number = value_get(v, name);

    return number && number->kind == VALUE_INT ? number->i : -1;
}

/* Words with / between: nothing that leads elsewhere. */
static bool is_inside(const char *name)
{
    if (strlen(name) > NAME_MAX_)
        return false;
    for (;;) {
        size_t len = strcspn(name, "/");

        if (!len || (len == 1 && *name == '.') ||
            (len == 2 && !strncmp(name, "..", 2)))
            return false;
        name += len;
        if (!*name++)
            return true;
    }
}

/* It is the root, or below it. */
static bool is_of(const char *name, const char *root, const char **ret_below)
{
    size_t len = strlen(root);

    if (strncmp(name, root, len) || (name[len] && name[len] != '/'))
        return false;
    *ret_below = name + len + (name[len] == '/');
    return true;
}

static struct err *find_root(struct pool *p, const struct manifest_root *roots,
                             struct manifest_file *f)
{
    if (!strcmp(f->name, MANIFEST_DATABASE))
        return NULL;
    for (f->root = roots; f->root->name; f->root++)
        if (is_of(f->name, f->root->name, &f->below))
            return NULL;
    return bad(pool_printf(p,
                           "'%s' has no place on this host: its daemon keeps "
                           "nothing of that kind (see the settings backup, "
                           "auth and plugins)",
                           f->name));
}

static bool is_sum(const char *text)
{
    return text && strlen(text) == MANIFEST_SUM_SIZE - 1 &&
           !text[strspn(text, "0123456789abcdef")];
}

static struct err *read_content(struct pool *p, const struct value *v,
                                struct manifest_file *f)
{
    int64_t size = number_in(v, "size"), mode = number_in(v, "mode");
    const char *sum = text_in(v, "sum");
    uint64_t most = f->root ? MANIFEST_FILE_MAX : MANIFEST_DATABASE_MAX;

    if (size < 0 || (uint64_t)size > most)
        return bad(pool_printf(p, "'%s' has a size that cannot be", f->name));
    if (mode < 0 || mode > 0777 || !is_sum(sum))
        return bad(pool_printf(p, "'%s' has no mode or no sum", f->name));
    f->size = (uint64_t)size;
    f->mode = (unsigned)mode;
    memcpy(f->sum, sum, MANIFEST_SUM_SIZE);
    return NULL;
}

static struct err *read_file(struct pool *p, const struct manifest_root *roots,
                             const struct value *v, struct manifest_file *f)
{
    f->name = v->kind == VALUE_STRUCT ? text_in(v, "name") : NULL;
    if (!f->name || !is_inside(f->name))
        return bad("the manifest has a file whose name leads elsewhere");
    TRY(find_root(p, roots, f));
    f->link = text_in(v, "link");
    if (!f->link)
        return read_content(p, v, f);
    return f->root && *f->link && strlen(f->link) <= NAME_MAX_
               ? NULL
               : bad(pool_printf(p, "'%s' cannot be a link", f->name));
}

/* A folder comes right before what is in it. */
static int by_name(const void *a, const void *b)
{
    const unsigned char *x =
        (const void *)(*(const struct manifest_file *const *)a)->name;
    const unsigned char *y =
        (const void *)(*(const struct manifest_file *const *)b)->name;

    while (*x && *x == *y)
        x++, y++;
    return (*x == '/' ? 1
            : *x      ? *x + 1
                      : 0) -
           (*y == '/' ? 1
            : *y      ? *y + 1
                      : 0);
}

/* No name twice, and none that is the folder of another. */
static struct err *check_names(struct pool *p, const struct manifest *m)
{
    const struct manifest_file **sorted =
        pool_alloc(p, (m->n + 1) * sizeof(*sorted));
    const char *below;

    for (size_t i = 0; i < m->n; i++)
        sorted[i] = &m->files[i];
    qsort(sorted, m->n, sizeof(*sorted), by_name);
    for (size_t i = 1; i < m->n; i++)
        if (is_of(sorted[i]->name, sorted[i - 1]->name, &below))
            return bad(pool_printf(p, "'%s' comes twice, or as a folder too",
                                   sorted[i - 1]->name));
    return NULL;
}

/* What the backup's host kept elsewhere would not be found here. */
static struct err *check_roots(struct pool *p,
                               const struct manifest_root *roots,
                               const struct value *places)
{
    if (!places || places->kind != VALUE_STRUCT)
        return bad("the manifest has no roots");
    for (const struct manifest_root *r = roots; r->name; r++) {
        const char *path = text_in(places, r->name);

        if (path && strcmp(path, r->path) != 0)
            return bad(pool_printf(
                p,
                "'%s' was at '%s' and is at '%s' here: give the "
                "daemon the settings of the one that was backed up first",
                r->name, path, r->path));
    }
    return NULL;
}

static struct err *read_files(struct pool *p, const struct manifest_root *roots,
                              const struct value *list, struct manifest *m)
{
    bool has_database = false;

    if (!list || list->kind != VALUE_LIST || list->kids.n > MANIFEST_FILES)
        return bad("the manifest has no list of files, or too long a one");
    m->n = list->kids.n;
    m->files = pool_alloc(p, (m->n + 1) * sizeof(*m->files));
    m->n = 0;
    for (const struct value *v = list->kids.first; v; v = v->next, m->n++) {
        TRY(read_file(p, roots, v, &m->files[m->n]));
        has_database |= !m->files[m->n].root;
    }
    return has_database ? check_names(p, m) : bad("there is no database in it");
}

struct err *manifest_read(struct pool *p, const struct manifest_root *roots,
                          const char *text, size_t len, struct manifest *ret)
{
    struct value *v = NULL;
    struct err *e = json_parse(p, text, len, &v);
    const char *made, *host;

    if (e) {
        const char *why = pool_printf(p, MANIFEST_NAME ": %s", err_text(e));

        err_free(e);
        return bad(why);
    }
    if (v->kind != VALUE_STRUCT || number_in(v, "format") < 1)
        return bad("the manifest is none of a host's backup");
    if (number_in(v, "format") > FORMAT)
        return err_RESTORE_INCOMPATIBLE_VERSION();
    TRY(check_roots(p, roots, value_get(v, "roots")));
    made = text_in(v, "made");
    host = text_in(v, "host");
    *ret =
        (struct manifest){.made = made ? made : "", .host = host ? host : ""};
    return read_files(p, roots, value_get(v, "files"), ret);
}
