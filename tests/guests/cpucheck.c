/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks that a processor keeps its word to programs: cpucheck [SECONDS].
 * Runs in Dom0 and in the Linux test guest (static). One process for each of
 * the workers below, until the time is over (60 s) or SIGTERM; what is found
 * wrong is said at once. The last line is "cpucheck: ok: ..." (exit status 0)
 * or "cpucheck: FAILED: ..." (1). What it looks for is state that is lost when
 * processors are switched between domains and processes. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t over;

static void on_term(int sig)
{
    (void)sig;
    over = 1;
}

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    return x ^ (x >> 31);
}

static int wrong(const char *what, unsigned long round)
{
    printf("cpucheck: wrong: %s in round %lu\n", what, round);
    return 1;
}

/* ---- registers: full, left alone for a while, read back
 * ---------------------- */

enum { VECTORS = 16, VECTOR = 32, SPIN = 300000 };

#define ALL16(X) \
    X(0)         \
    X(1)         \
    X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

#define SPINNING "mov %0, %%ecx\n1: dec %%ecx\njnz 1b\n"
#define XMM_IN(N) "movdqu " #N "*32(%1), %%xmm" #N "\n"
#define XMM_OUT(N) "movdqu %%xmm" #N ", " #N "*32(%2)\n"
#define YMM_IN(N) "vmovdqu " #N "*32(%1), %%ymm" #N "\n"
#define YMM_OUT(N) "vmovdqu %%ymm" #N ", " #N "*32(%2)\n"
#define XMM_LOST(N) "xmm" #N,

static void hold_sse(const uint8_t *in, uint8_t *out)
{
    __asm__ volatile(ALL16(XMM_IN) SPINNING ALL16(XMM_OUT)
                     :
                     : "i"(SPIN), "r"(in), "r"(out)
                     : ALL16(XMM_LOST) "ecx", "memory", "cc");
}

__attribute__((target("avx"))) static void hold_avx(const uint8_t *in,
                                                    uint8_t *out)
{
    __asm__ volatile(ALL16(YMM_IN) SPINNING ALL16(YMM_OUT) "vzeroupper\n"
                     :
                     : "i"(SPIN), "r"(in), "r"(out)
                     : ALL16(XMM_LOST) "ecx", "memory", "cc");
}

/* The eight of the x87, as 64-bit integers that only an intact one gives back.
 */
static int hold_x87(uint64_t seed)
{
    int64_t in[8], out[8] = {0};
    for (int i = 0; i < 8; i++)
        in[i] = (int64_t)(mix(seed + (uint64_t)i) >> 1);
    __asm__ volatile(
        "fildll 0(%1)\nfildll 8(%1)\nfildll 16(%1)\nfildll 24(%1)\n"
        "fildll 32(%1)\nfildll 40(%1)\nfildll 48(%1)\nfildll 56(%1)\n" SPINNING
        "fistpll 56(%2)\nfistpll 48(%2)\nfistpll 40(%2)\nfistpll 32(%2)\n"
        "fistpll 24(%2)\nfistpll 16(%2)\nfistpll 8(%2)\nfistpll 0(%2)\n"
        :
        : "i"(SPIN), "r"(in), "r"(out)
        : "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)",
          "ecx", "memory", "cc");
    return memcmp(in, out, sizeof in) != 0;
}

static int vectors(void)
{
    uint64_t in[VECTORS * VECTOR / 8], out[VECTORS * VECTOR / 8];
    int bad = 0;
    for (unsigned long round = 0; !over; round++) {
        int avx = __builtin_cpu_supports("avx") && round % 2;
        size_t part = avx ? VECTOR : VECTOR / 2;
        for (size_t i = 0; i < VECTORS * VECTOR / 8; i++)
            in[i] = mix(round * 1000 + i + (uint64_t)getpid() * 1000000007);
        memset(out, 0, sizeof out);
        (avx ? hold_avx : hold_sse)((const uint8_t *)in, (uint8_t *)out);
        for (size_t v = 0; v < VECTORS; v++)
            if (memcmp((uint8_t *)in + v * VECTOR, (uint8_t *)out + v * VECTOR,
                       part) != 0) {
                bad |= wrong(avx ? "AVX registers" : "SSE registers", round);
                break;
            }
        if (hold_x87(round + (uint64_t)getpid()))
            bad |= wrong("x87 registers", round);
    }
    return bad;
}

/* ---- memory: pages and the C library's string functions
 * ----------------------- */

enum { AREA = 1 << 20 };

static int strings(void)
{
    int bad = 0;
    for (unsigned long round = 0; !over; round++) {
        char *a = mmap(NULL, AREA, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (a == MAP_FAILED)
            return wrong("mmap", round);
        size_t length = 1 + mix(round) % (AREA / 2 - 64);
        char *b = a + AREA / 2 + mix(round + 1) % 32;
        for (size_t i = 0; i < length; i++)
            if (a[i] != 0) {
                bad |= wrong("a new page is not zero", round);
                break;
            }
        memset(a, 'x', length);
        memcpy(b, a, length + 1);
        if (strlen(b) != length || strcmp(a, b) != 0 || strchr(b, 'y') != NULL)
            bad |= wrong("a string", round);
        b[length / 2] = 'y';
        if (strchr(b, 'y') != b + length / 2 ||
            memchr(b, 'y', length) != b + length / 2 || strcmp(a, b) >= 0)
            bad |= wrong("a string with one other letter", round);
        munmap(a, AREA);
    }
    return bad;
}

/* ---- processes
 * ------------------------------------------------------------------ */

enum { CHILD_STATUS = 42 };

static int processes(void)
{
    int bad = 0;
    for (unsigned long round = 0; !over; round++) {
        char word[32];
        snprintf(word, sizeof word, "%lu", round);
        pid_t pid = fork();
        if (pid == 0) {
            execl("/proc/self/exe", "cpucheck", "child", word, (char *)NULL);
            _exit(1);
        }
        int status = 0;
        while (pid < 0 || waitpid(pid, &status, 0) < 0)
            if (pid < 0 || errno != EINTR)
                return wrong("fork or wait", round);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != CHILD_STATUS) {
            printf("cpucheck: a child's status was %#x\n", status);
            bad |= wrong("a child", round);
        }
    }
    return bad;
}

/* The other side: its word is a number, whose square root squared is that
 * number. */
static int child(const char *word)
{
    volatile double root = 0, n = strtod(word, NULL);
    for (root = n / 2 + 1; root * root - n > 1e-6 * (n + 1);)
        root = (root + n / root) / 2;
    return (long)(root * root + 0.5) == (long)n ? CHILD_STATUS : 1;
}

/* ---- all of them
 * ---------------------------------------------------------------- */

struct worker {
    const char *name;
    int (*run)(void);
    pid_t pid;
};

static int ended(const struct worker *w)
{
    int status = 0;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))
        printf("cpucheck: %s died of signal %d\n", w->name, WTERMSIG(status));
    return status != 0;
}

int main(int argc, char **argv)
{
    struct worker workers[] = {{"vectors", vectors, 0},
                               {"vectors 2", vectors, 0},
                               {"strings", strings, 0},
                               {"processes", processes, 0}};
    enum { COUNT = sizeof workers / sizeof *workers };
    struct sigaction act = {.sa_handler = on_term};
    sigset_t ends, before;
    int failed = 0;

    if (argc == 3 && strcmp(argv[1], "child") == 0)
        return child(argv[2]);
    unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 60;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGALRM, &act, NULL);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGALRM);
    sigprocmask(SIG_BLOCK, &ends, &before);
    for (size_t i = 0; i < COUNT; i++) {
        workers[i].pid = fork();
        if (workers[i].pid == 0) {
            sigprocmask(SIG_SETMASK, &before, NULL);
            alarm(seconds);
            exit(workers[i].run());
        }
    }
    alarm(seconds);
    while (!over)
        sigsuspend(&before);
    for (size_t i = 0; i < COUNT; i++)
        kill(workers[i].pid, SIGTERM);
    for (size_t i = 0; i < COUNT; i++)
        failed |= ended(&workers[i]);
    printf("cpucheck: %s: %u s%s\n", failed ? "FAILED" : "ok", seconds,
           __builtin_cpu_supports("avx") ? " (with AVX)" : "");
    return failed;
}
