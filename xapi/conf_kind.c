/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conf_kind: see conf_kind.h. */
#include "xapi/conf_kind.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/auto.h"
#include "lib/near.h"
#include "lib/str.h"
#include "xapi/call/auth.h"
#include "xapi/door/http.h"

static struct err *store(const char *text, void *field)
{
    *(const char **)field = text;
    return NULL;
}

static const char *const *words_of(const struct slot *slot, struct pool *p)
{
    (void)p;
    return slot->more;
}

static struct err *read_one_of(const struct slot *slot,
                               const struct value *value, void *field,
                               struct fill *f)
{
    const char *const *words = slot->more;
    const char *text;

    TRY(slot_text(value, f->pool, &text));
    for (size_t i = 0; words[i]; i++)
        if (!strcmp(text, words[i]))
            return store(words[i], field);
    return slot_bad_word(text, words, f->pool);
}

static struct err *read_address(const struct slot *slot,
                                const struct value *value, void *field,
                                struct fill *f)
{
    const char *text;

    (void)slot;
    TRY(slot_text(value, f->pool, &text));
    if (!*text)
        return store(NULL, field);
    TRY(http_check_address(text));
    return store(text, field);
}

static struct err *check_file(const char *path)
{
    struct stat info;

    if (access(path, R_OK) || stat(path, &info))
        return err_errno(errno, "cannot read '%s'", path);
    return S_ISDIR(info.st_mode) ? ERR("'%s' is a directory", path) : NULL;
}

/* The daemon does without it. */
static struct err *read_file(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    AUTO_ERR struct err *e = NULL;
    const char *text;

    TRY(slot_text(value, f->pool, &text));
    e = check_file(text);
    if (e && f->diags)
        diag_warning(f->diags, value->place, "%s: %s", slot->name, err_text(e));
    return store(text, field);
}

static struct err *read_auth(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    struct near near = {.best = NULL};
    const char *text;
    struct err *e;

    (void)slot;
    TRY(slot_text(value, f->pool, &text));
    e = strcmp(text, AUTH_PAM) ? check_file(text) : NULL;
    if (!e)
        return store(text, field);
    near.word = text;
    near_try(&near, AUTH_PAM);
    return err_wrap(e, near.best ? "did you mean '" AUTH_PAM "'? As a file"
                                 : "it is not '" AUTH_PAM "', and as a file");
}

#define KIND(read_, name_) .name = (name_), .read = (read_), .takes_word = true
const struct slot_kind conf_kind_one_of = {KIND(read_one_of, "word"),
                                           .words = words_of};
const struct slot_kind conf_kind_address = {KIND(read_address, "address")};
const struct slot_kind conf_kind_auth = {KIND(read_auth, "word or file")};
const struct slot_kind conf_kind_file = {KIND(read_file, "file")};
