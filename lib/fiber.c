/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fiber: see fiber.h. ASan is told of each change of stacks. */
#include "lib/fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "lib/str.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#define BEFORE_SWITCH __sanitizer_start_switch_fiber
#define AFTER_SWITCH __sanitizer_finish_switch_fiber
#else
#define BEFORE_SWITCH(save, bottom, size) ((void)(save))
#define AFTER_SWITCH(save, bottom, size) ((void)(save))
#endif

struct fiber {
    ucontext_t inside, outside;
    char *stack; /* a page that must not be touched is below it */
    fiber_fn *fn;
    void *arg;
    bool over;
    void *fake_inside, *fake_outside; /* ASan's */
    const void *outer_bottom;
    size_t outer_size;
};

static size_t guard_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static char *stack_new(void)
{
    size_t guard = guard_size();
    char *at =
        mmap(NULL, guard + FIBER_STACK, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (at == MAP_FAILED || mprotect(at, guard, PROT_NONE))
        abort();
    return at + guard;
}

static void stack_free(char *stack)
{
    size_t guard = guard_size();

    munmap(stack - guard, guard + FIBER_STACK);
}

/* makecontext hands on nothing but ints. */
static void begin(unsigned high, unsigned low)
{
    struct fiber *f = (struct fiber *)((uintptr_t)high << 32 | low);

    AFTER_SWITCH(f->fake_inside, &f->outer_bottom, &f->outer_size);
    f->fn(f, f->arg);
    f->over = true;
    BEFORE_SWITCH(NULL, f->outer_bottom, f->outer_size);
}

struct fiber *fiber_new(fiber_fn *fn, void *arg)
{
    struct fiber *f = xcalloc(1, sizeof(*f));

    f->fn = fn;
    f->arg = arg;
    f->stack = stack_new();
    getcontext(&f->inside);
    f->inside.uc_stack.ss_sp = f->stack;
    f->inside.uc_stack.ss_size = FIBER_STACK;
    f->inside.uc_link = &f->outside;
    makecontext(&f->inside, (void (*)(void))begin, 2,
                (unsigned)((uintptr_t)f >> 32), (unsigned)(uintptr_t)f);
    return f;
}

bool fiber_resume(struct fiber *f)
{
    BEFORE_SWITCH(&f->fake_outside, f->stack, FIBER_STACK);
    swapcontext(&f->outside, &f->inside);
    AFTER_SWITCH(f->fake_outside, NULL, NULL);
    if (!f->over)
        return true;
    stack_free(f->stack);
    free(f);
    return false;
}

void fiber_wait(struct fiber *f)
{
    BEFORE_SWITCH(&f->fake_inside, f->outer_bottom, f->outer_size);
    swapcontext(&f->inside, &f->outside);
    AFTER_SWITCH(f->fake_inside, &f->outer_bottom, &f->outer_size);
}
