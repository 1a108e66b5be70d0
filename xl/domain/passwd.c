/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * passwd: users by name and id, out of /etc/passwd, for libxl, which asks when
 * device_model_user or dm_restrict is in use. Our programs are static, and
 * libc's own functions would load this machine's name services into them; the
 * linker puts these in their place (--wrap in the makefile).
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "lib/auto.h"

/* As getpwnam_r(3) and getpwuid_r(3). */
int __wrap_getpwnam_r(const char *name, struct passwd *pw, char *buffer,
                      size_t size, struct passwd **ret);
int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size,
                      struct passwd **ret);

/* NAME NULL: by UID. */
static int find(const char *name, uid_t uid, struct passwd *pw, char *buffer,
                size_t size, struct passwd **ret)
{
    AUTO_FILE FILE *file = fopen("/etc/passwd", "re");
    int failed;

    *ret = NULL;
    if (!file)
        return errno;
    while (!(failed = fgetpwent_r(file, pw, buffer, size, ret))) {
        if (name ? !strcmp(pw->pw_name, name) : pw->pw_uid == uid)
            return 0;
    }
    *ret = NULL;
    return failed == ENOENT ? 0 : failed;
}

int __wrap_getpwnam_r(const char *name, struct passwd *pw, char *buffer,
                      size_t size, struct passwd **ret)
{
    return find(name, 0, pw, buffer, size, ret);
}

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buffer, size_t size,
                      struct passwd **ret)
{
    return find(NULL, uid, pw, buffer, size, ret);
}
