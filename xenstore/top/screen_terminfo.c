/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * screen_terminfo: see screen_terminfo.h. A description is compiled into the
 * format of term(5) and handed to curses in $TERMINFO, which may hold the bytes
 * themselves ("hex:...").
 */
#include "xenstore/top/screen_terminfo.h"

#include <curses.h>
#include <term.h>

#include <string.h>

#include "lib/str.h"

enum { T_XTERM = 1, T_LINUX = 2, T_SCREEN = 4, T_VT100 = 8, T_ALL = 15 };

/* Beginnings of $TERM. */
static const struct {
    const char *name;
    unsigned is;
} terminals[] = {
    {"xterm", T_XTERM}, {"rxvt", T_XTERM},    {"alacritty", T_XTERM},
    {"foot", T_XTERM},  {"st-", T_XTERM},     {"vte", T_XTERM},
    {"gnome", T_XTERM}, {"konsole", T_XTERM}, {"putty", T_XTERM},
    {"linux", T_LINUX}, {"screen", T_SCREEN}, {"tmux", T_SCREEN},
    {"vt1", T_VT100},   {"vt2", T_VT100},     {"ansi", T_VT100},
};

struct capability {
    unsigned of;
    const char *name; /* as terminfo(5) calls it */
    const char *text; /* NULL: a flag, or a number */
    int number;
};

/* clang-format off */
static const struct capability capabilities[] = {
    {T_ALL, "am"}, {T_ALL, "msgr"}, {T_ALL, "xenl"}, {T_XTERM | T_LINUX, "bce"},
    {T_ALL, "cols", NULL, 80}, {T_ALL, "lines", NULL, 24},
    {T_XTERM | T_LINUX | T_SCREEN, "colors", NULL, 8}, {T_XTERM | T_LINUX | T_SCREEN, "pairs", NULL, 64},
    {T_ALL, "cup",   "\033[%i%p1%d;%p2%dH"},
    {T_ALL, "clear", "\033[H\033[J"}, {T_ALL, "ed", "\033[J"}, {T_ALL, "el", "\033[K"}, {T_ALL, "home", "\033[H"},
    {T_ALL, "cuu1",  "\033[A"}, {T_ALL, "cud1", "\n"}, {T_ALL, "cuf1", "\033[C"}, {T_ALL, "cub1", "\b"},
    {T_ALL, "cr",    "\r"}, {T_ALL, "ind", "\n"}, {T_ALL, "bel", "\a"},
    {T_ALL, "sgr0",  "\033[m"}, {T_ALL, "bold", "\033[1m"}, {T_ALL, "rev", "\033[7m"},
    {T_ALL, "smso",  "\033[7m"}, {T_ALL, "rmso", "\033[27m"}, {T_ALL, "smul", "\033[4m"}, {T_ALL, "rmul", "\033[24m"},
    {T_XTERM | T_LINUX | T_SCREEN, "setaf", "\033[3%p1%dm"}, {T_XTERM | T_LINUX | T_SCREEN, "setab", "\033[4%p1%dm"},
    {T_XTERM | T_LINUX | T_SCREEN, "op",    "\033[39;49m"},
    {T_XTERM | T_SCREEN, "smcup", "\033[?1049h"}, {T_XTERM | T_SCREEN, "rmcup", "\033[?1049l"},
    {T_XTERM | T_LINUX | T_SCREEN, "civis", "\033[?25l"}, {T_XTERM | T_LINUX | T_SCREEN, "cnorm", "\033[?25h"},
    {T_XTERM | T_SCREEN | T_VT100, "smkx",  "\033[?1h\033="}, {T_XTERM | T_SCREEN | T_VT100, "rmkx", "\033[?1l\033>"},
    {T_XTERM | T_SCREEN | T_VT100, "kcuu1", "\033OA"}, {T_XTERM | T_SCREEN | T_VT100, "kcud1", "\033OB"},
    {T_XTERM | T_SCREEN | T_VT100, "kcuf1", "\033OC"}, {T_XTERM | T_SCREEN | T_VT100, "kcub1", "\033OD"},
    {T_LINUX, "kcuu1", "\033[A"}, {T_LINUX, "kcud1", "\033[B"}, {T_LINUX, "kcuf1", "\033[C"}, {T_LINUX, "kcub1", "\033[D"},
    {T_XTERM, "khome", "\033OH"}, {T_XTERM, "kend", "\033OF"},
    {T_LINUX | T_SCREEN, "khome", "\033[1~"}, {T_LINUX | T_SCREEN, "kend", "\033[4~"},
    {T_ALL, "kpp",   "\033[5~"}, {T_ALL, "knp", "\033[6~"}, {T_ALL, "kdch1", "\033[3~"}, {T_ALL, "kbs", "\177"},
    {T_XTERM | T_SCREEN | T_VT100, "kf1", "\033OP"}, {T_LINUX, "kf1", "\033[[A"},
    {T_XTERM | T_SCREEN, "kmous", "\033[M"},
};
/* clang-format on */

/* The place of NAME in a list of curses' own, which ends with NULL. */
static int index_in(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++) {
        if (!strcmp(names[i], name))
            return i;
    }
    return -1;
}

struct entry {
    char flags[BOOLCOUNT];
    short numbers[NUMCOUNT];
    short strings[STRCOUNT]; /* offsets in TABLE, -1: none */
    struct str table;
};

static void set(struct entry *e, const struct capability *c)
{
    int i;

    if (c->text) {
        i = index_in((const char *const *)strnames, c->name);
        e->strings[i] = (short)e->table.len;
        str_addn(&e->table, c->text, strlen(c->text) + 1);
    } else if (c->number) {
        i = index_in((const char *const *)numnames, c->name);
        e->numbers[i] = (short)c->number;
    } else {
        i = index_in((const char *const *)boolnames, c->name);
        e->flags[i] = 1;
    }
}

static void add_short(struct str *out, int n)
{
    str_addc(out, (char)(n & 0xff));
    str_addc(out, (char)(n >> 8 & 0xff));
}

#define MAGIC 0432

static void compile(const char *term, const struct entry *e, struct str *out)
{
    size_t name_size = strlen(term) + 1;

    add_short(out, MAGIC);
    add_short(out, (int)name_size);
    add_short(out, BOOLCOUNT);
    add_short(out, NUMCOUNT);
    add_short(out, STRCOUNT);
    add_short(out, (int)e->table.len);
    str_addn(out, term, name_size);
    str_addn(out, e->flags, BOOLCOUNT);
    if (out->len % 2)
        str_addc(out, 0);
    for (size_t i = 0; i < NUMCOUNT; i++)
        add_short(out, e->numbers[i]);
    for (size_t i = 0; i < STRCOUNT; i++)
        add_short(out, e->strings[i]);
    str_addn(out, e->table.text, e->table.len);
}

static void provide(const char *term, unsigned is)
{
    AUTO_STR struct str bytes = STR_INIT(65536), hex = STR_INIT(4 * 65536);
    struct entry e = {.table = STR_INIT(65536)};

    memset(e.numbers, 0xff, sizeof(e.numbers));
    memset(e.strings, 0xff, sizeof(e.strings));
    for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
        if (capabilities[i].of & is)
            set(&e, &capabilities[i]);
    }
    compile(term, &e, &bytes);
    str_done(&e.table);
    str_add(&hex, "hex:");
    for (size_t i = 0; i < bytes.len; i++)
        str_addf(&hex, "%02X", (unsigned char)bytes.text[i]);
    setenv("TERMINFO", str_text(&hex), 1);
}

static unsigned kind_of(const char *term)
{
    for (size_t i = 0; i < ARRAY_LEN(terminals); i++) {
        if (text_has_prefix(term, terminals[i].name))
            return terminals[i].is;
    }
    return 0;
}

/* False when curses knows no such terminal; *RET_CAN is whether it can be told
 * where to write. */
static bool look_up(const char *term, bool *ret_can)
{
    int error;

    if (setupterm(term, STDOUT_FILENO, &error) != OK)
        return false;
    *ret_can = cursor_address && clear_screen;
    del_curterm(cur_term);
    return true;
}

struct err *terminfo_provide(void)
{
    const char *term = getenv("TERM");
    bool can = false;

    if (!term || !*term)
        return ERR_AS(usage, "TERM is not set: it says which terminal this is "
                             "('xterm', 'linux' ...); -b needs none");
    if (!look_up(term, &can) && kind_of(term)) {
        provide(term, kind_of(term));
        look_up(term, &can);
    }
    if (!can)
        return ERR_AS(usage,
                      "terminal '%s' is not known here or cannot show a "
                      "screen: set TERM to 'xterm', 'linux', 'screen' or "
                      "'vt100', or use -b",
                      term);
    return NULL;
}
