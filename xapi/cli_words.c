/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli_words: command lines as they come from xe. */
#include <string.h>
#include <strings.h>

#include "xapi/cli.h"

const char *cli_param(const struct cli *c, const char *name)
{
    for (size_t i = 0; i < c->n_params; i++)
        if (!strcmp(c->params[i].name, name))
            return c->params[i].value;
    return NULL;
}

bool cli_flag(const struct cli *c, const char *name)
{
    const char *value = cli_param(c, name);
    bool yes = false;

    if (value)
        err_drop(cli_bool(value, &yes), "what is no yes is a no");
    return yes;
}

struct err *cli_need(const struct cli *c, const char *name, const char **ret)
{
    const char *value = cli_param(c, name);

    if (!value)
        return ERR_AS(usage, "Required parameter not found: %s", name);
    *ret = value;
    return NULL;
}

struct err *cli_bool(const char *text, bool *ret)
{
    static const char *const words[] = {"true",  "t", "yes", "y", "1",
                                        "false", "f", "no",  "n", "0"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (!strcasecmp(text, words[i])) {
            *ret = i < 5;
            return NULL;
        }
    return ERR("Failed to parse parameter '%s': expecting a boolean "
               "(true or false, yes or no, 1 or 0)",
               text);
}

static void add(struct cli *c, const char *name, const char *value)
{
    *pool_push(c->pool, c->params, c->n_params) =
        (struct cli_param){name, value};
}

/* The short switches that have a value behind them. */
static const char *short_switch(const char *word)
{
    static const struct cli_param switches[] = {
        {"-u", "username"}, {"-pw", "password"}, {"-s", "server"},
        {"-h", "server"},   {"-p", "port"},
    };

    for (size_t i = 0; i < ARRAY_LEN(switches); i++)
        if (!strcmp(word, switches[i].name))
            return switches[i].value;
    return NULL;
}

static struct err *add_word(struct cli *c, char **words, size_t n, size_t *i)
{
    char *word = words[*i], *equals = strchr(word, '=');

    if (text_has_prefix(word, "--")) {
        add(c, word + 2, "true");
    } else if (*word == '-') {
        const char *name = short_switch(word);

        if (!name)
            return ERR("Syntax error: Unknown switch: %s", word);
        if (*i + 1 == n)
            return ERR("Syntax error: Missing value for switch: %s", word);
        add(c, name, words[++*i]);
    } else if (equals) {
        *equals = 0;
        add(c, word, equals + 1);
    } else {
        add(c, word, "");
    }
    return NULL;
}

struct err *cli_words(struct cli *c, const char *lines, size_t len)
{
    size_t n, i = 0;
    char **words =
        text_split(c->pool, pool_strn(c->pool, lines, len), '\n', &n);

    for (size_t j = 0; j < n; j++)
        if (text_has_suffix(words[j], "\r"))
            words[j][strlen(words[j]) - 1] = 0;
    if (n && text_has_prefix(words[0], "session_id="))
        add(c, "session_id", words[i++] + strlen("session_id="));
    if (i == n || !*words[i] || strchr(words[i], '='))
        return ERR("Syntax error: a command is wanted first");
    c->command = words[i++];
    for (; i < n; i++)
        if (*words[i])
            TRY(add_word(c, words, n, &i));
    c->minimal = cli_flag(c, "minimal");
    return NULL;
}
