/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the Linux test guest: `xs PATH` reads from XenStore, `xs PATH VALUE`
 * writes, `xs -l PATH` lists. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

static int read_all(int fd, char *p, size_t len)
{
    while (len) {
        ssize_t n = read(fd, p, len);

        if (n <= 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int list = argc == 3 && strcmp(argv[1], "-l") == 0;
    const char *path = argv[list ? 2 : 1],
               *value = argc == 3 && !list ? argv[2] : NULL;
    struct xsd_sockmsg h = {.type = list    ? XS_DIRECTORY
                                    : value ? XS_WRITE
                                            : XS_READ};
    static char buf[XENSTORE_PAYLOAD_MAX + sizeof(h) + 1];
    int fd = open("/dev/xen/xenbus", O_RDWR);

    if (argc < 2 || fd < 0 ||
        strlen(path) + (value ? strlen(value) : 0) > 3000) {
        fprintf(stderr, "usage: xs PATH [VALUE] | xs -l PATH\n");
        return 2;
    }
    h.len = (uint32_t)(strlen(path) + 1 + (value ? strlen(value) : 0));
    memcpy(buf, &h, sizeof(h));
    strcpy(buf + sizeof(h), path);
    if (value)
        memcpy(buf + sizeof(h) + strlen(path) + 1, value, strlen(value));
    if (write(fd, buf, sizeof(h) + h.len) < 0 ||
        read_all(fd, (char *)&h, sizeof(h)) < 0 ||
        h.len > XENSTORE_PAYLOAD_MAX || read_all(fd, buf, h.len) < 0)
        return 1;
    buf[h.len] = 0;
    for (uint32_t i = 0; list && h.type != XS_ERROR && i < h.len; i++)
        buf[i] = buf[i] ? buf[i] : '\n';
    printf(list ? "%s" : "%s\n", buf);
    return h.type == XS_ERROR;
}
