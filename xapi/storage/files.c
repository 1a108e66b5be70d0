/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* files: see files.h. */
#include "xapi/storage/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/call/audit.h"

static void fail(struct http_request *r, struct err *e)
{
    log_error("http", "%s", err_text(e));
    http_page(r, 500, err_text(e));
    err_free(e);
}

/* ---- the audit log ------------------------------------------------------- */

static void get_audit_log(struct http_request *r, void *arg)
{
    const struct files *f = arg;
    AUTO_BODY struct body body = BODY_INIT;
    const char *text = http_param(r, "since");
    int64_t since = 0;
    struct err *e = text ? datetime_from_text(text, &since) : NULL;

    if (e) {
        http_page(r, 400, err_text(e));
        err_free(e);
        return;
    }
    e = audit_read(f->server->audit, since, &body.text);
    if (e)
        fail(r, e);
    else
        http_answer(r, 200, "application/x-ndjson", &body);
}

/* ---- the database -------------------------------------------------------- */

struct copy {
    struct files *files;
    struct http_request *request;
    const char *path;
    files_copied_fn *fn;
    void *arg;
};

void files_unmap(void *map)
{
    struct files_map *m = map;

    if (!m)
        return;
    if (m->len)
        munmap(m->at, m->len);
    free(m);
}

struct err *files_map(const char *path, struct files_map **ret)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct files_map *m;
    struct stat st;
    void *at = NULL;

    if (fd < 0 || fstat(fd, &st))
        return err_errno(errno, "cannot read '%s'", path);
    if (st.st_size > 0)
        at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return err_errno(errno, "cannot read '%s'", path);
    m = xcalloc(1, sizeof(*m));
    *m = (struct files_map){at, (size_t)st.st_size};
    *ret = m;
    return NULL;
}

struct err *files_refer(const char *path, struct body *body)
{
    struct files_map *m;

    TRY(files_map(path, &m));
    body_refer(body, m->at, m->len, files_unmap, m);
    return NULL;
}

static void copied(void *arg, struct err *e)
{
    struct copy *c = arg;
    struct files_map *m = NULL;

    c->files->dumping = false;
    if (!e)
        e = files_map(c->path, &m);
    err_drop(file_remove(c->path), "the next copy removes it");
    c->fn(c->request, c->arg, m, e);
}

void files_copy(struct files *f, struct http_request *r, files_copied_fn *fn,
                void *arg)
{
    struct copy *c = pool_new_of(r->pool, struct copy);
    struct err *e;

    if (f->dumping) {
        http_page(r, 503, "Another copy is being made.");
        return;
    }
    *c = (struct copy){f, r, pool_printf(r->pool, "%s/dump.db", f->state), fn,
                       arg};
    e = file_remove(c->path);
    if (!e)
        e = db_dump(f->server->db, c->path, copied, c);
    if (e)
        fn(r, arg, NULL, e);
    else
        f->dumping = true;
}

static void send_copy(struct http_request *r, void *arg,
                      struct files_map *bytes, struct err *e)
{
    AUTO_BODY struct body body = BODY_INIT;

    (void)arg;
    if (e) {
        fail(r, e);
        return;
    }
    body_refer(&body, bytes->at, bytes->len, files_unmap, bytes);
    http_answer(r, 200, "application/vnd.sqlite3", &body);
}

static void get_database(struct http_request *r, void *arg)
{
    files_copy(arg, r, send_copy, NULL);
}

void files_serve(struct http *http, struct files *f)
{
    f->gates[0] = (struct gate){"get_audit_log", get_audit_log, f};
    f->gates[1] = (struct gate){"get_pool_xml_db_sync", get_database, f};
    f->gates[2] = (struct gate){"put_pool_xml_db_sync", files_put_database, f};
    gate_serve(http, &f->gates[0], f->server, 0);
    gate_serve(http, &f->gates[1], f->server, 0);
    gate_serve(http, &f->gates[2], f->server, GATE_STREAM);
}
