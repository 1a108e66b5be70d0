/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool: the memory of one unit of work (a command, a request, a tick).
 *
 * Everything allocated in a pool lives until pool_free; nothing is freed
 * singly. Allocations are zeroed and aligned for any type. Out of memory
 * aborts. Functions that return memory take the pool it shall live in.
 */
#ifndef LIB_POOL_H
#define LIB_POOL_H

#include <stdarg.h>
#include <stddef.h>

#include "lib/auto.h"
#include "lib/err.h"

struct pool;

struct pool *pool_new(void);
void pool_free(struct pool *p); /* NULL is fine */

static inline void auto_pool_(struct pool **p)
{
    pool_free(*p);
}
#define AUTO_POOL AUTO(auto_pool_)

void *pool_alloc(struct pool *p, size_t size);
void *pool_copy(struct pool *p, const void *from, size_t size);
char *pool_str(struct pool *p, const char *s); /* NULL gives NULL */
char *pool_strn(struct pool *p, const char *s, size_t len);
char *pool_printf(struct pool *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *pool_vprintf(struct pool *p, const char *fmt, va_list ap)
    PRINTF_LIKE(2, 0);

/* Runs fn(arg) when the pool is freed, last registered first. */
void pool_at_free(struct pool *p, void (*fn)(void *), void *arg);

#define pool_new_of(p, type) ((type *)pool_alloc(p, sizeof(type)))

/* An array that grows by one: `*array` of `*n` items of `size` bytes. Returns
 * the new, zeroed item; the array may move. */
void *pool_grow_(struct pool *p, void *array, size_t n, size_t size);
#define pool_push(p, array, n) \
    ((array) = pool_grow_(p, array, n, sizeof(*(array))), &(array)[(n)++])

#endif
