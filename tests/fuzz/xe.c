/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xe: what a server may send to the client. It may only write files that are
 * new and below the folder it runs in; it reads none, as none is named.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/xe/talk.h"

/* What it prints is of no interest, and its files go with the folder. */
static void go_away(void)
{
    static bool gone;
    char folder[] = "/tmp/fuzz-xe-XXXXXX";
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (gone)
        return;
    gone = true;
    if (!mkdtemp(folder) || chdir(folder) || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(null, STDIN_FILENO) < 0 || setenv("XE_SOCKET", "/nowhere", 1))
        abort();
    close(null);
    stderr = fopen("/dev/null", "w"); /* the fuzzer has kept its own */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    struct xe_options o = {
        .server = XE_SERVER, .username = "u", .password = "p"};
    struct xe_talk t = {.pool = p,
                        .options = &o,
                        .link = {.fd = -1},
                        .debug = STR_INIT(XE_DEBUG_MAX)};
    AUTO_ERR struct err *e = NULL;
    int fds[2], status = -1;

    go_away();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
        abort();
    if (write(fds[1], data, size) != (ssize_t)size || shutdown(fds[1], SHUT_WR))
        abort();
    t.link.fd = fds[0];
    e = xe_talk_on(&t, &status);
    xe_link_close(&t.link);
    close(fds[1]);
    str_done(&t.debug);
    return 0;
}
