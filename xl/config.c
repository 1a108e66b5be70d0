/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config: see config.h. */
#include "xl/config.h"

#include <glob.h>
#include <string.h>

#include "lib/file.h"

static void free_glob(glob_t *g)
{
    globfree(g);
}

static struct err *add_files(const char *word, struct pool *p,
                             struct slot_words *to)
{
    glob_t found AUTO(free_glob) = {0};

    if (!strpbrk(word, "*?[") || file_exists(word)) {
        *pool_push(p, to->list, to->n) = word;
        return NULL;
    }
    if (glob(word, 0, NULL, &found))
        return ERR_AS(not_found, "no file is like '%s'", word);
    for (size_t i = 0; i < found.gl_pathc; i++)
        *pool_push(p, to->list, to->n) = pool_str(p, found.gl_pathv[i]);
    return NULL;
}

struct err *config_sort_all(const char *file, const struct slot_words *words,
                            struct pool *p, struct slot_words *ret_files,
                            struct slot_words *ret_settings)
{
    struct slot_words settings = {0}, files = {0};

    if (file && file[0] == '=') /* xl(1) writes -f=FILE */
        file++;
    if (file)
        *pool_push(p, files.list, files.n) = file;
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->list[i];

        if (strchr(word, '='))
            *pool_push(p, settings.list, settings.n) = word;
        else
            TRY(add_files(word, p, &files));
    }
    *ret_files = files;
    *ret_settings = settings;
    return NULL;
}

struct err *config_sort(const char *file, const struct slot_words *words,
                        struct pool *p, const char **ret_file,
                        struct slot_words *ret_settings)
{
    struct slot_words files;

    TRY(config_sort_all(file, words, p, &files, ret_settings));
    if (files.n > 1)
        return ERR_AS(usage, "two configuration files, '%s' and '%s'",
                      files.list[0], files.list[1]);
    *ret_file = files.n ? files.list[0] : NULL;
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
