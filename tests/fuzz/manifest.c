/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manifest: what a backup of a host says is in it: files stay below their
 * roots, sizes have limits, none is another's folder, and what was read is
 * written so that it is read the same.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/storage/manifest.h"

static const struct manifest_root roots[] = {
    {"secret", "/s/secret"}, {"plugins", "/p"}, {"files/e", "/e"}, {NULL}};

static bool leads_out(const char *below)
{
    for (; *below; below += strcspn(below, "/"), below += *below == '/')
        if (*below == '/' || !strcmp(below, ".") || !strcmp(below, "..") ||
            !strncmp(below, "./", 2) || !strncmp(below, "../", 3))
            return true;
    return false;
}

static void look_at(const struct manifest_file *f)
{
    if (!f->root) {
        fuzz_must(!strcmp(f->name, MANIFEST_DATABASE), "a file has a root");
        fuzz_must(f->size <= MANIFEST_DATABASE_MAX, "the database's size");
        return;
    }
    fuzz_must(!leads_out(f->below), "a file is below its root");
    fuzz_must(f->link || f->size <= MANIFEST_FILE_MAX, "a file's size");
    fuzz_must(f->link || f->mode <= 0777, "a file's mode");
}

static void look_at_pair(const struct manifest_file *a,
                         const struct manifest_file *b)
{
    size_t len = strlen(a->name);

    fuzz_must(strncmp(a->name, b->name, len) ||
                  (b->name[len] && b->name[len] != '/'),
              "none is another, or its folder");
}

static void again(struct pool *p, const struct manifest *m)
{
    AUTO_STR struct str one = STR_INIT(STR_MAX), two = STR_INIT(STR_MAX);
    struct manifest other;
    struct err *e;

    manifest_write(p, roots, m, &one);
    e = manifest_read(p, roots, str_text(&one), one.len, &other);
    fuzz_must(!e, "what is written can be read");
    manifest_write(p, roots, &other, &two);
    fuzz_must(!strcmp(str_text(&one), str_text(&two)), "and is the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    struct manifest m;
    struct err *e = manifest_read(
        p, roots, pool_strn(p, (const char *)data, size), size, &m);

    if (e) {
        err_free(e);
        return 0;
    }
    for (size_t i = 0; i < m.n; i++) {
        look_at(&m.files[i]);
        for (size_t k = 0; k < m.n; k++)
            if (k != i)
                look_at_pair(&m.files[i], &m.files[k]);
    }
    again(p, &m);
    return 0;
}
