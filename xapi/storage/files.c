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

struct dump {
    struct files *files;
    struct http_request *request;
    const char *path;
};

struct map {
    void *at;
    size_t len;
};

static void unmap(void *arg)
{
    struct map *m = arg;

    munmap(m->at, m->len);
    free(m);
}

struct err *files_refer(const char *path, struct body *body)
{
    struct map *m = xcalloc(1, sizeof(*m));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    m->at = MAP_FAILED;
    if (fd >= 0 && !fstat(fd, &st) && st.st_size > 0) {
        m->len = (size_t)st.st_size;
        m->at = mmap(NULL, m->len, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0)
        close(fd);
    if (m->at == MAP_FAILED) {
        free(m);
        return err_errno(errno, "cannot read '%s'", path);
    }
    body_refer(body, m->at, m->len, unmap, m);
    return NULL;
}

static void dumped(void *arg, struct err *e)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct dump *d = arg;

    d->files->dumping = false;
    if (!e)
        e = files_refer(d->path, &body);
    err_drop(file_remove(d->path), "the next copy removes it");
    if (e)
        fail(d->request, e);
    else
        http_answer(d->request, 200, "application/vnd.sqlite3", &body);
}

static void get_database(struct http_request *r, void *arg)
{
    struct files *f = arg;
    struct dump *d = pool_new_of(r->pool, struct dump);
    struct err *e;

    if (f->dumping) {
        http_page(r, 503, "Another copy is being made.");
        return;
    }
    *d = (struct dump){f, r, pool_printf(r->pool, "%s/dump.db", f->state)};
    e = file_remove(d->path);
    if (!e)
        e = db_dump(f->server->db, d->path, dumped, d);
    if (e)
        fail(r, e);
    else
        f->dumping = true;
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
