/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl-keeper: follows domains and obeys their on_... settings; started by xl
 * when a domain wants it (see xl/domain/keeper.h), ends by itself.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/log.h"
#include "xl/conf.h"
#include "xl/domain/keeper.h"

/* It stays for a while, as the next create would only start it again. */
#define IDLE_SECONDS 30

static void on_sigpipe(int sig)
{
    (void)sig;
}

static void load_conf(struct conf *conf, struct pool *p)
{
    struct diags diags = {.pool = p};

    conf_load(conf, CONF_PATH, p, &diags);
    for (size_t i = 0; i < diags.n; i++)
        log_warning("keeper", "%s: %s", CONF_PATH, diags.list[i].text);
}

static struct err *run(struct pool *p)
{
    struct conf conf = {0};
    struct keeper_settings settings = {.defaults = &conf.guest};

    TRY(log_open(LOG_INFO_, KEEPER_LOG));
    load_conf(&conf, p);
    settings.autoballoon = conf.autoballoon == AUTOBALLOON_ON;
    settings.autoballoon_auto = conf.autoballoon == AUTOBALLOON_AUTO;
    settings.lockfile = conf.lockfile;
    return keeper_run(&settings, IDLE_SECONDS);
}

int main(void)
{
    AUTO_POOL struct pool *p = pool_new();
    struct err *e;
    int status;

    close_range(3, ~0U, 0); /* what xl's caller had open is not for here */
    signal(SIGPIPE, on_sigpipe);
    e = run(p);
    if (e) {
        log_error("keeper", "%s", err_text(e));
        fprintf(stderr, "xl-keeper: %s\n", err_text(e));
    }
    status = err_exit_status(e);
    err_free(e);
    return status;
}
