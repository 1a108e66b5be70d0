/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dump: see dump.h. */
#include "xenstore/dump.h"

#include <ctype.h>
#include <string.h>

#include "xenstore/path.h"
#include "xenstore/quote.h"

#define OPENING " = \""
#define BEFORE_PERMS "\"   ("

void dump_add(const struct tree *node, struct str *out)
{
    str_add(out, node->path);
    str_add(out, OPENING);
    quote_add(out, node->value, node->len);
    if (!node->perms) {
        str_add(out, "\"\n");
        return;
    }
    str_add(out, BEFORE_PERMS);
    for (size_t i = 0; i < node->n_perms; i++)
        str_addf(out, "%s%s", i ? "," : "", node->perms[i]);
    str_add(out, ")\n");
}

/* "n0,r1" between AT and END. */
static struct err *parse_perms(struct pool *p, const char *at, const char *end,
                               struct dump_node *ret)
{
    char *perms = pool_strn(p, at, (size_t)(end - at));

    ret->perms = perms;
    ret->perms_len = (size_t)(end - at) + 1;
    for (char *c = perms;; c++) {
        if (!*c || !strchr("nrwb", *c) || !isdigit((unsigned char)c[1]))
            return ERR_AS(input,
                          "permissions '%.*s': a letter of n, r, w, b "
                          "and a domain's number are wanted",
                          (int)(end - at), at);
        c += 1 + strspn(c + 1, "0123456789");
        if (!*c)
            return NULL;
        if (*c != ',')
            return ERR_AS(input,
                          "permissions '%.*s': a comma goes between "
                          "them",
                          (int)(end - at), at);
        *c = '\0';
    }
}

/* The last place where the quotes end and permissions begin. */
static const char *find_perms(const char *from)
{
    const char *found = NULL;

    while ((from = strstr(from, BEFORE_PERMS)))
        found = from++;
    return found;
}

static struct err *parse_line(struct pool *p, const char *line,
                              struct dump_node *ret)
{
    const char *opening = strstr(line, OPENING), *value, *end, *fault;

    if (!opening)
        return ERR_AS(input, "no line of a dump: PATH = \"VALUE\"   (PERMS)");
    ret->path = pool_strn(p, line, (size_t)(opening - line));
    fault = path_fault(p, ret->path);
    if (fault)
        return ERR_AS(input, "'%s': %s", ret->path, fault);
    value = opening + strlen(OPENING);
    end = value + strlen(value) - 1;
    if (end >= value && *end == ')' && find_perms(value)) {
        const char *last = end;

        end = find_perms(value);
        TRY(parse_perms(p, end + strlen(BEFORE_PERMS), last, ret));
    } else if (end < value || *end != '"') {
        return ERR_AS(input, "the value has no closing quotes");
    }
    ret->value = quote_undo(p, value, (size_t)(end - value), &ret->len);
    return NULL;
}

struct err *dump_parse(struct pool *p, const char *name, const char *text,
                       struct dump *ret)
{
    struct dump dump = {0};
    size_t n;
    char **lines = text_split(p, text, '\n', &n);

    for (size_t i = 0; i < n; i++) {
        if (!*lines[i] || *lines[i] == '#')
            continue;
        TRY(err_wrap(parse_line(p, lines[i], pool_push(p, dump.nodes, dump.n)),
                     "%s:%zu", name, i + 1));
    }
    *ret = dump;
    return NULL;
}
