/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conf_kind: texts among xapid's settings that cannot be just anything. All are
 * stored as SLOT_WORD stores its. */
#ifndef XAPI_CONF_KIND_H
#define XAPI_CONF_KIND_H

#include "lib/slot.h"

/* MORE is a list of words, ended by NULL. */
extern const struct slot_kind conf_kind_one_of;
/* "192.0.2.1:80"; "" is none. */
extern const struct slot_kind conf_kind_address;
/* "pam", or a file. */
extern const struct slot_kind conf_kind_auth;
/* A file; a warning when it cannot be read. */
extern const struct slot_kind conf_kind_file;

#define CONF_ONE_OF(member, words) \
    .kind = &conf_kind_one_of, CONF_KIND_PLACE_(member), .more = (words)
#define CONF_ADDRESS(member) \
    .kind = &conf_kind_address, CONF_KIND_PLACE_(member)
#define CONF_AUTH(member) .kind = &conf_kind_auth, CONF_KIND_PLACE_(member)
#define CONF_FILE(member) .kind = &conf_kind_file, CONF_KIND_PLACE_(member)
#define CONF_KIND_PLACE_(member)                          \
    .offset = SLOT_AT(struct conf, member, const char *), \
    .size = SLOT_SIZE(struct conf, member)

#endif
