/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config: see config.h. */
#include "xl/config.h"

#include <string.h>

struct err *config_sort(const char *file, const struct slot_words *words,
                        struct pool *p, const char **ret_file,
                        struct slot_words *ret_settings)
{
    struct slot_words settings = {0};

    if (file && file[0] == '=') /* xl(1) writes -f=FILE */
        file++;
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->list[i];

        if (strchr(word, '='))
            *pool_push(p, settings.list, settings.n) = word;
        else if (file)
            return ERR_AS(usage, "two configuration files, '%s' and '%s'", file,
                          word);
        else
            file = word;
    }
    *ret_file = file;
    *ret_settings = settings;
    return NULL;
}

struct err *config_check_format(const struct xl *xl)
{
    if (xl->conf.output_format == OUTPUT_JSON)
        return NULL;
    return ERR("'%s' says output_format=\"sxp\": S-expressions cannot be "
               "printed, only \"json\" can",
               CONF_PATH);
}

struct err *config_print(const struct xl *xl, const struct guest *g, long domid,
                         FILE *to)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    TRY(config_check_format(xl));
    TRY(guest_json(g, domid, &text));
    if (to == stdout)
        return xl_print(&text);
    fputs(str_text(&text), to);
    return NULL;
}
