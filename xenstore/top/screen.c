/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * screen: see screen.h. The loop between the terminal (screen_term), the thread
 * that takes readings (screen_reader) and what is to be seen (view). Never
 * waits for anything but the next of: a key, a signal, a reading, the time.
 */
#include "xenstore/top/screen.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "xenstore/top/keys.h"
#include "xenstore/top/screen_reader.h"
#include "xenstore/top/screen_term.h"

/* A reading with what changed since the one before it. */
struct moment {
    struct pool *pool;
    const struct sample *sample;
    const struct change *change;
    double came;
};

#define CURVES_MAX 64

struct screen {
    struct view view;
    struct term term;
    struct reader *reader;
    struct moment *latest, *shown;      /* the same unless frozen */
    struct history *curves[CURVES_MAX]; /* by the column's place */
    struct pool *drawn; /* of the grid, and of the lines the view points to */
    struct grid *grid;
    char problem[400]; /* "": none */
    double next;       /* when to take a reading */
    unsigned asked;    /* for these parts, the last time */
    long n_readings;
    int signals;
    sigset_t mask_before;
    bool ended; /* by a signal */
    bool mouse;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- readings ------------------------------------------------------------ */

static void free_moment(struct moment *m)
{
    if (m)
        pool_free(m->pool);
}

static void set_shown(struct screen *s, struct moment *m)
{
    if (s->shown != m && s->shown != s->latest)
        free_moment(s->shown);
    s->shown = m;
}

static struct history *curve_of(struct screen *s)
{
    const struct column *col = s->view.curve;
    ptrdiff_t i = col ? col - columns : -1;

    if (i < 0 || i >= CURVES_MAX)
        return NULL;
    if (!s->curves[i])
        s->curves[i] = history_new(col);
    return s->curves[i];
}

static void add_to_curves(struct screen *s, const struct change *c)
{
    curve_of(s);
    for (size_t i = 0; i < CURVES_MAX; i++) {
        if (s->curves[i])
            history_add(s->curves[i], c);
    }
}

static void accept_reading(struct screen *s, struct reading *r)
{
    struct moment *m = pool_new_of(r->pool, struct moment), *was = s->latest;

    m->pool = r->pool;
    m->sample = r->sample;
    m->came = now();
    m->change = change_between(was ? was->sample : NULL, r->sample, r->pool);
    add_to_curves(s, m->change);
    s->latest = m;
    s->n_readings++;
    s->problem[0] = '\0';
    if (!s->view.frozen || !s->shown) {
        if (s->shown != was)
            free_moment(s->shown);
        s->shown = m;
    }
    if (was != s->shown)
        free_moment(was);
}

static void get_reading(struct screen *s)
{
    struct reading r;

    if (!reader_get(s->reader, &r))
        return;
    if (!r.problem) {
        accept_reading(s, &r);
        return;
    }
    snprintf(s->problem, sizeof(s->problem), "%s", err_text(r.problem));
    err_free(r.problem);
    pool_free(r.pool);
}

/* The second reading comes soon, so that there are changes to see. */
static void ask_for_reading(struct screen *s)
{
    double delay = fmax(s->view.opts.delay, VIEW_DELAY_MIN);

    if (s->view.opts.iterations > 0 && s->n_readings >= s->view.opts.iterations)
        return;
    s->asked = view_needs(&s->view);
    reader_ask(s->reader, s->asked);
    if (!s->latest && !s->view.opts.iterations)
        delay = fmin(delay, 1);
    s->next = now() + delay;
}

/* Something is to be shown that was not read. */
static bool lacks_parts(const struct screen *s)
{
    return view_needs(&s->view) & ~s->asked && !reader_is_busy(s->reader);
}

/* ---- showing ------------------------------------------------------------- */

static struct view_data data_of(struct screen *s)
{
    return (struct view_data){
        .change = s->shown ? s->shown->change : NULL,
        .history = curve_of(s),
        .age = s->latest ? now() - s->latest->came : 0,
        .problem = s->problem[0] ? s->problem : NULL,
    };
}

static void draw(struct screen *s)
{
    struct view_data data;
    struct pool *p = pool_new();

    if (!s->view.frozen && s->shown != s->latest)
        set_shown(s, s->latest);
    data = data_of(s);
    s->grid = view_draw(&s->view, &data, s->term.rows, s->term.cols, p);
    pool_free(s->drawn);
    s->drawn = p;
    if (s->view.redraw)
        term_redraw(&s->term);
    s->view.redraw = false;
    term_show(&s->term, s->grid, s->view.colours);
}

/* ---- input --------------------------------------------------------------- */

static bool handle_input(struct screen *s)
{
    struct term_event event = term_read(&s->term);
    struct view_data data = data_of(s);

    switch (event.kind) {
    case INPUT_NONE:
        return false;
    case INPUT_KEY:
        keys_press(&s->view, &data, event.code);
        break;
    case INPUT_CLICK:
        keys_click(&s->view, &data, s->grid, event.row, event.col);
        break;
    case INPUT_WHEEL:
        keys_wheel(&s->view, &data, event.code);
        break;
    }
    if (s->mouse != s->view.mouse)
        term_use_mouse(&s->term, s->view.mouse);
    s->mouse = s->view.mouse;
    if (!s->view.quit)
        draw(s); /* the next key acts on what this one made */
    return true;
}

/* As the shell wants it: stopped by the signal itself. */
static void suspend(struct screen *s)
{
    sigset_t stop;

    term_leave(&s->term);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    term_return(&s->term);
}

static void handle_signals(struct screen *s)
{
    struct signalfd_siginfo info;

    while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGWINCH:
            term_measure(&s->term);
            break;
        case SIGTSTP:
            suspend(s);
            break;
        case SIGCONT:
            term_return(&s->term);
            break;
        default:
            s->ended = true;
        }
    }
}

static const int handled[] = {SIGWINCH, SIGTSTP, SIGCONT,
                              SIGINT,   SIGTERM, SIGHUP};

static struct err *catch_signals(struct screen *s)
{
    sigset_t mask;

    sigemptyset(&mask);
    for (size_t i = 0; i < ARRAY_LEN(handled); i++)
        sigaddset(&mask, handled[i]);
    sigprocmask(SIG_BLOCK, &mask, &s->mask_before);
    s->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    return s->signals < 0 ? err_errno(errno, "signalfd") : NULL;
}

/* ---- the loop ------------------------------------------------------------ */

/* Milliseconds until the next reading. */
static int wait_ms(const struct screen *s)
{
    double left = s->next - now();

    return left > 0 ? (int)fmin(ceil(left * 1000), 3600000) : 0;
}

/* *ret_woken: something came, and not only the time. */
static struct err *wait_for_something(struct screen *s, bool *ret_woken)
{
    struct pollfd fds[] = {
        {STDIN_FILENO, POLLIN, 0},
        {s->signals, POLLIN, 0},
        {reader_fd(s->reader), POLLIN, 0},
    };

    int n = poll(fds, ARRAY_LEN(fds), wait_ms(s));

    if (n < 0 && errno != EINTR)
        return err_errno(errno, "poll");
    *ret_woken = n != 0;
    if (fds[1].revents)
        handle_signals(s);
    if (fds[2].revents)
        get_reading(s);
    while (!s->view.quit && handle_input(s))
        ;
    if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
        return ERR("the terminal is gone");
    return NULL;
}

static bool is_done(const struct screen *s)
{
    return s->view.quit || s->ended ||
           (s->view.opts.iterations > 0 &&
            s->n_readings >= s->view.opts.iterations);
}

static struct err *loop(struct screen *s)
{
    bool woken = false;

    draw(s);
    while (!is_done(s)) {
        if (now() >= s->next || lacks_parts(s))
            ask_for_reading(s);
        TRY(wait_for_something(s, &woken));
        if (woken || reader_is_busy(s->reader)) /* says for how long */
            draw(s);
    }
    return NULL;
}

static struct err *run(struct screen *s, struct sampler *sampler,
                       const struct top_options *opts)
{
    TRY(term_open(&s->term));
    TRY(catch_signals(s));
    view_init(&s->view, opts, s->term.utf8);
    s->view.blocks = s->term.blocks;
    s->view.colours = s->term.has_colours;
    s->mouse = s->view.mouse;
    TRY(reader_start(sampler, &s->reader));
    return loop(s);
}

static void free_screen(struct screen *s)
{
    if (s->shown != s->latest)
        free_moment(s->shown);
    free_moment(s->latest);
    for (size_t i = 0; i < CURVES_MAX; i++)
        history_free(s->curves[i]);
    pool_free(s->drawn);
    view_done(&s->view);
    if (s->signals >= 0) {
        close(s->signals);
        sigprocmask(SIG_SETMASK, &s->mask_before, NULL);
    }
}

struct err *top_screen_run(struct sampler *sampler,
                           const struct top_options *opts)
{
    struct screen s = {.signals = -1};
    struct err *e = run(&s, sampler, opts);

    term_close(&s.term);
    /* A thread that hangs in a reading uses the sampler for ever. */
    if (s.reader && !reader_stop(s.reader))
        _exit(err_exit_status(e));
    free_screen(&s);
    return e;
}
