/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/bodies: the commands that are more than a call of the API. */
#ifndef XAPI_CLI_BODIES_H
#define XAPI_CLI_BODIES_H

#include "xapi/cli/command.h"

#define BODY(name)                                                       \
    struct err *cli_##name(struct cli *c, const struct cli_command *cmd, \
                           const struct object *self) MUST_USE

/* cli/vm.c */
BODY(vm_start);
BODY(vm_resume);
BODY(vm_migrate);
BODY(console);
BODY(vm_is_bios_customized);
BODY(diagnostic_vm);
/* cli/install.c */
BODY(vm_install);
BODY(vm_uninstall);
BODY(template_uninstall);
BODY(snapshot_uninstall);
BODY(snapshot_destroy);
/* cli/disk.c */
BODY(vm_disk_list);
BODY(vm_cd_list);
BODY(snapshot_disk_list);
BODY(vm_disk_add);
BODY(vm_disk_remove);
BODY(vm_cd_add);
BODY(vm_cd_remove);
BODY(vm_cd_eject);
BODY(vm_cd_insert);
BODY(cd_list);
BODY(vm_vif_list);
BODY(vm_crashdump_list);
BODY(vdi_resize);
BODY(vbd_create);
BODY(vif_create);
BODY(diagnostic_vdi);
/* cli/transfer.c */
BODY(transfer);
BODY(vm_import);
/* cli/other.c */
BODY(host_cpu_features);
BODY(pool_cpu_features);
BODY(vlan_destroy);
BODY(subject_add);
BODY(subject_role);
BODY(logout_all);
BODY(event_wait);
BODY(message_create);
BODY(message_destroy);
BODY(message_destroy_all);
BODY(blob_create);
/* cli/log.c, cli/complete.c */
BODY(log);
BODY(complete);

#undef BODY
#endif
