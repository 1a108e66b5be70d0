/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmds: the families of commands; xl.c lists them in the order of help. */
#ifndef XL_CMDS_H
#define XL_CMDS_H

#include "lib/cmd.h"

extern const struct cmd cmds_create[];  /* cmd_create.c */
extern const struct cmd cmds_list[];    /* cmd_list.c */
extern const struct cmd cmds_power[];   /* cmd_power.c */
extern const struct cmd cmds_mem[];     /* cmd_mem.c */
extern const struct cmd cmds_cd[];      /* cmd_cd.c */
extern const struct cmd cmds_vcpu[];    /* cmd_vcpu.c */
extern const struct cmd cmds_host[];    /* cmd_host.c */
extern const struct cmd cmds_lint[];    /* cmd_lint.c */
extern const struct cmd cmds_config[];  /* cmd_config.c */
extern const struct cmd cmds_misc[];    /* cmd_misc.c */
extern const struct cmd cmds_doc[];     /* cmd_doc.c, hidden */
extern const struct cmd cmds_console[]; /* cmd_console.c */

#endif
