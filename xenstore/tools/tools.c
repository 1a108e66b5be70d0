/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools: see tools.h. */
#include "xenstore/tools/tools.h"

#include <errno.h>

#include "xenstore/glob.h"

const struct cmd *const tools_families[] = {
    cmds_value, cmds_ls,        cmds_dump, cmds_chmod,
    cmds_watch, cmds_tools_doc, NULL};

struct err *tools_store(struct tools *t, struct store **ret)
{
    if (!t->store)
        TRY(store_open(&t->store));
    *ret = t->store;
    return NULL;
}

struct err *tools_paths(struct tools *t, const struct slot_words *words,
                        const char ***ret_paths, size_t *ret_n)
{
    struct store *s;

    TRY(tools_store(t, &s));
    return glob_expand(s, t->pool, words->list, words->n, ret_paths, ret_n);
}

/* ---- requests ------------------------------------------------------------ */

struct whole {
    struct store_batch *batch;
    bool all;
};

struct err *tools_failure(const struct store_batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        TRY(store_req_err(&b->reqs[i]));
    return NULL;
}

static struct err *run_in_tx(struct store *s, uint32_t tx, void *arg)
{
    struct whole *whole = arg;
    struct store_batch *b = whole->batch;

    for (size_t i = 0; i < b->n; i++)
        b->reqs[i].tx = tx;
    TRY(store_run(s, b->reqs, b->n, b->pool));
    return whole->all ? tools_failure(b) : NULL;
}

struct err *tools_run(struct store *s, struct store_batch *b, bool all)
{
    struct whole whole = {b, all};

    if (b->n > 1)
        return store_transaction(s, run_in_tx, &whole);
    TRY(store_batch_run(s, b));
    return all ? tools_failure(b) : NULL;
}

/* ---- output -------------------------------------------------------------- */

struct err *tools_print(struct str *text)
{
    errno = 0;
    if (fwrite(str_text(text), 1, text->len, stdout) != text->len ||
        fflush(stdout))
        return err_errno(errno ? errno : EIO,
                         "cannot write to standard output");
    str_clear(text);
    return NULL;
}
