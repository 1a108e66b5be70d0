/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backup: see backup.h. Here: how one is made. */
#include "xapi/storage/backup.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/utf8.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/storage/pack.h"

#define DEPTH 20 /* of folders */

struct making {
    struct pool *pool;
    const struct backup *backup;
    struct files_map *database;
    struct manifest manifest;
    struct pack pack;
};

/* ---- what there is ------------------------------------------------------- */

static struct err *add(struct making *m, const struct manifest_file *file)
{
    struct manifest *all = &m->manifest;

    if (all->n == MANIFEST_FILES)
        return ERR("there are more than %d files", MANIFEST_FILES);
    *pool_push(m->pool, all->files, all->n) = *file;
    return NULL;
}

static const char *path_of(struct pool *p, const struct manifest_file *f)
{
    return *f->below ? pool_printf(p, "%s/%s", f->root->path, f->below)
                     : f->root->path;
}

static struct err *add_link(struct making *m, struct manifest_file *f,
                            const char *path, size_t len)
{
    char *target = pool_alloc(m->pool, len + 2);

    if (readlink(path, target, len + 1) != (ssize_t)len)
        return ERR("'%s' changes while it is read", path);
    f->link = target;
    return add(m, f);
}

static struct err *add_content(struct making *m, struct manifest_file *f,
                               const char *path)
{
    AUTO_POOL struct pool *p = pool_new();
    char *bytes;
    size_t len;

    TRY(file_read(p, path, MANIFEST_FILE_MAX, &bytes, &len));
    f->size = len;
    manifest_sum(bytes, len, f->sum);
    return add(m, f);
}

static struct err *add_tree(struct making *m, const struct manifest_root *root,
                            const char *below, int depth);

static struct err *add_folder(struct making *m,
                              const struct manifest_root *root,
                              const char *below, const char *path, int depth)
{
    char **names;
    size_t n;

    if (depth == DEPTH)
        return ERR("'%s' is too deep a folder", path);
    TRY(file_list(m->pool, path, &names, &n));
    for (size_t i = 0; i < n; i++)
        TRY(add_tree(
            m, root,
            pool_printf(m->pool, "%s%s%s", below, *below ? "/" : "", names[i]),
            depth + 1));
    return NULL;
}

/* Files, links and what is in folders; a root that is a link is what it points
 * to. Sockets and the like are nobody's settings. */
static struct err *add_tree(struct making *m, const struct manifest_root *root,
                            const char *below, int depth)
{
    struct manifest_file f = {.root = root, .below = below};
    const char *path = path_of(m->pool, &f);
    struct stat st;

    if (*below ? lstat(path, &st) : stat(path, &st))
        return errno == ENOENT ? NULL : err_errno(errno, "'%s'", path);
    f.name =
        pool_printf(m->pool, "%s%s%s", root->name, *below ? "/" : "", below);
    f.mode = st.st_mode & 0777;
    if (!utf8_valid(f.name, strlen(f.name)))
        return ERR("'%s' has a name that is no UTF-8", path);
    if (S_ISDIR(st.st_mode))
        return add_folder(m, root, below, path, depth);
    if (S_ISLNK(st.st_mode))
        return add_link(m, &f, path, (size_t)st.st_size);
    return S_ISREG(st.st_mode) ? add_content(m, &f, path) : NULL;
}

static struct err *find_all(struct making *m)
{
    struct manifest_file database = {
        .name = MANIFEST_DATABASE, .mode = 0600, .size = m->database->len};

    manifest_sum(m->database->at, m->database->len, database.sum);
    TRY(add(m, &database));
    for (const struct manifest_root *r = m->backup->roots; r->name; r++)
        TRY(add_tree(m, r, "", 0));
    return NULL;
}

/* ---- out ----------------------------------------------------------------- */

static struct err *send_file(struct making *m, const struct manifest_file *f)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = path_of(p, f);
    char sum[MANIFEST_SUM_SIZE];
    char *bytes;
    size_t len;

    TRY(file_read(p, path, MANIFEST_FILE_MAX, &bytes, &len));
    manifest_sum(bytes, len, sum);
    if (len != f->size || strcmp(sum, f->sum) != 0)
        return ERR("'%s' has changed while it was read", path);
    return pack_add(&m->pack, f->name, bytes, len);
}

static struct err *failure(struct err *e)
{
    struct err *code = err_BACKUP_SCRIPT_FAILED(err_text(e));

    err_free(e);
    return code;
}

/* It could be restored: settings can name things twice, or by way of "..". */
static struct err *check_own(struct making *m, const struct str *text)
{
    struct manifest again;
    struct err *e = manifest_read(m->pool, m->backup->roots, str_text(text),
                                  text->len, &again);

    return e ? failure(e) : NULL;
}

static struct err *send_all(struct job *j, struct making *m)
{
    AUTO_STR struct str text = STR_INIT(MANIFEST_BYTES);
    const struct manifest *all = &m->manifest;

    manifest_write(m->pool, m->backup->roots, all, &text);
    if (str_full(&text))
        return ERR("the list of files is too long");
    TRY(check_own(m, &text));
    TRY(pack_begin(&m->pack, PACK_TAR, ARCHIVE_FILTER_GZIP));
    TRY(pack_add(&m->pack, MANIFEST_NAME, str_text(&text), text.len));
    TRY(pack_add(&m->pack, MANIFEST_DATABASE, m->database->at,
                 m->database->len));
    for (size_t i = 0; i < all->n; i++) {
        TRY(job_sleep(0));
        if (all->files[i].root && !all->files[i].link)
            TRY(send_file(m, &all->files[i]));
        job_progress(j, (double)(i + 1) / (double)all->n);
    }
    return NULL;
}

/* Errors of the API, and of who stops it, stay; others have a code then. */
static struct err *as_code(struct err *e)
{
    size_t n;

    if (!e || err_is(e, &err_kind_interrupted) || err_words(e, &n))
        return e;
    return failure(e);
}

static struct err *work(struct job *j, void *arg)
{
    struct transfer *t = arg;
    struct making *m = t->arg;
    struct err *e;

    m->pool = job_pool(j);
    m->pack.to = t;
    e = find_all(m);
    if (!e)
        e = pack_end(&m->pack, send_all(j, m));
    return as_code(e);
}

/* ---- the requests -------------------------------------------------------- */

static void begin(struct http_request *r, void *arg, struct files_map *bytes,
                  struct err *e)
{
    struct making *m = arg;

    if (e) {
        log_error("http", "%s", err_text(e));
        http_page(r, 500, err_text(e));
        err_free(e);
        return;
    }
    m->database = bytes;
    transfer_begin(
        m->backup->files->transfers,
        &(const struct transfer_start){.request = r,
                                       .title = "Host backup",
                                       .content_type = "application/gzip",
                                       .work = work,
                                       .arg = m});
    files_unmap(bytes); /* the worker has its own */
}

static void get(struct http_request *r, void *arg)
{
    const struct backup *b = arg;
    const struct server *server = b->files->server;
    struct making *m = pool_new_of(r->pool, struct making);
    char *made = pool_alloc(r->pool, DATETIME_SIZE);
    const struct object *host =
        db_find(server->db, &model_classes[CLASS_host], server->host);

    datetime_to_text(time(NULL), made);
    *m = (struct making){
        .backup = b,
        .manifest = {.made = made,
                     .host = pool_str(r->pool, get_host_uuid(host))}};
    files_copy(b->files, r, begin, m);
}

void backup_serve(struct http *http, struct backup *b)
{
    struct server *server = b->files->server;

    b->gates[0] =
        (struct gate){.action = "get_host_backup", .fn = get, .arg = b};
    b->gates[1] =
        (struct gate){.action = "put_host_restore", .fn = backup_put, .arg = b};
    gate_serve(http, &b->gates[0], server, 0);
    gate_serve(http, &b->gates[1], server, GATE_STREAM);
}
