/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pty: runs a program on a terminal of its own and does with it what a script
 * on standard input says, a step a line:
 *
 *   size ROWS COLS       of the terminal; before `run`, or a resize
 *   run COMMAND...       a shell's command, in a job of its own
 *   type TEXT            keys; \e Escape, \r Enter, \t, \b, \\, \xHH
 *   wait SECONDS TEXT    until TEXT is on the screen
 *   gone SECONDS TEXT    until it is not
 *   quiet SECONDS        until nothing was written for a fifth of a second, and
 *                        something since the last step of type, size or signal
 *                        (if anything is, in a second and a half)
 *   sleep SECONDS
 *   signal NAME          TERM, INT, HUP, TSTP, CONT, KILL, SEGV, ABRT, QUIT
 *   stopped SECONDS      the job was stopped
 *   exit SECONDS STATUS  it ended so (128 and more: by a signal)
 *   restored             modes, alternate screen, cursor, mouse are as before
 *   do COMMAND           runs it in a shell and waits for it
 *   save FILE            the screen as text; `marks FILE`: how it looks
 *
 * SECONDS to wait for something are those of a quiet machine; a busy one gets
 * eight times as many. Ends with 1 and the screen when a step does not come
 * true.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <utmp.h>

#include "lib/file.h"
#include "tests/screen/vt.h"

static struct {
    struct vt vt;
    int rows, cols;
    int master;
    pid_t keeper; /* leads the session, as a shell would */
    int reports;  /* from it: struct report */
    pid_t job;
    int status; /* -1: runs; 1000: stopped */
    double last_output, last_input, step_began;
    struct termios before;
} t = {.rows = 24, .cols = 80, .master = -1, .status = -1};

#define STOPPED 1000

struct report {
    pid_t pid;
    int status;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int line_number;

static void clean_up(void)
{
    if (t.job > 0 && (t.status < 0 || t.status == STOPPED))
        kill(t.job, SIGKILL);
    if (t.keeper > 0)
        kill(t.keeper, SIGKILL);
}

static void fail(const char *what, const char *text)
{
    AUTO_STR struct str screen = STR_INIT(STR_MAX);

    if (t.master >= 0)
        vt_print(&t.vt, &screen, false);
    printf("step %d: %s %s; the screen is:\n%s", line_number, what, text,
           str_text(&screen));
    clean_up();
    exit(1);
}

/* ---- the job ------------------------------------------------------------- */

static int status_of(int wait_status)
{
    return WIFSTOPPED(wait_status)    ? STOPPED
           : WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
                                      : WEXITSTATUS(wait_status);
}

static void report(int fd, pid_t pid, int status)
{
    struct report r = {pid, status};

    if (write(fd, &r, sizeof(r)) != sizeof(r))
        _exit(1);
}

/* What a shell does for its jobs: a process group in the foreground, and a look
 * at what becomes of it. */
static void keep_job(const char *command, int reports)
{
    pid_t pid = fork();
    int status;

    if (!pid) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(0, getpid());
        signal(SIGTTOU, SIG_DFL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    setpgid(pid, pid);
    report(reports, pid, -1);
    while (waitpid(pid, &status, WUNTRACED | WCONTINUED) == pid) {
        report(reports, pid, WIFCONTINUED(status) ? -1 : status_of(status));
        if (WIFEXITED(status) || WIFSIGNALED(status))
            break;
    }
    pause(); /* the terminal stays open until the script is done */
}

static void run(const char *command)
{
    struct winsize size = {.ws_row = (unsigned short)t.rows,
                           .ws_col = (unsigned short)t.cols};
    AUTO_STR struct str line = STR_INIT(10000);
    int reports[2], slave;

    if (pipe2(reports, O_CLOEXEC) ||
        openpty(&t.master, &slave, NULL, NULL, &size))
        fail("no terminal for", command);
    fcntl(t.master, F_SETFD, FD_CLOEXEC);
    fcntl(t.master, F_SETFL, O_NONBLOCK);
    tcgetattr(slave, &t.before);
    str_addf(&line, "exec %s", command);
    vt_init(&t.vt, t.rows, t.cols);
    t.keeper = fork();
    if (!t.keeper) {
        login_tty(slave);
        keep_job(str_text(&line), reports[1]);
        _exit(0);
    }
    close(slave);
    close(reports[1]);
    t.reports = reports[0];
    fcntl(t.reports, F_SETFL, O_NONBLOCK);
}

static void take_output(void)
{
    char bytes[65536];
    struct report r;
    ssize_t n;

    while ((n = read(t.master, bytes, sizeof(bytes))) > 0) {
        vt_feed(&t.vt, bytes, (size_t)n);
        t.last_output = now();
    }
    while (read(t.reports, &r, sizeof(r)) == sizeof(r)) {
        t.job = r.pid;
        t.status = r.status;
    }
    if (*t.vt.unknown)
        fail("an unknown sequence:", t.vt.unknown + 1);
}

/* Takes in what comes for at most SECONDS. */
static void listen_for(double seconds)
{
    struct pollfd fds[] = {{t.master, POLLIN, 0}, {t.reports, POLLIN, 0}};

    poll(fds, 2, (int)(seconds * 1000));
    take_output();
}

/* ---- steps --------------------------------------------------------------- */

static bool is_shown(const char *text)
{
    return vt_shows(&t.vt, text);
}

static bool is_gone(const char *text)
{
    return !vt_shows(&t.vt, text);
}

static bool is_quiet(const char *text)
{
    double silence = t.last_output > t.last_input ? 0.2 : 1.5;

    (void)text;
    return now() - t.last_output > silence && now() - t.step_began > silence;
}

static bool is_stopped(const char *text)
{
    (void)text;
    return t.status == STOPPED;
}

static bool has_ended(const char *text)
{
    int status;

    if (t.status < 0 || t.status == STOPPED)
        return false;
    if (sscanf(text, "%d", &status) != 1 || status != t.status) {
        printf("exit status %d\n", t.status);
        fail("another exit status than", text);
    }
    return true;
}

static bool never(const char *text)
{
    (void)text;
    return false;
}

/* TEXT: "SECONDS REST". */
static bool until(bool (*done)(const char *), const char *text)
{
    char *rest;
    double seconds = strtod(text, &rest);
    double end = now() + (done == never ? seconds : 8 * seconds);

    rest += *rest == ' ';
    while (!done(rest)) {
        if (now() > end)
            return false;
        listen_for(0.02);
    }
    return true;
}

static void size(const char *text)
{
    struct winsize size = {0};

    if (sscanf(text, "%d %d", &t.rows, &t.cols) != 2)
        fail("no size:", text);
    if (t.master < 0)
        return;
    size.ws_row = (unsigned short)t.rows;
    size.ws_col = (unsigned short)t.cols;
    vt_resize(&t.vt, t.rows, t.cols);
    ioctl(t.master, TIOCSWINSZ, &size);
}

static char escaped(const char **text)
{
    const char *s = *text;
    unsigned n;

    *text += 2;
    switch (s[1]) {
    case 'e':
        return 27;
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return 127;
    case 'x':
        if (sscanf(s + 2, "%2x", &n) == 1) {
            *text += 2;
            return (char)n;
        }
        break;
    default:
        break;
    }
    return s[1];
}

static void type(const char *text)
{
    while (*text) {
        char c = *text == '\\' ? escaped(&text) : *text++;

        if (write(t.master, &c, 1) != 1)
            fail("cannot type", text);
    }
}

static void send_signal(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {
        {"TERM", SIGTERM}, {"INT", SIGINT},   {"HUP", SIGHUP},
        {"TSTP", SIGTSTP}, {"CONT", SIGCONT}, {"KILL", SIGKILL},
        {"SEGV", SIGSEGV}, {"ABRT", SIGABRT}, {"QUIT", SIGQUIT},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!strcmp(names[i].name, name)) {
            if (names[i].number == SIGCONT)
                t.status = -1; /* what comes next is news */
            kill(t.job, names[i].number);
            return;
        }
    }
    fail("no signal", name);
}

static void check_restored(void)
{
    struct termios after;

    listen_for(0.05);
    tcgetattr(t.master, &after);
    if (after.c_lflag != t.before.c_lflag ||
        after.c_iflag != t.before.c_iflag || after.c_oflag != t.before.c_oflag)
        fail("the terminal's modes are not as they were", "");
    if (t.vt.alternate)
        fail("the alternate screen is still there", "");
    if (t.vt.cursor_hidden || t.vt.mouse || t.vt.keypad)
        fail("cursor, mouse or keypad are not as they were", "");
}

static void save(const char *path, bool marks)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct err *e;

    listen_for(0);
    vt_print(&t.vt, &text, marks);
    e = file_write(path, str_text(&text), text.len, 0644);
    if (e)
        fail("cannot save", err_text(e));
}

static void run_beside(const char *command)
{
    if (system(command))
        fail("a command failed:", command);
}

static bool word(const char *line, const char *name, const char **ret_rest)
{
    size_t len = strlen(name);

    if (strncmp(line, name, len) || (line[len] && line[len] != ' '))
        return false;
    *ret_rest = line + len + (line[len] == ' ');
    return true;
}

/* What the program may answer to. */
static bool is_input(const char *line)
{
    const char *rest;

    return word(line, "type", &rest) || word(line, "size", &rest) ||
           word(line, "signal", &rest);
}

static void step(const char *line)
{
    static const struct {
        const char *name;
        bool (*done)(const char *);
    } waits[] = {
        {"wait", is_shown},  {"gone", is_gone},       {"quiet", is_quiet},
        {"exit", has_ended}, {"stopped", is_stopped},
    };
    const char *rest;

    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        if (word(line, waits[i].name, &rest)) {
            if (!until(waits[i].done, rest))
                fail(waits[i].name, rest);
            return;
        }
    }
    if (word(line, "sleep", &rest))
        until(never, rest);
    else if (word(line, "size", &rest))
        size(rest);
    else if (word(line, "run", &rest))
        run(rest);
    else if (word(line, "type", &rest))
        type(rest);
    else if (word(line, "signal", &rest))
        send_signal(rest);
    else if (word(line, "restored", &rest))
        check_restored();
    else if (word(line, "do", &rest))
        run_beside(rest);
    else if (word(line, "save", &rest))
        save(rest, false);
    else if (word(line, "marks", &rest))
        save(rest, true);
    else if (*line && *line != '#')
        fail("no such step:", line);
}

int main(void)
{
    char line[4096];

    setlocale(LC_CTYPE, "C.UTF-8");
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        line_number++;
        t.step_began = now();
        if (is_input(line))
            t.last_input = t.step_began;
        step(line);
    }
    clean_up();
    return 0;
}
