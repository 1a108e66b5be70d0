/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pair "cfg": cfg_parse and libxlutil's xlu_cfg_*. The oracle cannot list
 * what was set, so both are asked for every name that stands in the input. */
#ifndef TESTS_DIFF_CFG_H
#define TESTS_DIFF_CFG_H

#include <libxlutil.h>

#include "tests/diff/diff.h"
#include "xl/domain/cfg.h"

/* libxlutil forgets memory when it rejects an input. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libxlutil\n";
}

static bool cfg_is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

static int cfg_by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All that may be a name in the input, sorted, each once. */
static const char **cfg_names(struct pool *p, struct diff_input in, size_t *ret)
{
    const char **names = NULL;
    size_t n = 0, kept = 0;

    for (size_t i = 0, end; i < in.len; i = end) {
        end = i + 1;
        if (in.text[i] < 'a' || in.text[i] > 'z')
            continue;
        while (end < in.len && cfg_is_name_char(in.text[end]))
            end++;
        *pool_push(p, names, n) = pool_strn(p, in.text + i, end - i);
    }
    if (n)
        qsort(names, n, sizeof(*names), cfg_by_text);
    for (size_t i = 0; i < n; i++) {
        if (!kept || strcmp(names[kept - 1], names[i]))
            names[kept++] = names[i];
    }
    *ret = kept;
    return names;
}

/* Strings with their length, so that no text can pass for another. */
static void cfg_add_string(struct str *out, const char *text)
{
    str_addf(out, "%zu'%s'", strlen(text), text);
}

/* ---- ours -------------------------------------------------------------- */

static void cfg_add_ours(struct str *out, const struct value *v)
{
    if (v->kind == VALUE_STRING) {
        cfg_add_string(out, v->s.text);
        return;
    }
    str_add(out, "[");
    value_each(item, v)
    {
        cfg_add_ours(out, item);
        str_add(out, ",");
    }
    str_add(out, "]");
}

/* What holds of each result, whatever the input: complaints that point into
 * it, and as many as the counts say. */
static void cfg_check_diags(const struct diags *diags, struct diff_input in)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    diags_format(diags, &out);
    if (str_full(&out) || diags->n > diags->n_errors + diags->n_warnings)
        abort();
    for (size_t i = 0; i < diags->n; i++) {
        struct place place = diags->list[i].place;

        if (!place.source || place.start > place.end || place.end > in.len)
            abort();
    }
}

static const char *cfg_ours(struct pool *p, struct diff_input in)
{
    struct source source = {.name = "F", .text = in.text, .len = in.len};
    struct value *record = value_struct(p);
    struct diags diags = {.pool = p};
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    const char **names;
    size_t n, n_found = 0;

    cfg_parse(p, &source, record, &diags);
    cfg_check_diags(&diags, in);
    if (diags.n_errors)
        return DIFF_REJECTED;
    names = cfg_names(p, in, &n);
    for (size_t i = 0; i < n; i++) {
        const struct value *v = value_get(record, names[i]);

        if (!v)
            continue;
        n_found++;
        str_addf(&out, "%s=", names[i]);
        cfg_add_ours(&out, v);
        str_add(&out, ";");
    }
    if (n_found != record->kids.n)
        str_add(&out, "and names that are not in the input");
    return pool_str(p, str_text(&out));
}

/* ---- the oracle -------------------------------------------------------- */

static void cfg_add_oracle_list(struct str *out, XLU_Config *c,
                                const XLU_ConfigList *list);

static void cfg_add_oracle_item(struct str *out, XLU_Config *c,
                                XLU_ConfigValue *v)
{
    XLU_ConfigList *list = NULL;
    char *text = NULL;

    if (xlu_cfg_value_type(v) == XLU_STRING) {
        if (xlu_cfg_value_get_string(c, v, &text, 1))
            abort();
        cfg_add_string(out, text);
        return;
    }
    if (xlu_cfg_value_get_list(c, v, &list, 1))
        abort();
    cfg_add_oracle_list(out, c, list);
}

static void cfg_add_oracle_list(struct str *out, XLU_Config *c,
                                const XLU_ConfigList *list)
{
    XLU_ConfigValue *item;

    str_add(out, "[");
    for (int i = 0; (item = xlu_cfg_get_listitem2(list, i)); i++) {
        cfg_add_oracle_item(out, c, item);
        str_add(out, ",");
    }
    str_add(out, "]");
}

static void cfg_add_oracle(struct str *out, XLU_Config *c, const char *name)
{
    XLU_ConfigList *list;
    const char *text;

    if (!xlu_cfg_get_string(c, name, &text, 1)) {
        str_addf(out, "%s=", name);
        cfg_add_string(out, text);
    } else if (!xlu_cfg_get_list(c, name, &list, NULL, 1)) {
        str_addf(out, "%s=", name);
        cfg_add_oracle_list(out, c, list);
    } else {
        return;
    }
    str_add(out, ";");
}

static const char *cfg_oracle(struct pool *p, struct diff_input in)
{
    AUTO_FILE FILE *report = fopen("/dev/null", "w");
    XLU_Config *c = xlu_cfg_init(report, "F");
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    const char **names;
    size_t n;

    if (xlu_cfg_readdata(c, in.text, (int)in.len)) {
        xlu_cfg_destroy(c);
        return DIFF_REJECTED;
    }
    names = cfg_names(p, in, &n);
    for (size_t i = 0; i < n; i++)
        cfg_add_oracle(&out, c, names[i]);
    xlu_cfg_destroy(c);
    return pool_str(p, str_text(&out));
}

/* ---- where we differ on purpose ---------------------------------------- */

static bool cfg_has_nul(struct diff_input in)
{
    return memchr(in.text, '\0', in.len) != NULL;
}

static bool cfg_complains(struct diff_input in, const char *part)
{
    AUTO_POOL struct pool *p = pool_new();
    struct source source = {.name = "F", .text = in.text, .len = in.len};
    struct diags diags = {.pool = p};

    cfg_parse(p, &source, value_struct(p), &diags);
    for (size_t i = 0; i < diags.n; i++) {
        if (diags.list[i].level == DIAG_ERROR &&
            strstr(diags.list[i].text, part))
            return true;
    }
    return false;
}

static bool cfg_is_deep(struct diff_input in)
{
    return cfg_complains(in, "nested deeper");
}

static bool cfg_is_long(struct diff_input in)
{
    return cfg_complains(in, "settings: the rest is not read");
}

static void cfg_ended(struct diff_input in, struct str *out)
{
    str_addn(out, in.text, in.len);
    str_add(out, "\n");
}

static void cfg_without_cr(struct diff_input in, struct str *out)
{
    for (size_t i = 0; i < in.len; i++) {
        if (in.text[i] != '\r' || in.text[i + 1] != '\n')
            str_addc(out, in.text[i]);
    }
}

/* clang-format off */
static const struct diff_known cfg_known[] = {
    {.why = "a NUL is refused; libxlutil fails an assertion on one in a string, and drops one at the end",
     .applies = cfg_has_nul, .expect = DIFF_REJECTED},
    {.why = "lists nest 64 levels deep; libxlutil's stack allows some thousands",
     .applies = cfg_is_deep, .expect = DIFF_REJECTED},
    {.why = "there are 10000 settings at most, so that no file takes minutes",
     .applies = cfg_is_long, .expect = DIFF_REJECTED},
    {.why = "the last line is as good without its newline; libxlutil refuses a comment there and drops a last bad character",
     .as_if = cfg_ended},
    {.why = "a line may end in CR LF, which libxlutil refuses",
     .as_if = cfg_without_cr},
    {.why = NULL},
};
/* clang-format on */

static const struct diff_pair cfg_pair = {
    .name = "cfg",
    .ours = cfg_ours,
    .oracle = cfg_oracle,
    .known = cfg_known,
};

#endif
