/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_doc: `xenstore __doc`, the tools' manual and completion; see lib/doc.h.
 */
#include "lib/doc.h"
#include "xenstore/tools/tools.h"

static void write_xenstore(struct doc *d)
{
    doc_heading(d, "SYNOPSIS");
    doc_code(d, "xenstore COMMAND [OPTIONS] [ARGUMENTS]\n"
                "xenstore-COMMAND [OPTIONS] [ARGUMENTS]");
    doc_heading(d, "DESCRIPTION");
    doc_para(d, "XenStore is the tree of names and values by which domains "
                "and toolstacks find each other. These commands show and "
                "change it; each is there as a program of its own too: "
                "`xenstore-read` is `xenstore read`.\n\n"
                "A path that does not begin with a slash is below the "
                "caller's own `/local/domain/DOMID/`.");
    doc_heading(d, "COMMANDS");
    doc_cmds(d, "xenstore", tools_families);
    doc_heading(d, "EXIT STATUS");
    doc_para(d, "0 for success, 1 for a failure. Commands that differ say so.");
    doc_heading(d, "ENVIRONMENT");
    doc_term(d, "XENSTORED_PATH",
             "Socket or device to use instead of `" STORE_SOCKET "` and, "
             "where that is not, `" STORE_DEVICE "`.");
    doc_heading(d, "SEE ALSO");
    doc_para(d, "xl(1)");
}

static const struct doc_page pages[] = {
    {"xenstore", 1, "show and change XenStore", write_xenstore},
    {NULL},
};

static const struct doc_source sources[] = {
    {"file", NULL},
    {NULL},
};

static const struct slot no_opts[] = {OPT_END};

static const struct doc_program program = {
    .name = "xenstore",
    .global_opts = no_opts,
    .families = tools_families,
    .sources = sources,
    .pages = pages,
};

static struct err *run_doc(void *app, const void *args, struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    (void)app;
    (void)p;
    TRY(doc_print(&program, args, &out));
    return tools_print(&out);
}

/* clang-format off */
const struct cmd cmds_tools_doc[] = {
    {"__doc", NULL, run_doc, doc_args_rows, sizeof(struct doc_args), CMD_HIDDEN,
     "Print manuals and completion, as they are installed.", NULL, NULL},
    {.name = NULL},
};
/* clang-format on */
