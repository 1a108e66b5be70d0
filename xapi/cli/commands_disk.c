/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/commands_disk: xe's commands about SRs, PBDs, VDIs and VBDs; nothing but
 * rows. */
#include "xapi/cli/bodies.h"

/* clang-format off */
#define SR_SOURCE "[host-uuid=%host] [device-config:]"
const struct cli_command cli_commands_disk[] = {
    {"sr-create",    SR_SOURCE " [physical-size] name-label [name-description] type [content-type] [shared] [sm-config:]", "SR.create", 0},
    {"sr-introduce", "uuid name-label [name-description] type [content-type] [shared] [sm-config:]", "SR.introduce", 0},
    {"sr-probe",     SR_SOURCE " type [sm-config:]", "SR.probe", 0},
    {"sr-probe-ext", SR_SOURCE " type [sm-config:]", "SR.probe_ext", 0},
    {"sr-scan",      "uuid", "SR.scan", 0},
    {"sr-update",    "uuid", "SR.update", 0},
    {"sr-forget",    "uuid", "SR.forget", 0},
    {"sr-destroy",   "uuid", "SR.destroy", 0},
    {"sr-enable-database-replication",  "uuid", "SR.enable_database_replication", 0},
    {"sr-disable-database-replication", "uuid", "SR.disable_database_replication", 0},
    {"sr-data-source-list",   "@", "SR.get_data_sources", CLI_SRS},
    {"sr-data-source-record", "@ data-source", "SR.record_data_source", CLI_SRS},
    {"sr-data-source-query",  "@ data-source", "SR.query_data_source", CLI_SRS},
    {"sr-data-source-forget", "@ data-source", "SR.forget_data_source_archives", CLI_SRS},

    {"pbd-create",  "host/host-uuid SR/sr-uuid [device-config:]", "PBD.create", 0},
    {"pbd-destroy", "uuid", "PBD.destroy", 0},
    {"pbd-plug",    "uuid", "PBD.plug", 0},
    {"pbd-unplug",  "uuid", "PBD.unplug", 0},

    {"vdi-create",    "SR/sr-uuid name-label virtual-size [type=user] [sharable=false] read_only/=false [sm-config:] [tags:] [name-description]", "VDI.create", 0},
    {"vdi-introduce", "uuid [name-label] [name-description] sr-uuid type [sharable] [read-only] [other-config:] location [xenstore-data:] [sm-config:] [managed=true]", "VDI.introduce", 0},
    {"vdi-destroy",   "uuid", "VDI.destroy", 0},
    {"vdi-forget",    "uuid", "VDI.forget", 0},
    {"vdi-update",    "uuid", "VDI.update", 0},
    {"vdi-resize",    "uuid disk-size [online]", NULL, 0, .run = cli_vdi_resize, .doc = "Makes a disk larger; with online=true while a VM uses it."},
    {"vdi-copy",      "uuid [sr-uuid] [base-vdi-uuid] [into-vdi-uuid]", "VDI.copy", 0},
    {"vdi-clone",     "uuid [driver-params:] >name_label/[new-name-label] >name_description/[new-name-description]", "VDI.clone", 0},
    {"vdi-snapshot",  "uuid [driver-params:]", "VDI.snapshot", 0},
    {"vdi-pool-migrate", "uuid sr-uuid [options:]", "VDI.pool_migrate", 0},
    {"vdi-import",    "uuid filename [format=raw] [progress]", NULL, 0, .run = cli_transfer, .doc = "Writes a file of this machine into a disk."},
    {"vdi-export",    "uuid filename [format=raw] [base] [progress]", NULL, 0, .run = cli_transfer, .doc = "Writes a disk into a file of this machine; with base= only what differs from that disk."},
    {"vdi-unlock",    "uuid", "VDI.force_unlock", CLI_FORCED},
    {"vdi-enable-cbt",   "uuid", "VDI.enable_cbt", 0},
    {"vdi-disable-cbt",  "uuid", "VDI.disable_cbt", 0},
    {"vdi-data-destroy", "uuid", "VDI.data_destroy", 0},
    {"vdi-list-changed-blocks", "vdi-from-uuid vdi-to-uuid", "VDI.list_changed_blocks", 0},
    {"vdi-generate-config", "host-uuid uuid", "VDI.generate_config", CLI_SECRET},
    {"diagnostic-vdi-status", "uuid", NULL, 0, .run = cli_diagnostic_vdi, .doc = "Shows a disk and where it is attached."},

    {"vbd-create",  "VM/vm-uuid VDI/[vdi-uuid=OpaqueRef:NULL] userdevice/device bootable/[bootable=false] mode/[mode=RW] type/[type=Disk] unpluggable/[unpluggable=true] other_config/[other-config:]", "VBD.create", 0, .run = cli_vbd_create, .doc = "Gives a VM a disk, or a drive; without vdi-uuid= the drive is empty."},
    {"vbd-destroy", "uuid", "VBD.destroy", 0},
    {"vbd-insert",  "uuid vdi-uuid", "VBD.insert", 0},
    {"vbd-eject",   "uuid", "VBD.eject", 0},
    {"vbd-plug",    "uuid", "VBD.plug", 0},
    {"vbd-unplug",  "uuid ?[timeout]", "VBD.unplug", 0, "VBD.unplug_force"},
    {"vbd-pause",   "uuid", "VBD.pause", CLI_SECRET},
    {"vbd-unpause", "uuid token", "VBD.unpause", CLI_SECRET},
    {NULL},
};
/* clang-format on */
