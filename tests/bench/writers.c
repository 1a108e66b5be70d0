/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * writers: processes that change the same node in transactions, all at once.
 *     writers N TRANSACTIONS [--no-turns]
 * prints how often a transaction had to be tried again, and how long one took;
 * fails when a change was lost.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "xenstore/requests.h"

#define NODE "/writers/count"

struct writer {
    bool takes_turns;
    unsigned n_transactions, n_tries;
};

/* One more than was there, and a node of this process's own beside it. */
static struct err *count_up(struct store *s, uint32_t tx, void *arg)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_batch b = {.pool = p, .tx = tx};
    struct writer *w = arg;
    char *next;
    int64_t n;

    w->n_tries++;
    store_batch_add(&b, STORE_READ, NODE);
    TRY(store_batch_run(s, &b));
    TRY(store_req_err(&b.reqs[0]));
    TRY(text_to_int(b.reqs[0].text, 10, 0, INT32_MAX, &n));
    next = pool_printf(p, "%d", (int)n + 1);
    store_batch_write(&b, NODE, next, strlen(next));
    store_batch_write(&b, pool_printf(p, "/writers/%d", getpid()), next,
                      strlen(next));
    TRY(store_batch_run(s, &b));
    return store_req_err(&b.reqs[1]);
}

static struct err *write_all(struct writer *w)
{
    AUTO_STORE struct store *s = NULL;

    TRY(store_open(&s));
    if (!w->takes_turns)
        free(take_ptr(s->turns));
    for (unsigned i = 0; i < w->n_transactions; i++)
        TRY(store_transaction(s, count_up, w));
    return NULL;
}

/* A writer as a process; how often it tried comes through PIPE. */
static void start_writer(struct writer w, int pipe)
{
    struct err *e;

    if (fork())
        return;
    e = write_all(&w);
    if (e)
        fprintf(stderr, "writers: %s\n", err_text(e));
    if (write(pipe, &w.n_tries, sizeof(w.n_tries)) < 0)
        perror("writers");
    _exit(e != NULL);
}

static struct err *check_count(struct store *s, unsigned want)
{
    AUTO_POOL struct pool *p = pool_new();
    char *count;

    TRY(store_read(s, p, NODE, &count));
    TRY(store_remove(s, "/writers"));
    if (strcmp(count, pool_printf(p, "%u", want)))
        return ERR("%s changes, not %u: some were lost", count, want);
    return NULL;
}

static struct err *run(unsigned n, const struct writer *w)
{
    AUTO_STORE struct store *s = NULL;
    unsigned total = n * w->n_transactions, n_tries = 0, tries;
    double began, seconds;
    bool failed = false;
    int pipes[2], status;

    TRY(store_open(&s));
    TRY(store_write(s, NODE, "0"));
    if (pipe(pipes) < 0)
        return err_errno(errno, "no pipe");
    began = clock_now();
    for (unsigned i = 0; i < n; i++)
        start_writer(*w, pipes[1]);
    while (wait(&status) > 0)
        failed |= status;
    seconds = clock_now() - began;
    close(pipes[1]);
    while (read(pipes[0], &tries, sizeof(tries)) > 0)
        n_tries += tries;
    if (failed)
        return ERR("a writer failed");
    printf("%u writers, %-13s %5.2f retries per transaction, %7.0f us each\n",
           n, w->takes_turns ? "in turns:" : "without:",
           (double)n_tries / total - 1, seconds / total * 1e6);
    return check_count(s, total);
}

int main(int argc, char *argv[])
{
    struct writer w = {.takes_turns = argc < 4};
    AUTO_ERR struct err *e = NULL;
    int64_t n = 0, each = 0;

    e = argc < 3 ? ERR("usage: writers N TRANSACTIONS [--no-turns]")
                 : text_to_int(argv[1], 10, 1, 100, &n);
    if (!e)
        e = text_to_int(argv[2], 10, 1, 100000, &each);
    w.n_transactions = (unsigned)each;
    if (!e)
        e = run((unsigned)n, &w);
    if (e)
        fprintf(stderr, "writers: %s\n", err_text(e));
    return e != NULL;
}
