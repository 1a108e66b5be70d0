/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc FOLDER HEADER TABLES: compiles the model in FOLDER into two C files.
 * The build runs it; see modelc.h.
 */
#include <stdio.h>

#include "lib/file.h"
#include "xapi/modelc.h"

static struct err *write_to(const char *path, struct modelc *m,
                            void (*write)(struct modelc *, struct str *))
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    write(m, &out);
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
    TRY(write_to(argv[2], &m, modelc_write_header));
    return write_to(argv[3], &m, modelc_write_tables);
}

int main(int argc, char *argv[])
{
    AUTO_ERR struct err *e =
        argc == 4 ? compile(argv) : ERR_AS(usage, "want FOLDER HEADER TABLES");

    if (e && !err_is(e, &err_kind_reported))
        fprintf(stderr, "modelc: %s\n", err_text(e));
    return err_exit_status(e);
}
