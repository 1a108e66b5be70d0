/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sim: see sim.h. */
#include "xapi/hv/sim.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "xapi/call/job.h"

#define DELAY_MAX 600
#define LOOK_SECONDS 0.02

/* ---- lines --------------------------------------------------------------- */

bool sim_is(const char *line, const char *key)
{
    return text_has_prefix(line, key) && line[strlen(key)] == ' ';
}

const char *sim_line(struct pool *p, const char *text, const char *key)
{
    char **lines = text_split(p, text, '\n', NULL);

    for (; *lines; lines++)
        if (sim_is(*lines, key))
            return *lines + strlen(key) + 1;
    return NULL;
}

void sim_add(struct str *text, const char *key, const char *value)
{
    str_addf(text, "%s ", key);
    for (; *value; value++)
        str_addc(text, *value == '\n' ? ' ' : *value);
    str_addc(text, '\n');
}

/* ---- faults -------------------------------------------------------------- */

/* What the fault at PATH says; NULL: there is none. */
static struct err *read_fault(struct pool *p, const char *path, char **ret)
{
    struct err *e;
    size_t len;

    *ret = NULL;
    if (!file_exists(path))
        return NULL;
    e = file_read(p, path, SIM_FILE_BYTES, ret, &len);
    if (!e || file_exists(path))
        return e;
    err_free(e); /* it has just gone */
    return NULL;
}

/* Waits for SECONDS while the fault says *TEXT; what it says from then on. */
static struct err *delay(struct pool *p, const char *path, double seconds,
                         char **text)
{
    double end = clock_now() + seconds;
    char *now = *text;

    for (double left = seconds; left > 0; left = end - clock_now()) {
        TRY(job_sleep(left < LOOK_SECONDS ? left : LOOK_SECONDS));
        TRY(read_fault(p, path, &now));
        if (!now || strcmp(now, *text) != 0)
            break;
    }
    *text = now;
    return job_sleep(0);
}

struct err *sim_fault(const char *dir, const char *verb, bool *ret_ignores)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = pool_printf(p, "%s/fault/%s", dir, verb);
    const char *wait, *fail;
    double seconds = 0;
    char *text;

    TRY(read_fault(p, path, &text));
    wait = text ? sim_line(p, text, "delay") : NULL;
    if (wait) {
        TRY(err_wrap(text_to_double(wait, 0, DELAY_MAX, &seconds), "%s", path));
        TRY(delay(p, path, seconds, &text));
    }
    fail = text ? sim_line(p, text, "fail") : NULL;
    if (fail)
        return ERR("%s: %s", verb, fail);
    if (ret_ignores && text)
        *ret_ignores = text_has_prefix(text, "ignore");
    return NULL;
}
