/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report: see report.h. */
#include "xapi/storage/report.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/run.h"
#include "xapi/storage/pack.h"

#define PART_MAX (16u << 20) /* of one file, of what one program says */
#define PROGRAM_SECONDS 60

/* ---- what there is ------------------------------------------------------- */

struct entry {
    const char *key;
    bool personal; /* may name people and what they do */
};

enum kind {
    FILES,     /* a pattern */
    OF_DAEMON, /* a pattern, in the folder of its state */
    ITS_LOG,
    PROGRAM, /* words */
};

struct part {
    const char *key;
    enum kind kind;
    const char *what;
};

/* clang-format off */
static const struct entry entries[] = {
    {"disk-info",          false},
    {"hardware-info",      false},
    {"kernel-info",        false},
    {"network-status",     true},
    {"process-list",       true},
    {"system-logs",        true},
    {"xen-info",           false},
    {"xenserver-config",   true},
    {"xenserver-domains",  true},
    {"xenserver-logs",     true},
};

static const struct part parts[] = {
    {"disk-info",         FILES,     "/proc/partitions"},
    {"disk-info",         FILES,     "/proc/mounts"},
    {"disk-info",         PROGRAM,   "df -h"},
    {"disk-info",         PROGRAM,   "lsblk"},
    {"hardware-info",     FILES,     "/proc/cpuinfo"},
    {"hardware-info",     FILES,     "/proc/meminfo"},
    {"hardware-info",     PROGRAM,   "lspci -nn"},
    {"kernel-info",       PROGRAM,   "uname -a"},
    {"kernel-info",       FILES,     "/proc/cmdline"},
    {"kernel-info",       FILES,     "/proc/modules"},
    {"kernel-info",       PROGRAM,   "dmesg"},
    {"network-status",    PROGRAM,   "ip -s link"},
    {"network-status",    PROGRAM,   "ip address"},
    {"network-status",    PROGRAM,   "ip route"},
    {"network-status",    PROGRAM,   "bridge link"},
    {"process-list",      PROGRAM,   "ps -ef"},
    {"system-logs",       PROGRAM,   "journalctl --no-pager --lines=50000"},
    {"system-logs",       FILES,     "/var/log/syslog*"},
    {"system-logs",       FILES,     "/var/log/kern.log*"},
    {"xen-info",          PROGRAM,   "xl info"},
    {"xen-info",          PROGRAM,   "xl dmesg"},
    {"xenserver-config",  FILES,     "/etc/xapi.conf"},
    {"xenserver-config",  FILES,     "/etc/xen/xl.conf"},
    {"xenserver-domains", PROGRAM,   "xl list -v"},
    {"xenserver-logs",    ITS_LOG,   ""},
    {"xenserver-logs",    OF_DAEMON, "audit.log*"},
    {"xenserver-logs",    FILES,     "/var/log/xen/*.log"},
};
/* clang-format on */

static const char logs[] = "system-logs,xenserver-logs";

static bool is_among(const char *list, const char *key)
{
    AUTO_POOL struct pool *p = pool_new();
    size_t n;
    char **words = text_split(p, list, ',', &n);

    for (size_t i = 0; i < n; i++)
        if (!strcmp(words[i], key))
            return true;
    return false;
}

void report_capabilities(struct str *out)
{
    str_add(out, "<?xml version=\"1.0\" ?>\n<system-status-capabilities>\n");
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        unsigned n = 0;

        for (size_t k = 0; k < ARRAY_LEN(parts); k++)
            n += !strcmp(parts[k].key, entries[i].key);
        str_addf(out,
                 "<capability content-type=\"text/plain\" "
                 "default-checked=\"yes\" key=\"%s\" max-size=\"%u\" "
                 "max-time=\"%u\" min-size=\"-1\" min-time=\"-1\" "
                 "pii=\"%s\"/>\n",
                 entries[i].key, n * PART_MAX, n * PROGRAM_SECONDS,
                 entries[i].personal ? "yes" : "no");
    }
    str_add(out, "</system-status-capabilities>\n");
}

/* ---- in the worker ------------------------------------------------------- */

struct wish {
    const struct report *report;
    const char *entries;
    enum pack_format format;
    int filter;
};

struct reporting {
    const struct wish *wish;
    struct pool *pool; /* of one part */
    struct pack pack;
    struct str missing;
};

static void miss(struct reporting *r, const struct part *part, const char *what,
                 const char *why)
{
    str_addf(&r->missing, "%s: %s: %s\n", part->key, what, why);
}

/* The end of what is there; sizes of what is below /proc are 0. */
static struct err *read_end(const char *path, char *into, size_t *ret)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t n = 1;

    *ret = 0;
    if (fd < 0 || fstat(fd, &st))
        return err_errno(errno, "cannot be read");
    if (!S_ISREG(st.st_mode))
        return ERR("it is no file");
    if (st.st_size > PART_MAX)
        lseek(fd, st.st_size - PART_MAX, SEEK_SET);
    while (*ret < PART_MAX && n > 0) {
        n = read(fd, into + *ret, PART_MAX - *ret);
        *ret += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? err_errno(errno, "cannot be read") : NULL;
}

static struct err *add_file(struct reporting *r, const struct part *part,
                            const char *path)
{
    AUTO_FREE char *bytes = xcalloc(1, PART_MAX);
    size_t len;
    struct err *e = read_end(path, bytes, &len);

    if (e) {
        miss(r, part, path, err_text(e));
        err_free(e);
        return NULL;
    }
    return pack_add(&r->pack,
                    pool_printf(r->pool, "report/%s%s", part->key, path), bytes,
                    len);
}

static struct err *add_files(struct reporting *r, const struct part *part,
                             const char *pattern)
{
    glob_t found = {0};
    struct err *e = NULL;

    if (glob(pattern, 0, NULL, &found))
        miss(r, part, pattern, "there is none");
    for (size_t i = 0; i < found.gl_pathc && !e; i++)
        e = add_file(r, part, found.gl_pathv[i]);
    globfree(&found);
    return e;
}

static struct err *add_program(struct reporting *r, const struct part *part)
{
    size_t n;
    char **words = text_split(r->pool, part->what, ' ', &n);
    const char **argv = pool_alloc(r->pool, (n + 1) * sizeof(*argv));
    struct run run = {
        .argv = argv, .timeout = PROGRAM_SECONDS, .output_max = PART_MAX};
    struct err *e;

    memcpy(argv, words, n * sizeof(*argv));
    e = run_wait(&run, r->pool);
    if (e && err_is(e, &err_kind_interrupted))
        return e;
    if (e || run.exit_status)
        miss(r, part, part->what,
             e ? err_text(e)
               : pool_printf(r->pool, "exit status %d", run.exit_status));
    err_free(e);
    if (!run.output)
        return NULL;
    return pack_add(&r->pack,
                    pool_printf(r->pool, "report/%s/%s.txt", part->key,
                                text_join(r->pool, argv, n, "_", "_")),
                    run.output, run.output_len);
}

static struct err *add_part(struct reporting *r, const struct part *part)
{
    const struct report *report = r->wish->report;

    switch (part->kind) {
    case FILES:
        return add_files(r, part, part->what);
    case OF_DAEMON:
        return add_files(
            r, part,
            pool_printf(r->pool, "%s/%s", report->server->state, part->what));
    case ITS_LOG:
        return report->log ? add_file(r, part, report->log) : NULL;
    case PROGRAM:
        return add_program(r, part);
    }
    return NULL;
}

static struct err *add_all(struct job *j, struct reporting *r)
{
    TRY(pack_begin(&r->pack, r->wish->format, r->wish->filter));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        AUTO_POOL struct pool *p = pool_new();

        TRY(job_sleep(0));
        r->pool = p;
        if (is_among(r->wish->entries, parts[i].key))
            TRY(add_part(r, &parts[i]));
        job_progress(j, (double)(i + 1) / ARRAY_LEN(parts));
    }
    return pack_add(&r->pack, "report/missing.txt", str_text(&r->missing),
                    r->missing.len);
}

static struct err *work(struct job *j, void *arg)
{
    struct transfer *t = arg;
    struct reporting r = {
        .wish = t->arg, .pack = {.to = t}, .missing = STR_INIT(1u << 20)};
    struct err *e = pack_end(&r.pack, add_all(j, &r));

    str_done(&r.missing);
    return e;
}

static const char *all_keys(struct pool *p)
{
    const char *keys[ARRAY_LEN(entries)];

    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        keys[i] = entries[i].key;
    return text_join(p, keys, ARRAY_LEN(entries), ",", ",");
}

struct err *report_write(struct job *j, const struct report *r, int fd)
{
    struct wish wish = {.report = r,
                        .entries = all_keys(job_pool(j)),
                        .filter = ARCHIVE_FILTER_BZIP2};

    return work(j, &(struct transfer){.arg = &wish, .fd = fd});
}

/* ---- the requests -------------------------------------------------------- */

static bool read_output(const char *word, struct wish *wish)
{
    static const struct {
        const char *word;
        enum pack_format format;
        int filter;
    } outputs[] = {
        {"tar", PACK_TAR, ARCHIVE_FILTER_NONE},
        {"tar.bz2", PACK_TAR, ARCHIVE_FILTER_BZIP2},
        {"zip", PACK_ZIP, ARCHIVE_FILTER_NONE},
    };

    for (size_t i = 0; i < ARRAY_LEN(outputs); i++)
        if (!strcmp(outputs[i].word, word)) {
            wish->format = outputs[i].format;
            wish->filter = outputs[i].filter;
            return true;
        }
    return false;
}

static bool are_known(struct http_request *r, const char *list)
{
    size_t n;
    char **words = text_split(r->pool, list, ',', &n);

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < ARRAY_LEN(entries) && strcmp(entries[k].key, words[i]))
            k++;
        if (*words[i] && k == ARRAY_LEN(entries))
            return false;
    }
    return true;
}

static void begin(const struct report *report, struct http_request *r,
                  struct wish *wish, const char *title)
{
    wish->report = report;
    transfer_begin(report->all, &(const struct transfer_start){
                                    .request = r,
                                    .title = title,
                                    .content_type = "application/octet-stream",
                                    .work = work,
                                    .arg = wish});
}

static void get_status(struct http_request *r, void *arg)
{
    struct wish *wish = pool_new_of(r->pool, struct wish);
    const char *keys = http_param(r, "entries");
    const char *output = http_param(r, "output");

    wish->entries = keys && *keys ? keys : all_keys(r->pool);
    if (!read_output(output ? output : "tar", wish))
        http_page(r, 400, "output is tar, tar.bz2 or zip.");
    else if (!are_known(r, wish->entries))
        http_page(r, 400,
                  "entries are those of host.get_system_status_capabilities.");
    else
        begin(arg, r, wish, "system status");
}

static void get_logs(struct http_request *r, void *arg)
{
    struct wish *wish = pool_new_of(r->pool, struct wish);

    *wish = (struct wish){.entries = logs, .filter = ARCHIVE_FILTER_GZIP};
    begin(arg, r, wish, "logs");
}

void report_serve(struct http *http, struct report *r)
{
    r->gates[0] = (struct gate){
        .action = "get_system_status", .fn = get_status, .arg = r};
    r->gates[1] = (struct gate){
        .action = "get_host_logs_download", .fn = get_logs, .arg = r};
    for (size_t i = 0; i < ARRAY_LEN(r->gates); i++)
        gate_serve(http, &r->gates[i], r->server, 0);
}
