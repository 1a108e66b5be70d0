/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conf_doc: the manuals of xapid and of its settings, out of their rows. */
#include "xapi/conf.h"

static void write_xapid(struct doc *d)
{
    AUTO_POOL struct pool *p = pool_new();

    doc_heading(d, "DESCRIPTION");
    doc_para(d,
             "`xapid` manages this host and its guests for programs that "
             "speak XenAPI, and for xe(1). It stays in the foreground, tells "
             "systemd when it is ready, and logs to standard error.");
    doc_para(d, "Each setting below can stand in `" CONF_PATH "`, too, see "
                "xapi.conf(5); what is said here counts.");
    doc_heading(d, "OPTIONS");
    doc_opts(d, conf_rows(p, false));
    doc_heading(d, "SIGNALS");
    doc_term(d, "TERM, INT",
             "It ends, when the calls under way are answered. "
             "Guests run on.");
    doc_term(d, "HUP",
             "It reads the certificate again. A log that was moved "
             "away is begun anew by itself.");
    doc_heading(d, "EXIT STATUS");
    doc_para(d, "0; 1 when it could not do its work, 2 when an option was "
                "wrong. Standard error says why.");
    doc_heading(d, "SEE ALSO");
    doc_para(d, "xe(1), xapi.conf(5), xenapi(7)");
}

static void write_settings(struct doc *d)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct slot_table table = {.rows = conf_rows(p, true)};

    doc_heading(d, "DESCRIPTION");
    doc_para(d, "`" CONF_PATH "` has the settings of xapid(8), one a line, in "
                "the language of xl.cfg(5). What is unknown or wrong there "
                "keeps the daemon from starting; `xapid --check` says all of "
                "it, with its place, also while a daemon runs. A restart makes "
                "changes hold.");
    doc_heading(d, "SETTINGS");
    if (d->format == DOC_MARKDOWN)
        str_add(d->out, "\n");
    doc_table(d, &table);
    doc_heading(d, "SEE ALSO");
    doc_para(d, "xapid(8), xe(1)");
}

const struct doc_page conf_doc_pages[] = {
    {"xapid", 8, "the daemon that speaks XenAPI", write_xapid},
    {"xapi.conf", 5, "the settings of xapid", write_settings},
    {NULL},
};
