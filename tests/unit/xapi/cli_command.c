/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xapi/cli_command: the rows of xe's commands fit the calls they make, and
 * those of its fields the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "xapi/cli/command.h"
#include "xapi/cli/doc.h"

static unsigned n_wrong;

/* All that is wrong is shown, not the first alone. */
#define must(cmd, what)                                                   \
    do {                                                                  \
        if (!(what)) {                                                    \
            print_error("%s (%s:%d): " #what "\n", (cmd)->name, __FILE__, \
                        __LINE__);                                        \
            n_wrong++;                                                    \
        }                                                                 \
    } while (0)

/* Which type the word is read as: NULL, none is known. */
static const struct model_type *type_of(const struct model_call *call,
                                        const struct cli_word *w, unsigned i)
{
    const struct model_field *f;

    if (!call->n_params || call->params[0].type->kind != MODEL_RECORD)
        return i < call->n_params ? call->params[i].type : NULL;
    f = model_field_find(call->params[0].type->class, w->field);
    return f ? f->type : NULL;
}

static void check_word(const struct cli_command *cmd,
                       const struct model_call *call, const struct cli_word *w,
                       unsigned i)
{
    const struct model_type *type;

    if (w->ignored)
        return;
    if (w->shown) {
        must(cmd, model_field_find(call->result->class, w->param));
        return;
    }
    type = w->after ? model_field_find(call->result->class, w->field)->type
                    : type_of(call, w, i);
    must(cmd, type);
    if (!type)
        return;
    must(cmd, cli_word_is_map(w)
                  ? type->kind == MODEL_MAP || type->kind == MODEL_SET
                  : type->kind != MODEL_MAP);
    if (w->self)
        must(cmd, type->kind == MODEL_REF && cli_selector_of(cmd));
    if (w->file)
        must(cmd, type->kind == MODEL_STRING);
    if (w->initial && type->kind == MODEL_ENUM)
        must(cmd, model_enum_find(type->enum_, w->initial) >= 0);
    if (w->initial && *w->initial == '%')
        must(cmd, type->kind == MODEL_REF);
}

static void check_call(const struct cli_command *cmd, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct model_call *call = model_call_find(name);
    const char *at = cmd->params;
    struct cli_word w;
    unsigned n = 0;

    must(cmd, call);
    if (!call)
        return;
    while (cli_word_next(p, &at, &w)) {
        check_word(cmd, call, &w, n);
        n += !w.after && !w.shown && !w.ignored;
    }
    if (!call->n_params || call->params[0].type->kind != MODEL_RECORD)
        must(cmd, n >= call->n_required && n <= call->n_params);
}

static void test_calls(void **state)
{
    unsigned n = 0;

    (void)state;
    cli_each_command(cmd)
    {
        n++;
        must(cmd, cmd->call || cmd->run);
        must(cmd, cli_command_doc(cmd) && *cli_command_doc(cmd));
        must(cmd, cli_command_find(cmd->name) == cmd);
        if (cmd->call)
            check_call(cmd, cmd->call);
        if (cmd->forced && !cmd->run)
            check_call(cmd, cmd->forced);
    }
    assert_true(n > 300);
    assert_int_equal(n_wrong, 0);
}

/* Sentences end as sentences do, and begin with a capital. */
static void test_docs(void **state)
{
    (void)state;
    cli_each_command(cmd)
    {
        const char *doc = cli_command_doc(cmd);

        if (doc)
            must(cmd, text_has_suffix(doc, ".") && *doc >= 'A' && *doc <= 'Z');
    }
    assert_int_equal(n_wrong, 0);
}

/* Paths of xe's fields lead somewhere, and what is computed is by a call. */
static void check_field(const struct cli_class *class,
                        const struct cli_field *f)
{
    AUTO_POOL struct pool *p = pool_new();
    struct cli c = {.pool = p};
    const struct model_class *model = model_class_find(class->model);
    const struct object *of;
    size_t n;
    char **parts = text_split(p, f->path, ':', &n);
    char *set_property = pool_printf(p, "%s.set_property", model->name);

    if (f->flags & CLI_PROPERTY)
        must(f, model_call_find(set_property));
    if (!(f->flags & CLI_EXPENSIVE)) {
        must(class, cli_field_of(&c, model, f->path, NULL, &of));
        return;
    }
    must(f, model_call_find(parts[0]));
    must(f, n == 1 || (n == 2 && *f->mark == 'M') ||
                (n == 3 && model_field_find(model, parts[1])));
}

/* Each value can be said in xe's word, and that one is no other's. */
static void test_enums(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct cli c = {.pool = p};
    unsigned n_other = 0;
    const char *api;

    (void)state;
    for (const struct model_class *k = model_classes; k->name; k++)
        for (unsigned i = 0; i < k->n_enums; i++)
            for (unsigned j = 0; j < k->enums[i].n_values; j++) {
                const char *word = cli_enum_text(&c, &k->enums[i], j);

                assert_null(cli_enum_read(&c, &k->enums[i], word, &api));
                assert_string_equal(api, k->enums[i].values[j]);
                n_other += strcmp(word, api) != 0;
            }
    /* the rows are all of use: their names are the model's */
    assert_int_equal(n_other, 66);
}

static void test_fields(void **state)
{
    (void)state;
    n_wrong = 0;
    for (const struct cli_class *k = cli_classes; k->name; k++) {
        must(k, cli_class_find(k->name) == k && model_class_find(k->model));
        for (const struct cli_field *f = k->fields; f->name; f++) {
            must(f, cli_field_find(k, f->name) == f);
            check_field(k, f);
        }
    }
    assert_int_equal(n_wrong, 0);
}

/* Each is in the manual. */
static void test_manual(void **state)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX), man = STR_INIT(STR_MAX);
    struct doc d = {.format = DOC_MARKDOWN, .out = &text};

    (void)state;
    n_wrong = 0;
    cli_doc_page.write(&d);
    cli_each_command(cmd)
    {
        if (!(cmd->flags & CLI_SECRET))
            must(cmd, strstr(str_text(&text), cmd->name));
    }
    assert_int_equal(n_wrong, 0);
    d = (struct doc){.format = DOC_MAN, .out = &man};
    cli_doc_page.write(&d);
    assert_non_null(strstr(str_text(&man), "Makes a VM out of a template"));
}

static void test_words(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *at = "  VM/[vm-uuid=x] @ a|b =%host <[file] >d/[e:] !f g-h:";
    struct cli_word w;

    (void)state;
    assert_true(cli_word_next(p, &at, &w));
    assert_string_equal(w.field, "VM");
    assert_string_equal(w.param, "vm-uuid");
    assert_string_equal(w.initial, "x");
    assert_true(w.optional && !w.constant);
    assert_true(cli_word_next(p, &at, &w) && w.self);
    assert_true(cli_word_next(p, &at, &w));
    assert_string_equal(w.param, "a");
    assert_string_equal(w.other, "b");
    assert_true(cli_word_next(p, &at, &w) && w.constant);
    assert_string_equal(w.initial, "%host");
    assert_true(cli_word_next(p, &at, &w) && w.file && w.optional);
    assert_true(cli_word_next(p, &at, &w) && w.after && cli_word_is_map(&w));
    assert_string_equal(w.field, "d");
    assert_true(cli_word_next(p, &at, &w) && w.shown);
    assert_true(cli_word_next(p, &at, &w) && cli_word_is_map(&w));
    assert_string_equal(w.field, "g_h");
    assert_false(cli_word_next(p, &at, &w));
}

static void check_size(const char *text, int64_t want)
{
    AUTO_ERR struct err *e = NULL;
    int64_t got = -1;

    e = cli_size(text, &got);
    if (want < 0) {
        assert_non_null(e);
        return;
    }
    assert_null(e);
    assert_int_equal(got, want);
}

static void test_sizes(void **state)
{
    (void)state;
    check_size("0", 0);
    check_size("12", 12);
    check_size("12B", 12);
    check_size("12bytes", 12);
    check_size("2k", 2048);
    check_size("2KB", 2048);
    check_size("2KiB", 2048);
    check_size("3 GiB", 3LL << 30);
    check_size("1t", 1LL << 40);
    check_size("9223372036854775807", INT64_MAX);
    check_size("9223372036854775808", -1);
    check_size("8388608T", -1);
    check_size("", -1);
    check_size("G", -1);
    check_size("-1", -1);
    check_size("1GG", -1);
    check_size("1.5G", -1);
    check_size("99999999999999999999999999", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),  cmocka_unit_test(test_docs),
        cmocka_unit_test(test_fields), cmocka_unit_test(test_words),
        cmocka_unit_test(test_enums),  cmocka_unit_test(test_manual),
        cmocka_unit_test(test_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
