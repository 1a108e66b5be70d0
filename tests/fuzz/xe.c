/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xe: what a server may send to the client. It reads no file, as none is named.
 */
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/xe/talk.h"

/* In the place of libc's: whatever a server sends, nobody else is spoken to. */
int getaddrinfo(const char *host, const char *service,
                const struct addrinfo *hints, struct addrinfo **ret)
{
    (void)host, (void)service, (void)hints, (void)ret;
    return EAI_FAIL;
}

/* What it prints is of no interest, and files cannot be made in a folder that
 * is gone. */
static void go_away(void)
{
    static bool gone;
    char folder[] = "/tmp/fuzz-xe-XXXXXX";
    int null;

    if (gone)
        return;
    gone = true;
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (!mkdtemp(folder) || chdir(folder) || rmdir(folder) ||
        dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDIN_FILENO) < 0 ||
        setenv("XE_SOCKET", "/nowhere", 1))
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
