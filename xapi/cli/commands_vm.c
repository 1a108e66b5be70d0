/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/commands_vm: xe's commands about VMs, snapshots and templates; nothing
 * but rows. */
#include "xapi/cli/bodies.h"

/* clang-format off */
#define VM CLI_VMS
#define COMMON_VM CLI_VMS | CLI_COMMON
#define ANY_VM CLI_VMS | CLI_TEMPLATES
#define EVERY_VM CLI_VMS | CLI_TEMPLATES | CLI_CONTROL
#define NAMED "@ new-name-label >name_description/[new-name-description]"
#define SNAPSHOT "snapshot-uuid|uuid"
const struct cli_command cli_commands_vm[] = {
    /* life */
    {"vm-start",                 "[on] [paused] [force]", NULL, COMMON_VM, .run = cli_vm_start, .doc = "Starts VMs; with on= on that host, with --paused stopped before their first instruction."},
    {"vm-resume",                "[on] [force]", NULL, COMMON_VM, .run = cli_vm_resume, .doc = "Brings suspended VMs back; with on= on that host."},
    {"vm-suspend",               "@", "VM.suspend", COMMON_VM},
    {"vm-pause",                 "@", "VM.pause", COMMON_VM},
    {"vm-unpause",               "@", "VM.unpause", COMMON_VM},
    {"vm-shutdown",              "@", "VM.clean_shutdown", COMMON_VM, "VM.hard_shutdown", .doc = "Asks VMs to shut down, and waits until they have; with --force they are just ended."},
    {"vm-reboot",                "@", "VM.clean_reboot", COMMON_VM, "VM.hard_reboot", .doc = "Asks VMs to start anew; with --force they are just ended and started."},
    {"vm-reset-powerstate",      "@", "VM.power_state_reset", COMMON_VM | CLI_FORCED | CLI_CONTROL},
    {"vm-migrate",               "[host] [host-uuid] [host-name] [live] [force] [copy] [compress] [remote-master] [remote-username] [remote-password] [remote-network] [vif:] [vdi:] [image-format:]", NULL, COMMON_VM, .run = cli_vm_migrate, .doc = "Moves VMs to another host of the pool."},
    {"vm-restart-device-models", "@", "VM.restart_device_models", COMMON_VM},
    {"vm-query-services",        "@", "VM.query_services", COMMON_VM | CLI_SECRET},
    {"console",                  "", NULL, VM | CLI_CONTROL, .run = cli_console, .doc = "Connects this terminal with a VM's text console, until Ctrl-]."},

    /* coming and going */
    {"vm-create",                "name-label [name-description] user_version/=1 memory_static_max/=256MiB memory_dynamic_max/=256MiB memory_dynamic_min/=256MiB memory_static_min/=128MiB VCPUs_max/=1 VCPUs_at_startup/=1 actions_after_shutdown/=destroy actions_after_reboot/=restart actions_after_crash/=restart", "VM.create", CLI_SECRET, .doc = "Makes a VM without disks out of nothing but defaults."},
    {"vm-destroy",               "uuid", "VM.destroy", 0},
    {"vm-install",               "new-name-label [template] [template-uuid] [template-name-label] [template-name] [sr-uuid] [sr-name-label] [copy-bios-strings-from] [new-name-description]", NULL, CLI_COMMON, .run = cli_vm_install, .doc = "Makes a VM out of a template, with the disks that the template asks for."},
    {"vm-uninstall",             "[force]", NULL, COMMON_VM | CLI_ONCE, .run = cli_vm_uninstall, .doc = "Ends VMs and destroys them together with their disks and snapshots."},
    {"vm-clone",                 NAMED, "VM.clone", COMMON_VM | CLI_TEMPLATES},
    {"vm-copy",                  "@ new-name-label [sr-uuid] >name_description/[new-name-description]", "VM.copy", COMMON_VM | CLI_TEMPLATES},
    {"vm-snapshot",              "@ new-name-label [ignore-vdi-uuids] >name_description/[new-name-description]", "VM.snapshot", COMMON_VM},
    {"vm-snapshot-with-quiesce", NAMED, "VM.snapshot_with_quiesce", COMMON_VM, .doc = "Makes a snapshot of a guest that brings its disks in order for it first."},
    {"vm-checkpoint",            NAMED, "VM.checkpoint", COMMON_VM},
    {"vm-export",                "filename [compress] [metadata] [preserve-power-state] [excluded-device-types] [include-snapshots]", NULL, COMMON_VM | CLI_TEMPLATES, .run = cli_transfer, .doc = "Writes a VM with its disks into a file of this machine; an empty name is standard output."},
    {"vm-import",                "[filename] [url] [sr-uuid] [preserve] [force] [metadata] [dry-run] [type] [host-username] [host-password] [remote-config] [vdi:]", NULL, CLI_COMMON, .run = cli_vm_import, .doc = "Makes VMs out of an exported file, and prints their uuids."},

    /* snapshots and templates */
    {"snapshot-revert",          SNAPSHOT, "VM.revert", CLI_COMMON},
    {"snapshot-clone",           "uuid|snapshot-uuid new-name-label >name_description/[new-name-description]", "VM.clone", CLI_COMMON, .doc = "Makes a template out of a snapshot, with clones of its disks."},
    {"snapshot-copy",            "uuid|snapshot-uuid new-name-label [sr-uuid] >name_description/[new-name-description]", "VM.copy", CLI_COMMON, .doc = "Makes a template out of a snapshot, with full copies of its disks."},
    {"snapshot-destroy",         SNAPSHOT, NULL, 0, .run = cli_snapshot_destroy, .doc = "Destroys a snapshot; its disks stay."},
    {"snapshot-uninstall",       SNAPSHOT " [force]", NULL, CLI_COMMON, .run = cli_snapshot_uninstall, .doc = "Destroys a snapshot together with its disks."},
    {"snapshot-reset-powerstate", SNAPSHOT, "VM.power_state_reset", CLI_COMMON | CLI_FORCED},
    {"snapshot-disk-list",       SNAPSHOT " [vbd-params] [vdi-params]", NULL, CLI_COMMON, .run = cli_snapshot_disk_list, .doc = "Lists the disks of a snapshot."},
    {"snapshot-export-to-template", "filename snapshot-uuid [compress] [metadata] [preserve-power-state] [excluded-device-types]", NULL, CLI_COMMON, .run = cli_transfer, .doc = "Writes a snapshot into a file of this machine, as a template."},
    {"template-export",          "filename template-uuid [compress] [metadata] [excluded-device-types]", NULL, CLI_COMMON, .run = cli_transfer, .doc = "Writes a template with its disks into a file of this machine."},
    {"template-uninstall",       "template-uuid [force]", NULL, CLI_COMMON, .run = cli_template_uninstall, .doc = "Destroys a template that was made here together with its disks."},

    /* memory, processors */
    {"vm-memory-balloon",           "@ target target", "VM.set_memory_dynamic_range", VM | CLI_CONTROL | CLI_SECRET},
    {"vm-memory-target-set",        "@ target target", "VM.set_memory_dynamic_range", VM | CLI_CONTROL, .doc = "Sets how much memory VMs have: both ends of their dynamic range."},
    {"vm-memory-target-wait",       "@", "VM.wait_memory_target_live", VM | CLI_CONTROL | CLI_SECRET},
    {"vm-memory-set",               "@ memory", "VM.set_memory", VM | CLI_TEMPLATES},
    {"vm-memory-dynamic-range-set", "@ min max", "VM.set_memory_dynamic_range", EVERY_VM},
    {"vm-memory-static-range-set",  "@ min max", "VM.set_memory_static_range", EVERY_VM},
    {"vm-memory-limits-set",        "@ static-min static-max dynamic-min dynamic-max", "VM.set_memory_limits", EVERY_VM},
    {"vm-memory-shadow-multiplier-set", "@ multiplier", "VM.set_shadow_multiplier_live", VM},
    {"vm-compute-memory-overhead",  "@", "VM.compute_memory_overhead", EVERY_VM},
    {"vm-compute-maximum-memory",   "@ total [approximate]", "VM.maximise_memory", COMMON_VM | CLI_TEMPLATES},
    {"vm-vcpu-hotplug",             "@ new-vcpus", "VM.set_VCPUs_number_live", VM},

    /* what is measured */
    {"vm-data-source-list",   "@", "VM.get_data_sources", VM | CLI_CONTROL},
    {"vm-data-source-record", "@ data-source", "VM.record_data_source", VM | CLI_CONTROL},
    {"vm-data-source-query",  "@ data-source", "VM.query_data_source", VM | CLI_CONTROL},
    {"vm-data-source-forget", "@ data-source", "VM.forget_data_source_archives", VM | CLI_CONTROL},

    /* disks and drives of a VM */
    {"vm-disk-list",   "[vbd-params] [vdi-params]", NULL, COMMON_VM | CLI_TEMPLATES, .run = cli_vm_disk_list, .doc = "Lists the disks of VMs: of each its VBD and its VDI."},
    {"vm-disk-add",    "disk-size device [sr-uuid]", NULL, COMMON_VM, .run = cli_vm_disk_add, .doc = "Makes a disk and gives it to VMs."},
    {"vm-disk-remove", "device", NULL, COMMON_VM, .run = cli_vm_disk_remove, .doc = "Takes a disk from VMs and destroys it."},
    {"vm-cd-list",     "[vbd-params] [vdi-params]", NULL, COMMON_VM, .run = cli_vm_cd_list, .doc = "Lists the drives of VMs: of each its VBD, and the VDI of what is in it."},
    {"vm-cd-add",      "cd-name device", NULL, COMMON_VM, .run = cli_vm_cd_add, .doc = "Gives VMs a drive with a CD in it."},
    {"vm-cd-remove",   "cd-name", NULL, COMMON_VM, .run = cli_vm_cd_remove, .doc = "Takes the drive with that CD in it from VMs."},
    {"vm-cd-eject",    "", NULL, COMMON_VM, .run = cli_vm_cd_eject, .doc = "Empties the drive of VMs that have one."},
    {"vm-cd-insert",   "cd-name", NULL, COMMON_VM, .run = cli_vm_cd_insert, .doc = "Puts a CD into the empty drive of VMs that have one."},
    {"cd-list",        "[params]", NULL, CLI_COMMON, .run = cli_cd_list, .doc = "Lists the CDs: the disks of SRs for ISO files, and of drives."},
    {"vm-vif-list",    "", NULL, COMMON_VM | CLI_CONTROL, .run = cli_vm_vif_list, .doc = "Lists the network interfaces of VMs."},
    {"vm-crashdump-list", "[params]", NULL, VM, .run = cli_vm_crashdump_list, .doc = "Lists what is kept of crashes of VMs."},

    /* others */
    {"vm-copy-bios-strings",   "@ host-uuid", "VM.copy_bios_strings", VM | CLI_TEMPLATES},
    {"vm-is-bios-customized",  "", NULL, VM | CLI_TEMPLATES, .run = cli_vm_is_bios_customized, .doc = "Says whether VMs show their guests BIOS strings of their own."},
    {"vm-call-plugin",         "vm-uuid plugin fn [args:]", "VM.call_plugin", 0},
    {"vm-call-host-plugin",    "vm-uuid plugin fn [args:]", "VM.call_host_plugin", 0},
    {"vm-set-uefi-mode",       "uuid mode", "VM.set_uefi_mode", 0},
    {"vm-get-secureboot-readiness", "uuid", "VM.get_secureboot_readiness", 0},
    {"vm-update-secureboot-certificates-on-boot", "@ mark", "VM.update_secureboot_certificates_on_boot", VM},
    {"vm-sysprep",             "@ <filename [timeout]", "VM.sysprep", VM},
    {"vm-retrieve-wlb-recommendations", "@", "VM.retrieve_wlb_recommendations", VM},
    {"diagnostic-vm-status",   "uuid", NULL, CLI_COMMON, .run = cli_diagnostic_vm, .doc = "Shows a VM, its disks, and on which hosts it could start."},
    {NULL},
};
/* clang-format on */
