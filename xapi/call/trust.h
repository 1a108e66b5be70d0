/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trust: whose certificates the daemon accepts where it is a client: those of
 * the system's authorities, of a file of its settings, and what was installed
 * by calls, but none that an installed list says is revoked. For libcurl, in
 * workers.
 */
#ifndef XAPI_TRUST_H
#define XAPI_TRUST_H

#include "lib/str.h"

#define TRUST_CERTIFICATES "trusted" /* folders of the state */
#define TRUST_CRLS "crls"
#define TRUST_SUFFIX ".pem" /* of what counts in them */

struct trust {
    const char *file;  /* PEM, or NULL */
    const char *state; /* or NULL */
};

/* T has to stay as long as CURL, which is libcurl's easy handle. */
void trust_use(const struct trust *t, void *curl);

#endif
