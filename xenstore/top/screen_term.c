/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* screen_term: see screen_term.h. */
#include "xenstore/top/screen_term.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <wchar.h>

#include "xenstore/top/keys.h"
#include "xenstore/top/screen_terminfo.h"

#define ESCAPE_MS 25 /* between an Escape and what makes it a sequence */

/* ---- crashes ------------------------------------------------------------- */

/* A signal that ends the process finds here what restores the terminal. */
static struct {
    struct termios modes;
    char bytes[256];
    size_t len;
} before;

static const int deadly[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                             SIGABRT, SIGQUIT, SIGSYS, SIGTRAP};

static void on_crash(int number)
{
    if (write(STDOUT_FILENO, before.bytes, before.len) < 0)
        before.len = 0; /* nothing can be done */
    tcsetattr(STDOUT_FILENO, TCSANOW, &before.modes);
    raise(number); /* with its default effect now */
}

static void keep(const char *capability)
{
    const char *s = tigetstr(capability);
    size_t len = s && s != (const char *)-1 ? strlen(s) : 0;

    if (!len || before.len + len > sizeof(before.bytes))
        return;
    memcpy(before.bytes + before.len, s, len);
    before.len += len;
}

#define MOUSE_OFF "\033[?1006;1000l"

static void catch_crashes(void)
{
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

    before.len = 0;
    if (tigetstr("kmous") && tigetstr("kmous") != (char *)-1) {
        memcpy(before.bytes, MOUSE_OFF, sizeof(MOUSE_OFF) - 1);
        before.len = sizeof(MOUSE_OFF) - 1;
    }
    keep("sgr0");
    keep("cnorm");
    keep("rmkx");
    keep("rmcup");
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
        sigaction(deadly[i], &action, NULL);
}

static void let_crash(void)
{
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
        signal(deadly[i], SIG_DFL);
}

/* ---- styles -------------------------------------------------------------- */

/* clang-format off */
static const struct {
    attr_t plain, coloured;
    short fore, back;
} looks[STYLES] = {
    [STYLE_PLAIN]    = {A_NORMAL,               A_NORMAL,  -1,           -1},
    [STYLE_HEAD]     = {A_REVERSE,              A_NORMAL,  COLOR_BLACK,  COLOR_GREEN},
    [STYLE_SORTED]   = {A_REVERSE | A_BOLD,     A_BOLD,    COLOR_BLACK,  COLOR_CYAN},
    [STYLE_KEY]      = {A_REVERSE,              A_REVERSE, -1,           -1},
    [STYLE_ON]       = {A_BOLD,                 A_BOLD,    COLOR_GREEN,  -1},
    [STYLE_SELECTED] = {A_STANDOUT,             A_NORMAL,  COLOR_WHITE,  COLOR_BLUE},
    [STYLE_DIM]      = {A_NORMAL,               A_NORMAL,  COLOR_CYAN,   -1},
    [STYLE_GRAPH]    = {A_NORMAL,               A_NORMAL,  COLOR_GREEN,  -1},
    [STYLE_WARN]     = {A_BOLD,                 A_BOLD,    COLOR_YELLOW, -1},
    [STYLE_BAD]      = {A_BOLD | A_REVERSE,     A_BOLD,    COLOR_WHITE,  COLOR_RED},
};
/* clang-format on */

static void start_colours(struct term *t)
{
    const char *no_color = getenv("NO_COLOR");

    t->has_colours = has_colors() && start_color() == OK;
    if (!t->has_colours)
        return;
    use_default_colors();
    for (short i = 1; i < STYLES; i++)
        init_pair(i, looks[i].fore, looks[i].back);
    t->has_colours = !(no_color && *no_color);
}

/* ---- opening and closing ------------------------------------------------- */

/* The console's fonts have few block elements. */
static void look_at_locale(struct term *t)
{
    const char *term = getenv("TERM");

    setlocale(LC_CTYPE, "");
    t->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
    t->blocks = t->utf8 && !text_has_prefix(term ? term : "", "linux");
}

static struct err *need_terminal(int fd, const char *name)
{
    if (isatty(fd))
        return NULL;
    return ERR_AS(usage, "%s is not a terminal: -b prints without one", name);
}

struct err *term_open(struct term *t)
{
    TRY(need_terminal(STDOUT_FILENO, "standard output"));
    TRY(need_terminal(STDIN_FILENO, "standard input"));
    TRY(terminfo_provide());
    look_at_locale(t);
    tcgetattr(STDOUT_FILENO, &before.modes);
    set_escdelay(ESCAPE_MS);
    /* Curses would set the signal aside during each refresh, and so lose one
     * that is waiting to be read; if it is ignored, curses leaves it alone. */
    signal(SIGTSTP, SIG_IGN);
    t->curses = newterm(NULL, stdout, stdin);
    signal(SIGTSTP, SIG_DFL);
    if (!t->curses)
        return ERR_AS(usage, "terminal '%s' cannot show a screen: use -b",
                      getenv("TERM"));
    catch_crashes();
    cbreak();
    noecho();
    nonl();
    curs_set(0);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    intrflush(stdscr, FALSE);
    start_colours(t);
    mouseinterval(0);
    term_use_mouse(t, true);
    term_measure(t);
    return NULL;
}

void term_close(struct term *t)
{
    if (!t->curses)
        return;
    endwin();
    delscreen(t->curses);
    t->curses = NULL;
    let_crash();
}

void term_leave(struct term *t)
{
    (void)t;
    endwin();
}

void term_return(struct term *t)
{
    reset_prog_mode();
    term_measure(t);
    term_redraw(t);
    curs_set(0);
}

void term_measure(struct term *t)
{
    struct winsize size;

    if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
        resizeterm(size.ws_row, size.ws_col);
    t->rows = LINES;
    t->cols = COLS;
}

/* ---- output -------------------------------------------------------------- */

void term_redraw(struct term *t)
{
    (void)t;
    clearok(curscr, TRUE);
}

/* Cells from COL on that look the same; returns the column behind. */
static int show_run(const struct grid *g, int row, int col, bool colours)
{
    const struct grid_cell *line = &g->cells[(size_t)row * (size_t)g->cols];
    int style = line[col].style, len = 0, at = col;
    wchar_t text[GRID_MAX];

    for (; at < g->cols && line[at].style == style; at++) {
        if (line[at].ch)
            text[len++] = (wchar_t)line[at].ch;
    }
    attr_set(colours ? looks[style].coloured : looks[style].plain,
             colours && style ? (short)style : 0, NULL);
    mvaddnwstr(row, col, text, len);
    return at;
}

void term_show(struct term *t, const struct grid *g, bool colours)
{
    (void)t;
    for (int row = 0; row < g->rows && row < LINES; row++) {
        for (int col = 0; col < g->cols;)
            col = show_run(g, row, col, colours);
    }
    refresh();
}

/* ---- input --------------------------------------------------------------- */

static const struct {
    wint_t curses;
    int code;
} codes[] = {
    {KEY_UP, KEY_CODE_UP},
    {KEY_DOWN, KEY_CODE_DOWN},
    {KEY_LEFT, KEY_CODE_LEFT},
    {KEY_RIGHT, KEY_CODE_RIGHT},
    {KEY_PPAGE, KEY_CODE_PAGE_UP},
    {KEY_NPAGE, KEY_CODE_PAGE_DOWN},
    {KEY_HOME, KEY_CODE_HOME},
    {KEY_END, KEY_CODE_END},
    {KEY_BACKSPACE, KEY_CODE_BACKSPACE},
    {KEY_DC, KEY_CODE_DELETE},
    {KEY_F(1), KEY_CODE_F1},
    {KEY_ENTER, '\r'},
};

static struct term_event mouse_event(void)
{
    struct term_event event = {INPUT_NONE, 0, 0, 0};
    MEVENT m;

    if (getmouse(&m) != OK)
        return event;
    if (m.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED))
        return (struct term_event){INPUT_WHEEL, !!(m.bstate & BUTTON5_PRESSED),
                                   0, 0};
    if (m.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED))
        return (struct term_event){INPUT_CLICK, 0, m.y, m.x};
    return event;
}

static struct term_event function_key(wint_t key)
{
    if (key == KEY_MOUSE)
        return mouse_event();
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].curses == key)
            return (struct term_event){INPUT_KEY, codes[i].code, 0, 0};
    }
    return (struct term_event){INPUT_NONE, 0, 0, 0};
}

struct term_event term_read(struct term *t)
{
    struct term_event event = {INPUT_NONE, 0, 0, 0};
    wint_t key;
    int kind;

    (void)t;
    while ((kind = get_wch(&key)) != -1 && event.kind == INPUT_NONE) {
        if (kind != KEY_CODE_YES)
            return (struct term_event){INPUT_KEY, (int)key, 0, 0};
        event = function_key(key);
        if (event.kind != INPUT_NONE)
            break;
    }
    return event;
}

void term_use_mouse(struct term *t, bool on)
{
    (void)t;
    mousemask(on ? BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED |
                       BUTTON5_PRESSED
                 : 0,
              NULL);
}
