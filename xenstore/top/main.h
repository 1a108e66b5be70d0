/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main: the command line of xentop, for main.c and main_doc.c. */
#ifndef XENSTORE_TOP_MAIN_H
#define XENSTORE_TOP_MAIN_H

#include "lib/opt.h"

struct main_args {
    bool networks, vbds, vcpus, repeat_header, full_names, dom0_first;
    bool batch, version, reverse;
    const char *delay;
    long iterations;
    int format; /* enum table_format */
    const char *sort, *filter, *columns;
    const char *listen, *user;
    const char *record, *replay;
};

extern const struct slot main_opts[];

/* `xentop __doc FORM [PAGE]`: manual and completion, see lib/doc.h. */
struct err *main_doc(int argc, char *argv[], struct pool *p) MUST_USE;

#endif
