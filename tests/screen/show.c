/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * show: the monitor's screen over kept readings that can go wrong, for tests:
 *   show FILE DELAY [WHAT N]
 * WHAT happens from the N-th reading on: "hang" (it never comes), "fail" (three
 * fail, then all is well), "away" (XenStore does not answer for three
 * readings), "crash" (the process does).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "xenstore/top/screen.h"

struct faulty {
    struct sampler *good;
    const char *what;
    long from, n;
};

static struct err *take(void *state, struct pool *p, const struct sample **ret)
{
    struct faulty *f = state;
    long i = ++f->n - f->from;
    struct sample *s;

    if (i >= 0 && !strcmp(f->what, "hang"))
        pause();
    if (i >= 0 && !strcmp(f->what, "crash"))
        raise(SIGSEGV);
    if (i >= 0 && i < 3 && !strcmp(f->what, "fail"))
        return ERR("Xen does not answer");
    TRY(sampler_take(f->good, p, ret));
    if (i >= 0 && i < 3 && !strcmp(f->what, "away")) {
        s = pool_copy(p, *ret, sizeof(**ret));
        s->store_age = 7;
        *ret = s;
    }
    return NULL;
}

static void close_it(void *state)
{
    struct faulty *f = state;

    sampler_close(f->good);
}

static struct err *run(int argc, char *argv[])
{
    static const struct sampler_kind kind = {.take = take, .close = close_it};
    struct top_options opts = {0};
    struct faulty f = {.what = argc > 4 ? argv[3] : ""};
    AUTO_SAMPLER struct sampler *s = NULL;

    if (argc != 3 && argc != 5)
        return ERR_AS(usage, "show FILE DELAY [WHAT N]");
    TRY(text_to_double(argv[2], 0, 100, &opts.delay));
    if (argc == 5)
        TRY(text_to_int(argv[4], 10, 0, 1000, &f.from));
    TRY(sampler_replay(argv[1], &f.good));
    s = sampler_new(&kind, &f);
    return top_screen_run(s, &opts);
}

int main(int argc, char *argv[])
{
    struct err *e = run(argc, argv);
    int status = err_exit_status(e);

    if (e)
        fprintf(stderr, "show: %s\n", err_text(e));
    err_free(e);
    return status;
}
