/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pool_secret: see pool_secret.h. */
#include "xapi/call/pool_secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/file.h"
#include "lib/str.h"

#define SECRET_BYTES 48
#define FILE_BYTES 4096

static struct err *make(struct pool *p, const char *path, const char **ret)
{
    AUTO_STR struct str text = STR_INIT(FILE_BYTES);
    unsigned char bytes[SECRET_BYTES];

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        return err_errno(errno, "random bytes");
    for (size_t i = 0; i < sizeof(bytes); i++)
        str_addf(&text, "%02x", bytes[i]);
    *ret = pool_str(p, str_text(&text));
    return file_write(path, str_text(&text), text.len, 0600);
}

struct err *pool_secret_read(struct pool *p, const char *path, const char **ret)
{
    char *text;
    size_t len;

    if (!file_exists(path))
        return make(p, path, ret);
    TRY(file_read(p, path, FILE_BYTES, &text, &len));
    text = text_trim(p, text);
    *ret = text;
    return *text ? NULL : ERR_AS(input, "%s is empty", path);
}
