/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lab's client: runs one command in a lab's Dom0 (see wire.h) and leaves
 * with its exit status. scripts/lab calls it; it knows nothing of QEMU but the
 * sockets port1, port2, ... in the machine's state folder.
 *
 *   client [-t] [-i] [-d DIR] [-T SECONDS] STATE COMMAND...
 *     -t  a terminal for the command     -d  the directory it runs in
 *     -i  hand standard input on         -T  a limit on its time (exit status
 * 124) client -p COMMAND... runs COMMAND on the host and ends it when the
 * caller dies
 *
 * Exit status 125: the machine is not there, or ended under the command.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define HEAD sizeof(struct wire_head)
#define GONE 125
#define LATE 124

static struct termios old_term;
static bool term_raw;

static char tx[2 * (HEAD + WIRE_MAX)];
static size_t tx_off, tx_len;
static char rx[HEAD + WIRE_MAX];
static size_t rx_len;

static void term_restore(void)
{
    if (term_raw)
        tcsetattr(0, TCSADRAIN, &old_term);
    term_raw = false;
}

static void term_set_raw(void)
{
    struct termios t;

    if (tcgetattr(0, &old_term) < 0)
        return;
    t = old_term;
    cfmakeraw(&t);
    term_raw = tcsetattr(0, TCSADRAIN, &t) == 0;
}

static int fail(int status, const char *what, const char *arg)
{
    term_restore();
    fprintf(stderr, "lab: ");
    fprintf(stderr, "%s%s\n", what, arg);
    return status;
}

static struct wire_size term_size(void)
{
    struct winsize ws = {.ws_row = 24, .ws_col = 80};

    if (ioctl(0, TIOCGWINSZ, &ws) < 0 || ws.ws_col == 0)
        ioctl(1, TIOCGWINSZ, &ws);
    return (struct wire_size){ws.ws_row, ws.ws_col};
}

static void put(uint32_t type, const void *data, size_t len)
{
    struct wire_head h = {WIRE_MAGIC, type, (uint32_t)len};

    memcpy(tx + tx_len, &h, HEAD);
    memcpy(tx + tx_len + HEAD, data, len);
    tx_len += HEAD + len;
}

/* A free port: its lock is ours until we end. The paths are relative, so they
 * are short. */
static int port_open(const char *state)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    char name[32];

    if (chdir(state) < 0)
        return -1;
    for (;;) {
        for (int i = 1; i <= WIRE_PORTS; i++) {
            int lock, fd;

            snprintf(name, sizeof(name), "port%d.lock", i);
            lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
            if (lock < 0)
                return -1;
            if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
                close(lock);
                continue;
            }
            fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            snprintf(sa.sun_path, sizeof(sa.sun_path), "port%d", i);
            if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
                return -1;
            fcntl(fd, F_SETFL, O_NONBLOCK);
            return fd;
        }
        usleep(100000);
    }
}

static bool write_all(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){fd, POLLOUT, 0}, 1, -1);
            continue;
        }
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* Takes the frames out of rx. Returns the exit status, or -1 to go on. */
static int take(const unsigned char *nonce, bool *ready)
{
    size_t at = 0;
    int status = -1;

    while (status < 0 && rx_len - at >= HEAD) {
        struct wire_head h;
        const char *data = rx + at + HEAD;
        int32_t code;

        memcpy(&h, rx + at, HEAD);
        if (h.magic != WIRE_MAGIC || h.len > WIRE_MAX) {
            at++;
            continue;
        }
        if (rx_len - at < HEAD + h.len)
            break;
        at += HEAD + h.len;
        if (h.type == WIRE_HELLO && h.len == 16) {
            *ready = memcmp(data, nonce, 16) == 0;
        } else if (!*ready) {
            continue;
        } else if (h.type == WIRE_OUT || h.type == WIRE_ERR) {
            if (!write_all(h.type == WIRE_OUT ? 1 : 2, data, h.len))
                status = 128 + SIGPIPE;
        } else if (h.type == WIRE_EXIT && h.len == sizeof(code)) {
            memcpy(&code, data, sizeof(code));
            status = code & 255;
        }
    }
    memmove(rx, rx + at, rx_len - at);
    rx_len -= at;
    return status;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what the user types, or what a file or pipe holds. False at its end. */
static bool send_stdin(void)
{
    char buf[4096];
    ssize_t n = read(0, buf, sizeof(buf));

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    put(WIRE_STDIN, buf, n > 0 ? (size_t)n : 0);
    return n > 0;
}

static int talk(int fd, const unsigned char *nonce, bool pty, bool input,
                long limit)
{
    int64_t end = limit ? now_ms() + limit * 1000 : 0;
    bool ready = false;
    sigset_t set;
    int sigs;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigs = signalfd(-1, &set, SFD_CLOEXEC);
    for (;;) {
        struct pollfd p[3] = {
            {fd, (short)(POLLIN | (tx_len ? POLLOUT : 0)), 0},
            {input && ready && !tx_len ? 0 : -1, POLLIN, 0},
            {sigs, POLLIN, 0},
        };
        int64_t left = end ? end - now_ms() : -1;
        struct signalfd_siginfo si;
        int status;

        if (end && left <= 0) {
            char text[32];

            snprintf(text, sizeof(text), "%ld s", limit);
            return fail(LATE,
                        ready ? "the command was ended at its time limit of "
                              : "no answer within the time limit of ",
                        text);
        }
        poll(p, 3, (int)left);
        if (p[2].revents && read(sigs, &si, sizeof(si)) == sizeof(si)) {
            struct wire_size size = term_size();

            if (si.ssi_signo != SIGWINCH)
                return 128 + (int)si.ssi_signo;
            if (pty && tx_len < HEAD + WIRE_MAX)
                put(WIRE_SIZE, &size, sizeof(size));
        }
        if (p[1].revents)
            input = send_stdin();
        if (tx_len) {
            ssize_t n = write(fd, tx + tx_off, tx_len - tx_off);

            if (n > 0)
                tx_off += (size_t)n;
            if (tx_off == tx_len)
                tx_off = tx_len = 0;
        }
        if (p[0].revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t n = read(fd, rx + rx_len, sizeof(rx) - rx_len);

            if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                return fail(GONE, "the machine has ended", "");
            if (n > 0)
                rx_len += (size_t)n;
        }
        status = take(nonce, &ready);
        if (status >= 0)
            return status;
    }
}

static int tie(char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execvp(argv[0], argv);
    return fail(127, "cannot run ", argv[0]);
}

int main(int argc, char **argv)
{
    static char start[WIRE_MAX];
    struct wire_start st = {0};
    const char *dir = "/", *term = getenv("TERM");
    bool pty = false, input = false;
    long limit = 0;
    size_t len = sizeof(st);
    int opt, fd, status;

    while ((opt = getopt(argc, argv, "+tid:T:p")) != -1) {
        if (opt == 't')
            pty = true;
        else if (opt == 'i')
            input = true;
        else if (opt == 'd')
            dir = optarg;
        else if (opt == 'T')
            limit = strtol(optarg, NULL, 10);
        else if (opt == 'p')
            return tie(argv + optind);
        else
            return GONE;
    }
    if (argc - optind < 2)
        return fail(GONE, "client: a state folder and a command are needed",
                    "");
    if (getrandom(st.nonce, sizeof(st.nonce), 0) != sizeof(st.nonce))
        return fail(GONE, "no random numbers", "");
    st.pty = pty;
    st.size = term_size();
    memcpy(start, &st, sizeof(st));
    for (int i = -2; i < argc - optind - 1; i++) {
        const char *s = i == -2   ? (term && pty ? term : "")
                        : i == -1 ? dir
                                  : argv[optind + 1 + i];
        size_t n = strlen(s) + 1;

        if (len + n > sizeof(start))
            return fail(GONE, "the command is too long; put it into a script",
                        "");
        memcpy(start + len, s, n);
        len += n;
    }
    fd = port_open(argv[optind]);
    if (fd < 0)
        return fail(GONE, "no machine answers at ", argv[optind]);
    tx_len = WIRE_MAX + HEAD;
    put(WIRE_START, start, len);
    signal(SIGPIPE, SIG_IGN);
    if (pty && input)
        term_set_raw();
    status = talk(fd, st.nonce, pty, input, limit);
    term_restore();
    return status;
}
