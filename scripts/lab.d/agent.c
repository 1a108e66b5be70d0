/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lab's agent: process 1 of the Dom0, started by dom0-init when everything
 * is up. It waits on every virtio-serial port for a client, forks one process
 * for each port in use, which runs the client's commands (see wire.h), and
 * reaps what is left over. Static, so that it needs nothing of the root.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "wire.h"

#define HEAD sizeof(struct wire_head)

/* One port and the command that runs on it, if any. */
struct job {
    int port;
    pid_t pid;  /* 0: none */
    bool ended; /* the command was reaped, its status is known */
    int status;
    int in, out, err; /* ours of the command's pipes or pty; -1: closed */
    bool in_eof;
    char rx[HEAD + WIRE_MAX]; /* from the port, not yet a whole frame */
    size_t rx_len;
    char tx[HEAD + WIRE_MAX]; /* for the port */
    size_t tx_off, tx_len;
    char feed[WIRE_MAX]; /* for the command's standard input */
    size_t feed_off, feed_len;
};

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void fd_nonblock(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void job_put(struct job *j, uint32_t type, const void *data, size_t len)
{
    struct wire_head h = {WIRE_MAGIC, type, (uint32_t)len};

    memcpy(j->tx, &h, HEAD);
    memcpy(j->tx + HEAD, data, len);
    j->tx_off = 0;
    j->tx_len = HEAD + len;
}

/* Ends the command of a client that went away, and all that it started in its
 * session. */
static void job_kill(struct job *j)
{
    if (j->pid > 0 && !j->ended) {
        kill(-j->pid, SIGHUP);
        kill(-j->pid, SIGTERM);
        for (int i = 0; i < 20 && waitpid(j->pid, NULL, WNOHANG) == 0; i++)
            usleep(50000);
        kill(-j->pid, SIGKILL);
        waitpid(j->pid, NULL, WNOHANG);
    }
    j->pid = 0;
    j->ended = false;
    if (j->out == j->in)
        j->out = -1;
    fd_close(&j->in);
    fd_close(&j->out);
    fd_close(&j->err);
    j->feed_len = j->feed_off = 0;
    j->tx_len = j->tx_off = 0;
    j->in_eof = false;
}

static void child_run(char **argv, const char *term, const char *dir)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (*term)
        setenv("TERM", term, 1);
    if (chdir(dir) < 0 && chdir("/") < 0)
        _exit(126);
    execvp(argv[0], argv);
    dprintf(2, "lab: cannot run \"%s\": %s\n", argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

static int pty_open(struct wire_size size, int *ret_slave)
{
    struct winsize ws = {.ws_row = size.rows, .ws_col = size.cols};
    int m = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (m < 0 || grantpt(m) < 0 || unlockpt(m) < 0)
        return -1;
    *ret_slave = open(ptsname(m), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ioctl(m, TIOCSWINSZ, &ws);
    return *ret_slave < 0 ? -1 : m;
}

static void job_start(struct job *j, const char *data, size_t len)
{
    struct wire_start st;
    char *argv[1024];
    size_t argc = 0;
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
    const char *word[2] = {"", "/"};
    size_t words = 0;

    job_kill(j);
    if (len < sizeof(st) + 1 || data[len - 1] != 0)
        return;
    memcpy(&st, data, sizeof(st));
    for (const char *p = data + sizeof(st); p < data + len;
         p += strlen(p) + 1) {
        if (words < 2)
            word[words++] = p;
        else if (argc < 1023)
            argv[argc++] = (char *)p;
    }
    argv[argc] = NULL;
    job_put(j, WIRE_HELLO, st.nonce, sizeof(st.nonce));
    if (argc == 0)
        return;
    if (st.pty) {
        out[0] = in[1] = pty_open(st.size, &in[0]);
        out[1] = err[1] = in[0];
    } else if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
               pipe2(err, O_CLOEXEC) < 0) {
        in[1] = -1;
    }
    j->pid = in[1] < 0 ? -1 : fork();
    if (j->pid == 0) {
        setsid();
        if (st.pty)
            ioctl(in[0], TIOCSCTTY, 0);
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        child_run(argv, word[0], word[1]);
    }
    if (j->pid < 0) {
        j->ended = true;
        j->status = 126;
    }
    close(in[0]);
    if (!st.pty) {
        close(out[1]);
        close(err[1]);
        fd_nonblock(out[0]);
        fd_nonblock(err[0]);
    }
    fd_nonblock(in[1]);
    j->in = in[1];
    j->out = out[0];
    j->err = err[0];
}

static void job_frame(struct job *j, const struct wire_head *h,
                      const char *data)
{
    struct wire_size size;

    if (h->type == WIRE_START) {
        job_start(j, data, h->len);
    } else if (h->type == WIRE_STDIN && j->in >= 0) {
        if (h->len == 0)
            j->in_eof = true;
        memcpy(j->feed, data, h->len);
        j->feed_off = 0;
        j->feed_len = h->len;
    } else if (h->type == WIRE_SIZE && h->len == sizeof(size) && j->in >= 0 &&
               j->in == j->out) {
        struct winsize ws = {0};

        memcpy(&size, data, sizeof(size));
        ws.ws_row = size.rows;
        ws.ws_col = size.cols;
        ioctl(j->in, TIOCSWINSZ, &ws);
    }
}

/* Takes whole frames out of rx, as far as what they ask for can be taken. */
static void job_parse(struct job *j)
{
    size_t at = 0;
    struct wire_head h;

    while (j->rx_len - at >= HEAD && j->feed_len == 0 && !j->in_eof &&
           j->tx_len == 0) {
        memcpy(&h, j->rx + at, HEAD);
        if (h.magic != WIRE_MAGIC || h.len > WIRE_MAX || h.type < WIRE_START ||
            h.type > WIRE_SIZE || (j->pid == 0 && h.type != WIRE_START)) {
            at++;
            continue;
        }
        if (j->rx_len - at < HEAD + h.len)
            break;
        job_frame(j, &h, j->rx + at + HEAD);
        at += HEAD + h.len;
    }
    memmove(j->rx, j->rx + at, j->rx_len - at);
    j->rx_len -= at;
}

/* Reads the command's output into a frame. True if there is now one to send. */
static bool job_output(struct job *j, int *fd, uint32_t type)
{
    char buf[WIRE_MAX];
    ssize_t n;

    if (*fd < 0 || j->tx_len)
        return false;
    n = read(*fd, buf, sizeof(buf));
    if (n > 0) {
        job_put(j, type, buf, (size_t)n);
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (fd == &j->out && j->in == j->out)
        j->in = -1;
    fd_close(fd);
    return false;
}

static void job_feed(struct job *j)
{
    if (j->in < 0) {
        j->feed_len = 0;
        j->in_eof = false;
        return;
    }
    if (j->feed_len) {
        ssize_t n =
            write(j->in, j->feed + j->feed_off, j->feed_len - j->feed_off);

        if (n > 0)
            j->feed_off += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            j->feed_off = j->feed_len;
        if (j->feed_off == j->feed_len)
            j->feed_len = 0;
    }
    if (j->in_eof && j->feed_len == 0) {
        j->in_eof = false;
        if (j->in != j->out)
            fd_close(&j->in);
        else if (write(j->in, "\004", 1) < 0)
            j->in_eof = errno == EAGAIN;
    }
}

static void job_reap(struct job *j)
{
    int st;

    if (j->pid > 0 && !j->ended && waitpid(j->pid, &st, WNOHANG) == j->pid) {
        j->ended = true;
        j->status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
    }
    if (!j->ended || j->tx_len)
        return;
    /* its output is in the pipes by now (a pty may take a moment more); others
     * may hold them open */
    if (j->out >= 0 && j->out == j->in)
        poll(&(struct pollfd){j->out, POLLIN, 0}, 1, 50);
    if (job_output(j, &j->out, WIRE_OUT) || job_output(j, &j->err, WIRE_ERR))
        return;
    int32_t status = j->status;

    j->pid = 0;
    job_kill(j);
    job_put(j, WIRE_EXIT, &status, sizeof(status));
}

/* False when the client is gone. */
static bool job_port(struct job *j, short revents)
{
    if (j->tx_len) {
        ssize_t n = write(j->port, j->tx + j->tx_off, j->tx_len - j->tx_off);

        if (n > 0)
            j->tx_off += (size_t)n;
        if (j->tx_off == j->tx_len)
            j->tx_len = 0;
    }
    if (revents & POLLIN && j->rx_len < sizeof(j->rx)) {
        ssize_t n = read(j->port, j->rx + j->rx_len, sizeof(j->rx) - j->rx_len);

        if (n == 0)
            return false;
        if (n > 0)
            j->rx_len += (size_t)n;
    } else if (revents & POLLHUP) {
        return false;
    }
    return true;
}

static void port_serve(int port, int sigs)
{
    static struct job j;
    struct signalfd_siginfo si;
    bool up = true;

    j = (struct job){.port = port, .in = -1, .out = -1, .err = -1};
    while (up) {
        struct pollfd p[5] = {
            {sigs, POLLIN, 0},
            {port,
             (short)((j.rx_len < sizeof(j.rx) ? POLLIN : 0) |
                     (j.tx_len ? POLLOUT : 0)),
             0},
            {j.tx_len ? -1 : j.out, POLLIN, 0},
            {j.tx_len ? -1 : j.err, POLLIN, 0},
            {j.feed_len ? j.in : -1, POLLOUT, 0},
        };

        poll(p, 5, 1000);
        while (read(sigs, &si, sizeof(si)) > 0)
            ;
        up = job_port(&j, p[1].revents);
        job_feed(&j);
        job_parse(&j);
        job_feed(&j);
        if (!job_output(&j, &j.out, WIRE_OUT))
            job_output(&j, &j.err, WIRE_ERR);
        job_reap(&j);
    }
    job_kill(&j);
}

static bool port_has_client(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP);
}

int main(void)
{
    int port[WIRE_PORTS];
    pid_t server[WIRE_PORTS] = {0};
    int ep = epoll_create1(EPOLL_CLOEXEC);
    int sigs, opened = 0;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigs = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    epoll_ctl(ep, EPOLL_CTL_ADD, sigs,
              &(struct epoll_event){.events = EPOLLIN});
    for (int i = 0; i < WIRE_PORTS; i++) {
        char pattern[32];
        glob_t g = {0};

        /* the first number is that of the virtio device, and depends on the
         * others */
        snprintf(pattern, sizeof(pattern), "/dev/vport*p%d", i + 1);
        port[i] = glob(pattern, 0, NULL, &g) == 0
                      ? open(g.gl_pathv[0], O_RDWR | O_NONBLOCK | O_CLOEXEC)
                      : -1;
        globfree(&g);
        if (port[i] >= 0)
            opened++;
        epoll_ctl(ep, EPOLL_CTL_ADD, port[i],
                  &(struct epoll_event){.events = EPOLLIN | EPOLLET});
    }
    if (!opened) {
        dprintf(2, "lab: agent: no virtio-serial port\n");
        return 1;
    }
    for (;;) {
        struct epoll_event ev;
        struct signalfd_siginfo si;
        pid_t pid;

        for (int i = 0; i < WIRE_PORTS; i++) {
            if (port[i] < 0 || server[i] || !port_has_client(port[i]))
                continue;
            server[i] = fork();
            if (server[i] == 0) {
                port_serve(port[i],
                           signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
                _exit(0);
            }
        }
        epoll_wait(ep, &ev, 1, 1000);
        while (read(sigs, &si, sizeof(si)) > 0)
            ;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
            for (int i = 0; i < WIRE_PORTS; i++) {
                if (server[i] == pid)
                    server[i] = 0;
            }
        }
    }
}
