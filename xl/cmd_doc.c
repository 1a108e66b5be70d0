/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd_doc: `xl __doc`, which prints the manuals and the completion script that
 * `make docs` puts into build/docs. The sentences about rows are in the rows;
 * here is what no row says.
 */
#include "lib/doc.h"
#include "xl/cmds.h"
#include "xl/xl.h"

static void write_xl(struct doc *d);
static void write_xl_cfg(struct doc *d);
static void write_xl_conf(struct doc *d);

/* clang-format off */
static const struct doc_page pages[] = {
    {"xl",      1, "manage Xen guests",            write_xl},
    {"xl.cfg",  5, "the configuration of a guest", write_xl_cfg},
    {"xl.conf", 5, "the settings of xl",           write_xl_conf},
    {NULL},
};

/* Where the completion script finds words, by the name of an argument or the
 * unit of an option. */
static const struct doc_source sources[] = {
    {"domain",  "xl list 2>/dev/null | awk 'NR > 1 { print $1 }'"},
    {"cpupool", "xl cpupool-list 2>/dev/null | awk 'NR > 1 { print $1 }'"},
    {"pool",    "xl cpupool-list 2>/dev/null | awk 'NR > 1 { print $1 }'"},
    {"key=value", "xl __doc keys"},
    {"command", "xl help 2>/dev/null | awk '/^ [a-z]/ { print $1 }'"},
    {"file",    NULL},
    {"path",    NULL},
    {"config",  NULL},
    {NULL},
};
/* clang-format on */

/* ---- xl(1) --------------------------------------------------------------- */

static void write_xl(struct doc *d)
{
    doc_heading(d, "SYNOPSIS");
    doc_code(d, "xl [-vfNtT] COMMAND [OPTIONS] [ARGUMENTS]");
    doc_heading(d, "DESCRIPTION");
    doc_para(d, "`xl` creates, shows and manages the guests (domains) of a Xen "
                "host. It runs as root in Dom0.\n\n"
                "A domain is named by its name, its number (domid) or its "
                "uuid. A word of digits alone is a domid.\n\n"
                "Options may stand before or after arguments, long ones may be "
                "shortened as far as they stay unambiguous, and `--` ends "
                "them. `xl COMMAND --help` shows the options of a command.");
    doc_heading(d, "GLOBAL OPTIONS");
    doc_para(d, "They stand before the command.");
    if (d->format == DOC_MARKDOWN)
        str_add(d->out, "\n");
    doc_opts(d, xl_global_opts);
    doc_heading(d, "COMMANDS");
    doc_cmds(d, "xl", xl_families);
    doc_heading(d, "EXIT STATUS");
    doc_para(d, "0 for success, 2 for a command line that makes no sense, 130 "
                "after an interruption, 1 for anything else. Commands that "
                "differ say so.");
    doc_heading(d, "ENVIRONMENT");
    doc_term(d, "XENSTORED_PATH",
             "Socket or device by which XenStore is reached.");
    doc_heading(d, "SEE ALSO");
    doc_para(d, "xl.cfg(5), xl.conf(5)");
}

/* ---- xl.cfg(5) ----------------------------------------------------------- */

static const struct device {
    const char *key; /* whose list items the table describes */
    const char *example;
    const struct slot_table *table;
} devices[] = {
    {"disk", "disk = [ \"/dev/vg/guest,raw,xvda,rw\" ]", &disk_keys},
    {"vif", "vif = [ \"mac=00:16:3e:01:02:03,bridge=xenbr0\" ]", &net_keys},
    {"vfb", "vfb = [ \"vnc=1,vnclisten=0.0.0.0\" ]", &vfb_keys},
    {"channel",
     "channel = [ \"connection=socket,path=/run/guest,name=agent\" ]",
     &channel_keys},
    {"usbctrl", "usbctrl = [ \"version=2,ports=4\" ]", &usbctrl_keys},
    {"usbdev", "usbdev = [ \"type=hostdev,hostbus=1,hostaddr=4\" ]",
     &usbdev_keys},
};

static void write_device(struct doc *d, const struct device *device)
{
    doc_subheading(d, device->key);
    doc_code(d, device->example);
    if (d->format == DOC_MARKDOWN)
        str_add(d->out, "\n");
    doc_table(d, device->table);
}

static void write_xl_cfg(struct doc *d)
{
    doc_heading(d, "DESCRIPTION");
    doc_para(d, "The file that `xl create` reads: what a guest is made of. "
                "`xl lint` checks such files without a hypervisor.\n\n"
                "A file is lines of `KEY = VALUE`. A value is a number, a "
                "string in single or double quotes, or a list of them in "
                "square brackets, which may go over several lines. `+=` "
                "appends to what the key has. `#` begins a comment. The order "
                "of keys does not matter; of two settings of one key the "
                "later holds.");
    doc_code(d, "name   = \"guest1\"\n"
                "type   = \"pvh\"\n"
                "kernel = \"/boot/vmlinuz\"\n"
                "memory = 512\n"
                "vcpus  = 2\n"
                "disk   = [ \"/dev/vg/guest1,raw,xvda,rw\" ]\n"
                "vif    = [ \"bridge=xenbr0\" ]");
    doc_heading(d, "KEYS");
    if (d->format == DOC_MARKDOWN)
        str_add(d->out, "\n");
    doc_table(d, &guest_keys);
    doc_heading(d, "DEVICES");
    doc_para(d, "The items of these lists are strings of settings with commas "
                "between them.");
    for (size_t i = 0; i < ARRAY_LEN(devices); i++)
        write_device(d, &devices[i]);
    doc_heading(d, "SEE ALSO");
    doc_para(d, "xl(1), xl.conf(5)");
}

/* ---- xl.conf(5) ---------------------------------------------------------- */

static void write_xl_conf(struct doc *d)
{
    doc_heading(d, "DESCRIPTION");
    doc_para(d, "`" CONF_PATH "` holds what is the same for all guests of a "
                "host. Every command of `xl` reads it; the language is that "
                "of xl.cfg(5). Without the file the defaults hold.");
    doc_heading(d, "SETTINGS");
    if (d->format == DOC_MARKDOWN)
        str_add(d->out, "\n");
    doc_table(d, &conf_settings);
    doc_heading(d, "SEE ALSO");
    doc_para(d, "xl(1), xl.cfg(5)");
}

/* -------------------------------------------------------------------------- */

static const struct doc_program program = {
    .name = "xl",
    .global_opts = xl_global_opts,
    .families = xl_families,
    .sources = sources,
    .pages = pages,
    .keys = &guest_keys,
};

static struct err *run_doc(void *app, const void *args, struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    (void)app;
    (void)p;
    TRY(doc_print(&program, args, &out));
    return xl_print(&out);
}

/* clang-format off */
const struct cmd cmds_doc[] = {
    {"__doc", NULL, run_doc, doc_args_rows, sizeof(struct doc_args), CMD_HIDDEN,
     "Print manuals and completion, as they are installed.", NULL, NULL},
    {.name = NULL},
};
/* clang-format on */
