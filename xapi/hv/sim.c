/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sim: see sim.h. */
#include "xapi/hv/sim.h"

#include <string.h>

#include "lib/file.h"
#include "xapi/call/job.h"

#define DELAY_MAX 600

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

struct err *sim_fault(const char *dir, const char *verb, bool *ret_ignores)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = pool_printf(p, "%s/fault/%s", dir, verb);
    const char *delay, *fail;
    double seconds = 0;
    char *text;
    size_t len;

    if (!file_exists(path))
        return NULL;
    TRY(file_read(p, path, SIM_FILE_BYTES, &text, &len));
    fail = sim_line(p, text, "fail");
    delay = sim_line(p, text, "delay");
    if (delay)
        TRY(err_wrap(text_to_double(delay, 0, DELAY_MAX, &seconds), "%s",
                     path));
    TRY(job_sleep(seconds));
    if (fail)
        return ERR("%s: %s", verb, fail);
    if (ret_ignores)
        *ret_ignores = text_has_prefix(text, "ignore");
    return NULL;
}
