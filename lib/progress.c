/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* progress: see progress.h. */
#include "lib/progress.h"

#include <stdint.h>
#include <sys/ioctl.h>

#include "lib/clock.h"
#include "lib/str.h"

#define REDRAW_SECONDS 0.1
#define CLEAR_LINE "\r\033[K"

struct progress {
    char *title, *step;
    bool on;      /* there is a terminal that wants it */
    bool drawn;   /* the line is on the screen */
    double share; /* <0: not known */
    double began, redrawn;
};

struct progress *progress_new(const char *title, bool quiet)
{
    struct progress *p = xcalloc(1, sizeof(*p));
    const char *term = getenv("TERM");

    p->title = xstrdup(title);
    p->on = !quiet && isatty(STDERR_FILENO) && !text_eq(term, "dumb");
    p->share = -1;
    p->began = clock_now();
    return p;
}

static size_t screen_width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return 80;
    return size.ws_col;
}

/* Cuts at a character's border, so that the line never wraps. */
static void cut(struct str *line, size_t width)
{
    size_t shown = 0, i;

    for (i = 0; i < line->len; i++) {
        shown += ((unsigned char)line->text[i] & 0xc0) != 0x80;
        if (shown == width)
            break;
    }
    line->len = i;
}

static void draw(struct progress *p)
{
    AUTO_STR struct str line = STR_INIT(4096);
    double seconds = clock_now() - p->began;

    str_addf(&line, "%s: %s", p->title, p->step);
    if (p->share >= 0)
        str_addf(&line, " %3.0f %%", 100 * p->share);
    if (seconds >= 1)
        str_addf(&line, " (%.0f s)", seconds);
    cut(&line, screen_width());
    fprintf(stderr, CLEAR_LINE "%.*s", (int)line.len, str_text(&line));
    fflush(stderr);
    p->drawn = true;
    p->redrawn = clock_now();
}

void progress_step(struct progress *p, const char *fmt, ...)
{
    va_list ap;

    if (!p->on)
        return;
    free(p->step);
    va_start(ap, fmt);
    if (vasprintf(&p->step, fmt, ap) < 0)
        abort();
    va_end(ap);
    p->share = -1;
    draw(p);
}

void progress_share(struct progress *p, double share)
{
    if (!p->on || !p->step)
        return;
    p->share = share < 0 ? 0 : share > 1 ? 1 : share;
    if (!p->drawn || clock_now() - p->redrawn >= REDRAW_SECONDS)
        draw(p);
}

void progress_hide(struct progress *p)
{
    if (!p->drawn)
        return;
    fputs(CLEAR_LINE, stderr);
    fflush(stderr);
    p->drawn = false;
}

void progress_free(struct progress *p)
{
    if (!p)
        return;
    progress_hide(p);
    free(p->title);
    free(p->step);
    free(p);
}
