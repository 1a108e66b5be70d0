/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/enums: the words of xe, where the API has others for the same. */
#include <string.h>
#include <strings.h>

#include "lib/near.h"
#include "xapi/cli/cli.h"

/* "vdi_*" is all that begins so. */
static const struct word {
    const char *enum_, *api, *xe;
} words[] = {
    {"VM.power_state", "Halted", "halted"},
    {"VM.power_state", "Paused", "paused"},
    {"VM.power_state", "Running", "running"},
    {"VM.power_state", "Suspended", "suspended"},
    {"VM.domain_type", "pv_in_pvh", "pv-in-pvh"},
    {"VM.on_normal_exit", "destroy", "Destroy"},
    {"VM.on_normal_exit", "restart", "Restart"},
    {"VM.on_softreboot_behavior", "soft_reboot", "Soft reboot"},
    {"VM.on_softreboot_behavior", "destroy", "Destroy"},
    {"VM.on_softreboot_behavior", "restart", "Restart"},
    {"VM.on_softreboot_behavior", "preserve", "Preserve"},
    {"VM.on_crash_behaviour", "destroy", "Destroy"},
    {"VM.on_crash_behaviour", "coredump_and_destroy", "Core dump and destroy"},
    {"VM.on_crash_behaviour", "restart", "Restart"},
    {"VM.on_crash_behaviour", "coredump_and_restart", "Core dump and restart"},
    {"VM.on_crash_behaviour", "preserve", "Preserve"},
    {"VM.on_crash_behaviour", "rename_restart", "Rename restart"},
    {"VM_guest_metrics.tristate", "yes", "true"},
    {"VM_guest_metrics.tristate", "no", "false"},
    {"VM_group.placement_policy", "anti_affinity", "anti-affinity"},
    {"host.allowed_operations", "vm_*", "VM."},
    {"SR.operations", "vdi_*", "VDI."},
    {"SR.operations", "pbd_*", "PBD."},
    {"VBD.mode", "RO", "ro"},
    {"VBD.mode", "RW", "rw"},
    {"VDI.type", "system", "System"},
    {"VDI.type", "user", "User"},
    {"VDI.type", "ephemeral", "Ephemeral"},
    {"VDI.type", "suspend", "Suspend"},
    {"VDI.type", "crashdump", "Crashdump"},
    {"VDI.type", "ha_statefile", "HA statefile"},
    {"VDI.type", "metadata", "Metadata"},
    {"VDI.type", "redo_log", "Redo log"},
    {"VDI.type", "pvs_cache", "PVS cache"},
    {"VDI.type", "cbt_metadata", "CBT metadata"},
    {"console.protocol", "vt100", "VT100"},
    {"console.protocol", "rfb", "RFB"},
    {"console.protocol", "rdp", "RDP"},
    {"task.allowed_operations", "cancel", "Cancel"},
    {"task.allowed_operations", "destroy", "Destroy"},
    {"GPU_group.allocation_algorithm", "depth_first", "depth-first"},
    {"GPU_group.allocation_algorithm", "breadth_first", "breadth-first"},
    {"PVS_proxy.status", "incompatible_write_cache_mode",
     "incompatible-write-cache-mode"},
    {"PVS_proxy.status", "incompatible_protocol_version",
     "incompatible-protocol-version"},
};

static const char *word_of(struct cli *c, const struct model_enum *e,
                           const char *api)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const struct word *w = &words[i];
        size_t len = strcspn(w->api, "*");

        if (strcmp(w->enum_, e->name))
            continue;
        if (!w->api[len] && !strcmp(w->api, api))
            return w->xe;
        if (w->api[len] && !strncmp(w->api, api, len))
            return pool_printf(c->pool, "%s%s", w->xe, api + len);
    }
    return api;
}

const char *cli_enum_text(struct cli *c, const struct model_enum *e, int64_t i)
{
    return word_of(c, e, e->values[i]);
}

static struct err *none_of(struct cli *c, const struct model_enum *e,
                           const char *text)
{
    struct near near = {.word = text};

    for (unsigned i = 0; i < e->n_values; i++)
        near_try(&near, e->values[i]);
    if (near.best)
        cli_stderr(c, pool_printf(c->pool, "Did you mean '%s'?\n", near.best));
    return ERR("'%s' is none of: %s", text,
               text_join(c->pool, e->values, e->n_values, ", ", ", "));
}

struct err *cli_enum_read(struct cli *c, const struct model_enum *e,
                          const char *text, const char **ret)
{
    for (unsigned i = 0; i < e->n_values; i++)
        if (!strcasecmp(text, e->values[i]) ||
            !strcasecmp(text, word_of(c, e, e->values[i]))) {
            *ret = e->values[i];
            return NULL;
        }
    return none_of(c, e, text);
}
