/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pool: a list of blocks, each filled from its start; the first is with the
 * pool itself. What is freed is kept for the thread's next ones, as most pools
 * are small and live for a moment. */
#include "lib/pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

/* Under ASan every allocation is a block of its own, of just its size, so that
 * one that is written beyond its end is seen. */
#ifdef __SANITIZE_ADDRESS__
#define FIRST_BLOCK 0
#define NEXT_BLOCK 0
#define ALIGN 1
#define KEPT_MAX 0
#else
#define FIRST_BLOCK 944
#define NEXT_BLOCK 4096
#define ALIGN alignof(max_align_t)
#define KEPT_MAX 64
#endif
#define LARGEST_STEP (256 * 1024)

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) char data[];
};

struct at_free {
    struct at_free *next;
    void (*fn)(void *);
    void *arg;
};

struct pool {
    struct block *blocks; /* the first is not of its own */
    struct at_free *at_free;
    size_t step;
    struct block first;
};

/* ---- memory -------------------------------------------------------------- */

struct kept {
    struct kept *next;
};

/* Freed memory of one size. */
struct shelf {
    struct kept *first;
    unsigned n;
};
static _Thread_local struct shelf pools, pages;

static void *get_memory(size_t size)
{
    void *memory = malloc(size);

    if (!memory)
        abort();
    return memory;
}

static void *take_from(struct shelf *s, size_t size)
{
    struct kept *k = s->first;

    if (!k)
        return get_memory(size);
    s->first = k->next;
    s->n--;
    return k;
}

static void put_on(struct shelf *s, void *memory)
{
    struct kept *k = memory;

    if (s->n == KEPT_MAX) {
        free(memory);
        return;
    }
    k->next = s->first;
    s->first = k;
    s->n++;
}

/* ---- pools --------------------------------------------------------------- */

struct pool *pool_new(void)
{
    struct pool *p = take_from(&pools, sizeof(*p) + FIRST_BLOCK);

    p->blocks = &p->first;
    p->at_free = NULL;
    p->step = NEXT_BLOCK;
    p->first.next = NULL;
    p->first.size = FIRST_BLOCK;
    p->first.used = 0;
    return p;
}

void pool_free(struct pool *p)
{
    struct block *b, *next;

    if (!p)
        return;
    for (struct at_free *a = p->at_free; a; a = a->next)
        a->fn(a->arg);
    for (b = p->blocks; b != &p->first; b = next) {
        next = b->next;
        if (b->size == NEXT_BLOCK)
            put_on(&pages, b);
        else
            free(b);
    }
    put_on(&pools, p);
}

static struct block *add_block(struct pool *p, size_t size)
{
    struct block *b;

    if (size < p->step)
        size = p->step;
    if (p->step < LARGEST_STEP)
        p->step *= 2;
    b = size == NEXT_BLOCK ? take_from(&pages, sizeof(*b) + size)
                           : get_memory(sizeof(*b) + size);
    b->size = size;
    b->used = 0;
    b->next = p->blocks;
    p->blocks = b;
    return b;
}

/* What is in it is the caller's to set. */
static void *take(struct pool *p, size_t size)
{
    struct block *b = p->blocks;
    void *at;

    if (size > SIZE_MAX / 2)
        abort();
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (b->size - b->used < size)
        b = add_block(p, size);
    at = b->data + b->used;
    b->used += size;
    return at;
}

void *pool_alloc(struct pool *p, size_t size)
{
    return memset(take(p, size), 0, size);
}

void *pool_copy(struct pool *p, const void *from, size_t size)
{
    void *to = take(p, size);

    if (size)
        memcpy(to, from, size);
    return to;
}

char *pool_strn(struct pool *p, const char *s, size_t len)
{
    char *to = take(p, len + 1);

    if (len)
        memcpy(to, s, len);
    to[len] = '\0';
    return to;
}

char *pool_str(struct pool *p, const char *s)
{
    return s ? pool_strn(p, s, strlen(s)) : NULL;
}

char *pool_vprintf(struct pool *p, const char *fmt, va_list ap)
{
    va_list again;
    char *to;
    int len;

    va_copy(again, ap);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len < 0)
        abort();
    to = take(p, (size_t)len + 1);
    vsnprintf(to, (size_t)len + 1, fmt, ap);
    return to;
}

char *pool_printf(struct pool *p, const char *fmt, ...)
{
    va_list ap;
    char *to;

    va_start(ap, fmt);
    to = pool_vprintf(p, fmt, ap);
    va_end(ap);
    return to;
}

void pool_at_free(struct pool *p, void (*fn)(void *), void *arg)
{
    struct at_free *a = pool_new_of(p, struct at_free);

    a->fn = fn;
    a->arg = arg;
    a->next = p->at_free;
    p->at_free = a;
}

/* Capacities are the powers of two, so a move is due when n is one. */
void *pool_grow_(struct pool *p, void *array, size_t n, size_t size)
{
    char *grown;

    if (n && (n & (n - 1)))
        return array;
    grown = pool_alloc(p, (n ? 2 * n : 1) * size);
    if (n)
        memcpy(grown, array, n * size);
    return grown;
}
