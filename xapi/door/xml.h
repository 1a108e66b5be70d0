/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xml: XML as events, by libxml2: no document types, no entities but XML's own,
 * no network; whatever the prolog says, text is UTF-8. Who reads has a limit
 * for the length of a text, and for its depth.
 */
#ifndef XAPI_XML_H
#define XAPI_XML_H

#include "lib/err.h"

/* The first error ends it. NULL at the end of ATTRIBUTES: names and values by
 * turns (NULL: there are none). */
struct xml_events {
    struct err *(*start)(void *arg, const char *name,
                         const char *const *attributes);
    struct err *(*end)(void *arg);
    struct err *(*text)(void *arg, const char *text, size_t len);
};

/* Errors say line:column; of kind input for what is not well-formed. */
struct err *xml_read(const char *text, size_t len,
                     const struct xml_events *events, void *arg) MUST_USE;

bool xml_is_white(const char *text, size_t len);

#endif
