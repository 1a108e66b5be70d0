/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv: the verbs of xapi/hv/hv.h on this host's Xen, from a command line, for
 * the tests that hold hv_libxl to its contract:
 *
 *     hv create WORD...           prints the domain's number
 *     hv resume PATH WORD...
 *     hv VERB DOMID WORD...       attach_disk, detach_disk, set_medium, ...
 *     hv list | host | watch N    (watch: until it has heard N changes)
 *
 * A word is name=, uuid=, type=, kernel=, ramdisk=, args=, boot=, memory= and
 * memory_max= (MB), vcpus=, vcpus_max=, platform=KEY:VALUE,
 * disk=DEVICE,FORMAT,rw|ro|cd,PATH, nic=DEVID,MAC,BRIDGE, xenstore=PATH:VALUE,
 * gone=PATH (of set_data), path= (of suspend), lock=unlocked|locked|disabled
 * with ,ADDRESS ... (of lock_nic, which needs no Xen), or "force".
 */
#include "xapi/hv/hv.h"

#include <poll.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/hv/plan.h"
#include "xenstore/top/sample.h"

#define FIRST_WORD_MS 480000

struct words {
    struct pool *pool;
    struct plan plan;
    struct plan_disk disk;
    struct plan_nic nic;
    const char *path;
    int64_t rounds;
    bool force;
};

static struct plan_pair pair_of(struct pool *p, const char *text)
{
    size_t n;
    char **parts = text_split(p, text, ':', &n);

    return (struct plan_pair){parts[0], n > 1 ? parts[1] : ""};
}

static void take_disk(struct words *w, const char *text)
{
    struct plan_disk *disks = (struct plan_disk *)w->plan.disks;
    size_t n;
    char **parts = text_split(w->pool, text, ',', &n);

    w->disk = (struct plan_disk){.device = parts[0],
                                 .format = parts[1],
                                 .writable = !strcmp(parts[2], "rw"),
                                 .cdrom = !strcmp(parts[2], "cd"),
                                 .path = *parts[3] ? parts[3] : NULL};
    *pool_push(w->pool, disks, w->plan.n_disks) = w->disk;
    w->plan.disks = disks;
}

static void take_nic(struct words *w, const char *text)
{
    struct plan_nic *nics = (struct plan_nic *)w->plan.nics;
    size_t n;
    char **parts = text_split(w->pool, text, ',', &n);

    w->nic = (struct plan_nic){.devid = strtoll(parts[0], NULL, 10),
                               .mac = parts[1],
                               .bridge = parts[2]};
    *pool_push(w->pool, nics, w->plan.n_nics) = w->nic;
    w->plan.nics = nics;
}

static void take_lock(struct words *w, const char *text)
{
    static const char *const names[] = {
        [PLAN_UNLOCKED] = "unlocked",
        [PLAN_LOCKED] = "locked",
        [PLAN_DISABLED] = "disabled",
    };
    char **parts = text_split(w->pool, text, ',', &w->nic.n_allowed);

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!strcmp(parts[0], names[i]))
            w->nic.lock = (enum plan_lock)i;
    w->nic.allowed = (const char *const *)parts + 1;
    w->nic.n_allowed--;
}

static void take_pair(struct words *w, const char *text,
                      const struct plan_pair **list, size_t *n)
{
    struct plan_pair *pairs = (struct plan_pair *)*list;

    *pool_push(w->pool, pairs, *n) = pair_of(w->pool, text);
    *list = pairs;
}

static void take_gone(struct words *w, const char *path)
{
    struct plan_pair *pairs = (struct plan_pair *)w->plan.xenstore_data;

    *pool_push(w->pool, pairs, w->plan.n_xenstore_data) =
        (struct plan_pair){path, NULL};
    w->plan.xenstore_data = pairs;
}

static struct err *take_word(struct words *w, const char *word)
{
    struct plan *plan = &w->plan;
    const struct {
        const char *name;
        const char **text;
        int64_t *number;
        int shift;
    } rows[] = {
        {"name", &plan->name},
        {"uuid", &plan->uuid},
        {"type", &plan->type},
        {"kernel", &plan->kernel},
        {"ramdisk", &plan->ramdisk},
        {"args", &plan->args},
        {"boot", &plan->boot},
        {"bootloader", &plan->bootloader},
        {"path", &w->path},
        {"memory", NULL, &plan->memory, 20},
        {"memory_max", NULL, &plan->memory_max, 20},
        {"rounds", NULL, &w->rounds, 0},
        {"vcpus", NULL, &plan->vcpus, 0},
        {"vcpus_max", NULL, &plan->vcpus_max, 0},
    };
    const char *value = strchr(word, '=');
    size_t len = value ? (size_t)(value - word) : 0;

    w->force |= !strcmp(word, "force");
    if (!value)
        return w->force ? NULL : ERR("%s: no word", word);
    value++;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].name) != len || strncmp(rows[i].name, word, len))
            continue;
        if (rows[i].text)
            *rows[i].text = value;
        else
            *rows[i].number = (int64_t)strtoll(value, NULL, 10)
                              << rows[i].shift;
        return NULL;
    }
    if (text_has_prefix(word, "disk="))
        take_disk(w, value);
    else if (text_has_prefix(word, "nic="))
        take_nic(w, value);
    else if (text_has_prefix(word, "lock="))
        take_lock(w, value);
    else if (text_has_prefix(word, "platform="))
        take_pair(w, value, &plan->platform, &plan->n_platform);
    else if (text_has_prefix(word, "xenstore="))
        take_pair(w, value, &plan->xenstore_data, &plan->n_xenstore_data);
    else if (text_has_prefix(word, "gone="))
        take_gone(w, value);
    else if (text_has_prefix(word, "generation="))
        sscanf(value, "%" SCNu64 ":%" SCNu64, &plan->generation[0],
               &plan->generation[1]);
    else
        return ERR("%s: no word", word);
    return NULL;
}

/* ---- verbs --------------------------------------------------------------- */

static struct err *list(const struct hv *hv, struct pool *p)
{
    static const char *const states[] = {"paused", "running", "shut"};
    static const char *const reasons[] = {"poweroff", "reboot",   "suspend",
                                          "crash",    "watchdog", "soft_reset"};
    struct hv_domain *d;
    size_t n;

    TRY(hv->list(hv, p, &d, &n));
    for (size_t i = 0; i < n; i++)
        printf("%u %s %s %s %s %lld %lld\n", d[i].domid, d[i].uuid,
               d[i].name ? d[i].name : "-", d[i].type ? d[i].type : "-",
               d[i].state == HV_SHUT ? reasons[d[i].reason]
                                     : states[d[i].state],
               (long long)d[i].memory >> 20, (long long)d[i].vcpus);
    return NULL;
}

static struct err *host(const struct hv *hv)
{
    struct hv_host h;

    TRY(hv->host(hv, &h));
    printf("%lld %lld %lld %lld %lld\n", (long long)h.memory_total >> 20,
           (long long)h.memory_free >> 20, (long long)h.cpus,
           (long long)h.sockets, (long long)h.cpu_mhz);
    return NULL;
}

/* A new watch may say something at once, or not. */
static struct err *watch(const struct hv *hv, int64_t n)
{
    int fd;

    TRY(hv->watch(hv, &fd));
    puts("watching");
    fflush(stdout);
    while (n > 0) {
        struct pollfd poll_fd = {fd, POLLIN, 0};
        bool changed;

        poll(&poll_fd, 1, -1);
        TRY(hv->hear(hv, fd, &changed));
        n -= changed;
        if (changed)
            puts("heard");
        fflush(stdout);
    }
    return NULL;
}

static struct err *said(const struct hv *hv, uint32_t domid, struct pool *p)
{
    struct plan_pair *pairs;
    size_t n;

    TRY(hv->said(hv, domid, p, &pairs, &n));
    for (size_t i = 0; i < n; i++)
        printf("%s %s\n", pairs[i].name, pairs[i].value);
    return NULL;
}

static struct err *measure(const struct hv *hv, uint32_t domid, struct pool *p)
{
    const struct sample *sample;
    const struct sample_domain *d;

    TRY(hv->measure(hv, SAMPLE_VCPUS, p, &sample));
    d = sample_domain(sample, domid);
    if (!d)
        return ERR_AS(not_found, "there is no domain %u", domid);
    printf("%llu", (unsigned long long)d->memory);
    for (size_t i = 0; i < d->n_vcpus; i++)
        printf(" %.9f", (double)d->vcpus[i].ns / 1e9);
    puts("");
    return NULL;
}

static struct err *show_console(const struct hv *hv, uint32_t domid,
                                enum hv_console kind)
{
    struct pollfd poll_fd = {.events = POLLIN};
    char bytes[4096];

    TRY(hv->console(hv, domid, kind, &poll_fd.fd));
    /* The first word may take long, of a device model that has just begun. */
    for (int ms = FIRST_WORD_MS; poll(&poll_fd, 1, ms) == 1; ms = 2000) {
        ssize_t n = read(poll_fd.fd, bytes, sizeof(bytes));

        if (n <= 0)
            break;
        TRY(file_write_all(STDOUT_FILENO, bytes, (size_t)n));
    }
    return NULL;
}

static struct err *make(const struct hv *hv, const struct words *w,
                        const char *from)
{
    uint32_t domid;

    TRY(from ? hv->resume(hv, &w->plan, from, &domid)
             : hv->create(hv, &w->plan, &domid));
    printf("%u\n", domid);
    return NULL;
}

/* Plugged and unplugged, the disk or the NIC. */
static struct err *rounds(const struct hv *hv, uint32_t domid,
                          const struct words *w)
{
    for (int64_t i = 0; i < w->rounds; i++) {
        if (w->disk.device) {
            TRY(hv->attach_disk(hv, domid, &w->disk));
            TRY(hv->detach_disk(hv, domid, &w->disk, w->force));
        } else {
            TRY(hv->attach_nic(hv, domid, &w->nic));
            TRY(hv->detach_nic(hv, domid, &w->nic, w->force));
        }
    }
    return NULL;
}

static struct err *on_domain(const struct hv *hv, const char *verb,
                             uint32_t domid, const struct words *w)
{
#define VERB(name_, call_)    \
    if (!strcmp(verb, name_)) \
    return call_
    VERB("destroy", hv->destroy(hv, domid));
    VERB("pause", hv->pause(hv, domid));
    VERB("unpause", hv->unpause(hv, domid));
    VERB("shutdown", hv->shutdown(hv, domid, HV_POWEROFF));
    VERB("reboot", hv->shutdown(hv, domid, HV_REBOOT));
    VERB("suspend", hv->suspend(hv, domid, w->path));
    VERB("attach_disk", hv->attach_disk(hv, domid, &w->disk));
    VERB("detach_disk", hv->detach_disk(hv, domid, &w->disk, w->force));
    VERB("set_medium", hv->set_medium(hv, domid, &w->disk));
    VERB("attach_nic", hv->attach_nic(hv, domid, &w->nic));
    VERB("detach_nic", hv->detach_nic(hv, domid, &w->nic, w->force));
    VERB("lock_nic", hv->lock_nic(hv, domid, &w->nic));
    VERB("rounds", rounds(hv, domid, w));
    VERB("set_memory", hv->set_memory(hv, domid, w->plan.memory));
    VERB("set_vcpus", hv->set_vcpus(hv, domid, w->plan.vcpus));
    VERB("set_data", hv->set_data(hv, domid, w->plan.xenstore_data,
                                  w->plan.n_xenstore_data));
    VERB("said", said(hv, domid, w->pool));
    VERB("measure", measure(hv, domid, w->pool));
    VERB("serial", show_console(hv, domid, HV_CONSOLE_SERIAL));
    VERB("vnc", show_console(hv, domid, HV_CONSOLE_VNC));
#undef VERB
    return ERR("%s: no verb", verb);
}

static struct err *run(int argc, char **argv, struct pool *p)
{
    struct words w = {.pool = p,
                      .plan = {.type = "pv", .vcpus = 1, .vcpus_max = 1}};
    const char *verb = argc > 1 ? argv[1] : "";
    bool creates = !strcmp(verb, "create");
    struct hv hv;

    TRY(hv_open("libxl", "/tmp", &hv));
    for (int i = creates ? 2 : 3; i < argc; i++)
        TRY(take_word(&w, argv[i]));
    if (!w.plan.memory_max)
        w.plan.memory_max = w.plan.memory;
    if (creates)
        return make(&hv, &w, NULL);
    if (!strcmp(verb, "list"))
        return list(&hv, p);
    if (!strcmp(verb, "host"))
        return host(&hv);
    if (argc < 3)
        return ERR("which domain?");
    if (!strcmp(verb, "resume"))
        return make(&hv, &w, argv[2]);
    if (!strcmp(verb, "watch"))
        return watch(&hv, strtoll(argv[2], NULL, 10));
    return on_domain(&hv, verb, (uint32_t)strtoul(argv[2], NULL, 10), &w);
}

int main(int argc, char **argv)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_ERR struct err *e = run(argc, argv, p);

    if (e)
        fprintf(stderr, "hv: %s\n", err_text(e));
    return err_exit_status(e);
}
