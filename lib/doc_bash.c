/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doc_bash: bash completion out of rows. The script is one line of data a
 * command (its options, where their values come from, its arguments) and one
 * function that reads them. Needs nothing but bash.
 *
 * Data: an option is `-x`, `--name` or, with a value, `--name=SOURCE`; an
 * argument is SOURCE, with `...` behind when it takes all that follow. SOURCE
 * is `{a,b}` (these words), `@name` (what source `name` prints), several such
 * with `+` between, or `-` (nothing known).
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/doc.h"

/* Adds the source of that name, if there is one; the first after a '+'. */
static void add_named(const char *name, size_t len,
                      const struct doc_source *sources, char *before,
                      struct str *out)
{
    for (; sources->name; sources++) {
        if (strlen(sources->name) != len ||
            strncasecmp(sources->name, name, len))
            continue;
        if (*before)
            str_addc(out, *before);
        str_addf(out, "@%s", sources->name);
        *before = '+';
    }
}

/* Of each alternative in the unit ("FILE|KEY=VALUE"), or of the name. */
static void add_sources_of(const struct slot *slot,
                           const struct doc_source *sources, struct str *out)
{
    const char *at = slot->unit ? slot->unit : slot->name;
    char before = '\0';

    for (; *at; at += strspn(at, "|")) {
        add_named(at, strcspn(at, "|"), sources, &before, out);
        at += strcspn(at, "|");
    }
    if (!before)
        add_named(slot->name, strlen(slot->name), sources, &before, out);
    if (!before)
        str_add(out, "-");
}

static void add_source(const struct slot *slot,
                       const struct doc_source *sources, struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *const *words =
        slot->kind->words ? slot->kind->words(slot, p) : NULL;

    if (!words) {
        add_sources_of(slot, sources, out);
        return;
    }
    for (size_t i = 0; words[i]; i++)
        str_addf(out, "%c%s", i ? ',' : '{', words[i]);
    str_add(out, "}");
}

static void add_option(const struct slot *slot,
                       const struct doc_source *sources, struct str *out)
{
    if (slot->letter) {
        str_addf(out, " -%c", slot->letter);
        if (slot->kind->takes_word) {
            str_add(out, "=");
            add_source(slot, sources, out);
        }
    }
    if (strlen(slot->name) > 1) {
        str_addf(out, " --%s", slot->name);
        if (slot->kind->takes_word) {
            str_add(out, "=");
            add_source(slot, sources, out);
        }
    }
}

static void add_opts(const struct slot *rows, const struct doc_source *sources,
                     struct str *out)
{
    str_add(out, "opts='");
    for (; rows->name; rows++) {
        if (!(rows->flags & (SLOT_ARG | SLOT_HIDDEN)))
            add_option(rows, sources, out);
    }
    str_add(out, " --help'");
}

static void add_args(const struct slot *rows, const struct doc_source *sources,
                     struct str *out)
{
    str_add(out, " args='");
    for (; rows->name; rows++) {
        if (!(rows->flags & SLOT_ARG))
            continue;
        str_add(out, " ");
        add_source(rows, sources, out);
        if (rows->flags & SLOT_REST)
            str_add(out, "...");
    }
    str_add(out, "'");
}

#define each_cmd(c, families)                                 \
    for (const struct cmd *const *f_ = (families); *f_; f_++) \
        for (const struct cmd *c = *f_; c->name; c++)         \
            if (!(c->flags & CMD_HIDDEN))

static void add_rows(const struct cmd *const *families,
                     const struct doc_source *sources, struct str *out)
{
    each_cmd(c, families)
    {
        str_addf(out, "    %s%s%s) ", c->name, c->alias ? "|" : "",
                 c->alias ? c->alias : "");
        add_opts(c->opts, sources, out);
        add_args(c->opts, sources, out);
        str_add(out, " ;;\n");
    }
}

/* The argument of a line without a command. */
static void add_names(const struct cmd *const *families, struct str *out)
{
    char before = '{';

    str_add(out, " args='");
    each_cmd(c, families)
    {
        str_addf(out, "%c%s", before, c->name);
        before = ',';
    }
    str_add(out, "}' ;;\n");
}

static void add_sources(const struct doc_source *sources, struct str *out)
{
    for (; sources->name; sources++) {
        str_addf(out, "    @%s) %s ;;\n", sources->name,
                 sources->shell ? sources->shell : "echo '<files>'");
    }
}

static void add_script(struct str *out, const char *script, const char *program)
{
    for (; *script; script++) {
        if (*script == '~')
            str_add(out, program);
        else
            str_addc(out, *script);
    }
}

/* ~ stands for the program's name. */
/* clang-format off */
static const char engine[] =
    "\n"
    "# Offers those words of source $1 that begin with $2. What bash takes for the\n"
    "# current word begins after the last = or :.\n"
    "_~_offer() {\n"
    "    local word front=${2%\"${2##*[=:]}\"}\n"
    "    if [[ $1 == *+* ]]; then\n"
    "        _~_offer \"${1%%+*}\" \"$2\"\n"
    "        _~_offer \"${1#*+}\" \"$2\"\n"
    "        return\n"
    "    fi\n"
    "    if [[ $(_~_words \"$1\") == '<files>' ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        while IFS= read -r word; do\n"
    "            COMPREPLY+=(\"${word#\"$front\"}\")\n"
    "        done < <(compgen -f -- \"$2\")\n"
    "        return\n"
    "    fi\n"
    "    while IFS= read -r word; do\n"
    "        [[ $word == \"$2\"* ]] && COMPREPLY+=(\"${word#\"$front\"}\")\n"
    "    done < <(_~_words \"$1\")\n"
    "    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] &&\n"
    "        compopt -o nospace 2>/dev/null\n"
    "}\n"
    "\n"
    "# Prints the source of option $1's value; nothing if it takes none.\n"
    "_~_value() {\n"
    "    local option all\n"
    "    read -ra all <<<\"$opts\"\n"
    "    for option in \"${all[@]}\"; do\n"
    "        [[ $option == \"$1=\"* ]] && echo \"${option#*=}\"\n"
    "    done\n"
    "}\n"
    "\n"
    "_~_options() {\n"
    "    local option all\n"
    "    read -ra all <<<\"$opts\"\n"
    "    for option in \"${all[@]}\"; do\n"
    "        case $option in\n"
    "        --*=*) printf '%s,' \"${option%%=*}=\" ;;\n"
    "        *) printf '%s,' \"${option%%=*}\" ;;\n"
    "        esac\n"
    "    done\n"
    "}\n"
    "\n"
    "_~() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} words cur opts args sources i at\n"
    "    local n=0 value='' only_args=''\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line == *[[:space:]] ]] && words+=(\"\")\n"
    "    at=$((${#words[@]} - 1))\n"
    "    cur=${words[at]}\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < at; i++)); do\n"
    "        [[ ${words[i]} == -* ]] || break\n"
    "    done\n"
    "    if ((i == at)); then\n"
    "        _~_row ''\n"
    "        [[ $cur == -* ]] && args=\"{$(_~_options)}\"\n"
    "        _~_offer \"${args# }\" \"$cur\"\n"
    "        return\n"
    "    fi\n"
    "    _~_row \"${words[i]}\" || return\n"
    "    for ((i++; i < at; i++)); do\n"
    "        value=\n"
    "        case $only_args${words[i]} in\n"
    "        --) only_args=1 ;;\n"
    "        --*=*) ;;\n"
    "        -?*) value=$(_~_value \"${words[i]}\")\n"
    "            [[ $value ]] && ((i++)) ;;\n"
    "        *) ((n++)) ;;\n"
    "        esac\n"
    "    done\n"
    "    if ((i > at)); then\n"
    "        _~_offer \"$value\" \"$cur\"\n"
    "    elif [[ ! $only_args && $cur == --*=* ]]; then\n"
    "        _~_offer \"$(_~_value \"${cur%%=*}\")\" \"${cur#*=}\"\n"
    "    elif [[ ! $only_args && $cur == -* ]]; then\n"
    "        _~_offer \"{$(_~_options)}\" \"$cur\"\n"
    "    else\n"
    "        read -ra sources <<<\"$args\"\n"
    "        value=${sources[n]}\n"
    "        if [[ ! $value && ${#sources[@]} -gt 0 ]]; then\n"
    "            value=${sources[-1]}\n"
    "            [[ $value == *... ]] || return\n"
    "        fi\n"
    "        _~_offer \"${value%...}\" \"$cur\"\n"
    "    fi\n"
    "}\n"
    "complete -F _~ ~\n";
/* clang-format on */

void doc_bash(const char *program, const struct slot *global_opts,
              const struct cmd *const *families,
              const struct doc_source *sources, struct str *out)
{
    str_addf(out, "# bash completion of %s, made by it\n\n", program);
    str_addf(out,
             "# Words of a source, one a line.\n_%s_words() {\n"
             "    case $1 in\n",
             program);
    add_sources(sources, out);
    str_add(out, "    '{'*) tr , '\\n' <<<\"${1//[\\{\\}]/}\" ;;\n"
                 "    esac\n}\n\n");
    str_addf(out,
             "# Options and arguments of a command.\n_%s_row() {\n"
             "    case $1 in\n    '') ",
             program);
    add_opts(global_opts, sources, out);
    add_names(families, out);
    add_rows(families, sources, out);
    str_add(out, "    *) return 1 ;;\n    esac\n}\n");
    add_script(out, engine, program);
}
