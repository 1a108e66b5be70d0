/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_sim: a host of files; see hv.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <uuid/uuid.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/run.h"
#include "xapi/hv/hv_sim_file.h"
#include "xapi/call/job.h"
#include "xapi/hv/plan.h"

#define IMAGE_MAGIC "dom0kit-sim-memory\n"
#define SIM_VCPUS 4096
#define GIB (INT64_C(1) << 30)

/* ---- what a domain looks like -------------------------------------------- */

static void add_int(struct str *text, const char *key, int64_t n)
{
    str_addf(text, "%s %lld\n", key, (long long)n);
}

static const char *disk_key(struct pool *p, const struct plan_disk *disk)
{
    return pool_printf(p, "disk %s", disk->vbd);
}

static const char *disk_text(struct pool *p, const struct plan_disk *disk)
{
    return pool_printf(
        p, "%s %s %s %s %s %s", disk->device, disk->cdrom ? "cdrom" : "disk",
        disk->writable ? "rw" : "ro", disk->bootable ? "boot" : "-",
        disk->path ? disk->format : "-", disk->path ? disk->path : "-");
}

static const char *nic_key(struct pool *p, const struct plan_nic *nic)
{
    return pool_printf(p, "nic %s", nic->vif);
}

static const char *nic_text(struct pool *p, const struct plan_nic *nic)
{
    return pool_printf(p, "%lld %s %s %lld %lld", (long long)nic->devid,
                       nic->mac, nic->bridge, (long long)nic->mtu,
                       (long long)nic->rate);
}

static void add_devices(struct pool *p, const struct plan *plan,
                        struct str *text)
{
    for (size_t i = 0; i < plan->n_disks; i++)
        sim_add(text, disk_key(p, &plan->disks[i]),
                disk_text(p, &plan->disks[i]));
    for (size_t i = 0; i < plan->n_nics; i++)
        sim_add(text, nic_key(p, &plan->nics[i]), nic_text(p, &plan->nics[i]));
    for (size_t i = 0; i < plan->n_xenstore_data; i++)
        sim_add(text,
                pool_printf(p, "xenstore %s", plan->xenstore_data[i].name),
                plan->xenstore_data[i].value);
}

/* LIFE is what a guest would remember over being suspended. */
static struct err *describe(const struct plan *plan, const char *life,
                            struct str *text)
{
    AUTO_POOL struct pool *p = pool_new();

    sim_add(text, "uuid", plan->uuid);
    sim_add(text, "name", plan->name);
    sim_add(text, "type", plan->type);
    sim_add(text, "life", life);
    add_int(text, "memory", plan->memory);
    add_int(text, "memory_max", plan->memory_max);
    add_int(text, "shadow", plan->shadow);
    add_int(text, "vcpus", plan->vcpus);
    add_int(text, "vcpus_max", plan->vcpus_max);
    add_int(text, "weight", plan->weight);
    add_int(text, "cap", plan->cap);
    sim_add(text, "cpus", plan->cpus);
    sim_add(text, "kernel", plan->kernel);
    sim_add(text, "bootloader", plan->bootloader);
    sim_add(text, "boot", plan->boot);
    sim_add(text, "firmware", plan->firmware);
    sim_add(text, "generation",
            pool_printf(p, "%" PRIu64 ":%" PRIu64, plan->generation[0],
                        plan->generation[1]));
    for (size_t i = 0; i < plan->n_platform; i++)
        sim_add(text, pool_printf(p, "platform %s", plan->platform[i].name),
                plan->platform[i].value);
    add_devices(p, plan, text);
    sim_add(text, "state", sim_states[HV_PAUSED]);
    return str_full(text) ? ERR("a domain of over %d bytes", SIM_FILE_BYTES)
                          : NULL;
}

/* ---- domains come and go ------------------------------------------------- */

static struct err *make(const struct hv *hv, const struct plan *plan,
                        const char *life, const char *verb, uint32_t *ret_domid)
{
    AUTO_STR struct str text = STR_INIT(SIM_FILE_BYTES);
    uint32_t domid = 0;
    struct err *e;

    TRY(describe(plan, life, &text));
    TRY(sim_create(hv, str_text(&text), &domid));
    e = sim_obey(hv, verb, NULL);
    if (e) /* a fault of it, or cancelled */
        return err_join(e, sim_remove(hv, domid));
    *ret_domid = domid;
    return NULL;
}

static struct err *create(const struct hv *hv, const struct plan *plan,
                          uint32_t *ret_domid)
{
    char life[UUID_STR_LEN];
    uuid_t uuid;

    uuid_generate(uuid);
    uuid_unparse_lower(uuid, life);
    return make(hv, plan, life, "create", ret_domid);
}

static struct err *destroy(const struct hv *hv, uint32_t domid)
{
    TRY(sim_obey(hv, "destroy", NULL));
    return sim_remove(hv, domid);
}

/* The file is as big as it is. */
static struct err *write_image(const char *path, const char *life)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    const char *text = pool_printf(p, IMAGE_MAGIC "%s\n", life);

    if (fd < 0)
        return err_errno(errno, "%s", path);
    return err_wrap(file_write_all(fd, text, strlen(text)), "%s", path);
}

static struct err *read_image(struct pool *p, const char *path,
                              const char **ret_life)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[256];
    ssize_t n;

    if (fd < 0)
        return err_errno(errno, "%s", path);
    n = read(fd, text, sizeof(text) - 1);
    if (n < 0)
        return err_errno(errno, "%s", path);
    text[n] = '\0';
    if (!text_has_prefix(text, IMAGE_MAGIC))
        return ERR("%s: no guest was suspended into it", path);
    *ret_life = text_split(p, text + strlen(IMAGE_MAGIC), '\n', NULL)[0];
    return NULL;
}

static struct err *suspend(const struct hv *hv, uint32_t domid,
                           const char *path)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *life;
    char *text;

    TRY(sim_read(hv, p, domid, &text));
    life = sim_line(p, text, "life");
    TRY(write_image(path, life ? life : ""));
    return sim_suspend(hv, "suspend", domid);
}

static struct err *resume(const struct hv *hv, const struct plan *plan,
                          const char *path, uint32_t *ret_domid)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *life = NULL;

    TRY(read_image(p, path, &life));
    return make(hv, plan, life, "resume", ret_domid);
}

/* ---- a domain changes ---------------------------------------------------- */

static struct err *set_int(const struct hv *hv, uint32_t domid, const char *key,
                           int64_t n)
{
    AUTO_POOL struct pool *p = pool_new();

    return sim_set(hv, domid, key, pool_printf(p, "%lld", (long long)n));
}

static struct err *pause_(const struct hv *hv, uint32_t domid)
{
    TRY(sim_obey(hv, "pause", NULL));
    return sim_set(hv, domid, "state", sim_states[HV_PAUSED]);
}

static struct err *unpause(const struct hv *hv, uint32_t domid)
{
    TRY(sim_obey(hv, "unpause", NULL));
    return sim_set(hv, domid, "state", sim_states[HV_RUNNING]);
}

static struct err *shutdown_(const struct hv *hv, uint32_t domid,
                             enum hv_reason how)
{
    bool ignores = false;

    TRY(sim_obey(hv, "shutdown", &ignores));
    if (ignores)
        return NULL;
    TRY(sim_set(hv, domid, "reason", sim_reasons[how]));
    return sim_set(hv, domid, "state", sim_states[HV_SHUT]);
}

static struct err *set_memory(const struct hv *hv, uint32_t domid,
                              int64_t bytes)
{
    TRY(sim_obey(hv, "set_memory", NULL));
    return set_int(hv, domid, "memory", bytes);
}

static struct err *set_shadow(const struct hv *hv, uint32_t domid,
                              int64_t bytes)
{
    TRY(sim_obey(hv, "set_shadow", NULL));
    return set_int(hv, domid, "shadow", bytes);
}

static struct err *set_vcpus(const struct hv *hv, uint32_t domid, int64_t vcpus)
{
    TRY(sim_obey(hv, "set_vcpus", NULL));
    return set_int(hv, domid, "vcpus", vcpus);
}

static struct err *set_data(const struct hv *hv, uint32_t domid,
                            const struct plan_pair *pairs, size_t n)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(sim_obey(hv, "set_data", NULL));
    for (size_t i = 0; i < n; i++)
        TRY(sim_set(hv, domid, pool_printf(p, "xenstore %s", pairs[i].name),
                    pairs[i].value));
    return NULL;
}

static struct err *said(const struct hv *hv, uint32_t domid, struct pool *p,
                        struct plan_pair **ret, size_t *ret_n)
{
    struct plan_pair *pairs = NULL;
    char *text, **lines, **words;
    size_t n = 0;

    TRY(sim_obey(hv, "said", NULL));
    TRY(sim_read(hv, p, domid, &text));
    for (lines = text_split(p, text, '\n', NULL); *lines; lines++) {
        words = text_split(p, *lines, ' ', NULL);
        if (!strcmp(words[0], "guest") && words[1] && words[2])
            *pool_push(p, pairs, n) = (struct plan_pair){
                words[1], *lines + strlen("guest ") + strlen(words[1]) + 1};
    }
    *ret = pairs;
    *ret_n = n;
    return NULL;
}

/* ---- devices ------------------------------------------------------------- */

/* VERB brings what KEY names to VALUE (NULL: takes it away), if IS_THERE. */
static struct err *change_device(const struct hv *hv, uint32_t domid,
                                 const char *verb, const char *key,
                                 const char *value, bool is_there)
{
    AUTO_POOL struct pool *p = pool_new();
    bool ignores = false;
    char *text;

    TRY(sim_obey(hv, verb, &ignores));
    TRY(sim_read(hv, p, domid, &text));
    if (ignores)
        return ERR_AS(timeout, "domain %u does not let go of %s", domid, key);
    if (!sim_line(p, text, key) == is_there)
        return ERR("domain %u has %s %s", domid, is_there ? "no" : "a", key);
    return sim_set(hv, domid, key, value);
}

static struct err *attach_disk(const struct hv *hv, uint32_t domid,
                               const struct plan_disk *disk)
{
    AUTO_POOL struct pool *p = pool_new();

    return change_device(hv, domid, "attach_disk", disk_key(p, disk),
                         disk_text(p, disk), false);
}

static struct err *detach_disk(const struct hv *hv, uint32_t domid,
                               const struct plan_disk *disk, bool force)
{
    AUTO_POOL struct pool *p = pool_new();

    if (force)
        return sim_set(hv, domid, disk_key(p, disk), NULL);
    return change_device(hv, domid, "detach_disk", disk_key(p, disk), NULL,
                         true);
}

static struct err *set_medium(const struct hv *hv, uint32_t domid,
                              const struct plan_disk *disk)
{
    AUTO_POOL struct pool *p = pool_new();

    return change_device(hv, domid, "set_medium", disk_key(p, disk),
                         disk_text(p, disk), true);
}

static struct err *switch_disk(const struct hv *hv, uint32_t domid,
                               const struct plan_disk *disk)
{
    AUTO_POOL struct pool *p = pool_new();

    return change_device(hv, domid, "switch_disk", disk_key(p, disk),
                         disk_text(p, disk), true);
}

static struct err *resize_disk(const struct hv *hv, uint32_t domid,
                               const struct plan_disk *disk, int64_t bytes)
{
    AUTO_POOL struct pool *p = pool_new();
    struct run grow = {.argv = (const char *const[]){
                           "qemu-img", "resize", "-q", "-f", "qcow2",
                           disk->path, pool_printf(p, "%lld", (long long)bytes),
                           NULL}};

    if (!strcmp(disk->format, "qcow2")) /* as QEMU does, which has it open */
        TRY(run_check(&grow, p));
    return change_device(hv, domid, "resize_disk", disk_key(p, disk),
                         disk_text(p, disk), true);
}

static const char *lock_key(struct pool *p, const struct plan_nic *nic)
{
    return pool_printf(p, "lock %s", nic->vif);
}

static struct err *lock_nic(const struct hv *hv, uint32_t domid,
                            const struct plan_nic *nic)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = nic->lock == PLAN_LOCKED ? "locked" : "disabled";

    TRY(sim_obey(hv, "lock_nic", NULL));
    for (size_t i = 0; i < nic->n_allowed; i++)
        text = pool_printf(p, "%s %s", text, nic->allowed[i]);
    return sim_set(hv, domid, lock_key(p, nic),
                   nic->lock == PLAN_UNLOCKED ? NULL : text);
}

static struct err *attach_nic(const struct hv *hv, uint32_t domid,
                              const struct plan_nic *nic)
{
    AUTO_POOL struct pool *p = pool_new();

    return change_device(hv, domid, "attach_nic", nic_key(p, nic),
                         nic_text(p, nic), false);
}

static struct err *detach_nic(const struct hv *hv, uint32_t domid,
                              const struct plan_nic *nic, bool force)
{
    AUTO_POOL struct pool *p = pool_new();

    if (force)
        return sim_set(hv, domid, nic_key(p, nic), NULL);
    return change_device(hv, domid, "detach_nic", nic_key(p, nic), NULL, true);
}

/* ---- looking ------------------------------------------------------------- */

static unsigned index_of(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (text_eq(words[i], word))
            return (unsigned)i;
    return 0;
}

static int64_t number_of(struct pool *p, const char *text, const char *key)
{
    const char *line = sim_line(p, text, key);
    int64_t n = 0;

    if (line)
        err_drop(text_to_int(line, 10, 0, INT64_MAX, &n), "0 will do");
    return n;
}

static struct err *look_at(const struct hv *hv, struct pool *p,
                           const char *name, struct hv_domain *ret)
{
    int64_t domid;
    char *text;

    TRY(text_to_int(name, 10, 1, SIM_DOMIDS, &domid));
    TRY(sim_read(hv, p, (uint32_t)domid, &text));
    *ret = (struct hv_domain){
        .domid = (uint32_t)domid,
        .uuid = sim_line(p, text, "uuid"),
        .name = sim_line(p, text, "name"),
        .state = index_of(sim_states, SIM_STATES, sim_line(p, text, "state")),
        .reason =
            index_of(sim_reasons, SIM_REASONS, sim_line(p, text, "reason")),
        .memory = number_of(p, text, "memory"),
        .vcpus = number_of(p, text, "vcpus"),
    };
    return ret->uuid ? NULL : ERR("domain %s has no uuid", name);
}

static struct err *list(const struct hv *hv, struct pool *p,
                        struct hv_domain **ret, size_t *ret_n)
{
    struct hv_domain *domains = NULL;
    size_t n_names, n = 0;
    char **names;

    TRY(sim_obey(hv, "list", NULL));
    TRY(file_list(p, pool_printf(p, "%s/domains", hv->dir), &names, &n_names));
    for (size_t i = 0; i < n_names; i++) {
        struct hv_domain domain;
        struct err *e = look_at(hv, p, names[i], &domain);

        if (e)
            err_drop(e, "it has gone meanwhile");
        else
            *pool_push(p, domains, n) = domain;
    }
    *ret = domains;
    *ret_n = n;
    return NULL;
}

/* A big one: how many guests fit is the tests' to say. */
static struct err *host(const struct hv *hv, struct hv_host *ret)
{
    AUTO_POOL struct pool *p = pool_new();
    struct hv_domain *domains = NULL;
    size_t n = 0;

    TRY(sim_obey(hv, "host", NULL));
    TRY(list(hv, p, &domains, &n));
    *ret = (struct hv_host){.memory_total = 4096 * GIB,
                            .memory_free = 4092 * GIB,
                            .cpus = SIM_CPUS,
                            .sockets = 2,
                            .cpu_mhz = 3000};
    for (size_t i = 0; i < n; i++)
        ret->memory_free -= domains[i].memory;
    return NULL;
}

/* ---- watching ------------------------------------------------------------ */

static struct err *watch(const struct hv *hv, int *ret_fd)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FD int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    const char *path = pool_printf(p, "%s/domains", hv->dir);

    if (fd < 0 ||
        inotify_add_watch(
            fd, path, IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
        return err_errno(errno, "cannot watch '%s'", path);
    *ret_fd = take_fd(&fd);
    return NULL;
}

static struct err *hear(const struct hv *hv, int fd, bool *ret_changed)
{
    char events[4096];
    ssize_t n;

    (void)hv;
    *ret_changed = false;
    while ((n = read(fd, events, sizeof(events))) > 0)
        *ret_changed = true;
    if (n >= 0 || errno == EAGAIN || errno == EINTR)
        return NULL;
    close(fd);
    return err_errno(errno, "domains are not watched any more");
}

/* ---- the machine --------------------------------------------------------- */

/* Files of the machine, which tests read and write. */
static struct err *note(const struct hv *hv, const char *verb, const char *text)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(sim_obey(hv, verb, NULL));
    return file_append_line(pool_printf(p, "%s/%s", hv->dir, verb), text, 0600);
}

static struct err *power(const struct hv *hv, bool again)
{
    return note(hv, "power", again ? "again" : "off");
}

static struct err *set_hostname(const struct hv *hv, const char *name)
{
    return note(hv, "set_hostname", name);
}

static const char *service_path(const struct hv *hv, struct pool *p,
                                const char *name)
{
    return pool_printf(p, "%s/service/%s", hv->dir, name);
}

static struct err *set_service(const struct hv *hv, const char *name, bool on)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = on ? "on\n" : "off\n";

    TRY(sim_obey(hv, "set_service", NULL));
    TRY(file_make_dirs(pool_printf(p, "%s/service", hv->dir), 0700));
    return file_write(service_path(hv, p, name), text, strlen(text), 0600);
}

static struct err *has_service(const struct hv *hv, const char *name, bool *ret)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = service_path(hv, p, name);
    char *text;
    size_t len;

    *ret = true;
    if (!file_exists(path))
        return NULL;
    TRY(file_read(p, path, SIM_FILE_BYTES, &text, &len));
    *ret = text_has_prefix(text, "on");
    return NULL;
}

static struct err *set_file(const struct hv *hv, const char *path,
                            const char *text)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *here = pool_printf(p, "%s%s", hv->dir, path);

    TRY(sim_obey(hv, "set_file", NULL));
    if (!text)
        return file_remove(here);
    TRY(file_make_dirs(file_folder(p, here), 0700));
    return file_write(here, text, strlen(text), 0600);
}

static struct err *send_keys(const struct hv *hv, const char *keys)
{
    return note(hv, "send_keys", keys);
}

static struct err *dmesg(const struct hv *hv, struct pool *p, char **ret)
{
    const char *path = pool_printf(p, "%s/dmesg", hv->dir);
    size_t len;

    TRY(sim_obey(hv, "dmesg", NULL));
    *ret = pool_str(p, "");
    return file_exists(path) ? file_read(p, path, SIM_FILE_BYTES, ret, &len)
                             : NULL;
}

/* ---- all of it ----------------------------------------------------------- */

struct err *hv_sim_open(const char *dir, struct hv *ret)
{
    static const struct hv sim = {
        .name = "sim",
        .create = create,
        .destroy = destroy,
        .pause = pause_,
        .unpause = unpause,
        .shutdown = shutdown_,
        .suspend = suspend,
        .resume = resume,
        .migrate = sim_migrate,
        .land = sim_land,
        .go_on = sim_go_on,
        .list = list,
        .attach_disk = attach_disk,
        .detach_disk = detach_disk,
        .set_medium = set_medium,
        .switch_disk = switch_disk,
        .resize_disk = resize_disk,
        .attach_nic = attach_nic,
        .detach_nic = detach_nic,
        .lock_nic = lock_nic,
        .set_memory = set_memory,
        .set_shadow = set_shadow,
        .set_vcpus = set_vcpus,
        .power = power,
        .set_hostname = set_hostname,
        .set_service = set_service,
        .has_service = has_service,
        .set_file = set_file,
        .dmesg = dmesg,
        .send_keys = send_keys,
        .host = host,
        .set_data = set_data,
        .said = said,
        .measure = sim_measure,
        .console = sim_console,
        .watch = watch,
        .hear = hear,
    };
    AUTO_POOL struct pool *p = pool_new();

    TRY(file_make_dirs(pool_printf(p, "%s/domains", dir), 0700));
    TRY(file_make_dirs(pool_printf(p, "%s/fault", dir), 0700));
    *ret = sim;
    ret->dir = dir;
    return NULL;
}
