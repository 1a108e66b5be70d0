/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fields: see fields.h. The rows and nothing else. */
#include "xenstore/top/fields.h"

#define AT(member) offsetof(struct STRCT, member)
#define LIST(strct, array, count) \
    offsetof(struct strct, array), offsetof(struct strct, count)

/* clang-format off */
#define STRCT sample_vcpu
static const struct field vcpu_fields[] = {
    {"id", FIELD_NUMBER, AT(id), METRIC_LABEL, "vcpu", 0, NULL},
    {"online", FIELD_NUMBER, AT(online), METRIC_GAUGE, "xen_vcpu_online", 0, "1 while the guest has it online."},
    {"running", FIELD_NUMBER, AT(running), METRIC_NONE, NULL, 0, NULL},
    {"blocked", FIELD_NUMBER, AT(blocked), METRIC_NONE, NULL, 0, NULL},
    {"cpu", FIELD_NUMBER, AT(cpu), METRIC_GAUGE, "xen_vcpu_physical_cpu", 0, "Physical CPU on which it runs or ran last."},
    {"ns", FIELD_NUMBER, AT(ns), METRIC_COUNTER, "xen_vcpu_cpu_seconds", 1e9, "CPU time that the virtual CPU has had."},
    {.name = NULL},
};
#undef STRCT
#define STRCT sample_vif
static const struct field vif_fields[] = {
    {"id", FIELD_NUMBER, AT(id), METRIC_LABEL, "vif", 0, NULL},
    {"dev", FIELD_TEXT, AT(dev), METRIC_INFO, "device", 0, NULL},
    {"mac", FIELD_TEXT, AT(mac), METRIC_INFO, "mac", 0, NULL},
    {"bridge", FIELD_TEXT, AT(bridge), METRIC_INFO, "bridge", 0, NULL},
    {"counted", FIELD_NUMBER, AT(counted), METRIC_NONE, NULL, 0, NULL},
    {"incarnation", FIELD_NUMBER, AT(incarnation), METRIC_NONE, NULL, 0, NULL},
    {"in_bytes", FIELD_NUMBER, AT(net.in_bytes), METRIC_COUNTER, "xen_vif_receive_bytes", 0, "Bytes received by the guest."},
    {"in_packets", FIELD_NUMBER, AT(net.in_packets), METRIC_COUNTER, "xen_vif_receive_packets", 0, "Packets received by the guest."},
    {"in_errors", FIELD_NUMBER, AT(net.in_errors), METRIC_COUNTER, "xen_vif_receive_errors", 0, "Packets to the guest that failed."},
    {"in_drops", FIELD_NUMBER, AT(net.in_drops), METRIC_COUNTER, "xen_vif_receive_drops", 0, "Packets to the guest that were dropped."},
    {"out_bytes", FIELD_NUMBER, AT(net.out_bytes), METRIC_COUNTER, "xen_vif_transmit_bytes", 0, "Bytes sent by the guest."},
    {"out_packets", FIELD_NUMBER, AT(net.out_packets), METRIC_COUNTER, "xen_vif_transmit_packets", 0, "Packets sent by the guest."},
    {"out_errors", FIELD_NUMBER, AT(net.out_errors), METRIC_COUNTER, "xen_vif_transmit_errors", 0, "Packets of the guest that failed."},
    {"out_drops", FIELD_NUMBER, AT(net.out_drops), METRIC_COUNTER, "xen_vif_transmit_drops", 0, "Packets of the guest that were dropped."},
    {.name = NULL},
};
#undef STRCT
#define STRCT sample_vbd
static const struct field vbd_fields[] = {
    {"id", FIELD_NUMBER, AT(id), METRIC_LABEL, "vbd", 0, NULL},
    {"dev", FIELD_TEXT, AT(dev), METRIC_INFO, "device", 0, NULL},
    {"backend", FIELD_TEXT, AT(backend), METRIC_INFO, "backend", 0, NULL},
    {"target", FIELD_TEXT, AT(target), METRIC_INFO, "target", 0, NULL},
    {"mode", FIELD_TEXT, AT(mode), METRIC_INFO, "mode", 0, NULL},
    {"counted", FIELD_NUMBER, AT(counted), METRIC_NONE, NULL, 0, NULL},
    {"incarnation", FIELD_NUMBER, AT(incarnation), METRIC_NONE, NULL, 0, NULL},
    {"timed", FIELD_NUMBER, AT(timed), METRIC_NONE, NULL, 0, NULL},
    {"reads", FIELD_NUMBER, AT(blk.reads), METRIC_COUNTER, "xen_vbd_read_requests", 0, "Read requests of the guest."},
    {"writes", FIELD_NUMBER, AT(blk.writes), METRIC_COUNTER, "xen_vbd_write_requests", 0, "Write requests of the guest."},
    {"read_sectors", FIELD_NUMBER, AT(blk.read_sectors), METRIC_COUNTER, "xen_vbd_read_bytes", 1 / 512.0, "Bytes read by the guest."},
    {"write_sectors", FIELD_NUMBER, AT(blk.write_sectors), METRIC_COUNTER, "xen_vbd_written_bytes", 1 / 512.0, "Bytes written by the guest."},
    {"flushes", FIELD_NUMBER, AT(blk.flushes), METRIC_COUNTER, "xen_vbd_flush_requests", 0, "Flush requests of the guest."},
    {"discards", FIELD_NUMBER, AT(blk.discards), METRIC_COUNTER, "xen_vbd_discard_requests", 0, "Discard requests of the guest."},
    {"read_ns", FIELD_NUMBER, AT(blk.read_ns), METRIC_NONE, NULL, 0, NULL},
    {"write_ns", FIELD_NUMBER, AT(blk.write_ns), METRIC_NONE, NULL, 0, NULL},
    {"waits", FIELD_NUMBER, AT(blk.waits), METRIC_COUNTER, "xen_vbd_out_of_requests", 0, "Times that the disk was out of requests and the guest had to wait."},
    {.name = NULL},
};
#undef STRCT
#define STRCT sample_domain
static const struct field domain_fields[] = {
    {"id", FIELD_NUMBER, AT(id), METRIC_LABEL, "id", 0, NULL},
    {"name", FIELD_TEXT, AT(name), METRIC_LABEL, "name", 0, NULL},
    {"uuid", FIELD_UUID, AT(uuid), METRIC_LABEL, "uuid", 0, NULL},
    {"type", FIELD_TEXT, AT(type), METRIC_INFO, "type", 0, NULL},
    {"pool", FIELD_NUMBER, AT(pool), METRIC_INFO, "pool", 0, NULL},
    {"ssid", FIELD_NUMBER, AT(ssid), METRIC_NONE, NULL, 0, NULL},
    {"states", FIELD_NUMBER, AT(states), METRIC_STATES, "xen_domain_state", 0, "1 for each `state` that the domain is in: dying, shutdown, blocked, crashed, paused, running."},
    {"cpu_ns", FIELD_NUMBER, AT(cpu_ns), METRIC_COUNTER, "xen_domain_cpu_seconds", 1e9, "CPU time that the domain has had."},
    {"online_vcpus", FIELD_NUMBER, AT(online_vcpus), METRIC_GAUGE, "xen_domain_online_vcpus", 0, "Virtual CPUs that are online."},
    {"max_vcpus", FIELD_NUMBER, AT(max_vcpus), METRIC_GAUGE, "xen_domain_max_vcpus", 0, "Virtual CPUs, online or not."},
    {"memory", FIELD_NUMBER, AT(memory), METRIC_GAUGE, "xen_domain_memory_bytes", 0, "Memory that the domain has."},
    {"max_memory", FIELD_MAYBE, AT(max_memory), METRIC_GAUGE, "xen_domain_max_memory_bytes", 0, "Memory that the domain may have at most; not there when there is no limit."},
    {"shared", FIELD_NUMBER, AT(shared), METRIC_GAUGE, "xen_domain_shared_memory_bytes", 0, "Memory that it shares with others."},
    {"paged", FIELD_NUMBER, AT(paged), METRIC_GAUGE, "xen_domain_paged_memory_bytes", 0, "Memory of it that is paged out by the host."},
    {"claimed", FIELD_NUMBER, AT(claimed), METRIC_GAUGE, "xen_domain_claimed_memory_bytes", 0, "Memory that is promised to it and not allocated yet."},
    {"target", FIELD_MAYBE, AT(target), METRIC_GAUGE, "xen_domain_target_memory_bytes", 0, "Memory that the toolstack wants it to have."},
    {"guest_total", FIELD_MAYBE, AT(guest_total), METRIC_GAUGE, "xen_domain_guest_memory_bytes", 0, "Memory that the guest says it has."},
    {"guest_free", FIELD_MAYBE, AT(guest_free), METRIC_GAUGE, "xen_domain_guest_free_memory_bytes", 0, "Memory that the guest says it could spare."},
    {"cache", FIELD_MAYBE, AT(cache), METRIC_GAUGE, "xen_domain_cache_bytes", 0, "L3 cache that it occupies (where it is monitored)."},
    {"bandwidth", FIELD_MAYBE, AT(bandwidth), METRIC_COUNTER, "xen_domain_memory_traffic_bytes", 0, "Bytes moved from and to memory (where it is monitored)."},
    {"local_bandwidth", FIELD_MAYBE, AT(local_bandwidth), METRIC_COUNTER, "xen_domain_local_memory_traffic_bytes", 0, "Of these, from and to the CPU's own NUMA node."},
    {"bandwidth_wraps", FIELD_NUMBER, AT(bandwidth_wraps), METRIC_NONE, NULL, 0, NULL},
    {.name = NULL},
};
#undef STRCT
#define STRCT sample_cpu
static const struct field cpu_fields[] = {
    {"id", FIELD_NUMBER, AT(id), METRIC_LABEL, "cpu", 0, NULL},
    {"core", FIELD_NUMBER, AT(core), METRIC_LABEL, "core", 0, NULL},
    {"socket", FIELD_NUMBER, AT(socket), METRIC_LABEL, "socket", 0, NULL},
    {"node", FIELD_NUMBER, AT(node), METRIC_LABEL, "node", 0, NULL},
    {"pool", FIELD_MAYBE, AT(pool), METRIC_NONE, NULL, 0, NULL},
    {"idle_ns", FIELD_NUMBER, AT(idle_ns), METRIC_COUNTER, "xen_cpu_idle_seconds", 1e9, "Time for which the physical CPU had nothing to do."},
    {.name = NULL},
};
#undef STRCT
#define STRCT sample_node
static const struct field node_fields[] = {
    {"id", FIELD_NUMBER, AT(id), METRIC_LABEL, "node", 0, NULL},
    {"memory", FIELD_NUMBER, AT(memory), METRIC_GAUGE, "xen_node_memory_bytes", 0, "Memory of the NUMA node."},
    {"free", FIELD_NUMBER, AT(free), METRIC_GAUGE, "xen_node_free_memory_bytes", 0, "Memory of the NUMA node that is free."},
    {.name = NULL},
};
#undef STRCT
#define STRCT sample_cpupool
static const struct field pool_fields[] = {
    {"id", FIELD_NUMBER, AT(id), METRIC_LABEL, "pool", 0, NULL},
    {"name", FIELD_TEXT, AT(name), METRIC_INFO, "pool_name", 0, NULL},
    {"scheduler", FIELD_TEXT, AT(scheduler), METRIC_INFO, "scheduler", 0, NULL},
    {"domains", FIELD_NUMBER, AT(domains), METRIC_GAUGE, "xen_cpupool_domains", 0, "Domains in the CPU pool."},
    {"cpus", FIELD_NUMBER, AT(cpus), METRIC_GAUGE, "xen_cpupool_cpus", 0, "Physical CPUs in the CPU pool."},
    {.name = NULL},
};
#undef STRCT
#define STRCT sample
static const struct field sample_fields[] = {
    {"time", FIELD_REAL, AT(time), METRIC_NONE, NULL, 0, NULL},
    {"wall", FIELD_REAL, AT(wall), METRIC_NONE, NULL, 0, NULL},
    {"store_age", FIELD_REAL, AT(store_age), METRIC_GAUGE, "xen_xenstore_silent_seconds", 0, "How long XenStore has not answered; names and devices are as old as that."},
    {"parts", FIELD_NUMBER, AT(parts), METRIC_NONE, NULL, 0, NULL},
    {"version", FIELD_TEXT, AT(host.version), METRIC_INFO, "version", 0, NULL},
    {"hostname", FIELD_TEXT, AT(host.name), METRIC_INFO, "hostname", 0, NULL},
    {"cpus", FIELD_NUMBER, AT(host.cpus), METRIC_GAUGE, "xen_host_cpus", 0, "Physical CPUs that are online."},
    {"khz", FIELD_NUMBER, AT(host.khz), METRIC_GAUGE, "xen_host_cpu_frequency_hertz", 1 / 1e3, "Nominal frequency of the physical CPUs."},
    {"memory", FIELD_NUMBER, AT(host.memory), METRIC_GAUGE, "xen_host_memory_bytes", 0, "Memory of the host."},
    {"free", FIELD_NUMBER, AT(host.free), METRIC_GAUGE, "xen_host_free_memory_bytes", 0, "Memory of the host that no domain has."},
    {"claimed", FIELD_NUMBER, AT(host.claimed), METRIC_GAUGE, "xen_host_claimed_memory_bytes", 0, "Free memory of the host that is promised to domains."},
    {"uptime", FIELD_NUMBER, AT(host.uptime), METRIC_GAUGE, "xen_host_uptime_seconds", 0, "Time since the host started."},
    {.name = NULL},
};
#undef STRCT

static const struct level vcpu_level = {"vcpus", NULL, sizeof(struct sample_vcpu), LIST(sample_domain, vcpus, n_vcpus), 0, vcpu_fields, NULL};
static const struct level vif_level = {"vifs", "xen_vif_info", sizeof(struct sample_vif), LIST(sample_domain, vifs, n_vifs), offsetof(struct sample_vif, counted), vif_fields, NULL};
static const struct level vbd_level = {"vbds", "xen_vbd_info", sizeof(struct sample_vbd), LIST(sample_domain, vbds, n_vbds), offsetof(struct sample_vbd, counted), vbd_fields, NULL};
static const struct level *const domain_children[] = {&vcpu_level, &vif_level, &vbd_level, NULL};
const struct level level_domain = {"domains", "xen_domain_info", sizeof(struct sample_domain), LIST(sample, domains, n_domains), 0, domain_fields, domain_children};
static const struct level cpu_level = {"cpu", NULL, sizeof(struct sample_cpu), LIST(sample, host.cpu, host.n_cpu), 0, cpu_fields, NULL};
static const struct level node_level = {"nodes", NULL, sizeof(struct sample_node), LIST(sample, host.nodes, host.n_nodes), 0, node_fields, NULL};
static const struct level pool_level = {"pools", "xen_cpupool_info", sizeof(struct sample_cpupool), LIST(sample, host.pools, host.n_pools), 0, pool_fields, NULL};
static const struct level *const sample_children[] = {&cpu_level, &node_level, &pool_level, &level_domain, NULL};
const struct level level_sample = {NULL, "xen_host_info", sizeof(struct sample), 0, 0, 0, sample_fields, sample_children};
/* clang-format on */

uint64_t field_number(const struct field *field, const void *strct)
{
    return *(const uint64_t *)((const char *)strct + field->offset);
}

double field_real(const struct field *field, const void *strct)
{
    return *(const double *)((const char *)strct + field->offset);
}

const char *field_text(const struct field *field, const void *strct)
{
    return *(const char *const *)((const char *)strct + field->offset);
}

const unsigned char *field_uuid(const struct field *field, const void *strct)
{
    return (const unsigned char *)strct + field->offset;
}
