/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xml: see xml.h. */
#include "xapi/door/xml.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "lib/auto.h"

struct reading {
    xmlParserCtxt *xml;
    const struct xml_events *events;
    void *arg;
    struct err *error; /* what was refused, as against what libxml2 did */
};

bool xml_is_white(const char *text, size_t len)
{
    return strspn(text, " \t\r\n") >= len;
}

static struct err *at(const struct reading *r, struct err *e)
{
    const xmlParserInput *input = r->xml->input;

    return input ? err_wrap(e, "%d:%d", input->line, input->col) : e;
}

static void take(struct reading *r, struct err *e)
{
    if (!e)
        return;
    r->error = at(r, e);
    xmlStopParser(r->xml);
}

/* ---- what libxml2 calls -------------------------------------------------- */

static void on_start(void *ctx, const xmlChar *name, const xmlChar **attributes)
{
    struct reading *r = ctx;

    if (!r->error)
        take(r, r->events->start(r->arg, (const char *)name,
                                 (const char *const *)attributes));
}

static void on_end(void *ctx, const xmlChar *name)
{
    struct reading *r = ctx;

    (void)name;
    if (!r->error)
        take(r, r->events->end(r->arg));
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    struct reading *r = ctx;

    if (!r->error)
        take(r, r->events->text(r->arg, (const char *)text, (size_t)len));
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    struct reading *r = ctx;

    (void)name, (void)external, (void)system;
    if (!r->error)
        take(r, ERR_AS(input, "a document type, which has no place here"));
}

/* ---- all of it ----------------------------------------------------------- */

static void auto_ctxt(xmlParserCtxt **xml)
{
    xmlFreeParserCtxt(*xml);
}

/* libxml2's own sentence. */
static struct err *xml_says(const struct reading *r)
{
    const xmlError *error = xmlCtxtGetLastError(r->xml);
    const char *text = error && error->message ? error->message : "no XML\n";

    return at(r, ERR_AS(input, "%.*s", (int)strcspn(text, "\n"), text));
}

struct err *xml_read(const char *text, size_t len,
                     const struct xml_events *events, void *arg)
{
    static const xmlSAXHandler handler = {
        .startElement = on_start,
        .endElement = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .internalSubset = on_doctype,
    };
    AUTO(auto_ctxt) xmlParserCtxt *xml = xmlNewParserCtxt();
    struct reading r = {.xml = xml, .events = events, .arg = arg};

    if (!xml)
        abort();
    if (!len || len > INT32_MAX)
        return ERR_AS(input, "%s", len ? "too long for XML" : "no XML at all");
    *xml->sax = handler;
    xml->userData = &r;
    /* "huge" lifts libxml2's limits: the reader has one for the length and one
     * for the depth, and without a document type nothing multiplies. "noent":
     * attributes have XML's own entities as what they stand for. */
    xmlCtxtReadMemory(xml, text, (int)len, NULL, "UTF-8",
                      XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR |
                          XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
                          XML_PARSE_NOENT);
    if (r.error)
        return r.error;
    return xml->wellFormed ? NULL : xml_says(&r);
}
