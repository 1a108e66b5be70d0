/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xmlrpc: XML-RPC as XenAPI speaks it. Parsed by libxml2's events, with no DTD,
 * no entities but XML's own, no network; whatever the prolog says, text is
 * UTF-8. Accepted are <string>, <int>, <i4>, <i8>, <boolean>, <double>,
 * <dateTime.iso8601> (a string), <nil/>, and text alone (a string).
 */
#ifndef XAPI_XMLRPC_H
#define XAPI_XMLRPC_H

#include "xapi/door/codec.h"

extern const struct codec codec_xmlrpc;

/* One <value>, as task.result and ova.xml have it; "" is nil. */
struct err *xmlrpc_parse_value(struct pool *p, const char *text, size_t len,
                               struct value **ret) MUST_USE;

/* ---- between xmlrpc.c and xmlrpc_parse.c --------------------------------- */

struct xmlrpc_parsed {
    const char *method;  /* of a call */
    struct value *args;  /* of a call and of an answer: the params, a list */
    struct value *value; /* a value by itself, or what a fault says */
};

enum xmlrpc_root { XMLRPC_CALL, XMLRPC_ANSWER, XMLRPC_VALUE };

/* Kind input, with line:column, for what is not well-formed or no XML-RPC. */
struct err *xmlrpc_parse(struct pool *p, enum xmlrpc_root root,
                         const char *text, size_t len,
                         struct xmlrpc_parsed *ret) MUST_USE;

#endif
