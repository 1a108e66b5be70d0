/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view and keys: screens made of kept readings (tests/screen/readings) and some
 * keys, against the kept ones in tests/screen/kept. KEEP=1 writes these anew.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <string.h>
#include <time.h>

#include "lib/file.h"
#include "xenstore/top/keys.h"

#define READINGS "tests/screen/readings"
#define KEPT "tests/screen/kept"

/* What a screen has at hand, without terminal and thread. */
struct rig {
    struct pool *pool;
    struct view view;
    struct view_data data;
    struct history *history;
    struct grid *grid;
    int rows, cols;
};

static void ok(struct err *e)
{
    if (e)
        print_error("%s\n", err_text(e));
    assert_null(e);
}

/* All readings, one after the other; a curve of each figure that has been
 * asked for would be too much here: it is that of the processor's. */
static void load(struct rig *r)
{
    AUTO_SAMPLER struct sampler *s = NULL;
    const struct sample *was = NULL, *now = NULL;
    const struct change *c = NULL;

    ok(sampler_replay(READINGS, &s));
    r->history = history_new(column_find("cpu_percent"));
    for (int i = 0; i < 14; i++, was = now) {
        ok(sampler_take(s, r->pool, &now));
        c = change_between(was, now, r->pool);
        history_add(r->history, c);
    }
    r->data = (struct view_data){.change = c, .history = r->history};
}

static void draw(struct rig *r)
{
    r->grid = view_draw(&r->view, &r->data, r->rows, r->cols, r->pool);
}

static void press(struct rig *r, int code)
{
    keys_press(&r->view, &r->data, code);
    draw(r);
}

static void type(struct rig *r, const char *typed)
{
    for (; *typed; typed++)
        press(r, (unsigned char)*typed);
}

static void begin(struct rig *r, int rows, int cols, bool utf8)
{
    struct top_options opts = {.delay = 3};

    *r = (struct rig){.pool = pool_new(), .rows = rows, .cols = cols};
    view_init(&r->view, &opts, utf8);
    load(r);
    draw(r);
}

static void end(struct rig *r)
{
    history_free(r->history);
    view_done(&r->view);
    pool_free(r->pool);
}

/* ---- kept screens -------------------------------------------------------- */

static const struct {
    int rows, cols;
} sizes[] = {{24, 80}, {43, 132}, {60, 250}};

/* clang-format off */
static const struct {
    const char *name, *typed;
    bool ascii;
} screens[] = {
    {"plain",   ""},
    {"ascii",   "", true},
    {"details", "nbv"},
    {"repeat",  "rsssf"},
    {"tree",    "jjje"},
    {"trees",   "ai"},
    {"filter",  "/web"},
    {"delay",   "d1.5"},
    {"nothing", "/nosuch\r"},
    {"vcpus",   "2sss"},
    {"host",    "3"},
    {"help",    "h"},
    {"frozen",  "zx"},
};
/* clang-format on */

static void compare(const char *name, const struct rig *r)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    const char *path = pool_printf(r->pool, KEPT "/%s.%dx%d", name, r->cols,
                                   r->rows);
    char *want;
    size_t len;

    grid_text(r->grid, &text);
    str_add(&text, "---\n");
    grid_styles(r->grid, &text);
    if (getenv("KEEP"))
        ok(file_write(path, str_text(&text), text.len, 0644));
    ok(file_read(r->pool, path, 1 << 20, &want, &len));
    if (strcmp(want, str_text(&text)))
        print_error("%s is now:\n%s", path, str_text(&text));
    assert_string_equal(want, str_text(&text));
}

static void kept_screens(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
        for (size_t j = 0; j < ARRAY_LEN(sizes); j++) {
            struct rig r;

            begin(&r, sizes[j].rows, sizes[j].cols, !screens[i].ascii);
            type(&r, screens[i].typed);
            compare(screens[i].name, &r);
            end(&r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_screens),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8") || setenv("TZ", "UTC", 1))
        return 1;
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
