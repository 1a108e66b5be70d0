/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_create: `xl create`, from a configuration file to a running domain. */
#include <libxl_event.h>
#include <libxl_utils.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/log.h"
#include "lib/progress.h"
#include "xl/cmds.h"
#include "xl/config.h"
#include "xl/console.h"
#include "xl/domain/await.h"
#include "xl/domain/cfg.h"
#include "xl/domain/create.h"
#include "xl/domain/death.h"
#include "xl/domain/guest.h"
#include "xl/several.h"
#include "xl/xl.h"

/* At once, when nobody says how many. Half of a create is the work of
 * xenstored, which is one thread: more of them only wait for it. */
#define JOBS 4

struct create_args {
    bool console, debug, unattended, foreground, dry_run, paused, quiet;
    bool vncviewer, autopass, ignore_masks, strict, stop;
    int jobs;
    const char *file;
    struct slot_words words;
};

/* clang-format off */
static const struct slot create_opts[] = {
    OPT_SHORT('c', SLOT_FLAG(struct create_args, console),
        .doc = "Attach to its console before it starts."),
    OPT_CONFIG_DEBUG(struct create_args),
    OPT_SHORT('e', SLOT_FLAG(struct create_args, unattended),
        .doc = "Nobody follows it: the on_... settings have no effect."),
    OPT_SHORT('F', SLOT_FLAG(struct create_args, foreground),
        .doc = "Stay until it is gone, and obey the on_... settings here."),
    OPT_CONFIG_FILE(struct create_args),
    OPT('n', "dryrun", SLOT_FLAG(struct create_args, dry_run),
        .doc = "Only print what libxl would get, as JSON (like xl -N)."),
    OPT_SHORT('p', SLOT_FLAG(struct create_args, paused),
        .doc = "Leave it paused."),
    OPT('q', "quiet", SLOT_FLAG(struct create_args, quiet),
        .doc = "Say nothing but errors."),
    OPT('V', "vncviewer", SLOT_FLAG(struct create_args, vncviewer),
        .doc = "Start vncviewer on its display."),
    OPT('A', "vncviewer-autopass", SLOT_FLAG(struct create_args, autopass),
        .doc = "The same, and hand it the VNC password."),
    OPT('i', "ignore-global-affinity-masks",
        SLOT_FLAG(struct create_args, ignore_masks),
        .doc = "Do not apply the vm.cpumask settings of xl.conf."),
    OPT('j', "jobs", SLOT_INT(struct create_args, jobs), .min = 1, .max = 1000,
        .unit = "N",
        .doc = "Of several guests, how many are created at once (4)."),
    OPT(0, "stop", SLOT_FLAG(struct create_args, stop),
        .doc = "Of several guests, begin no others when one failed."),
    OPT(0, "strict", SLOT_FLAG(struct create_args, strict),
        .doc = "Take warnings about the configuration as errors."),
    ARGS_CONFIG(struct create_args),
    OPT_END,
};
/* clang-format on */

/* ---- the configuration --------------------------------------------------- */

/* Shows all complaints; errors among them are the end. */
static struct err *show_complaints(const struct diags *diags, bool quiet)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    bool bad =
        diags->n_errors || (diags->n_warnings && diags->warnings_are_errors);

    if (bad || !quiet) {
        diags_format(diags, &text);
        fputs(str_text(&text), stderr);
    }
    return bad ? err_silent(1) : NULL;
}

/* One of several FILEs is named when it has ended. */
static struct err *read_config(const struct create_args *a, const char *file,
                               const struct slot_words *settings, bool several,
                               struct guest *g, struct pool *p)
{
    struct diags diags = {
        .pool = p, .warnings_are_errors = a->strict, .no_notes = true};
    struct value *record = value_struct(p);

    if (file) {
        if (!a->quiet && !several)
            fprintf(stderr, "Parsing config from %s\n", file);
        TRY(cfg_parse_file(p, file, record, &diags));
    }
    cfg_parse_words(p, settings->list, settings->n, record, &diags);
    if (!diags.n_errors)
        guest_parse(g, record, p, &diags);
    return show_complaints(&diags, a->quiet);
}

/* ---- while it is created ------------------------------------------------- */

struct run {
    struct xl *xl;
    struct host *h;
    const struct create_args *args;
    const struct guest *guest;
    struct progress *progress;
    pid_t console; /* the process at the console, 0: none */
};

static void on_step(void *arg, const char *what)
{
    struct run *r = arg;

    progress_step(r->progress, "%s", what);
}

static struct err *on_console(void *arg, uint32_t domid)
{
    struct run *r = arg;
    const libxl_domain_build_info *b = &r->guest->config.b_info;
    struct console c = {.domid = domid};

    if (r->console)
        return NULL;
    progress_hide(r->progress);
    c.type = console_has_serial(b) ? CONSOLE_SERIAL : CONSOLE_PV;
    return console_fork(&c, r->h->ctx, &r->console);
}

static bool autoballoons(const struct run *r)
{
    int setting = r->xl->conf.autoballoon;

    return setting == AUTOBALLOON_AUTO ? create_autoballoons_by_default(r->h)
                                       : setting == AUTOBALLOON_ON;
}

static struct err *create(struct run *r, struct guest *g, uint32_t *ret_domid)
{
    const struct create_args *a = r->args;
    const struct conf *conf = &r->xl->conf;
    struct create how = {
        .paused = a->paused,
        .keep = !a->unattended && !a->foreground,
        .autoballoon = autoballoons(r),
        .disk_script = conf->disk_script,
        .lockfile = conf->lockfile,
        .step = on_step,
        .step_arg = r,
        .console = a->console ? on_console : NULL,
        .console_arg = r,
    };
    struct err *e;

    r->progress = progress_new(
        pool_printf(r->xl->pool, "creating %s", g->config.c_info.name),
        a->quiet || a->console);
    e = create_domain(r->h, &g->config, &how, ret_domid);
    progress_free(r->progress);
    return e;
}

/* ---- after --------------------------------------------------------------- */

static struct err *start_vncviewer(struct run *r, uint32_t domid)
{
    pid_t pid = fork();

    if (pid < 0)
        return ERR("cannot start vncviewer: no process left");
    if (pid)
        return NULL;
    xl_forked(r->xl);
    setsid();
    struct err *e = xl_host(r->xl, &r->h);
    if (!e)
        libxl_vncviewer_exec(r->h->ctx, domid, r->args->autopass);
    _exit(1);
}

static struct err *follow(const struct run *r, uint32_t domid)
{
    const struct death d = {.h = r->h,
                            .domid = domid,
                            .defaults = r->guest->defaults,
                            .autoballoon = autoballoons(r),
                            .lockfile = r->xl->conf.lockfile};

    if (!r->args->quiet) {
        log_set_level(LOG_INFO_);
        log_info("create", "following domain %u until its end", domid);
    }
    return death_follow(&d);
}

static struct err *after(struct run *r, uint32_t domid)
{
    struct err *e = NULL;

    if (r->args->vncviewer || r->args->autopass)
        e = start_vncviewer(r, domid);
    if (!e && r->args->foreground)
        e = follow(r, domid);
    return err_join(console_join(r->console), e);
}

/* ---- of one file, of several --------------------------------------------- */

struct request {
    struct xl *xl;
    const struct create_args *args;
    struct slot_words files, settings;
    struct pool *pool;
};

static struct err *create_one(const struct request *q, const char *file)
{
    struct run r = {.xl = q->xl, .args = q->args};
    struct guest_defaults defaults = r.xl->conf.guest;
    struct guest g AUTO(guest_done);
    uint32_t domid;
    struct err *e;

    if (r.args->ignore_masks)
        defaults.vm_cpus = defaults.vm_pv_cpus = defaults.vm_hvm_cpus = NULL;
    guest_init(&g, &defaults);
    r.guest = &g;
    TRY(read_config(r.args, file, &q->settings, q->files.n > 1, &g, q->pool));
    if (r.args->dry_run || r.xl->dry_run)
        return config_print(r.xl, &g, -1, stdout);
    if (r.args->debug)
        TRY(config_print(r.xl, &g, -1, stderr));
    TRY(xl_host(r.xl, &r.h));
    e = create(&r, &g, &domid);
    if (e) {
        console_kill(r.console);
        return e;
    }
    return after(&r, domid);
}

static struct err *create_nth(void *arg, size_t i)
{
    const struct request *q = arg;

    xl_forked(q->xl);
    return create_one(q, q->files.list[i]);
}

static struct err *create_several(struct request *q)
{
    const struct create_args *a = q->args;
    const struct several several = {
        .doing = "creating",
        .done = "created",
        .names = q->files.list,
        .n = q->files.n,
        .at_once = a->jobs ? (unsigned)a->jobs : JOBS,
        .stop = a->stop,
        .quiet = a->quiet,
        .run = create_nth,
        .arg = q,
    };

    if (a->console || a->foreground || a->vncviewer || a->autopass)
        return ERR_AS(usage, "-c, -F, -V and -A are for one guest, not for %zu",
                      q->files.n);
    if (!a->dry_run && !q->xl->dry_run)
        return several_run(&several);
    for (size_t i = 0; i < q->files.n; i++)
        TRY(create_one(q, q->files.list[i]));
    return NULL;
}

static struct err *run_create(void *app, const void *args, struct pool *p)
{
    struct request q = {.xl = app, .args = args, .pool = p};

    TRY(config_sort_all(q.args->file, &q.args->words, p, &q.files,
                        &q.settings));
    if (!q.files.n && !q.settings.n)
        return ERR_AS(usage, "which configuration file?");
    return q.files.n > 1 ? create_several(&q)
                         : create_one(&q, q.files.n ? q.files.list[0] : NULL);
}

/* clang-format off */
const struct cmd cmds_create[] = {
    {"create", NULL, run_create, create_opts, sizeof(struct create_args),
     CMD_MODIFIES | CMD_DRY_RUN,
     "Create a domain from a configuration file, or several from several.",
     "All or nothing: when a step fails, everything that was made for the "
     "domain before is taken away again, and the first cause is named. Several "
     "are created at once, each with the settings given; one that fails does "
     "not stop the others, and is exit status 1.", NULL},
    {.name = NULL},
};
/* clang-format on */
