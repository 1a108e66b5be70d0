/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modelc: a small model compiled, and what is said of wrong ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/file.h"
#include "xapi/modelc/modelc.h"

static const char roles_file[] =
    "{\"version\": [2, 23], \"vendor\": \"us\", \"schema\": [5, 1],"
    " \"roles\": [{\"name\": \"top\", \"doc\": \"All.\"}, {\"name\": \"low\", "
    "\"doc\": \"Some.\"},"
    " {\"name\": \"aside\", \"is\": \"internal\",\"doc\": \"Few.\"}],"
    " \"errors\": {\"CAT_AWAY\": {\"params\": [\"cat\", \"since when\"], "
    "\"doc\": \"It is out.\"}, \"A\": {\"doc\": \"It failed.\"}},"
    " \"alerts\": {\"CAT_SEEN\": 5}, \"permissions\": {\"cat.feed/any\": "
    "\"low\"},"
    " \"fields\": {\"uuid\": \"Names it for ever.\"},"
    " \"actions\": {\"get_cat\": {\"method\": \"GET\", \"path\": \"/cat\","
    " \"role\": \"top + aside\", \"is\": \"unchecked\"}}}";

static const char flea_file[] =
    "{\"class\": \"flea\", \"role\": \"top\", \"doc\": \"Bites.\", \"fields\": "
    "{\n"
    " \"uuid\": {\"type\": \"string\"},\n"
    " \"host\": {\"type\": \"cat ref\", \"doc\": \"Whom.\"}}}";

static const char cat_file[] =
    "{\"class\": \"cat\", \"role\": \"low\", \"doc\": \"An animal.\",\n"
    " \"is\": \"constructor\", \"enums\": {\"mood\": [\"calm\", "
    "\"very-cross\"]},\n"
    " \"fields\": {\n"
    "  \"uuid\": {\"type\": \"string\"},\n"
    "  \"name__label\": {\"type\": \"string\", \"is\": \"RW required\","
    " \"doc\": \"What it is called.\"},\n"
    "  \"mood\": {\"type\": \"mood\", \"initial\": \"very-cross\","
    " \"doc\": \"How it is.\"},\n"
    "  \"toys\": {\"type\": \"(string -> int) map\", \"is\": \"RW\","
    " \"initial\": {\"ball\": 2}, \"keys\": {\"ball*\": \"top\"},"
    " \"doc\": \"What it has.\"},\n"
    "  \"fleas\": {\"type\": \"flea ref set\", \"inverse\": \"flea.host\","
    " \"doc\": \"What has it.\"}},\n"
    " \"calls\": {\n"
    "  \"feed\": {\"is\": \"async\", \"params\": {\"self\": \"cat ref\","
    " \"what\": [\"secret string\", \"fish\"]}, \"result\": \"mood\","
    " \"errors\": [\"CAT_AWAY\"], \"doc\": \"Feeds it.\"},\n"
    "  \"call\": {\"is\": \"unimplemented\", \"doc\": \"It does not come.\"},\n"
    "  \"destroy\": {\"is\": \"own\"}}}";

struct run {
    struct pool *pool;
    struct modelc m;
    struct err *error;
};

/* Compiles the three files, CAT in the place of cat_file. */
static void compile(struct run *run, const char *cat)
{
    char dir[] = "/tmp/modelc-XXXXXX";
    const char *const names[] = {"cat.json", "flea.json", "roles.json"};
    const char *const texts[] = {cat, flea_file, roles_file};

    run->pool = pool_new();
    run->m = (struct modelc){.pool = run->pool, .diags.pool = run->pool};
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < 3; i++)
        assert_null(file_write(pool_printf(run->pool, "%s/%s", dir, names[i]),
                               texts[i], strlen(texts[i]), 0600));
    run->error = modelc_read(&run->m, dir);
    if (!run->error) {
        modelc_derive(&run->m);
        modelc_check(&run->m);
    }
    for (size_t i = 0; i < 3; i++)
        assert_null(
            file_remove(pool_printf(run->pool, "%s/%s", dir, names[i])));
    assert_int_equal(rmdir(dir), 0);
}

static void done(struct run *run)
{
    err_free(run->error);
    pool_free(run->pool);
}

static const struct model_call *call_of(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->m.n_calls; i++) {
        if (!strcmp(run->m.calls[i]->row.name, name))
            return &run->m.calls[i]->row;
    }
    return NULL;
}

static void assert_writes(struct run *run, modelc_write_fn *write,
                          const char *part)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    write(&run->m, &out);
    if (!strstr(str_text(&out), part))
        fail_msg("'%s' is not in:\n%s", part, str_text(&out));
}

static void tables(void **state)
{
    AUTO(done) struct run run;
    const struct model_field *toys, *fleas;
    const struct model_call *feed;

    (void)state;
    compile(&run, cat_file);
    assert_null(run.error);
    assert_int_equal(run.m.diags.n, 0);
    assert_int_equal(run.m.n_classes, 2);
    toys = &run.m.fields[3].row;
    fleas = &run.m.fields[4].row;
    assert_string_equal(toys->type->name, "(string -> int) map");
    assert_int_equal(toys->initial.values[0].i, 2);
    assert_int_equal(toys->key_roles[0].roles, 1);
    assert_int_equal(toys->setter_roles, 3);
    assert_int_equal(toys->getter_roles, 7);
    assert_true(fleas->computed);
    assert_string_equal(fleas->inverse->name, "host");
    assert_string_equal(run.m.fields[0].row.doc, "Names it for ever.");
    assert_int_equal(run.m.fields[2].row.initial.keys[0].i, 1);
    assert_int_equal(run.m.http[0].roles, 1 | 4);
    feed = call_of(&run, "cat.feed");
    assert_int_equal(feed->n_params, 2);
    assert_int_equal(feed->n_required, 1);
    assert_string_equal(feed->params[1].initial.keys[0].s, "fish");
    assert_string_equal(feed->params[1].type->name, "string");
    assert_true(feed->params[1].secret);
    assert_false(feed->params[0].secret);
    assert_string_equal(feed->result->name, "cat.mood");
    assert_string_equal(feed->errors[0]->name, "CAT_AWAY");
}

static void derived(void **state)
{
    static const char *const names[] = {"add_to_toys",
                                        "call",
                                        "create",
                                        "destroy",
                                        "feed",
                                        "get_all",
                                        "get_all_records",
                                        "get_all_records_where",
                                        "get_all_where",
                                        "get_by_name_label",
                                        "get_by_uuid",
                                        "get_fleas",
                                        "get_mood",
                                        "get_name_label",
                                        "get_record",
                                        "get_toys",
                                        "get_uuid",
                                        "remove_from_toys",
                                        "set_name_label",
                                        "set_toys"};
    AUTO(done) struct run run;

    (void)state;
    compile(&run, cat_file);
    assert_int_equal(run.m.classes[0].row.n_calls, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_string_equal(run.m.calls[i]->row.message, names[i]);
    assert_int_equal(call_of(&run, "cat.add_to_toys")->key_roles[0].roles, 1);
    assert_true(call_of(&run, "cat.create")->async);
    assert_false(call_of(&run, "cat.create")->own);
    assert_true(call_of(&run, "cat.destroy")->own);
    assert_int_equal(call_of(&run, "cat.get_record")->roles, 7);
}

static void code(void **state)
{
    AUTO(done) struct run run;

    (void)state;
    compile(&run, cat_file);
    assert_writes(&run, modelc_write_header, "    cat_mood_very_cross,\n");
    assert_writes(&run, modelc_write_header, "    CALL_cat_feed,\n");
    assert_writes(&run, modelc_write_tables, ".name = \"cat.feed\"");
    assert_writes(&run, modelc_write_fields,
                  "FIELD_GET(cat, mood, enum cat_mood , i)\n");
    assert_writes(&run, modelc_write_fields, "FIELD_GET_O(flea, host)\n");
    assert_writes(&run, modelc_write_errors,
                  "err_CAT_AWAY(const char *cat, const char *since_when)\n");
    assert_writes(&run, modelc_write_errors, "err_A(void)\n");
    assert_writes(&run, modelc_write_calls_header,
                  "struct cat_feed_args {\n    const char *self;\n"
                  "    const char *what;\n};\n");
    assert_writes(&run, modelc_write_calls, "[CALL_cat_feed] = run_cat_feed");
    assert_writes(&run, modelc_write_calls,
                  "[CALL_cat_destroy] = run_cat_destroy");
    assert_null(run.error);
}

/* Says PART, and nothing else, when FROM in the cat's file is TO. */
static void assert_says(const char *from, const char *to, const char *part)
{
    AUTO(done) struct run run;
    AUTO_STR struct str text = STR_INIT(STR_MAX), out = STR_INIT(STR_MAX);
    const char *at = strstr(cat_file, from);

    assert_non_null(at);
    str_addn(&text, cat_file, (size_t)(at - cat_file));
    str_add(&text, to);
    str_add(&text, at + strlen(from));
    compile(&run, str_text(&text));
    if (run.error)
        str_add(&out, err_text(run.error));
    diags_format(&run.m.diags, &out);
    if (!strstr(str_text(&out), part))
        fail_msg("'%s' is not in:\n%s", part, str_text(&out));
    if (!run.error && run.m.diags.n_errors != 1)
        fail_msg("more than one complaint:\n%s", str_text(&out));
}

static void complaints(void **state)
{
    (void)state;
    assert_says("\"calm\"", "calm", "cat.json:2:");
    assert_says("\"mood\": {\"type\": \"mood\"",
                "\"mood\": {\"type\": \"moood\"",
                "cat.json:6:20: error: unknown type 'moood': did you mean "
                "'mood'?");
    assert_says("\"flea ref set\"", "\"fle ref set\"", "unknown class 'fle'");
    assert_says("\"result\": \"mood\"", "\"result\": \"flea.mood\"",
                "cat.json:10:");
    assert_says("\"RW required\"", "\"RW requierd\"",
                "did you mean 'required'?");
    assert_says("\"RW required\"", "\"required\"",
                "cat.name_label: nobody can give what is required");
    assert_says("\"role\": \"low\",", "", "cat has no role");
    assert_says("\"role\": \"low\"", "\"role\": \"lower\"",
                "unknown role 'lower'");
    assert_says("\"very-cross\",", "\"cross\",",
                "cat.json:6:39: error: this is no value of type cat.mood");
    assert_says("{\"ball\": 2}", "{\"ball\": true}",
                "this is no value of type int");
    assert_says("\"flea.host\"", "\"flea.hosts\"",
                "unknown field 'flea.hosts'");
    assert_says("\"flea.host\"", "\"flea.uuid\"", "is no inverse of cat.fleas");
    assert_says(
        "\"inverse\"", "\"inverts\"",
        "unknown setting of a field 'inverts': did you mean 'inverse'?");
    assert_says("\"CAT_AWAY\"]", "\"CAT_AWAI\"]",
                "unknown error 'CAT_AWAI': did you mean 'CAT_AWAY'?");
    assert_says("\"What it has.\"", "\"what it has\"",
                "cat.toys: want a sentence with a capital and a full stop");
    assert_says(", \"doc\": \"Feeds it.\"", "",
                "cat.json:10:3: error: cat.feed has no sentence (doc)");
    assert_says("\"what\": [\"secret string\", \"fish\"]",
                "\"what\": [\"string\", \"fish\"], \"n\": \"int\"",
                "'n' has no value but those before it may be left out");
    assert_says("{\"is\": \"own\"}", "{\"is\": \"own\", \"role\": \"top\"}",
                "'destroy' is derived");
    assert_says("\"is\": \"async\"", "\"is\": \"async own\"",
                "'own' is for derived calls");
    assert_says("\"(string -> int) map\"", "\"(string, int) map\"",
                "has no ' -> '");
    assert_says("\"flea ref set\", \"inverse\": \"flea.host\"",
                "\"flea ref set set\"",
                "the database keeps no values of type flea ref set set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
        cmocka_unit_test(derived),
        cmocka_unit_test(code),
        cmocka_unit_test(complaints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
