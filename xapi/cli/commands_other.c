/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/commands_other: xe's commands about users, tasks, messages, events and
 * the rest; nothing but rows. */
#include "xapi/cli/bodies.h"

/* clang-format off */
const struct cli_command cli_commands_other[] = {
    {"user-password-change", "[old] new", "session.change_password", 0},
    {"subject-add",         "subject-name", NULL, 0, .run = cli_subject_add, .doc = "Lets a user or a group log in, and prints its uuid."},
    {"subject-remove",      "subject-uuid", "subject.destroy", 0},
    {"subject-role-add",    "uuid [role-name] [role-uuid]", NULL, 0, .run = cli_subject_role, .doc = "Gives a subject a role."},
    {"subject-role-remove", "uuid [role-name] [role-uuid]", NULL, 0, .run = cli_subject_role, .doc = "Takes a role from a subject."},
    {"session-subject-identifier-list",       "", "session.get_all_subject_identifiers", 0},
    {"session-subject-identifier-logout",     "subject-identifier", "session.logout_subject_identifier", 0},
    {"session-subject-identifier-logout-all", "", NULL, 0, .run = cli_logout_all, .doc = "Ends the sessions of everybody who came in as a subject."},
    {"secret-create",  "value", "secret.create", 0},
    {"secret-destroy", "uuid", "secret.destroy", 0},

    {"task-cancel",         "uuid", "task.cancel", 0},
    {"event-wait",          "class", NULL, 0, .run = cli_event_wait, .doc = "Waits until an object of CLASS has the fields that are given, NAME=VALUE or (another) NAME=/=VALUE."},
    {"message-create",      "name priority body [vm-uuid] [host-uuid] [sr-uuid] [pool-uuid]", NULL, 0, .run = cli_message_create, .doc = "Makes a message about a VM, a host, an SR or the pool."},
    {"message-destroy",     "[uuid] [uuids]", NULL, 0, .run = cli_message_destroy, .doc = "Destroys messages."},
    {"message-destroy-all", "[before] [after] [priority]", NULL, 0, .run = cli_message_destroy_all, .doc = "Destroys all messages, or those of a time or of a priority."},
    {"audit-log-get",       "filename [since]", NULL, 0, .run = cli_transfer, .doc = "Writes the audit log into a file of this machine."},
    {"log",                 "[user] [from] [call] [object] [result] [since] [limit=50] [all]", NULL, 0, .run = cli_log, .doc = "Shows who changed what: the last calls of the audit log that changed something, or were refused; with --all logins, too."},

    {"blob-create", "name [mime-type] [public] [vm-uuid] [host-uuid] [sr-uuid] [network-uuid] [pool-uuid]", NULL, CLI_SECRET, .run = cli_blob_create, .doc = "Makes room for bytes with an object, and prints the blob's uuid."},
    {"blob-get",    "uuid filename", NULL, CLI_SECRET, .run = cli_transfer, .doc = "Writes a blob into a file of this machine."},
    {"blob-put",    "uuid filename", NULL, CLI_SECRET, .run = cli_transfer, .doc = "Writes a file of this machine into a blob."},

    {"appliance-create",   "name-label [name-description]", "VM_appliance.create", 0},
    {"appliance-destroy",  "uuid", "VM_appliance.destroy", 0},
    {"appliance-start",    "uuid [paused]", "VM_appliance.start", 0},
    {"appliance-shutdown", "uuid", "VM_appliance.clean_shutdown", 0, "VM_appliance.hard_shutdown"},
    {"vm-group-create",    "name-label placement [name-description]", "VM_group.create", 0, .doc = "Makes a group of VMs that are placed by one rule."},
    {"vm-group-destroy",   "uuid", "VM_group.destroy", 0, .doc = "Destroys a group of VMs; the VMs stay."},
    {"vmss-create",        "name-label type frequency [name-description] [enabled=true] [schedule:] [retained-snapshots=7]", "VMSS.create", 0},
    {"vmss-destroy",       "uuid", "VMSS.destroy", 0},
    {"drtask-create",      "type [device-config:] [sr-whitelist]", "DR_task.create", 0},
    {"drtask-destroy",     "uuid", "DR_task.destroy", 0},
    {"vtpm-create",        "vm-uuid [is-unique]", "VTPM.create", 0},
    {"vtpm-destroy",       "uuid", "VTPM.destroy", CLI_FORCED},
    {"observer-create",    "name-label hosts/[host-uuids] [name-description] [enabled=false] attributes/[attributes:] [endpoints=bugtool] [components]", "Observer.create", 0, .doc = "Makes an observer, which says what is traced and where to."},
    {"observer-destroy",   "uuid", "Observer.destroy", 0, .doc = "Destroys an observer."},
    {"caller-create",      "[name-label] [name-description] [user-agent] [client-ip]", "Caller.create", 0, .doc = "Describes a kind of client, by its program and its address."},
    {"caller-destroy",     "uuid", "Caller.destroy", 0, .doc = "Forgets a kind of client."},
    {"caller-list-usage",  "", "Caller.query_all_usage", 0},
    {"rate-limit-create",  "burst-size fill-rate [name-label] [name-description]", "Rate_limit.create", 0, .doc = "Makes a limit for callers: a burst, and how fast it fills up again."},
    {"rate-limit-destroy", "uuid", "Rate_limit.destroy", 0, .doc = "Destroys a limit for callers."},
    {"rate-limit-add-caller",    "uuid caller-uuid", "Rate_limit.add_caller", 0},
    {"rate-limit-remove-caller", "uuid caller-uuid", "Rate_limit.remove_caller", 0},
    {"complete",           "", NULL, CLI_SECRET, .run = cli_complete, .doc = "Prints what a shell may put in the place of a word."},
    {NULL},
};
/* clang-format on */
