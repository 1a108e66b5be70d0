/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xl.conf: no file breaks it, and what it leaves is fit for use. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/file.h"
#include "tests/fuzz/fuzz.h"
#include "xl/conf.h"

static void check(const struct conf *c)
{
    fuzz_must(c->autoballoon >= AUTOBALLOON_OFF &&
                  c->autoballoon <= AUTOBALLOON_AUTO,
              "autoballoon is one of its words");
    fuzz_must(c->output_format == OUTPUT_JSON || c->output_format == OUTPUT_SXP,
              "output_format is one of its words");
    fuzz_must(c->guest.domid_policy == DOMID_BY_XEN ||
                  c->guest.domid_policy == DOMID_RANDOM,
              "domid_policy is one of its words");
    fuzz_must(c->lockfile != NULL, "there is a lock file");
    fuzz_must(c->guest.max_grant_version >= -1, "the version is in its range");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    AUTO_FD int fd = memfd_create("xl.conf", MFD_CLOEXEC);
    struct diags diags = {.pool = p};
    struct conf conf;
    struct err *e;

    fuzz_expand(data, size, conf_settings.rows, &text);
    e = file_write_all(fd, str_text(&text), text.len);
    fuzz_must(!e, "the file can be written");
    conf_load(&conf, pool_printf(p, "/proc/self/fd/%d", fd), p, &diags);
    check(&conf);
    fuzz_show(&diags);
    return 0;
}
