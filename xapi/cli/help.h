/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/help: what there is: `xe help`, and what shells complete. */
#ifndef XAPI_CLI_HELP_H
#define XAPI_CLI_HELP_H

#include "xapi/cli/command.h"

/* Names of all commands but CLI_SECRET ones, in order; ALL: not the common ones
 * alone. */
const char *const *cli_command_names(struct cli *c, bool all, size_t *ret_n);
/* "reqd params" and "optional params" of a command as help has them; a NAME
 * that is none: false. */
struct cli_usage {
    const char *required, *optional, *doc;
};
bool cli_usage(struct cli *c, const char *name, struct cli_usage *ret);

struct err *cli_help(struct cli *c) MUST_USE;

#endif
