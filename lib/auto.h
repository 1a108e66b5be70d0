/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * auto: scoped cleanup for what is not in a pool. A local declared with one of
 * these is released when its scope ends; take_ptr and take_fd hand it on.
 */
#ifndef LIB_AUTO_H
#define LIB_AUTO_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/err.h"

#define AUTO(fn) __attribute__((cleanup(fn)))

static inline void auto_free_(void *p)
{
    free(*(void **)p);
}

static inline void auto_close_(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void auto_fclose_(FILE **f)
{
    if (*f)
        fclose(*f);
}

static inline void auto_closedir_(DIR **d)
{
    if (*d)
        closedir(*d);
}

static inline void auto_err_(struct err **e)
{
    err_free(*e);
}

#define AUTO_FREE AUTO(auto_free_)
#define AUTO_FD AUTO(auto_close_)
#define AUTO_FILE AUTO(auto_fclose_)
#define AUTO_DIR AUTO(auto_closedir_)
#define AUTO_ERR AUTO(auto_err_)

#define take_ptr(p)                 \
    ({                              \
        __typeof__(p) taken_ = (p); \
        (p) = NULL;                 \
        taken_;                     \
    })

static inline int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

#endif
