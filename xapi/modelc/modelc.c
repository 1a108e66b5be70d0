/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc FOLDER OUT: compiles the model in FOLDER into C files in the folder
 * OUT. The build runs it; see modelc.h.
 */
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "xapi/modelc/modelc.h"

/* clang-format off */
static const struct {
    const char *name;
    modelc_write_fn *write;
} files[] = {
    {"model_gen.h",  modelc_write_header},
    {"model_gen.c",  modelc_write_tables},
    {"fields_gen.h", modelc_write_fields},
    {"errors_gen.h", modelc_write_errors},
    {"calls_gen.h",  modelc_write_calls_header},
    {"calls_gen.c",  modelc_write_calls},
};
/* clang-format on */

/* The same as before: what includes it need not be compiled again. */
static bool is_there(struct pool *p, const char *path, const struct str *text)
{
    char *old;
    size_t len;
    AUTO_ERR struct err *e = file_read(p, path, STR_MAX, &old, &len);

    return !e && len == text->len && !memcmp(old, str_text(text), len);
}

static struct err *write_file(struct modelc *m, const char *folder, size_t i)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    const char *path = pool_printf(m->pool, "%s/%s", folder, files[i].name);

    str_add(&out,
            "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
            "/* Made by modelc out of xapi/model: not to be edited. */\n");
    if (text_has_suffix(path, ".h"))
        str_add(&out, "#pragma once\n");
    files[i].write(m, &out);
    if (text_has_suffix(path, ".h") && is_there(m->pool, path, &out))
        return NULL;
    return file_write(path, str_text(&out), out.len, 0644);
}

static struct err *compile(char *const *argv)
{
    AUTO_POOL struct pool *p = pool_new();
    struct modelc m = {.pool = p, .diags.pool = p};

    TRY(modelc_read(&m, argv[1]));
    modelc_derive(&m);
    modelc_check(&m);
    if (m.diags.n) {
        AUTO_STR struct str out = STR_INIT(STR_MAX);

        diags_format(&m.diags, &out);
        fputs(str_text(&out), stderr);
    }
    if (m.diags.n_errors)
        return err_silent(1);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        TRY(write_file(&m, argv[2], i));
    return NULL;
}

int main(int argc, char *argv[])
{
    AUTO_ERR struct err *e =
        argc == 3 ? compile(argv) : ERR_AS(usage, "want two folders");

    if (e && !err_is(e, &err_kind_reported))
        fprintf(stderr, "modelc: %s\n", err_text(e));
    return err_exit_status(e);
}
