/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/words: command lines as they come from xe. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "xapi/cli/cli.h"

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
    return ERR("'%s' is neither true nor false (yes or no, 1 or 0)", text);
}

/* Units of 1024; "1 GiB" comes as one word. */
struct err *cli_size(const char *text, int64_t *ret)
{
    static const char units[] = "KMGT";
    size_t len = strspn(text, "0123456789");
    const char *unit = text + len + strspn(text + len, " ");
    const char *known = *unit ? strchr(units, toupper(*unit)) : NULL;
    unsigned shift = known ? 10 * (unsigned)(known - units + 1) : 0;
    const char *rest = known ? unit + 1 : unit;
    char digits[24];

    if (!len || len >= sizeof(digits) ||
        (*rest && strcasecmp(rest, "B") && strcasecmp(rest, "iB") &&
         strcasecmp(rest, "bytes")))
        return ERR("'%s' is no number (1073741824, 1024MiB, 1GiB are)", text);
    memcpy(digits, text, len);
    digits[len] = 0;
    TRY(text_to_int(digits, 10, 0, INT64_MAX >> shift, ret));
    *ret <<= shift;
    return NULL;
}

bool cli_is_global(const char *name)
{
    static const char *const names[] = {
        "server",   "password", "port",   "username",  "minimal",
        "force",    "multiple", "all",    "trace",     "message-priority",
        "progress", "params",   "format", "session_id"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return text_has_prefix(name, "database:");
}

static void add(struct cli *c, const char *name, const char *value)
{
    *pool_push(c->pool, c->params, c->n_params) =
        (struct cli_param){name, value};
}

/* The switches that have a value behind them. */
static const char *switch_with_value(const char *word)
{
    static const struct cli_param switches[] = {
        {"-u", "username"}, {"-pw", "password"}, {"-s", "server"},
        {"-h", "server"},   {"-p", "port"},      {"--format", "format"},
    };

    for (size_t i = 0; i < ARRAY_LEN(switches); i++)
        if (!strcmp(word, switches[i].name))
            return switches[i].value;
    return NULL;
}

static struct err *add_word(struct cli *c, char **words, size_t n, size_t *i)
{
    char *word = words[*i], *equals = strchr(word, '=');
    bool flag = text_has_prefix(word, "--");
    const char *name = switch_with_value(word);

    if (name) {
        if (*i + 1 == n)
            return ERR_AS(usage, "Syntax error: Missing value for switch: %s",
                          word);
        add(c, name, words[++*i]);
    } else if (equals) {
        *equals = 0;
        add(c, flag ? word + 2 : word, equals + 1);
    } else if (flag) {
        add(c, word + 2, "true");
    } else if (*word == '-') {
        return ERR_AS(usage, "Syntax error: Unknown switch: %s", word);
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
        return ERR_AS(usage, "Syntax error: a command is wanted first");
    c->command = words[i++];
    for (; i < n; i++)
        if (*words[i])
            TRY(add_word(c, words, n, &i));
    c->minimal = cli_flag(c, "minimal");
    return NULL;
}
