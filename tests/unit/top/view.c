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
    struct pool *pool, *pool_of_grid;
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
    pool_free(r->pool_of_grid);
    pool_free(r->pool);
}

/* ---- kept screens -------------------------------------------------------- */

static const struct {
    int rows, cols;
} sizes[] = {{24, 80}, {43, 132}, {60, 250}};

/* clang-format off */
static const struct {
    const char *name, *typed;
    bool ascii, no_blocks;
} screens[] = {
    {"plain",   ""},
    {"ascii",   "", true},
    {"console", "", .no_blocks = true},
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
    const char *path =
        pool_printf(r->pool, KEPT "/%s.%dx%d", name, r->cols, r->rows);
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
            r.view.blocks = !screens[i].ascii && !screens[i].no_blocks;
            draw(&r);
            type(&r, screens[i].typed);
            compare(screens[i].name, &r);
            end(&r);
        }
    }
}

/* ---- keys ---------------------------------------------------------------- */

static void rows_of_keys(void **state)
{
    (void)state;
    for (const struct key *k = keys; k->names; k++) {
        assert_non_null(k->doc);
        assert_true(k->press || !k->codes[0]);
        assert_true(!k->label || key_mark(k));
        for (const struct key *other = k + 1; other->names; other++) {
            for (size_t i = 0; i < ARRAY_LEN(k->codes) && k->codes[i]; i++) {
                for (size_t j = 0; j < ARRAY_LEN(k->codes); j++)
                    assert_int_not_equal(k->codes[i], other->codes[j]);
            }
        }
    }
}

static void assert_text(const struct rig *r, const char *part, bool there)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    grid_text(r->grid, &text);
    if (!strstr(str_text(&text), part) == there)
        print_error("'%s' in:\n%s", part, str_text(&text));
    assert_int_equal(!strstr(str_text(&text), part), !there);
}

/* The selected line stays with its domain, whatever the order. */
static void selection(void **state)
{
    struct rig r;

    (void)state;
    begin(&r, 24, 80, true);
    type(&r, "jjj");
    assert_int_equal(r.view.mark.id, 5);
    assert_int_equal(r.view.cursor, 2);
    type(&r, "sss");
    assert_int_equal(r.view.mark.id, 5);
    assert_int_equal(r.view.cursor, 1);
    type(&r, "e");
    assert_true(view_is_open(&r.view, 5));
    type(&r, "jj");
    assert_int_equal(r.view.mark.id, 5);
    assert_int_equal(r.view.cursor, 3);
    type(&r, "e"); /* its lines are gone: the domain's own is selected */
    assert_false(view_is_open(&r.view, 5));
    assert_int_equal(r.view.cursor, 1);
    type(&r, "/web1\r");
    assert_int_equal(r.view.mark.id, 1);
    end(&r);
}

static void what_is_read(void **state)
{
    struct rig r;

    (void)state;
    begin(&r, 24, 50, true);
    assert_int_equal(view_needs(&r.view), 0);
    type(&r, "n");
    assert_int_equal(view_needs(&r.view), SAMPLE_VIFS);
    type(&r, "nbv");
    assert_int_equal(view_needs(&r.view), SAMPLE_VBDS | SAMPLE_VCPUS);
    type(&r, "bva");
    assert_int_equal(view_needs(&r.view),
                     SAMPLE_VCPUS | SAMPLE_VIFS | SAMPLE_VBDS | SAMPLE_MEMORY);
    type(&r, "a3");
    assert_int_equal(view_needs(&r.view),
                     SAMPLE_CPUS | SAMPLE_MEMORY | SAMPLE_PSR);
    type(&r, "2");
    assert_int_equal(view_needs(&r.view), SAMPLE_VCPUS);
    type(&r, "1g");
    assert_int_equal(view_needs(&r.view), SAMPLE_VIFS);
    end(&r);
}

/* Columns of which nothing is known do not come and go as what is read follows
 * what is shown. */
static void columns_stay(void **state)
{
    struct sample some;
    struct change change;
    struct rig r;

    (void)state;
    for (int cols = 20; cols <= 400; cols += 5) {
        unsigned needs;

        begin(&r, 24, cols, true);
        change = *r.data.change;
        some = *change.now;
        change.now = &some;
        change.n_domains = 1; /* Dom0: it says nothing of its memory */
        r.data.change = &change;
        for (int i = 0; i < 10; i++) {
            needs = view_needs(&r.view);
            some.parts = needs;
            draw(&r);
        }
        assert_int_equal(needs, view_needs(&r.view));
        end(&r);
    }
}

static void trouble(void **state)
{
    struct rig r;
    struct sample late;
    struct change change;

    (void)state;
    begin(&r, 24, 80, true);
    change = *r.data.change;
    late = *change.now;
    change.now = &late;
    r.data.change = &change;
    late.store_age = 12;
    draw(&r);
    assert_text(&r, "XenStore has not answered for 12 s", true);
    late.store_age = 0;
    draw(&r);
    assert_text(&r, "answers again", true);
    press(&r, KEY_CODE_DOWN);
    assert_text(&r, "answers again", false);
    r.data.age = 9;
    draw(&r);
    assert_text(&r, "No reading for", false);
    r.data.age = 10;
    draw(&r);
    assert_text(&r, "No reading for 10 s: still waiting", true);
    r.data.problem = "cannot ask Xen";
    draw(&r);
    assert_text(&r, "No reading for 10 s: cannot ask Xen", true);
    assert_text(&r, "web1", true);
    r.data.change = NULL;
    draw(&r);
    assert_text(&r, "cannot ask Xen", true);
    press(&r, 'h');
    assert_text(&r, "Set the seconds", true);
    end(&r);
}

static void columns_that_are_asked_for(void **state)
{
    const struct column *some[] = {column_find("id"), column_find("uuid"),
                                   column_find("name")};
    struct rig r;

    (void)state;
    begin(&r, 24, 80, true);
    r.view.opts.columns = some;
    r.view.opts.n_columns = 3;
    draw(&r);
    assert_text(&r, "   ID UUID  ", true);
    assert_text(&r, "    9 5f0c8a4e-2b6d-4c1e-9a77-000000000009", true);
    assert_text(&r, "VCPUS", false);
    end(&r);
}

/* Nothing that can be pressed or clicked, on a screen of whatever size, makes
 * a state that cannot be drawn. */
static void monkey(void **state)
{
    struct rig r;

    (void)state;
    srand(1);
    begin(&r, 24, 80, true);
    for (int i = 0; i < 6000; i++) {
        struct pool *p = pool_new();
        int what = rand() % 20;

        if (what == 0) {
            r.rows = rand() % 70;
            r.cols = rand() % 260;
        } else if (what == 1) {
            keys_wheel(&r.view, &r.data, rand() % 2);
        } else if (what < 6) {
            keys_click(&r.view, &r.data, r.grid, rand() % 70, rand() % 260);
        } else if (what < 10) {
            keys_press(&r.view, &r.data, KEY_CODE_UP + rand() % 12);
        } else {
            keys_press(&r.view, &r.data, 1 + rand() % 300);
        }
        r.view.quit = false;
        r.grid = view_draw(&r.view, &r.data, r.rows, r.cols, p);
        assert_in_range(r.view.top, 0, r.view.n_lines);
        assert_true(r.view.cursor < r.view.n_lines || !r.view.n_lines);
        assert_true(strlen(r.view.filter) < VIEW_TEXT_MAX);
        pool_free(r.pool_of_grid);
        r.pool_of_grid = p;
    }
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_screens),
        cmocka_unit_test(rows_of_keys),
        cmocka_unit_test(selection),
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(columns_stay),
        cmocka_unit_test(trouble),
        cmocka_unit_test(columns_that_are_asked_for),
        cmocka_unit_test(monkey),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8") || setenv("TZ", "UTC", 1))
        return 1;
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
