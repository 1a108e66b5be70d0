/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model_doc: every row is in the pages, and groff takes them without warning.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/run.h"
#include "xapi/model/model_doc.h"
#include "xapi/model/model_gen.h"

static void write_page(size_t i, enum doc_format format, struct str *out)
{
    struct doc d = {.format = format, .out = out};

    doc_title(&d, model_doc_pages[i].name, model_doc_pages[i].section,
              model_doc_pages[i].summary);
    model_doc_pages[i].write(&d);
    assert_false(str_full(out));
}

/* Where the part about CLASS begins. */
static const char *part_of(const char *page, const struct model_class *class)
{
    AUTO_STR struct str heading = STR_INIT(STR_MAX);
    struct doc d = {.format = DOC_MARKDOWN, .out = &heading};
    const char *at;

    doc_heading(&d, class->name);
    at = strstr(page, str_text(&heading));
    assert_non_null(at);
    return at;
}

static void assert_has(const char *text, const char *front, const char *name)
{
    AUTO_STR struct str want = STR_INIT(STR_MAX);

    str_add(&want, front);
    str_add(&want, name);
    if (!strstr(text, str_text(&want)))
        fail_msg("'%s' is not in the page", str_text(&want));
}

static void reference(void **state)
{
    AUTO_STR struct str page = STR_INIT(STR_MAX);

    (void)state;
    write_page(0, DOC_MARKDOWN, &page);
    for (size_t i = 0; i < MODEL_N_FIELDS; i++) {
        const struct model_field *f = &model_fields[i];

        if (f->on_wire)
            assert_has(part_of(str_text(&page), f->class), "\n- `", f->name);
    }
    for (size_t i = 0; i < MODEL_N_CALLS; i++) {
        if (!model_calls[i].hidden)
            assert_has(part_of(str_text(&page), model_calls[i].class), "`",
                       model_calls[i].message);
    }
    for (size_t i = 0; i < MODEL_N_ERRORS; i++)
        assert_has(str_text(&page), "\n- `", model_errors[i].name);
    assert_non_null(
        strstr(str_text(&page),
               "- `login_with_password(uname: string, pwd: string, version: "
               "string = '1.1', originator: string = ''): session ref`: Logs "
               "in; gives the session for all other calls. Needs no "
               "session."));
    assert_non_null(strstr(str_text(&page),
                           "- `MTU: int`: The largest packet on it, in bytes. "
                           "Can be set. At first `1500`.\n"));
    assert_non_null(strstr(str_text(&page),
                           "- `VBDs: VBD ref set`: Its disks and drives. The "
                           "other end is `VBD.VM`.\n"));
    assert_non_null(strstr(str_text(&page),
                           "- `VM_BAD_POWER_STATE`: The guest is not in the "
                           "power state that this needs. Arguments: vm, "
                           "expected, actual.\n"));
}

static void parity(void **state)
{
    AUTO_STR struct str page = STR_INIT(STR_MAX);
    size_t n = 0;

    (void)state;
    write_page(1, DOC_MARKDOWN, &page);
    for (size_t i = 0; i < MODEL_N_CALLS; i++)
        assert_has(part_of(str_text(&page), model_calls[i].class), "`",
                   model_calls[i].message);
    for (size_t i = 0; i < MODEL_N_CALLS; i++)
        n += model_calls[i].refused;
    assert_int_equal(n, 9);
    assert_non_null(strstr(str_text(&page), "- `Refused`: 9 of "));
    assert_non_null(strstr(str_text(&page), "Refused (2): `create`, "
                                            "`destroy`."));
}

static void man(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    for (size_t i = 0; model_doc_pages[i].name; i++) {
        AUTO_STR struct str page = STR_INIT(STR_MAX);
        struct run groff = {
            .argv = (const char *const[]){"groff", "-ww", "-man", "-Tascii",
                                          "-z", "-rLL=200n", NULL}};

        write_page(i, DOC_MAN, &page);
        groff.input = str_text(&page);
        groff.input_len = page.len;
        assert_null(run_wait(&groff, p));
        assert_int_equal(groff.exit_status, 0);
        assert_string_equal(groff.output, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference),
        cmocka_unit_test(parity),
        cmocka_unit_test(man),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
