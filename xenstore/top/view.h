/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view: what the screen is about (its state), and the screen as cells. Nothing
 * here knows a terminal, takes readings or looks at a clock: keys (keys.h)
 * change the state, view_draw draws it.
 *
 * A page (domains, VCPUs, host, help) is a row with a function that adds lines;
 * scrolling, the selected line, clicks and everything around the lines is the
 * same for all.
 */
#ifndef XENSTORE_TOP_VIEW_H
#define XENSTORE_TOP_VIEW_H

#include "xenstore/top/history.h"
#include "xenstore/top/screen.h"
#include "xenstore/top/view_grid.h"

/* Which line, wherever it stands now. ID is a domain's, or a page's own. */
struct view_mark {
    uint64_t id, sub;
};

struct view_line {
    struct view_mark mark;
    bool head; /* cannot be selected */
    uint8_t style;
    const char *text;  /* drawn as it is, or */
    const void *about; /* what the page's draw function knows */
};

enum view_prompt {
    PROMPT_NONE,
    PROMPT_DELAY,
    PROMPT_FILTER,
};

#define VIEW_TEXT_MAX 128
#define VIEW_DELAY_MIN 0.1
#define VIEW_DELAY_MAX 86400

struct view {
    struct top_options opts; /* keys change these; filter points to FILTER */
    const struct view_page *page, *page_before_help;
    const struct column *curve; /* of which figures curves are; NULL: none */
    bool frozen, colours, mouse;
    bool utf8, blocks; /* the terminal's: letters; block elements */
    bool quit, redraw; /* what a key asks of the caller */

    uint64_t *open; /* ids of domains whose devices are shown, or, under */
    size_t n_open;  /* all_open, are not */
    bool all_open;

    int top;               /* the first line shown */
    int cursor;            /* the selected line, below 0: none */
    struct view_mark mark; /* of it */
    int skip;              /* columns scrolled away */

    int rows, cols, body, n_lines, n_skip; /* as drawn last */
    const struct view_line *lines; /* in the pool of the last view_draw */
    unsigned needs;
    bool troubled; /* something did not answer */

    enum view_prompt prompt;
    char text[VIEW_TEXT_MAX]; /* typed so far */
    char filter[VIEW_TEXT_MAX], filter_before[VIEW_TEXT_MAX];
    char message[VIEW_TEXT_MAX]; /* what a key had to say; the next clears it */
};

/* What there is to show. */
struct view_data {
    const struct change *change;   /* NULL: no reading yet */
    const struct history *history; /* of view->curve; NULL: none */
    double age;                    /* seconds since it came */
    const char *problem;           /* why there is no newer one; NULL: none */
};

void view_init(struct view *v, const struct top_options *opts, bool utf8);
void view_done(struct view *v);

/* The screen, in P. The state becomes one that fits: the first line, the
 * selected line, the columns scrolled away. */
struct grid *view_draw(struct view *v, const struct view_data *data, int rows,
                       int cols, struct pool *p);
/* What must be read for what was drawn last (enum sample_part). */
static inline unsigned view_needs(const struct view *v)
{
    return v->needs;
}

bool view_is_open(const struct view *v, uint64_t id);
void view_toggle_open(struct view *v, uint64_t id);

/* ---- for pages ----------------------------------------------------------- */

struct view_lines;

struct view_page {
    const char *name; /* "Domains" */
    const char *doc;  /* one sentence */
    unsigned needs;   /* of enum sample_part, beside what fill adds */
    /* The lines; data->change is not NULL unless NO_CHANGE. */
    void (*fill)(struct view_lines *lines);
    bool no_change;
    /* Draws the heading, and a line without text. */
    void (*head)(const struct view_lines *lines, int row);
    void (*draw)(const struct view_lines *lines, int row,
                 const struct view_line *line);
};

struct view_lines {
    const struct view *view;
    const struct view_data *data;
    struct pool *pool;
    struct grid *grid;
    struct view_line *list;
    size_t n, size;
    void *own;      /* the page's, from fill on */
    int n_skip;     /* fill: how many columns can be scrolled away */
    unsigned needs; /* fill: what else must be read */
};

/* Adds a line; the page fills in the rest. */
struct view_line *view_add(struct view_lines *lines, uint64_t id, uint64_t sub);
struct view_line *view_add_text(struct view_lines *lines, uint64_t id,
                                uint64_t sub, int style, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* "12.3M": at most five characters, of 1024. */
const char *view_amount(struct pool *p, double n);
/* A heading of a column at COL that can be clicked to sort by SORT. */
void view_heading(const struct view_lines *lines, int row, int col, int width,
                  bool right, const char *text, const struct column *sort);

/* The pages in their order; ends with a row without a name. Help is the last.
 */
extern const struct view_page view_page_domains, view_page_vcpus,
    view_page_host, view_page_help;
extern const struct view_page *const view_pages[];

#endif
