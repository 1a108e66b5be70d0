/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rows: every table of the programs by what all of them promise: names and
 * letters once, a sentence each, kinds that fit their flags, and manuals that
 * groff takes. (The order of the keys and what each does is in
 * tests/unit/domain.)
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "lib/doc.h"
#include "xenstore/tools/tools.h"
#include "xl/xl.h"

static const struct cmd *const *const programs[] = {xl_families,
                                                    tools_families};

/* Every command of every program, FAMILIES being those of its program. */
#define each_cmd(c, families)                                                \
    for (size_t i_ = 0; i_ < ARRAY_LEN(programs); i_++)                      \
        for (const struct cmd *const *families = programs[i_], *const *f_ =  \
                                                                   families; \
             *f_; f_++)                                                      \
            for (const struct cmd *c = *f_; c->name; c++)

static void check_sentence(const char *table, const char *name, const char *doc)
{
    size_t len = doc ? strlen(doc) : 0;

    if (!len)
        fail_msg("%s: '%s' has no sentence", table, name);
    if (doc[len - 1] != '.')
        fail_msg("%s: '%s': no full stop behind its sentence", table, name);
    if (isspace((unsigned char)doc[0]) || strstr(doc, "  "))
        fail_msg("%s: '%s': odd white space in its sentence", table, name);
}

/* What any row promises. */
static void check_rows(const char *table, const struct slot *rows)
{
    for (const struct slot *s = rows; s->name; s++) {
        if (!(s->flags & SLOT_HIDDEN))
            check_sentence(table, s->name, s->doc);
        if (!s->kind || !s->kind->read || !s->kind->name)
            fail_msg("%s: '%s' has no proper kind", table, s->name);
        if (s->min > s->max && s->max)
            fail_msg("%s: '%s' has an empty range", table, s->name);
        for (const struct slot *other = rows; other != s; other++) {
            /* "PATH [PATH...]" is fine. */
            if (!strcmp(s->name, other->name) && !(s->flags & SLOT_ARG))
                fail_msg("%s: '%s' stands there twice", table, s->name);
            if (s->letter && s->letter == other->letter)
                fail_msg("%s: '-%c' stands there twice", table, s->letter);
        }
    }
}

/* Arguments: what may be missing comes behind what may not, the rest last. */
static void check_args(const char *table, const struct slot *rows)
{
    unsigned char before = 0;

    for (const struct slot *s = rows; s->name; s++) {
        if (!(s->flags & SLOT_ARG)) {
            if (s->flags & (SLOT_OPTIONAL | SLOT_REST))
                fail_msg("%s: option '%s' has flags of an argument", table,
                         s->name);
            continue;
        }
        if (before & SLOT_REST)
            fail_msg("%s: '%s' comes after the rest", table, s->name);
        if ((before & SLOT_OPTIONAL) && !(s->flags & SLOT_OPTIONAL))
            fail_msg("%s: '%s' comes after what may be missing", table,
                     s->name);
        if (!s->kind->takes_word)
            fail_msg("%s: argument '%s' takes no word", table, s->name);
        before = s->flags;
    }
}

static void commands(void **state)
{
    (void)state;
    each_cmd(c, families)
    {
        check_sentence("commands", c->name, c->doc);
        check_rows(c->name, c->opts);
        check_args(c->name, c->opts);
        if (!c->run)
            fail_msg("'%s' does nothing", c->name);
        if (cmd_find(families, c->name) != c)
            fail_msg("'%s' stands there twice", c->name);
        if (c->alias && cmd_find(families, c->alias) != c)
            fail_msg("'%s' stands there twice", c->alias);
    }
    check_rows("xl", xl_global_opts);
}

/* Every field lies within the struct that the options fill. */
static void fields(void **state)
{
    (void)state;
    each_cmd(c, families)
    {
        assert_non_null(families);
        for (const struct slot *s = c->opts; s->name; s++) {
            if (s->offset + s->size > c->args_size)
                fail_msg("'%s %s' lies outside its struct", c->name, s->name);
        }
    }
}

static void tables(void **state)
{
    (void)state;
    check_rows("keys", guest_keys.rows);
    check_rows("disk", disk_keys.rows);
    check_rows("vif", net_keys.rows);
    check_rows("vfb", vfb_keys.rows);
    check_rows("channel", channel_keys.rows);
    check_rows("usbctrl", usbctrl_keys.rows);
    check_rows("usbdev", usbdev_keys.rows);
    check_rows("xl.conf", conf_settings.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(fields),
        cmocka_unit_test(tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
