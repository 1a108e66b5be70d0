/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docs: prints the pages of model_doc, as other programs do by __doc:
 * `docs man xenapi`. Only `make docs` runs it.
 */
#include <stdio.h>

#include "lib/opt.h"
#include "xapi/model_doc.h"

static struct err *print(int argc, char *argv[])
{
    static const struct doc_program program = {.name = "docs",
                                               .pages = model_doc_pages};
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct doc_args args = {.form = 0};
    struct opt_parse parse = {.n_used = 0};

    TRY(opt_parse(doc_args_rows, argc, argv, &args, p, &parse));
    TRY(doc_print(&program, &args, &out));
    fputs(str_text(&out), stdout);
    return NULL;
}

int main(int argc, char *argv[])
{
    AUTO_ERR struct err *e = print(argc, argv);

    if (e)
        fprintf(stderr, "docs: %s\n", err_text(e));
    return err_exit_status(e);
}
