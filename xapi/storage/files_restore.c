/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files_restore: PUT /pool/xmldbdump. A worker has the copy of a database come
 * and looks whether it is one; the daemon then begins anew, and what it begins
 * with is that copy.
 */
#include "lib/log.h"
#include "xapi/storage/chosen.h"
#include "xapi/storage/files.h"
#include "xapi/storage/spool.h"
#include "xapi/storage/transfer.h"

struct wish {
    const char *state;
    bool dry_run;
};

static struct err *receive(struct job *j, struct transfer *t, const char *path)
{
    AUTO_FD int fd = -1;

    TRY(chosen_create(path, &fd));
    return spool_receive(j, t, fd, MANIFEST_DATABASE_MAX, true);
}

static struct err *take_copy(struct job *j, void *arg)
{
    struct transfer *t = arg;
    const struct wish *w = t->arg;
    const char *folder;

    TRY(chosen_begin(j, w->state, &folder));
    TRY(receive(j, t, chosen_database(job_pool(j), folder)));
    TRY(chosen_check(folder));
    return chosen_end(w->state, !w->dry_run);
}

static struct err *work(struct job *j, void *arg)
{
    struct err *e = take_copy(j, arg);

    if (e)
        transfer_drain(arg);
    return e;
}

static void restart(struct server *server)
{
    log_info("xapid", "another database has come");
    server->restart(server);
}

void files_put_database(struct http_request *r, void *arg)
{
    const struct files *f = arg;
    struct wish *w = pool_new_of(r->pool, struct wish);
    struct transfer_start s = {
        .request = r, .title = "Restore database", .work = work, .arg = w};

    *w = (struct wish){f->state, text_eq(http_param(r, "dry_run"), "true")};
    if (!w->dry_run)
        s.done = restart;
    transfer_begin(f->transfers, &s);
}
