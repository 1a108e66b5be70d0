/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conf: see conf.h. */
#include "xapi/conf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "xapi/call/audit.h"
#include "xapi/call/auth.h"
#include "xapi/conf_kind.h"
#include "xl/domain/cfg.h"

/* ---- rows ---------------------------------------------------------------- */

#define O(name_, ...) OPT(0, name_, __VA_ARGS__)
#define WORD(member) SLOT_WORD(struct conf, member)
#define NUMBER(member, least, most) \
    SLOT_INT(struct conf, member), .min = (least), .max = (most)
static const char *const hvs[] = {"libxl", "sim", NULL};
static const char *const nets[] = {"bridge", "sim", NULL};
/* clang-format off */
static const struct slot settings[] = {
    O("state",       WORD(state),       .unit = "DIR",       .doc = "Where the database, the audit log and the certificate are (/var/lib/xapi)."),
    O("socket",      WORD(socket),      .unit = "PATH",      .doc = "The Unix socket, by which root needs no password; \"\": none (/var/lib/xcp/xapi)."),
    O("http",        CONF_ADDRESS(http),        .unit = "ADDR:PORT", .doc = "Listens for plain HTTP."),
    O("hv",          CONF_ONE_OF(hv, hvs),          .unit = "libxl|sim", .doc = "The hypervisor: libxl is this host's Xen, sim a host of files in DIR/sim; without it VMs are records only."),
    O("net",         CONF_ONE_OF(net, nets),         .unit = "bridge|sim", .doc = "The host's network: bridge is this Linux, sim is files (as --hv is)."),
    O("nics",        WORD(nics),        .unit = "NAMES",     .doc = "Interfaces that are PIFs: patterns with commas between, such as eth*,ens3 (all that are hardware)."),
    O("plugins",     WORD(plugins),     .unit = "DIR",       .doc = "Where the programs of host.call_plugin are (/etc/xapi.d/plugins)."),
    O("backup",      WORD(backup),      .unit = "PATHS",     .doc = "Files and folders that host-backup takes beside the daemon's own, with commas between (/etc/xen)."),
    O("https",       CONF_ADDRESS(https),       .unit = "ADDR:PORT", .doc = "Listens for HTTPS."),
    O("certificate", WORD(certificate), .unit = "FILE",      .doc = "Certificate and key for HTTPS, PEM; made when it is not there (DIR/server.pem)."),
    O("trust",       CONF_FILE(fetch.trust.file), .unit = "FILE",      .doc = "Certificates that are trusted beside the system's where the daemon fetches what a URL of https names, PEM."),
    O("fetch-seconds", NUMBER(fetch.seconds, 1, 86400), .unit = "SECONDS", .doc = "For how long a server that it fetches from may send nothing (600)."),
    O("auth",        CONF_AUTH(auth),        .unit = "pam|FILE",  .doc = "Who passwords are asked of: PAM, or a file of user:hash lines (pam)."),
    O("auth-delay",  NUMBER(auth_delay, 0, 60), .unit = "SECONDS", .doc = "How late a wrong password is told (5)."),
    O("audit-bytes", NUMBER(audit_bytes, 4096, 1 << 30), .unit = "BYTES", .doc = "How large the audit log may become; then it is audit.log.1 (16777216)."),
    O("audit-files", NUMBER(audit_files, 0, 1000), .unit = "N", .doc = "How many older audit logs are kept (4)."),
    O("log",         WORD(log),         .unit = "FILE",      .doc = "Logs to a file instead of standard error."),
    OPT('v', "verbose", SLOT_FLAG(struct conf, verbose),     .doc = "Logs every call."),
    OPT_END
};
static const struct slot commands[] = {
    O("config",      WORD(config),      .unit = "FILE",      .doc = "Settings, one a line; \"\": none (" CONF_PATH ", when it is there)."),
    O("hash",        SLOT_FLAG(struct conf, hash),           .doc = "Reads a password and prints what a file for --auth has behind the user's name."),
    O("restore",     WORD(restore),     .unit = "FILE",      .doc = "Puts a copy of a database in the place of the one in DIR, which stays as state.db.before-restore, and ends."),
    O("check",       SLOT_FLAG(struct conf, check),          .doc = "Checks settings and database, and ends."),
    OPT_END
};
/* clang-format on */

static struct conf defaults(void)
{
    return (struct conf){
        .state = "/var/lib/xapi",
        .socket = "/var/lib/xcp/xapi",
        .plugins = "/etc/xapi.d/plugins",
        .backup = "/etc/xen",
        .auth = AUTH_PAM,
        .auth_delay = 5,
        .audit_bytes = AUDIT_BYTES,
        .audit_files = AUDIT_FILES,
        .fetch = {.seconds = 600},
        .limits = limits_default,
    };
}

struct rows {
    struct slot *list;
    size_t n;
};

/* Names are written with dashes on a command line, with underlines in a file.
 */
static void add_rows(struct pool *p, struct rows *rows, const struct slot *more,
                     size_t offset, char from, char to)
{
    for (; more->name; more++) {
        struct slot *row = pool_push(p, rows->list, rows->n);
        char *name = pool_str(p, more->name);

        for (char *s = name; *s; s++)
            if (*s == from)
                *s = to;
        *row = *more;
        row->name = name;
        row->offset += offset;
    }
}

const struct slot *conf_rows(struct pool *p, bool is_file)
{
    char from = is_file ? '-' : '_', to = is_file ? '_' : '-';
    struct rows rows = {NULL, 0};

    add_rows(p, &rows, settings, 0, from, to);
    add_rows(p, &rows, limits_rows, offsetof(struct conf, limits), from, to);
    if (!is_file)
        add_rows(p, &rows, commands, 0, from, to);
    *pool_push(p, rows.list, rows.n) = (struct slot){.name = NULL};
    return rows.list;
}

void conf_help(struct pool *p, struct str *out)
{
    const struct slot *rows = conf_rows(p, false);

    str_add(out, "Usage: xapid");
    opt_usage(rows, out);
    str_add(out, "\n\nThe daemon that speaks XenAPI.\n\nOptions:\n");
    opt_help(rows, out);
}

const char *conf_net(const struct conf *c)
{
    if (c->net)
        return c->net;
    return strcmp(c->hv, "sim") ? "bridge" : "sim";
}

const char *conf_certificate(const struct conf *c, struct pool *p)
{
    return c->certificate ? c->certificate
                          : pool_printf(p, "%s/server.pem", c->state);
}

/* ---- what a backup takes ------------------------------------------------- */

struct roots {
    struct manifest_root *list;
    size_t n;
};

/* As an absolute path, without a / at its end. */
static struct err *add_root(struct pool *p, struct roots *roots,
                            const char *name, const char *path)
{
    AUTO_FREE char *here = getcwd(NULL, 0);
    char *whole = *path == '/'
                      ? pool_str(p, path)
                      : pool_printf(p, "%s/%s", here ? here : "", path);
    size_t len = strlen(whole);

    while (len > 1 && whole[len - 1] == '/')
        whole[--len] = '\0';
    if (len < 2)
        return ERR_AS(input, "'%s' cannot be backed up", path);
    *pool_push(p, roots->list, roots->n) = (struct manifest_root){name, whole};
    return NULL;
}

static struct err *add_paths(struct pool *p, struct roots *roots,
                             const char *paths)
{
    size_t n;
    char **list = text_split(p, paths, ',', &n);

    for (size_t i = 0; i < n; i++) {
        const char *path = text_trim(p, list[i]);

        if (*path && *path != '/')
            return ERR_AS(input, "backup: '%s' is no absolute path", path);
        if (*path)
            TRY(add_root(p, roots, pool_printf(p, "files%s", path), path));
    }
    return NULL;
}

struct err *conf_backup(const struct conf *c, struct pool *p,
                        const struct manifest_root **ret)
{
    const char *config = c->config ? c->config : CONF_PATH;
    struct roots roots = {NULL, 0};

    TRY(add_root(p, &roots, "secret", pool_printf(p, "%s/secret", c->state)));
    TRY(add_root(p, &roots, "blobs", pool_printf(p, "%s/blobs", c->state)));
    TRY(add_root(p, &roots, TRUST_CERTIFICATES,
                 pool_printf(p, "%s/" TRUST_CERTIFICATES, c->state)));
    TRY(add_root(p, &roots, TRUST_CRLS,
                 pool_printf(p, "%s/" TRUST_CRLS, c->state)));
    TRY(add_root(p, &roots, "certificate", conf_certificate(c, p)));
    TRY(add_root(p, &roots, "plugins", c->plugins));
    if (*config)
        TRY(add_root(p, &roots, "settings", config));
    if (strcmp(c->auth, AUTH_PAM) != 0)
        TRY(add_root(p, &roots, "users", c->auth));
    TRY(add_paths(p, &roots, c->backup));
    *pool_push(p, roots.list, roots.n) = (struct manifest_root){.name = NULL};
    *ret = roots.list;
    return NULL;
}

/* ---- reading ------------------------------------------------------------- */

static struct err *read_file(struct conf *c, const char *path, struct pool *p)
{
    const struct slot_table table = {.rows = conf_rows(p, true),
                                     .noun = "setting",
                                     .unknown_is_error = true};
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct value *record = value_struct(p);
    struct diags diags = {.pool = p};
    struct fill fill = {.pool = p, .diags = &diags, .base = c};

    TRY(cfg_parse_file(p, path, record, &diags));
    slot_fill(&table, record, 0, &fill);
    diags_format(&diags, &text);
    fputs(str_text(&text), stderr);
    return diags.n_errors ? err_silent(1) : NULL;
}

struct err *conf_read(struct conf *c, int argc, char *const argv[],
                      struct pool *p, bool *ret_help)
{
    const struct slot *rows = conf_rows(p, false);
    struct opt_parse parse = {0};
    const char *path;

    *c = defaults();
    TRY(opt_parse(rows, argc, argv, c, p, &parse));
    *ret_help = parse.help;
    if (parse.help)
        return NULL;
    path = c->config ? c->config : file_exists(CONF_PATH) ? CONF_PATH : "";
    *c = defaults();
    if (*path)
        TRY(read_file(c, path, p));
    TRY(opt_parse(rows, argc, argv, c, p, &parse));
    c->fetch.trust.state = c->state;
    return NULL;
}
