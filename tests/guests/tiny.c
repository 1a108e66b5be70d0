/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PV guest of a few kB, for tests with hundreds of domains: it runs in 8 MB,
 * takes no CPU time while nobody asks it anything, and does what a toolstack
 * can ask of a guest: poweroff, halt, reboot, suspend (so save, restore and
 * migration work) through control/shutdown. On its console it says "dom0kit
 * tiny guest up", its command line, and echoes what is typed.
 *
 * Words of its command line: do=poweroff, do=reboot or do=crash, at once after
 * start; after=SECONDS delays that. With deaf it does nothing of what it is
 * asked.
 *
 * No interrupts: events stay masked and SCHEDOP_poll waits for them. Memory is
 * mapped one to one (VIRT_BASE 0), so a page's address is its pfn.
 */
#include <stddef.h>
#include <stdint.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>
#include <xen/elfnote.h>
#include <xen/event_channel.h>
#include <xen/io/console.h>
#include <xen/io/xs_wire.h>
#include <xen/sched.h>

#define PAGE 4096UL
#define BARRIER() __asm__ volatile("mfence" ::: "memory")

void guest_main(struct start_info *si);

/* Pages of our own that Xen's structures are mapped over or that describe our
 * memory. */
static char shared_page[PAGE] __attribute__((aligned(4096)));
static unsigned long frame_list[512] __attribute__((aligned(4096)));
static unsigned long frame_list_list[512] __attribute__((aligned(4096)));

static struct start_info *info;
static unsigned long *p2m;
static unsigned long pages;

__asm__(".pushsection .text\n"
        ".globl _start\n"
        "_start:\n"
        "    cld\n"
        "    mov $stack_top, %rsp\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsi, %rdi\n"
        "    call guest_main\n"
        "1:  jmp 1b\n"
        ".popsection\n"
        ".pushsection .bss\n"
        ".balign 16\n"
        ".skip 8192\n"
        "stack_top:\n"
        ".popsection\n");

/* What the domain builder reads. */
#define NOTE(name, type, value)                                               \
    __asm__(".pushsection .note.Xen, \"a\", @note\n"                          \
            ".balign 4\n.long 4, 2f-1f, " #type "\n.asciz \"Xen\"\n1: " value \
            "\n2: .balign 4\n.popsection\n")

NOTE(os, 6 /* GUEST_OS */, ".asciz \"dom0kit-tiny\"");
NOTE(version, 7 /* GUEST_VERSION */, ".asciz \"1\"");
NOTE(loader, 8 /* LOADER */, ".asciz \"generic\"");
NOTE(xen, 5 /* XEN_VERSION */, ".asciz \"xen-3.0\"");
NOTE(base, 3 /* VIRT_BASE */, ".quad 0");
NOTE(offset, 4 /* PADDR_OFFSET */, ".quad 0");
NOTE(entry, 1 /* ENTRY */, ".quad _start");
NOTE(pae, 9 /* PAE_MODE */, ".asciz \"yes\"");
NOTE(cancel, 14 /* SUSPEND_CANCEL */, ".long 1");

static long hypercall(long nr, unsigned long a, unsigned long b,
                      unsigned long c)
{
    long ret;

    __asm__ volatile("syscall"
                     : "=a"(ret), "+D"(a), "+S"(b), "+d"(c)
                     : "0"(nr)
                     : "rcx", "r11", "memory");
    return ret;
}

static size_t length(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

static int starts(const char *s, const char *with)
{
    while (*with && *s == *with) {
        s++;
        with++;
    }
    return *with == 0;
}

/* The rest of the word of the command line that starts with key, or NULL. */
static const char *word(const char *key)
{
    const char *line = (const char *)info->cmd_line;

    for (size_t i = 0; line[i] && i < sizeof(info->cmd_line); i++) {
        if ((i == 0 || line[i - 1] == ' ') && starts(line + i, key))
            return line + i + length(key);
    }
    return NULL;
}

static unsigned long frame_of(const void *p)
{
    return p2m[(unsigned long)p / PAGE];
}

static void *page_at(unsigned long mfn)
{
    return (void *)(((unsigned long *)MACH2PHYS_VIRT_START)[mfn] * PAGE);
}

static struct shared_info *shared(void)
{
    return (struct shared_info *)shared_page;
}

/* Maps what the page table entry says over shared_page; 0 leaves nothing there.
 */
static void shared_map(unsigned long entry)
{
    hypercall(__HYPERVISOR_update_va_mapping, (unsigned long)shared_page, entry,
              UVMF_INVLPG);
}

/* Maps Xen's shared page, and tells in it where our memory map is (for
 * suspend). */
static void memory_describe(void)
{
    unsigned long n = (pages + 511) / 512;

    shared_map(info->shared_info | 7);
    for (unsigned long i = 0; i < n && i < 512; i++)
        frame_list[i] = frame_of((char *)p2m + i * PAGE);
    frame_list_list[0] = frame_of(frame_list);
    shared()->arch.max_pfn = pages;
    shared()->arch.pfn_to_mfn_frame_list_list = frame_of(frame_list_list);
}

static void notify(uint32_t port)
{
    struct evtchn_send s = {port};

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (unsigned long)&s,
              0);
}

/* Waits for an event on one of our two channels; ms 0 is for ever. */
static void wait(unsigned long ms)
{
    evtchn_port_t ports[2] = {info->console.domU.evtchn, info->store_evtchn};
    struct sched_poll p = {.nr_ports = 2};
    struct vcpu_time_info *t = &shared()->vcpu_info[0].time;

    set_xen_guest_handle(p.ports, ports);
    if (ms) {
        uint32_t lo, hi;
        uint64_t delta;

        __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
        delta = ((uint64_t)hi << 32 | lo) - t->tsc_timestamp;
        delta =
            t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
        p.timeout =
            t->system_time +
            (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >>
                       32) +
            ms * 1000000;
    }
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (unsigned long)&p, 0);
    for (int i = 0; i < 2; i++)
        __atomic_and_fetch(&shared()->evtchn_pending[ports[i] / 64],
                           ~(1UL << ports[i] % 64), __ATOMIC_SEQ_CST);
}

static void console_write(const char *s, size_t len)
{
    volatile struct xencons_interface *c = page_at(info->console.domU.mfn);

    for (size_t i = 0; i < len; i++) {
        while (c->out_prod - c->out_cons >= sizeof(c->out)) {
            notify(info->console.domU.evtchn);
            wait(100);
        }
        c->out[c->out_prod % sizeof(c->out)] = s[i];
        BARRIER();
        c->out_prod++;
    }
    notify(info->console.domU.evtchn);
}

static int console_has_input(void)
{
    volatile struct xencons_interface *c = page_at(info->console.domU.mfn);

    return c->in_cons != c->in_prod;
}

static void console_echo(void)
{
    volatile struct xencons_interface *c = page_at(info->console.domU.mfn);

    while (c->in_cons != c->in_prod) {
        char ch = c->in[c->in_cons % sizeof(c->in)];

        BARRIER();
        c->in_cons++;
        notify(info->console.domU.evtchn);
        if (ch == '\r' || ch == '\n')
            console_write("\r\n", 2);
        else
            console_write(&ch, 1);
    }
}

static void store_put(const char *p, size_t len)
{
    volatile struct xenstore_domain_interface *s = page_at(info->store_mfn);

    for (size_t i = 0; i < len; i++) {
        while (s->req_prod - s->req_cons >= sizeof(s->req))
            wait(100);
        s->req[s->req_prod % sizeof(s->req)] = p[i];
        BARRIER();
        s->req_prod++;
    }
}

static void store_get(char *p, size_t len)
{
    volatile struct xenstore_domain_interface *s = page_at(info->store_mfn);

    for (size_t i = 0; i < len; i++) {
        while (s->rsp_cons == s->rsp_prod)
            wait(1000);
        p[i] = s->rsp[s->rsp_cons % sizeof(s->rsp)];
        BARRIER();
        s->rsp_cons++;
    }
    notify(info->store_evtchn);
}

/* Takes one message; its body, cut to 64 bytes, goes to buf. Returns its type.
 */
static uint32_t store_take(char *buf)
{
    struct xsd_sockmsg h;
    char c;

    store_get((char *)&h, sizeof(h));
    for (uint32_t i = 0; i < h.len; i++) {
        store_get(&c, 1);
        if (i < 63)
            buf[i] = c;
    }
    buf[h.len < 63 ? h.len : 63] = 0;
    return h.type;
}

/* Sends a request and waits for its answer; changes seen meanwhile are noted in
 * *ret_event. */
static void store_ask(uint32_t type, const char *body, size_t len, char *buf,
                      int *ret_event)
{
    struct xsd_sockmsg h = {.type = type, .len = (uint32_t)len};

    store_put((const char *)&h, sizeof(h));
    store_put(body, len);
    notify(info->store_evtchn);
    for (;;) {
        uint32_t got = store_take(buf);

        if (got != XS_WATCH_EVENT) {
            if (got == XS_ERROR)
                buf[0] = 0;
            return;
        }
        *ret_event = 1;
    }
}

static int store_has_input(void)
{
    volatile struct xenstore_domain_interface *s = page_at(info->store_mfn);

    return s->rsp_cons != s->rsp_prod;
}

static void leave(unsigned int reason)
{
    struct sched_shutdown s = {reason};

    hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&s, 0);
}

static void watch(int *ret_event)
{
    char buf[64];

    store_ask(XS_WATCH, "control/shutdown\0s", 19, buf, ret_event);
}

/* Saved in one machine, resumed in the same or another one, with other frames
 * under us. */
static void suspend(int *ret_event)
{
    struct sched_shutdown s = {SHUTDOWN_suspend};
    struct start_info *si = info;
    unsigned long *m2p = (unsigned long *)MACH2PHYS_VIRT_START;

    si->store_mfn = m2p[si->store_mfn];
    si->console.domU.mfn = m2p[si->console.domU.mfn];
    shared_map(0);
    if (hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&s,
                  frame_of(si)) == 1) {
        si->store_mfn = p2m[si->store_mfn];
        si->console.domU.mfn = p2m[si->console.domU.mfn];
    }
    memory_describe();
    watch(ret_event);
    console_write("dom0kit tiny guest resumed\r\n", 28);
}

static void obey(int *ret_event)
{
    char what[64], none[64];

    store_ask(XS_READ, "control/shutdown", 17, what, ret_event);
    if (!what[0])
        return;
    store_ask(XS_WRITE, "control/shutdown", 17, none, ret_event);
    if (starts(what, "poweroff") || starts(what, "halt"))
        leave(SHUTDOWN_poweroff);
    else if (starts(what, "reboot"))
        leave(SHUTDOWN_reboot);
    else if (starts(what, "crash"))
        leave(SHUTDOWN_crash);
    else if (starts(what, "suspend"))
        suspend(ret_event);
}

/* The command line's do= and after=. */
static void obey_line(void)
{
    const char *what = word("do="), *after = word("after=");
    unsigned long ms = 0;

    while (after && *after >= '0' && *after <= '9')
        ms = ms * 10 + (unsigned long)(*after++ - '0') * 1000;
    if (!what)
        return;
    if (ms)
        wait(ms);
    leave(starts(what, "poweroff") ? SHUTDOWN_poweroff
          : starts(what, "reboot") ? SHUTDOWN_reboot
                                   : SHUTDOWN_crash);
}

void guest_main(struct start_info *si)
{
    int event = 0;
    char buf[64];

    info = si;
    p2m = (unsigned long *)si->mfn_list;
    pages = si->nr_pages;
    memory_describe();
    console_write("dom0kit tiny guest up: ", 23);
    console_write((const char *)si->cmd_line,
                  length((const char *)si->cmd_line));
    console_write("\r\n", 2);
    obey_line();
    if (!word("deaf")) {
        event = 1;
        watch(&event);
    }
    for (;;) {
        console_echo();
        while (store_has_input()) {
            store_take(buf);
            event = 1;
        }
        while (event) {
            event = 0;
            obey(&event);
        }
        if (!console_has_input() && !store_has_input())
            wait(0);
    }
}
